package enginetest_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
)

// The second derivatives written by hand against differences of the first.
func TestSecondOrderIsTheDerivativeOfTheGradient(t *testing.T) {
	ctx := context.Background()
	x := engine.Array{Shape: []int{1, 2, 1, 2}, Data: []float32{0.5, -0.25, 1, 0.75}}
	for _, c := range []struct {
		name  string
		net   engine.Model
		layer string
	}{
		{"smooth, hidden", &enginetest.Smooth{Shapes: [][]int{{2, 1, 2}}, Hidden: []int{2, 1, 2}, Classes: 2}, "hidden"},
		{"smooth, linear", &enginetest.Smooth{Shapes: [][]int{{2, 1, 2}}, Hidden: []int{2, 1, 2}, Classes: 2}, "linear"},
		{"pooled", &enginetest.Pooled{Weights: [][]float64{{1, -2}, {0.5, 3}}, Curve: 0.7}, enginetest.Layer},
	} {
		t.Run(c.name, func(t *testing.T) {
			plan, err := c.net.Plan(ctx, engine.Spec{Layers: []string{c.layer}})
			require.NoError(t, err)
			pass, err := plan.Forward(ctx, []engine.Array{x})
			require.NoError(t, err)
			cotangent := []engine.Cotangent{{Array: engine.Array{Shape: []int{1, 2}, Data: []float32{1, -0.5}}}}
			v := engine.Array{Shape: []int{1, 2, 1, 2}, Data: []float32{0.3, 1, -0.6, 0.2}}
			hv, jv, err := pass.(engine.SecondOrder).SecondOrder(ctx, cotangent, []engine.Array{v})
			require.NoError(t, err)
			const step = 1.0 / 64
			at := func(d float32) (gradient, output []float32) {
				a := engine.NewArray(1, 2, 1, 2)
				for i, v0 := range pass.Activations()[0].Data {
					a.Data[i] = v0 + d*v.Data[i]
				}
				moved, err := pass.(engine.RerunGrad).RerunGrad(ctx, a, nil)
				require.NoError(t, err)
				g, err := moved.Backward(ctx, cotangent)
				require.NoError(t, err)
				return g[0].Data, moved.Outputs()[0].Array.Data
			}
			gUp, yUp := at(step)
			gDown, yDown := at(-step)
			for i := range gUp {
				assert.InDelta(t, (gUp[i]-gDown[i])/(2*step), hv[0].Data[i], 1e-3)
			}
			for i := range yUp {
				assert.InDelta(t, (yUp[i]-yDown[i])/(2*step), jv[0].Array.Data[i], 1e-3)
			}
		})
	}
}
