package render

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam/preprocess"
)

func TestHeatMap(t *testing.T) {
	img, err := HeatMap(engine.Array{Shape: []int{2, 2}, Data: []float32{0, 1, 0.5, 0.1}}, Viridis)
	require.NoError(t, err)
	want := &preprocess.Image{W: 2, H: 2}
	for _, l := range []int{0, 255, 128, 26} { // rounded from 0, 255, 127.5, 25.5
		want.Pix = append(want.Pix, viridisTable[l][:]...)
	}
	assert.Equal(t, want, img)
}

// badMaps are refused by everything that draws.
func badMaps() map[string]engine.Array {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	two := func(v ...float32) engine.Array { return engine.Array{Shape: []int{2, 2}, Data: v} }
	return map[string]engine.Array{
		"render: a map is a float array of shape [H W], got shape []; pass the maps of a batch one by one":                  {},
		"render: a map is a float array of shape [H W], got shape [1 2 2]; pass the maps of a batch one by one":             engine.NewArray(1, 2, 2),
		"render: a map is a float array of shape [H W], got shape [2 2]; pass the maps of a batch one by one":               {Shape: []int{2, 2}, Ints: make([]int64, 4)},
		"render: a map of 0x3 values cannot be drawn; each side must be 1 to 1048576":                                       engine.NewArray(0, 3),
		"render: a map of 2x-1 values cannot be drawn; each side must be 1 to 1048576":                                      {Shape: []int{2, -1}},
		"render: a map of 2x2 has 4 values, got 3":                                                                          two(0, 0, 0),
		"render: the map is NaN at row 1, column 0; look for NaN or Inf in the model's weights or input":                    two(0, 0, nan, 0),
		"render: the map is +Inf at row 0, column 1; look for NaN or Inf in the model's weights or input":                   two(0, inf, nan, 0),
		"render: the map is 1.5 at row 1, column 1, outside 0..1; normalise it first (raw and signed maps are not drawn)":   two(0, 0, 1, 1.5),
		"render: the map is -0.25 at row 0, column 0, outside 0..1; normalise it first (raw and signed maps are not drawn)": two(-0.25, 0, 0, 1),
	}
}

func TestBadMapsAreRefused(t *testing.T) {
	photo := preprocess.NewImage(4, 3)
	for want, heat := range badMaps() {
		_, err := HeatMap(heat, Inferno)
		assert.EqualError(t, err, want)
		_, err = Overlay(photo, heat, Whole(photo), nil)
		assert.EqualError(t, err, want)
	}
}

// Interpolation may overshoot by the last bit; that is drawn, not refused.
func TestRoundingBeyondTheRangeIsDrawn(t *testing.T) {
	heat := engine.Array{Shape: []int{1, 2}, Data: []float32{-1e-7, math.Nextafter32(1, 2)}}
	img, err := HeatMap(heat, Inferno)
	require.NoError(t, err)
	assert.Equal(t, append(infernoTable[0][:], infernoTable[255][:]...), img.Pix)
	photo := preprocess.NewImage(2, 1)
	for _, s := range []Style{Torchlight{}, PytorchGradCAM{}, TorchCAM{}} {
		got, err := Overlay(photo, heat, Whole(photo), s)
		require.NoError(t, err)
		want, err := Overlay(photo, engine.Array{Shape: []int{1, 2}, Data: []float32{0, 1}}, Whole(photo), s)
		require.NoError(t, err)
		assert.Equal(t, want, got, s.Name())
	}
}
