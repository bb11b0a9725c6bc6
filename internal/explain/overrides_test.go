package explain

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/gradcam/preprocess"
)

func TestOverrides(t *testing.T) {
	imageNet := preprocess.ImageNet(3)
	changed := func(change func(*preprocess.Pipeline)) preprocess.Pipeline {
		p := imageNet
		change(&p)
		return p
	}
	for name, c := range map[string]struct {
		o    Overrides
		want preprocess.Pipeline
	}{
		"nothing":       {Overrides{}, imageNet},
		"kind":          {Overrides{Pipeline: "tensor"}, changed(func(p *preprocess.Pipeline) { p.Kind = preprocess.Tensor })},
		"none":          {Overrides{Pipeline: "none"}, preprocess.Pipeline{Channels: 3}},
		"none but size": {Overrides{Pipeline: "none", Size: []int{8, 9}}, preprocess.Pipeline{Channels: 3, Resize: []int{8, 9}}},
		"size is crop":  {Overrides{Size: []int{64}}, changed(func(p *preprocess.Pipeline) { p.Resize, p.Crop = []int{64}, []int{64} })},
		"both sides":    {Overrides{Size: []int{64, 32}}, changed(func(p *preprocess.Pipeline) { p.Resize, p.Crop = []int{64, 32}, nil })},
		"no resize":     {Overrides{Size: []int{}}, changed(func(p *preprocess.Pipeline) { p.Resize, p.Crop = []int{}, nil })},
		"size and crop": {Overrides{Size: []int{64}, Crop: []int{32}}, changed(func(p *preprocess.Pipeline) { p.Resize, p.Crop = []int{64}, []int{32} })},
		"no crop":       {Overrides{Crop: []int{}}, changed(func(p *preprocess.Pipeline) { p.Crop = []int{} })},
		"filter":        {Overrides{Interpolation: "bicubic"}, changed(func(p *preprocess.Pipeline) { p.Interpolation = preprocess.Bicubic })},
		"one mean":      {Overrides{Mean: []float64{0.5}}, changed(func(p *preprocess.Pipeline) { p.Mean = []float64{0.5, 0.5, 0.5} })},
		"statistics": {Overrides{Mean: []float64{}, Std: []float64{1, 2, 3}},
			changed(func(p *preprocess.Pipeline) { p.Mean, p.Std = []float64{}, []float64{1, 2, 3} })},
	} {
		got, err := c.o.apply(imageNet)
		require.NoError(t, err, name)
		assert.Equal(t, c.want, got, name)
		assert.Equal(t, name != "nothing", c.o.any(), name)
	}
	for _, o := range []Overrides{
		{Pipeline: "opencv"}, {Size: []int{0}}, {Crop: []int{1, 2, 3}}, {Interpolation: "cubic"}, {Mean: []float64{1, 2}}, {Std: []float64{0}},
	} {
		_, err := o.apply(imageNet)
		require.ErrorIs(t, err, ErrUsage)
		require.ErrorIs(t, err, preprocess.ErrPipeline)
	}
	assert.Equal(t, preprocess.ImageNet(3), imageNet, "an override changes a copy")
}
