package gradcam

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/torchlight-go/torchlight/engine"
)

// A result narrowed to one raw map finishes it as if it were alone.
func TestOnly(t *testing.T) {
	square := func(v ...float32) engine.Array { return engine.Array{Shape: []int{2, 2}, Data: v} }
	r := Result{
		Raw:    []Raw{{Layer: "a", Values: square(0, 1, 2, 4), Max: 4}, {Layer: "b", Values: square(-3, -3, -3, -3), Min: -3, Max: -3, Reason: AllNegative}},
		RawMin: -3, RawMax: 4, Normalised: true, space: []int{2, 2},
	}
	first, second := r.Only(0), r.Only(1)
	assert.InDeltaSlice(t, []float32{0, 0.25, 0.5, 1}, first.Map().Data, 1e-6)
	assert.Equal(t, []float32{0, 4}, []float32{first.RawMin, first.RawMax})
	assert.Empty(t, first.Reason)
	assert.Equal(t, make([]float32, 4), second.Map().Data)
	assert.Equal(t, AllNegative, second.Reason)
	assert.Equal(t, "b", second.Raw[0].Layer)
	assert.Len(t, r.Raw, 2, "the result itself stays")

	flipped := r
	flipped.Raw = []Raw{{Values: square(1, 0, 4, 2)}, r.Raw[1]}
	r.copies = []augmented{{r, augmentation{false, 1}}, {flipped, augmentation{true, 1}}}
	assert.InDeltaSlice(t, []float32{0, 0.25, 0.5, 1}, r.Only(0).Map().Data, 1e-6, "the mean of copies of that map")
}
