package preprocess

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Sizes and offsets of torchvision's Resize and CenterCrop.
func TestGeometry(t *testing.T) {
	crop := func(resize, crop []int) Pipeline { return Pipeline{Resize: resize, Crop: crop} }
	cases := []struct {
		name string
		p    Pipeline
		w, h int
		want Geometry
	}{
		{"the long side is truncated", ImageNet(3), 640, 480, Geometry{640, 480, 341, 256, 58, 16, 224, 224}},
		{"upright", ImageNet(3), 480, 640, Geometry{480, 640, 256, 341, 16, 58, 224, 224}},
		{"enlarged", ImageNet(3), 100, 50, Geometry{100, 50, 512, 256, 144, 16, 224, 224}},
		{"square", ImageNet(1), 256, 256, Geometry{256, 256, 256, 256, 16, 16, 224, 224}},
		{"no crop", crop([]int{10}, nil), 30, 20, Geometry{30, 20, 15, 10, 0, 0, 15, 10}},
		{"nothing", Pipeline{}, 3, 2, Geometry{3, 2, 3, 2, 0, 0, 3, 2}},
		{"height and width", crop([]int{5, 7}, []int{3, 2}), 30, 20, Geometry{30, 20, 7, 5, 2, 1, 2, 3}},
		{"half to even: 0.5 is 0", crop(nil, []int{4}), 5, 5, Geometry{5, 5, 5, 5, 0, 0, 4, 4}},
		{"half to even: 1.5 is 2", crop(nil, []int{2}), 5, 5, Geometry{5, 5, 5, 5, 2, 2, 2, 2}},
		{"half to even: 2.5 is 2", crop(nil, []int{2}), 7, 7, Geometry{7, 7, 7, 7, 2, 2, 2, 2}},
		{"padded, one more on the far side", crop(nil, []int{8}), 5, 6, Geometry{5, 6, 5, 6, -1, -1, 8, 8}},
		{"padded in height alone", crop(nil, []int{9, 4}), 7, 6, Geometry{7, 6, 7, 6, 2, -1, 4, 9}},
	}
	for _, c := range cases {
		got, err := c.p.Geometry(c.w, c.h)
		require.NoError(t, err, c.name)
		assert.Equal(t, c.want, got, c.name)
	}
}

func TestGeometryRoundTrip(t *testing.T) {
	g, err := ImageNet(3).Geometry(640, 480)
	require.NoError(t, err)
	x, y := g.ToOriginal(0, 0)
	assert.InDelta(t, 58*640.0/341, x, 1e-9)
	assert.InDelta(t, 30, y, 1e-9)
	x, y = g.FromOriginal(320, 240)
	assert.InDelta(t, 112.5, x, 1e-9) // half a pixel right of the middle: 341-224 is odd
	assert.InDelta(t, 112, y, 1e-9)
	ox, oy := g.ToOriginal(x, y)
	assert.InDelta(t, 320, ox, 1e-9)
	assert.InDelta(t, 240, oy, 1e-9)
}

func TestGeometryRefuses(t *testing.T) {
	_, err := ImageNet(3).Geometry(0, 5)
	assert.ErrorIs(t, err, ErrEmpty)
	_, err = ImageNet(3).Geometry(1, 70000)
	assert.EqualError(t, err, "preprocess: too many pixels: photo of 1x70000 would become 256x17920000; "+
		"crop it or give Resize a height and a width")
	_, err = Pipeline{Resize: []int{256}}.Geometry(10, 20000)
	assert.ErrorIs(t, err, ErrTooManyPixels)
	_, err = Pipeline{Channels: 2}.Geometry(5, 5)
	assert.ErrorIs(t, err, ErrPipeline)
}

func TestValidate(t *testing.T) {
	good := []Pipeline{{}, ImageNet(1), ImageNet(3), {Kind: Tensor, Interpolation: Bicubic}, {Range: [2]float64{-1, 1}}}
	for _, p := range good {
		assert.NoError(t, p.Validate(), "%+v", p)
	}
	bad := []struct {
		p    Pipeline
		says string
	}{
		{Pipeline{Kind: "opencv"}, `Kind "opencv": want "pil" or "tensor"`},
		{ImageNet(4), "Channels 4: want 3"},
		{Pipeline{Interpolation: "area"}, `Interpolation "area": want "bilinear"`},
		{Pipeline{Kind: Tensor, Interpolation: Lanczos}, `Interpolation "lanczos": the tensor pipeline has`},
		{Pipeline{Resize: []int{0}}, "Resize [0]: want numbers from 1"},
		{Pipeline{Resize: []int{1, 2, 3}}, "Resize [1 2 3]: want one number"},
		{Pipeline{Crop: []int{-5}}, "Crop [-5]"},
		{Pipeline{Crop: []int{1 << 30}}, "Crop [1073741824]"},
		{Pipeline{Mean: []float64{1}}, "Mean [1]: want 3 numbers"},
		{Pipeline{Channels: 1, Std: []float64{1, 1, 1}}, "Std [1 1 1]: want 1 numbers"},
		{Pipeline{Std: []float64{1, 0, 1}}, "Std [1 0 1]: division by 0"},
		{Pipeline{Std: []float64{1, 1e-60, 1}}, "division by 0"},
		{Pipeline{Std: []float64{1, math.NaN(), 1}}, "Std [1 NaN 1]: want finite"},
		{Pipeline{Mean: []float64{1, math.Inf(1), 1}}, "Mean [1 +Inf 1]: want finite"},
		{Pipeline{Range: [2]float64{1, 0}}, "Range [1 0]"},
		{Pipeline{Range: [2]float64{0, math.NaN()}}, "Range [0 NaN]"},
	}
	for _, c := range bad {
		err := c.p.Validate()
		assert.ErrorIs(t, err, ErrPipeline, "%+v", c.p)
		assert.ErrorContains(t, err, c.says)
	}
}
