package oracletest

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
)

// Pass is what maps are made of: one output, and a layer's activation and gradient.
type Pass struct{ Output, Activation, Gradient engine.Array }

// Run makes one pass through a plan. The gradient is that of the sum over samples of
// each one's class in the output of that name.
func Run(t testing.TB, plan engine.Plan, output string, x engine.Array, classes []int) Pass {
	t.Helper()
	p, err := plan.Forward(t.Context(), []engine.Array{x})
	require.NoError(t, err)
	defer p.Close()
	at := slices.IndexFunc(p.Outputs(), func(o engine.Output) bool { return o.Name == output })
	require.GreaterOrEqual(t, at, 0, "no output %q", output)
	y := p.Outputs()[at].Array
	cotangent := []engine.Cotangent{{Output: output, Array: OneHot(y.Shape, classes)}}
	g, err := p.Backward(t.Context(), cotangent)
	require.NoError(t, err)
	return Pass{y, p.Activations()[0], g[0]}
}

// OneHot is the cotangent of the sum of one class a sample: zeros of the shape
// [N, classes] with a one in each row.
func OneHot(shape, classes []int) engine.Array {
	cotangent := engine.NewArray(shape...)
	for n, c := range classes {
		cotangent.Row(n).Data[c] = 1
	}
	return cotangent
}

// Activation is the value of a layer.
func Activation(t testing.TB, m engine.Model, layer string, x engine.Array) engine.Array {
	t.Helper()
	plan, err := m.Plan(t.Context(), engine.Spec{Layers: []string{layer}})
	require.NoError(t, err)
	defer plan.Close()
	p, err := plan.Forward(t.Context(), []engine.Array{x})
	require.NoError(t, err)
	defer p.Close()
	return p.Activations()[0]
}
