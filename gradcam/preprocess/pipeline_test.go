package preprocess

import (
	"encoding/binary"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// pipelineCase is one run of torchvision's ImageClassification preset.
type pipelineCase struct {
	Source        string
	Kind          Kind
	Resize, Crop  []int
	Interpolation Interpolation
	Channels      int
	Mean, Std     []float64
	Resized       [2]int // width, height
	Shape         []int
	SHA256        string
	Levels        string // what the tensor pipeline has before scaling
}

func pipelineCases(t testing.TB) []pipelineCase {
	var cases []pipelineCase
	goldenJSON(t, "pipeline.json", &cases)
	require.Greater(t, len(cases), 30)
	return cases
}

func (c pipelineCase) pipeline() Pipeline {
	return Pipeline{
		Kind: c.Kind, Resize: c.Resize, Crop: c.Crop, Interpolation: c.Interpolation,
		Channels: c.Channels, Mean: c.Mean, Std: c.Std,
	}
}

// The pil pipeline gives torchvision's tensor, bit for bit.
func TestPILPipelineEqualsTorchvision(t *testing.T) {
	for _, c := range pipelineCases(t) {
		if c.Kind != PIL {
			continue
		}
		in, err := c.pipeline().Apply(goldenImage(t, "source/"+c.Source+".png"))
		require.NoError(t, err)
		assert.Equal(t, c.Shape, []int{in.C, in.H, in.W})
		assert.Equal(t, c.Resized, [2]int{in.Geometry.ResizedW, in.Geometry.ResizedH})
		assert.Equal(t, c.SHA256, hash(littleEndian(in.Data)), "%+v", c)
	}
}

// The tensor pipeline sums in float, where the order and the fusing of
// operations decide how a half is rounded: one level in a few pixels is allowed.
func TestTensorPipelineAgainstTorchvision(t *testing.T) {
	most, differing, total := 0, 0, 0
	for _, c := range pipelineCases(t) {
		if c.Kind != Tensor {
			continue
		}
		m := goldenImage(t, "source/"+c.Source+".png")
		p := c.pipeline()
		g, err := p.Geometry(m.W, m.H)
		require.NoError(t, err)
		require.Equal(t, c.Resized, [2]int{g.ResizedW, g.ResizedH})
		got, want := p.pixels(new(scratch), m, g), goldenImage(t, c.Levels)
		require.Equal(t, c.Shape, []int{got.channels, got.h, got.w})
		before := differing
		for i, v := range got.pix {
			d := int(v) - int(want.Pix[i*3/got.channels])
			most = max(most, d, -d)
			if d != 0 {
				differing++
			}
		}
		total += len(got.pix)
		if differing == before { // then the tensor must be the same, too
			in, err := p.Apply(m)
			require.NoError(t, err)
			assert.Equal(t, c.SHA256, hash(littleEndian(in.Data)), "%+v", c)
		}
	}
	t.Logf("tensor pipeline: max %d, %d of %d levels differ", most, differing, total)
	assert.LessOrEqual(t, most, 1)
	assert.LessOrEqual(t, differing, total/1000)
}

func littleEndian(v []float32) []byte {
	b := make([]byte, 0, 4*len(v))
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return b
}
