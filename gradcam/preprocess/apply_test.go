package preprocess

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestInputArray(t *testing.T) {
	in, err := ImageNet(3).Apply(goldenImage(t, "source/cat.png"))
	require.NoError(t, err)
	a := in.Array()
	assert.Equal(t, []int{1, 3, 224, 224}, a.Shape)
	require.NoError(t, a.Check())
	assert.Same(t, &in.Data[0], &a.Data[0])
}

func TestStack(t *testing.T) {
	p := Pipeline{Resize: []int{8}, Crop: []int{6}}
	cat, err := p.Apply(goldenImage(t, "source/cat.png"))
	require.NoError(t, err)
	cup, err := p.Apply(goldenImage(t, "source/cup.png"))
	require.NoError(t, err)
	batch, err := Stack(cat, cup)
	require.NoError(t, err)
	require.NoError(t, batch.Check())
	assert.Equal(t, []int{2, 3, 6, 6}, batch.Shape)
	assert.Equal(t, cat.Data, batch.Row(0).Data)
	assert.Equal(t, cup.Data, batch.Row(1).Data)

	p.Crop = nil
	wide, err := p.Apply(goldenImage(t, "source/cat.png"))
	require.NoError(t, err)
	_, err = Stack(cat, wide)
	assert.EqualError(t, err, "preprocess: invalid pipeline: input 1 is 3x8x10, input 0 3x6x6; give the pipeline a Crop")
	_, err = Stack()
	assert.ErrorIs(t, err, ErrEmpty)
}

// Where torchvision pads, the network sees black, normalised like any pixel.
func TestPaddingIsBlack(t *testing.T) {
	for _, kind := range []Kind{PIL, Tensor} {
		p := Pipeline{Kind: kind, Crop: []int{3}, Mean: []float64{.5, .5, .5}, Std: []float64{.25, .5, 1}}
		in, err := p.Apply(&Image{W: 1, H: 1, Pix: []uint8{255, 255, 255}})
		require.NoError(t, err)
		assert.Equal(t, []float32{
			-2, -2, -2, -2, 2, -2, -2, -2, -2,
			-1, -1, -1, -1, 1, -1, -1, -1, -1,
			-.5, -.5, -.5, -.5, .5, -.5, -.5, -.5, -.5,
		}, in.Data)
	}
}

func TestRange(t *testing.T) {
	m := &Image{W: 2, H: 1, Pix: []uint8{0, 51, 102, 153, 204, 255}}
	cases := []struct {
		p    Pipeline
		want []float32
	}{
		{Pipeline{}, []float32{0, .6, .2, .8, .4, 1}},
		{Pipeline{Range: [2]float64{0, 1}}, []float32{0, .6, .2, .8, .4, 1}},
		{Pipeline{Range: [2]float64{0, 255}}, []float32{0, 153, 51, 204, 102, 255}},
		{Pipeline{Range: [2]float64{-1, 1}}, []float32{-1, .2, -.6, .6, -.2, 1}},
		{Pipeline{Range: [2]float64{0, 255}, Mean: []float64{1, 2, 3}}, []float32{-1, 152, 49, 202, 99, 252}},
	}
	for _, c := range cases {
		in, err := c.p.Apply(m)
		require.NoError(t, err)
		assert.InDeltaSlice(t, c.want, in.Data, 1e-6, "%+v", c.p)
	}
}

func TestGreyIsPillowsLuma(t *testing.T) {
	// PIL.Image.new("RGB", (1, 1), c).convert("L")
	for c, want := range map[[3]uint8]uint8{
		{255, 0, 0}: 76, {0, 255, 0}: 150, {0, 0, 255}: 29, {255, 255, 255}: 255,
		{1, 0, 0}: 0, {2, 0, 0}: 1, {17, 17, 17}: 17, {200, 100, 50}: 124,
	} {
		assert.Equal(t, []uint8{want}, (&Image{W: 1, H: 1, Pix: c[:]}).grey(nil).pix, "%v", c)
	}
}

func TestApplyRefuses(t *testing.T) {
	_, err := ImageNet(3).Apply(nil)
	assert.ErrorIs(t, err, ErrEmpty)
	_, err = ImageNet(3).Apply(&Image{W: 2, H: 2, Pix: make([]uint8, 3)})
	assert.EqualError(t, err, "preprocess: an image of 2x2 wants 12 bytes, has 3: the image is corrupt")
	_, err = ImageNet(5).Apply(NewImage(2, 2))
	assert.ErrorIs(t, err, ErrPipeline)
}

func TestApplyLeavesThePhotoAlone(t *testing.T) {
	m := goldenImage(t, "source/cat.png")
	for _, p := range []Pipeline{{}, ImageNet(1), ImageNet(3), {Kind: Tensor, Crop: []int{77}}} {
		_, err := p.Apply(m)
		require.NoError(t, err)
	}
	assert.Equal(t, goldenImage(t, "source/cat.png"), m)
}
