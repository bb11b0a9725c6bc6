//go:build cgo

package torch_test

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
	"github.com/torchlight-go/torchlight/torch"
)

// one is the first sample of the case's inputs: the scale of a dynamically
// quantised operator is the batch's.
func (c testCase) one(t testing.TB) []engine.Array {
	in := c.arrays(t)
	in[0] = engine.Array{Shape: append([]int{1}, in[0].Shape[1:]...), Data: in[0].Row(0).Data}
	return in
}

// Behind an operator without a derivative a layer is captured and continued;
// whatever asks for a gradient is told.
func TestCutBehindTheUnderivable(t *testing.T) {
	ctx := context.Background()
	c := readCase(t, "quantised")
	m := c.load(t, "script")
	in := c.one(t)
	plain, err := m.Predict(ctx, in)
	require.NoError(t, err)
	for _, spec := range []engine.Spec{{Layers: []string{"conv"}}, {Layers: []string{"conv"}, InPlace: engine.BothAfter}} {
		p, err := m.Plan(ctx, spec)
		require.NoError(t, err)
		told := []string{"operator quantized::linear_dynamic behind layer conv has no derivative", "a method that needs no gradient"}
		requireError(t, p.(engine.Differentiable).Differentiable(), torch.ErrNoDerivative, told...)
		for range 3 {
			pass, err := p.Forward(ctx, in)
			require.NoError(t, err)
			again, err := pass.Rerun(ctx, pass.Activations()[0], []int{0})
			require.NoError(t, err)
			assert.InDeltaSlice(t, plain[0].Array.Data, again[0].Array.Data, 1e-6)
			cotangent := []engine.Cotangent{{Array: plain[0].Array}}
			_, err = pass.Backward(ctx, cotangent)
			requireError(t, err, torch.ErrNoDerivative, told...)
			_, err = pass.(engine.RerunGrad).RerunGrad(ctx, pass.Activations()[0], []int{0})
			requireError(t, err, torch.ErrNoDerivative, told...)
			_, _, err = pass.(engine.SecondOrder).SecondOrder(ctx, cotangent, []engine.Array{pass.Activations()[0]})
			requireError(t, err, torch.ErrNoDerivative, told...)
			require.NoError(t, pass.Close())
		}
		require.NoError(t, p.Close())
	}
	p, err := readCase(t, "smooth").load(t, "script").Plan(ctx, engine.Spec{Layers: []string{engine.Input}})
	require.NoError(t, err)
	require.NoError(t, p.(engine.Differentiable).Differentiable())
	require.NoError(t, p.Close())
}

// Methods that need no gradient explain a layer in front of a quantised one, with
// a layer named or found.
func TestMethodsBehindTheUnderivable(t *testing.T) {
	c := readCase(t, "quantised")
	m := c.load(t, "script")
	in := c.one(t)
	a, ablated, lit := continued(t, m, in)
	same := &enginetest.Canned{
		Out:    []engine.Output{{Array: engine.Array{Shape: []int{1, 2}, Data: []float32{0, 1}}}},
		Values: map[string]engine.Array{"conv": a},
	}
	for _, method := range []gradcam.Method{gradcam.EigenCAM, gradcam.FEM{}, gradcam.RandomCAM} {
		want := attribute(t, same, in, gradcam.Class(1), gradcam.WithLayer("conv"), gradcam.WithMethod(method))
		for _, options := range [][]gradcam.Option{{gradcam.WithLayer("conv")}, nil} {
			got := attribute(t, m, in, gradcam.Class(1), append(options, gradcam.WithMethod(method))...)
			assert.InDeltaSlice(t, want[0], got[0], 1e-5, method.Name())
			assert.NotZero(t, got[0], method.Name())
		}
	}
	got := attribute(t, m, in, gradcam.Class(1), gradcam.WithLayer("conv"), gradcam.WithMethod(gradcam.AblationCAM))
	assert.InDeltaSlice(t, ablated, got[0], 1e-4)
	got = attribute(t, m, in, gradcam.Class(1), gradcam.WithLayer("conv"), gradcam.WithMethod(gradcam.ReciproCAM{}))
	assert.InDeltaSlice(t, lit, got[0], 1e-5)

	e, err := gradcam.New(m, gradcam.WithLayer("conv"))
	require.NoError(t, err)
	defer e.Close()
	_, err = e.ExplainAll(context.Background(), in)
	require.ErrorIs(t, err, torch.ErrNoDerivative)
	require.ErrorIs(t, err, gradcam.ErrMethod)
	assert.Regexp(t, `use one of eigencam, .*\bfem, .*\bablationcam\b.*\breciprocam\b`, err.Error())
	assert.NotContains(t, err.Error(), "layercam")
}

// continued are the activation of the case's layer, and the raw maps of class 1 of
// Ablation-CAM and Recipro-CAM by one re-run a channel and a place.
func continued(t *testing.T, m *torch.Module, in []engine.Array) (a engine.Array, ablated, lit []float32) {
	t.Helper()
	ctx := context.Background()
	p, err := m.Plan(ctx, engine.Spec{Layers: []string{"conv"}})
	require.NoError(t, err)
	defer p.Close()
	pass, err := p.Forward(ctx, in)
	require.NoError(t, err)
	defer pass.Close()
	a = pass.Activations()[0]
	channels, places := a.Shape[1], a.Shape[2]*a.Shape[3]
	score := func(a engine.Array) (logit, probability float32) {
		y, err := pass.Rerun(ctx, a, nil)
		require.NoError(t, err)
		z, sum := y[0].Array.Data, 0.0
		for _, v := range z {
			sum += math.Exp(float64(v - z[1]))
		}
		return z[1], float32(1 / sum)
	}
	least := a.Data[0]
	for _, v := range a.Data {
		least = min(least, v)
	}
	s, _ := score(a)
	ablated, lit = make([]float32, places), make([]float32, places)
	for k := range channels {
		b := engine.Array{Shape: a.Shape, Data: append([]float32(nil), a.Data...)}
		for p := range places {
			b.Data[k*places+p] = least - 1e7
		}
		without, _ := score(b)
		for p := range places {
			ablated[p] += (s - without) / s * a.Data[k*places+p]
		}
	}
	for p := range places {
		b := engine.NewArray(a.Shape...)
		for k := range channels {
			b.Data[k*places+p] = a.Data[k*places+p]
		}
		_, lit[p] = score(b)
	}
	return a, ablated, lit
}
