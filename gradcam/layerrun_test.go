package gradcam_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
)

// A layer [N, C] has a value for each unit, whatever the input is; one with places
// the sum over its channels.
func TestUnitsOfALayer(t *testing.T) {
	for _, m := range []gradcam.Method{gradcam.LayerIntegratedGradients{}, gradcam.Conductance{}} {
		for _, shape := range [][]int{{24}, {2, 3, 4}} {
			net := &enginetest.Smooth{Shapes: [][]int{shape}, Hidden: []int{12}, Classes: 3}
			x := wave(append([]int{2}, shape...)...)
			results := explain(t, net, x, gradcam.Class(0), gradcam.WithLayer("hidden"), gradcam.WithMethod(m))
			// The same network, its layer laid out as two channels of 2 x 3 places.
			spatial := &enginetest.Smooth{Shapes: [][]int{shape}, Hidden: []int{2, 2, 3}, Classes: 3}
			sums := explain(t, spatial, x, gradcam.Class(0), gradcam.WithLayer("hidden"), gradcam.WithMethod(m))
			for n, r := range results {
				assert.Empty(t, r.Reason)
				assert.True(t, r.Placeless())
				units := r.Raw[0].Values
				require.Equal(t, []int{12}, units.Shape)
				require.Equal(t, []int{2, 3}, sums[n].Raw[0].Values.Shape)
				for p, v := range sums[n].Raw[0].Values.Data {
					assert.InDelta(t, v, units.Data[p]+units.Data[6+p], 1e-5)
				}
				finished := r.Map()
				assert.Equal(t, []int{12}, finished.Shape)
				assert.InDeltaSlice(t, plainMagnitude(engine.Array{Shape: []int{12}, Data: units.Data}, 12), finished.Data, 5e-6)
				_, err := r.Display(8, 8)
				assert.ErrorContains(t, err, "a map of 12 columns or units has no places")
			}
		}
	}
}

// Under captum's conventions the map is what captum returns.
func TestUnitsUnderCaptum(t *testing.T) {
	net := &enginetest.Smooth{Shapes: [][]int{{5}}, Hidden: []int{4}, Classes: 3}
	r := explain(t, net, wave(1, 5), gradcam.Class(0), gradcam.WithLayer("hidden"), gradcam.WithMethod(gradcam.Conductance{}), gradcam.WithCompat(gradcam.Captum))[0]
	assert.Equal(t, r.Raw[0].Values, r.Map())
}

// The mean over flipped copies does not turn units around.
func TestUnitsAreNotFlipped(t *testing.T) {
	net := &enginetest.Smooth{Shapes: [][]int{{1, 1, 4}}, Hidden: []int{3}, Classes: 2}
	symmetric := engine.Array{Shape: []int{1, 1, 1, 4}, Data: []float32{1, 2, 2, 1}}
	options := []gradcam.Option{gradcam.WithLayer("hidden"), gradcam.WithMethod(gradcam.Conductance{})}
	r := explain(t, net, symmetric, gradcam.Class(0), append(options, gradcam.WithAugSmoothing())...)[0]
	want := make([]float64, 3)
	for _, factor := range []float32{0.9, 1, 1.1} {
		scaled := engine.NewArray(symmetric.Shape...)
		for i, v := range symmetric.Data {
			scaled.Data[i] = v * factor
		}
		for i, v := range explain(t, net, scaled, gradcam.Class(0), options...)[0].Raw[0].Values.Data {
			want[i] += float64(v) / 3
		}
	}
	assert.InDeltaSlice(t, want, r.Raw[0].Values.Data, 1e-5)
}

func TestUnitsAreExplainedAlone(t *testing.T) {
	net := &enginetest.Smooth{Shapes: [][]int{{5}}, Hidden: []int{4}, Classes: 3}
	e, err := gradcam.New(net, gradcam.WithLayers("linear", "hidden"), gradcam.WithMethod(gradcam.Conductance{}))
	require.NoError(t, err)
	defer e.Close()
	_, err = e.Explain(ctx, wave(1, 5), gradcam.Class(0))
	assert.ErrorIs(t, err, gradcam.ErrLayer)
	assert.ErrorContains(t, err, "layer linear has units and no places, which no other layer's map can lie over: explain it alone")
}
