package gradcam_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
)

// gradientAt is the gradient of a target by a layer whose activation is scaled.
func gradientAt(t *testing.T, net engine.Model, x engine.Array, layer string, target gradcam.Target, by float32) (a, g engine.Array) {
	t.Helper()
	plan, err := net.Plan(ctx, engine.Spec{Layers: []string{layer}})
	require.NoError(t, err)
	first, err := plan.Forward(ctx, []engine.Array{x})
	require.NoError(t, err)
	a = engine.NewArray(first.Activations()[0].Shape...)
	for i, v := range first.Activations()[0].Data {
		a.Data[i] = by * v
	}
	pass, err := first.(engine.RerunGrad).RerunGrad(ctx, a, nil)
	require.NoError(t, err)
	y := pass.Outputs()[0].Array
	cotangent := engine.NewArray(y.Shape...)
	for n := range y.Shape[0] {
		s, err := target.Score(gradcam.Sample{Output: y.Row(n)})
		require.NoError(t, err)
		copy(cotangent.Row(n).Data, s.Cotangent)
	}
	gs, err := pass.Backward(ctx, []engine.Cotangent{{Array: cotangent}})
	require.NoError(t, err)
	return a, gs[0]
}

// plainShapleyCAM takes H A from the change of the whole gradient between A(1-d)
// and A(1+d), target and network together.
func plainShapleyCAM(t *testing.T, net engine.Model, x engine.Array, layer string, target gradcam.Target) []float64 {
	t.Helper()
	const d = 1.0 / 128
	a, g := gradientAt(t, net, x, layer, target, 1)
	_, up := gradientAt(t, net, x, layer, target, 1+d)
	_, down := gradientAt(t, net, x, layer, target, 1-d)
	channels, places := a.Shape[1], engine.Size(a.Shape[2:])
	var m []float64
	for n := range a.Shape[0] {
		row := make([]float64, places)
		for k := range channels {
			w := 0.0
			for p := range places {
				i := k*places + p
				v := float64(up.Row(n).Data[i]-down.Row(n).Data[i]) / (2 * d)
				w += (float64(g.Row(n).Data[i]) - 0.5*v) / float64(places)
			}
			for p := range places {
				row[p] += w * float64(a.Row(n).Data[k*places+p])
			}
		}
		m = append(m, row...)
	}
	return m
}

func smallBatch() engine.Array {
	return engine.Array{Shape: []int{2, 3, 2, 2}, Data: []float32{
		0.1, -0.4, 0.9, 0.3, -1, 0.6, 0.2, 0.8, 1.1, -0.7, 0.5, 0.4,
		0.7, 0.2, -0.3, 0.6, 0.9, -0.8, 1.2, 0.1, -0.5, 0.3, 0.4, 1,
	}}
}

func TestShapleyCAMEqualsItsPlainTwin(t *testing.T) {
	smooth := &enginetest.Smooth{Shapes: [][]int{{3, 2, 2}}, Hidden: []int{4, 2, 2}, Classes: 3}
	linear := &enginetest.Pooled{Weights: [][]float64{{1, -2, 0.5}, {2, 1, -1}}}
	curved := &enginetest.Pooled{Weights: [][]float64{{1, -2, 0.5}, {2, 1, -1}}, Curve: 0.9}
	for _, c := range []struct {
		name   string
		net    engine.Model
		layer  string
		target gradcam.Target
		backs  int
	}{
		{"curvature of the network alone", smooth, "hidden", gradcam.Class(1), 1},
		{"of both", smooth, "hidden", gradcam.ReST(1), 2},
		{"of both, through tanh", smooth, "linear", gradcam.Probability(0), 2},
		{"of the target alone", linear, enginetest.Layer, gradcam.ReST(0), 2},
		{"negated", curved, enginetest.Layer, gradcam.Negative(gradcam.ReST(1)), 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := smallBatch()
			want := plainShapleyCAM(t, c.net, x, c.layer, c.target)
			before := c.net.(interface{ Counts() enginetest.Counts }).Counts()
			results := explain(t, c.net, x, c.target, gradcam.WithLayer(c.layer), gradcam.WithMethod(gradcam.ShapleyCAM{}))
			for n, r := range results {
				for p, v := range r.Raw[0].Values.Data {
					assert.InDelta(t, want[n*4+p], v, 5e-4)
				}
			}
			after := c.net.(interface{ Counts() enginetest.Counts }).Counts()
			assert.Equal(t, 1, after.SecondOrders-before.SecondOrders)
			assert.Equal(t, c.backs, after.Backwards-before.Backwards)
			plain := explain(t, c.net, x, c.target, gradcam.WithLayer(c.layer))
			assert.NotEqual(t, plain[0].Raw[0].Values.Data, results[0].Raw[0].Values.Data, "the second order counts")
		})
	}
}

// Without curvature anywhere ShapleyCAM is Grad-CAM.
func TestShapleyCAMOfALinearHeadIsGradCAM(t *testing.T) {
	net := &enginetest.Pooled{Weights: [][]float64{{1, -2, 0.5}, {2, 1, -1}}}
	options := []gradcam.Option{gradcam.WithLayer(enginetest.Layer)}
	want := explain(t, net, smallBatch(), gradcam.Class(0), options...)
	got := explain(t, net, smallBatch(), gradcam.Class(0), append(options, gradcam.WithMethod(gradcam.ShapleyCAM{}))...)
	for n := range want {
		assert.InDeltaSlice(t, want[n].Raw[0].Values.Data, got[n].Raw[0].Values.Data, 1e-6)
	}
}

// Each layer has its own second derivative, with the other layers held still.
func TestShapleyCAMOfTwoLayers(t *testing.T) {
	net := &enginetest.Smooth{Shapes: [][]int{{3, 2, 2}}, Hidden: []int{4, 2, 2}, Classes: 3}
	both := explain(t, net, smallBatch(), gradcam.ReST(1), gradcam.WithLayers("linear", "hidden"), gradcam.WithMethod(gradcam.ShapleyCAM{}))
	for i, layer := range []string{"linear", "hidden"} {
		one := explain(t, net, smallBatch(), gradcam.ReST(1), gradcam.WithLayer(layer), gradcam.WithMethod(gradcam.ShapleyCAM{}))
		for n := range one {
			assert.InDeltaSlice(t, one[n].Raw[0].Values.Data, both[n].Raw[i].Values.Data, 1e-6)
		}
	}
}
