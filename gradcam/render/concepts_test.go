package render

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam/preprocess"
)

// Where a map is the strongest its colour shows, four fifths of it at full strength;
// where none is anything, the photo, faded.
func TestConcepts(t *testing.T) {
	photo := grey(2, 2, 100)
	maps := []engine.Array{
		{Shape: []int{2, 2}, Data: []float32{1, 0.2, 0, 0.5}},
		{Shape: []int{2, 2}, Data: []float32{0.9, 1, 0, 0.5}},
	}
	out, err := Concepts(photo, maps, Whole(photo))
	require.NoError(t, err)
	mixed := func(k int, alpha float64) [3]uint8 {
		r, g, b := ConceptColor(k)
		var c [3]uint8
		for i, v := range []uint8{r, g, b} {
			c[i] = uint8(math.Round((1-alpha)*100 + alpha*float64(v)))
		}
		return c
	}
	assert.Equal(t, mixed(0, 0.8), pixel(out, 0, 0))
	assert.Equal(t, mixed(1, 0.8), pixel(out, 1, 0))
	assert.Equal(t, [3]uint8{100, 100, 100}, pixel(out, 0, 1))
	assert.Equal(t, mixed(0, 0.8*128/255), pixel(out, 1, 1), "of equal maps the first")
	assert.Equal(t, [3]uint8{100, 100, 100}, pixel(photo, 0, 0), "the photo is not changed")
}

// Maps have the layer's size, and what the model did not see is dark.
func TestConceptsOutsideTheCrop(t *testing.T) {
	photo := grey(20, 12, 100)
	g := preprocess.Geometry{OriginalW: 20, OriginalH: 12, ResizedW: 20, ResizedH: 12, CropX: 5, CropY: 2, CropW: 8, CropH: 8}
	out, err := Concepts(photo, []engine.Array{engine.NewArray(2, 2)}, g)
	require.NoError(t, err)
	plain, err := Overlay(photo, engine.NewArray(2, 2), g, nil)
	require.NoError(t, err)
	assert.Equal(t, plain, out)
}

func TestConceptColors(t *testing.T) {
	seen := map[[3]uint8]int{}
	for k := range 40 {
		r, g, b := ConceptColor(k)
		c := [3]uint8{r, g, b}
		before, twice := seen[c]
		assert.False(t, twice, "%d and %d look the same", before, k)
		seen[c] = k
		if k >= 7 {
			assert.Equal(t, uint8(255), max(r, g, b), "a full hue")
			assert.Equal(t, uint8(0), min(r, g, b), "a full hue")
		}
	}
}

func TestConceptsErrors(t *testing.T) {
	photo := grey(2, 2, 100)
	_, err := Concepts(photo, nil, Whole(photo))
	assert.ErrorContains(t, err, "no maps")
	_, err = Concepts(photo, []engine.Array{engine.NewArray(2, 2), {Shape: []int{1, 1}, Data: []float32{2}}}, Whole(photo))
	assert.ErrorContains(t, err, "concept 1: render: the map is 2")
	_, err = Concepts(photo, []engine.Array{engine.NewArray(2, 2)}, preprocess.Geometry{})
	assert.Error(t, err)
}
