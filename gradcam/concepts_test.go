package gradcam_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
)

// twoThings is a layer in which channels 0 and 1 see one thing on the left, and
// channel 2 another on the right; channel 3 is 5 everywhere.
func twoThings(samples int) *enginetest.Canned {
	a := engine.NewArray(samples, 4, 2, 2)
	for n := range samples {
		copy(a.Row(n).Data, []float32{4, 0, 2, 0 /**/, 8, 0, 4, 0 /**/, 0, 1, 0, 3 /**/, 5, 5, 5, 5})
	}
	y := engine.NewArray(samples, 2)
	for i := range y.Data {
		y.Data[i] = 1
	}
	return &enginetest.Canned{Out: []engine.Output{{Array: y}}, Values: map[string]engine.Array{"block": a}}
}

func TestConceptsOfALayer(t *testing.T) {
	for _, apart := range []bool{false, true} {
		net := twoThings(2)
		results := explain(t, net, engine.NewArray(2, 1, 4, 4), gradcam.Top1(), gradcam.WithLayer("block"), gradcam.WithMethod(gradcam.DFF{Concepts: 2, Apart: apart}))
		for _, r := range results {
			require.Len(t, r.Raw, 2)
			assert.Equal(t, "block concept 0", r.Raw[0].Layer, "the left thing has more mass")
			assert.Equal(t, "block concept 1", r.Raw[1].Layer)
			// sqrt(1 + 4) times channel 0, and channel 2.
			assert.InDeltaSlice(t, []float32{8.94427, 0, 4.472136, 0}, r.Raw[0].Values.Data, 1e-5)
			assert.InDeltaSlice(t, []float32{0, 1, 0, 3}, r.Raw[1].Values.Data, 1e-5)
			assert.Equal(t, []int{4, 4}, r.Map().Shape)
			assert.Empty(t, r.Reason)
		}
		counts := net.Counts()
		assert.Equal(t, 1, counts.Forwards)
		assert.Zero(t, counts.Backwards)
	}
}

// Concepts that nothing is left for are blank, and do not hide the others.
func TestMoreConceptsThanThereAre(t *testing.T) {
	r := explain(t, twoThings(1), engine.NewArray(1, 1, 4, 4), gradcam.Top1(), gradcam.WithLayer("block"), gradcam.WithMethod(gradcam.DFF{}))[0]
	require.Len(t, r.Raw, 5)
	assert.Empty(t, r.Raw[1].Reason)
	for _, raw := range r.Raw[2:] {
		assert.Equal(t, gradcam.Constant, raw.Reason)
	}
	assert.Empty(t, r.Reason)
}
