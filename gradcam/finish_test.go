package gradcam

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
)

func rawOf(shape []int, values ...float32) Raw {
	return Raw{Values: engine.Array{Shape: shape, Data: values}}
}

func TestFusion(t *testing.T) {
	a, b := rawOf([]int{1, 3}, 0, 2, 4), rawOf([]int{1, 3}, 3, 0, -6)
	for fusion, want := range map[Fusion][]float32{
		// Layers 0, .5, 1 and 1, 0, 0; their mean .5, .25, .5 is stretched.
		Mean:    {1, 0, 1},
		Max:     {1 - 1e-7/.5, 0, 1},
		Product: {0, 0, 0},
	} {
		r := Result{Raw: []Raw{a, b}, fusion: fusion, space: []int{1, 3}}
		if fusion == Max {
			want = []float32{1, 0, 1} // max 1, .5, 1 is stretched
		}
		assert.InDeltaSlice(t, want, r.Map().Data, 1e-6, "fusion %d", fusion)
	}
	r := Result{Raw: []Raw{a, a}, fusion: Product, space: []int{1, 3}}
	assert.InDeltaSlice(t, []float32{0, 0.25, 1}, r.Map().Data, 1e-6, "a square")
	r = Result{Raw: []Raw{a, b}, finish: Clip, space: []int{1, 3}}
	assert.InDeltaSlice(t, []float32{1.5, 1, 2}, r.Map().Data, 1e-6, "not normalised")
}

// RefineCAM's order: each layer's finished map, with its second min-max, then the
// product, then one min-max more. With one layer that is one pass less.
func TestProductOfOneLayer(t *testing.T) {
	a := rawOf([]int{2, 2}, -1, 0, 1, 3)
	one := Result{Raw: []Raw{a}, fusion: Product, space: []int{8, 8}}
	mean := Result{Raw: []Raw{a}, fusion: Mean, space: []int{8, 8}}
	assert.Equal(t, mean.Map(), one.Map())
}

func TestMagnitude(t *testing.T) {
	r := Result{Raw: []Raw{rawOf([]int{2, 1, 3}, 1, -2, 0, -1, 2, 0)}, finish: Magnitude, space: []int{1, 3}}
	assert.InDeltaSlice(t, []float32{0.5, 1, 0}, r.Map().Data, 1e-6)
	assert.Equal(t, Constant, blank(rawOf([]int{2, 1, 2}, 1, -2, 1, 0), Magnitude, shades{weighed: true}), "the sums of magnitudes are equal")
	assert.Equal(t, Reason(""), blank(rawOf([]int{1, 1, 2}, -1, -2), Magnitude, shades{weighed: true}), "all negative is no reason here")
}

// The stretch is relative to the maximum plus 1e-7, exactly: it shows on maps
// that are tiny, and pytorch-grad-cam's second pass undoes most of it.
func TestMinMaxEpsilon(t *testing.T) {
	m := []float32{0, 1e-7}
	minMax(m)
	assert.InDelta(t, 0.5, m[1], 1e-6)
	minMax(m)
	assert.InDelta(t, 1, m[1], 1e-6)
}

func TestMapSize(t *testing.T) {
	r := Result{Raw: []Raw{rawOf([]int{2, 2}, 0, 1, 2, 3)}, finish: Clip, space: []int{4, 4}}
	assert.Equal(t, []int{4, 4}, r.Map().Shape)
	small, err := r.MapSize(2, 2)
	require.NoError(t, err)
	assert.Equal(t, []float32{0, 1, 2, 3}, small.Data)
	for _, size := range [][2]int{{0, 4}, {4, -1}, {1 << 20, 1 << 20}} {
		_, err := r.MapSize(size[0], size[1])
		assert.ErrorContains(t, err, "give sizes from 1")
	}
	r.space = []int{2, 4, 4}
	_, err = r.MapSize(2, 2)
	assert.ErrorContains(t, err, "a map of a volume")
}

// Trilinear by separability: a ramp along the depth stays a ramp.
func TestResizeVolume(t *testing.T) {
	m := resize([]float32{0, 0, 4, 4}, []int{2, 1, 2}, []int{4, 1, 2})
	assert.Equal(t, []float32{0, 0, 1, 1, 3, 3, 4, 4}, m)
	assert.Equal(t, []float32{5, 5, 5, 5}, resize([]float32{5}, []int{1, 1}, []int{2, 2}))
	assert.Equal(t, []float32{0, 1, 3, 4}, resize([]float32{0, 4}, []int{2}, []int{4}), "a signal")
}

func TestParseFusion(t *testing.T) {
	for _, f := range []Fusion{Mean, Max, Product} {
		got, err := ParseFusion(f.String())
		require.NoError(t, err)
		assert.Equal(t, f, got)
	}
	_, err := ParseFusion("sum")
	assert.EqualError(t, err, `unknown fusion "sum": give mean, max or product`)
}
