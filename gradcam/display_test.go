package gradcam

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
)

func TestDisplay(t *testing.T) {
	square := func(v ...float32) []Raw { return []Raw{{Values: engine.Array{Shape: []int{2, 2}, Data: v}}} }
	for _, c := range []struct {
		name   string
		result Result
		want   []float32
	}{
		{"normalised as it is", Result{Raw: square(0, 1, 2, 4), Normalised: true}, []float32{0, 0.25, 0.5, 1}},
		{"the scale is taken out", Result{Raw: square(-1, 0, 4, 8), finish: Clip}, []float32{0, 0, 0.5, 1}},
		{"signed maps are dark below zero", Result{Raw: square(-4, 0, 1, 2), Compat: Captum}, []float32{0, 0, 0.5, 1}},
		{"blank stays blank", Result{Raw: square(0, 0, 0, 0), Reason: AllNegative, finish: Clip}, []float32{0, 0, 0, 0}},
	} {
		got, err := c.result.Display(2, 2)
		require.NoError(t, err, c.name)
		assert.InDeltaSlice(t, c.want, got.Data, 1e-6, c.name)
	}
	_, err := Result{Raw: square(1, 2, 3, 4)}.Display(0, 2)
	assert.Error(t, err)
}

// One pixel of a thousand times the others' size leaves them visible.
func TestDisplayOfAnInputAttribution(t *testing.T) {
	raw := engine.NewArray(1, 20, 20)
	for i := range raw.Data {
		raw.Data[i] = float32(i % 2)
	}
	raw.Data[7] = 1000
	got, err := Result{Raw: []Raw{{Values: raw}}, finish: Magnitude, Normalised: true}.Display(20, 20)
	require.NoError(t, err)
	assert.InDelta(t, 0, got.Data[0], 1e-6)
	assert.InDelta(t, 1, got.Data[7], 1e-6)
	assert.InDelta(t, 1, got.Data[9], 1e-6, "the value that 1 % of the places exceed")
}
