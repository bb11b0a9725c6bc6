package enginetest_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
)

var one = []engine.Cotangent{{Array: engine.Array{Shape: []int{1, 4}, Data: []float32{1, 0, 0, 0}}}}

func pass(t *testing.T, toy *enginetest.Toy, spec engine.Spec, x engine.Array) engine.Pass {
	t.Helper()
	plan, err := toy.Plan(context.Background(), spec)
	require.NoError(t, err)
	p, err := plan.Forward(context.Background(), []engine.Array{x})
	require.NoError(t, err)
	return p
}

// Values of captum 0.9's BasicModel_ConvNet_One_Conv on 0..15.
func TestToyValues(t *testing.T) {
	p := pass(t, enginetest.NewToy(), engine.Spec{Layers: []string{"relu1", "conv1"}}, enginetest.ToyInput(0))
	a := p.Activations()
	assert.Equal(t, []float32{0, 4, 31, 40, 0, 0, 6, 15}, a[0].Data)
	assert.Equal(t, []float32{-5, 4, 31, 40, -30, -21, 6, 15}, a[1].Data)
	assert.Equal(t, []float32{54, 54, 54, 54}, p.Outputs()[0].Array.Data)
	g, err := p.Backward(context.Background(), one)
	require.NoError(t, err)
	assert.Equal(t, []float32{1, 1, 1, 1, 1, -1, -1, -1}, g[0].Data)
	assert.Equal(t, []float32{0, 1, 1, 1, 0, 0, -1, -1}, g[1].Data)
}

// The hand-written backward pass against differences: the net is piecewise
// linear, so that they are exact away from the kinks.
func TestToyGradientIsTheDerivative(t *testing.T) {
	toy := enginetest.NewToy()
	x := enginetest.ToyInput(0.3)
	g, err := pass(t, toy, engine.Spec{Layers: []string{engine.Input}}, x).Backward(context.Background(), one)
	require.NoError(t, err)
	at := func() float32 {
		y, err := toy.Predict(context.Background(), []engine.Array{x})
		require.NoError(t, err)
		return y[0].Array.Data[0]
	}
	for i, v := range x.Data {
		x.Data[i] = v + 0.125
		up := at()
		x.Data[i] = v - 0.125
		down := at()
		x.Data[i] = v
		assert.InDelta(t, (up-down)/0.25, g[0].Data[i], 1e-3, "pixel %d", i)
	}
}

func TestToyReluRules(t *testing.T) {
	for _, c := range []struct {
		rule engine.ReluRule
		want []float32 // at conv1
	}{
		{engine.ReluPlain, []float32{0, 1, 1, 1, 0, 0, -1, -1}},
		{engine.ReluGuided, []float32{0, 1, 1, 1, 0, 0, 0, 0}},
		{engine.ReluDeconvnet, []float32{1, 1, 1, 1, 1, 0, 0, 0}},
	} {
		p := pass(t, enginetest.NewToy(), engine.Spec{Layers: []string{"conv1"}, Relu: c.rule}, enginetest.ToyInput(0))
		g, err := p.Backward(context.Background(), one)
		require.NoError(t, err)
		assert.Equal(t, c.want, g[0].Data, "rule %d", c.rule)
	}
}

func TestToyRerun(t *testing.T) {
	toy := enginetest.NewToy()
	p := pass(t, toy, engine.Spec{Layers: []string{"relu1"}}, enginetest.ToyInput(0))
	changed := engine.NewArray(2, 2, 2, 2)
	copy(changed.Data, p.Activations()[0].Data)
	copy(changed.Row(1).Data[4:], []float32{10, 0, 0, 0})
	y, err := p.Rerun(context.Background(), changed, []int{0, 0})
	require.NoError(t, err)
	assert.Equal(t, []float32{54, 54, 54, 54, 10, 10, 10, 10}, y[0].Array.Data)

	again, err := p.(engine.RerunGrad).RerunGrad(context.Background(), changed, []int{0, 0})
	require.NoError(t, err)
	assert.Equal(t, changed.Data, again.Activations()[0].Data)
	_, err = p.Rerun(context.Background(), changed, nil)
	assert.ErrorContains(t, err, "cannot stand for")
	require.NoError(t, again.Close())
	assert.Equal(t, 1, toy.Counts().OpenPasses)
}

func TestToyRefuses(t *testing.T) {
	toy := enginetest.NewToy()
	_, err := toy.Plan(context.Background(), engine.Spec{Layers: []string{"layer4"}})
	assert.ErrorContains(t, err, `layer "layer4"`)
	_, err = toy.Predict(context.Background(), []engine.Array{engine.NewArray(1, 3, 4, 4)})
	assert.ErrorContains(t, err, "[N, 1, 4, 4]")
	p := pass(t, toy, engine.Spec{Layers: []string{"relu1"}}, enginetest.ToyInput(0))
	_, err = p.Backward(context.Background(), []engine.Cotangent{{Output: "out", Array: engine.NewArray(1, 4)}})
	assert.ErrorContains(t, err, `output "out"`)
	require.NoError(t, p.Close())
	require.NoError(t, p.Close(), "twice")
	_, err = p.Backward(context.Background(), one)
	assert.ErrorContains(t, err, "closed")
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = toy.Calls(gone, []engine.Array{enginetest.ToyInput(0)})
	assert.ErrorIs(t, err, context.Canceled)
}
