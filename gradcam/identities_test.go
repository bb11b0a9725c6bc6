package gradcam_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
)

// scoreOf is what a network says of class 0 of every sample.
func scoreOf(t *testing.T, model engine.Model, inputs ...engine.Array) []float64 {
	t.Helper()
	y, err := model.Predict(ctx, inputs)
	require.NoError(t, err)
	all := make([]float64, inputs[0].Shape[0])
	for n := range all {
		all[n] = float64(y[0].Array.Row(n).Data[0])
	}
	return all
}

func total(a engine.Array) float64 {
	sum := 0.0
	for _, v := range a.Data {
		sum += float64(v)
	}
	return sum
}

// Completeness: the parts add up to f(x) - f(baseline). Between kinks the error
// of Gauss-Legendre vanishes; over them that of all rules falls with the steps.
func TestPathsAreComplete(t *testing.T) {
	toy := func() engine.Model { return enginetest.NewToy() }
	net := func() engine.Model { return smooth([]int{2, 3, 4}) }
	for _, c := range []struct {
		name      string
		model     func() engine.Model
		x         engine.Array
		value     float64 // of the baseline
		method    func(b gradcam.Baseline) gradcam.Method
		layer     string
		tolerance float64 // of the difference of the scores
	}{
		{"integrated gradients, smooth", net, wave(2, 2, 3, 4), -0.5,
			func(b gradcam.Baseline) gradcam.Method { return gradcam.IntegratedGradients{Baseline: b} }, "", 2e-6},
		{"integrated gradients, toy within a linear piece", toy, enginetest.ToyInput(10, 20), 9,
			func(b gradcam.Baseline) gradcam.Method { return gradcam.IntegratedGradients{Baseline: b} }, "", 1e-6},
		{"integrated gradients, toy over its kinks", toy, enginetest.ToyInput(0, 1), 0,
			func(b gradcam.Baseline) gradcam.Method {
				return gradcam.IntegratedGradients{Baseline: b, Steps: 20000, Rule: gradcam.RiemannMiddle}
			}, "", 1e-4},
		{"layer integrated gradients, smooth", net, wave(2, 2, 3, 4), -0.5,
			func(b gradcam.Baseline) gradcam.Method { return gradcam.LayerIntegratedGradients{Baseline: b} }, "linear", 2e-6},
		{"layer integrated gradients, toy", toy, enginetest.ToyInput(0, 1), 0,
			func(b gradcam.Baseline) gradcam.Method { return gradcam.LayerIntegratedGradients{Baseline: b} }, "relu1", 1e-6},
		{"conductance, smooth", net, wave(2, 2, 3, 4), -0.5,
			func(b gradcam.Baseline) gradcam.Method {
				return gradcam.Conductance{Baseline: b, Steps: 20000, Rule: gradcam.RiemannTrapezoid}
			}, "hidden", 2e-4},
		{"conductance, toy over its kinks", toy, enginetest.ToyInput(0, 1), 0,
			func(b gradcam.Baseline) gradcam.Method {
				return gradcam.Conductance{Baseline: b, Steps: 20000, Rule: gradcam.RiemannTrapezoid}
			}, "conv1", 3e-4},
	} {
		t.Run(c.name, func(t *testing.T) {
			options := []gradcam.Option{gradcam.WithMethod(c.method(gradcam.Baseline{Value: c.value}))}
			if c.layer != "" {
				options = append(options, gradcam.WithLayer(c.layer))
			}
			base := engine.NewArray(c.x.Shape...)
			for i := range base.Data {
				base.Data[i] = float32(c.value)
			}
			here, there := scoreOf(t, c.model(), c.x), scoreOf(t, c.model(), base)
			for n, r := range explain(t, c.model(), c.x, gradcam.Class(0), options...) {
				want := here[n] - there[n]
				require.Greater(t, math.Abs(want), 0.1)
				assert.InEpsilon(t, want, total(r.Raw[0].Values), c.tolerance)
			}
		})
	}
}

// On a net whose weights are positive nothing is negative: the rules agree. The
// toy's head with one row of ones is one, all of whose rectifiers are open here.
func TestGuidedIsPlainWhenNothingIsNegative(t *testing.T) {
	open := enginetest.NewToyHead(enginetest.Head{{1, 1, 1, 1, 1, 1, 1, 1}})
	x := enginetest.ToyInput(10)
	want := explain(t, open, x, gradcam.Class(0), gradcam.WithMethod(gradcam.Saliency{Signed: true}))[0].Raw[0].Values
	assert.Equal(t, float32(2), want.Data[0], "one window of each channel")
	for _, m := range []gradcam.Method{gradcam.GuidedBackprop, gradcam.Deconvnet} {
		assert.Equal(t, want, explain(t, open, x, gradcam.Class(0), gradcam.WithMethod(m))[0].Raw[0].Values, m.Name())
	}
	closed := enginetest.NewToy()
	guided := explain(t, closed, x, gradcam.Class(0), gradcam.WithMethod(gradcam.GuidedBackprop))[0].Raw[0].Values
	assert.NotEqual(t, explain(t, closed, x, gradcam.Class(0), gradcam.WithMethod(gradcam.Saliency{Signed: true}))[0].Raw[0].Values, guided)
}

// The map that captum's own tests hold GuidedGradCam to.
func TestGuidedGradCAMOfCaptumsTests(t *testing.T) {
	r := explain(t, enginetest.NewToy(), enginetest.ToyInput(0), gradcam.Class(0), gradcam.WithMethod(gradcam.GuidedGradCAM{}), gradcam.WithLayer("relu1"))[0]
	assert.Equal(t, []float32{0, 0, 4, 4, 0, 0, 12, 8, 28, 84, 97.5, 65, 28, 56, 65, 32.5}, r.Raw[0].Values.Data)
}

// silent draws no noise.
type silent struct{ gradcam.Source }

func (silent) Normal(_, _ int, dst []float32) { clear(dst) }

// Without noise SmoothGrad is saliency, SquareGrad its square, VarGrad nothing.
func TestSmoothingWithoutNoise(t *testing.T) {
	net, x := smooth([]int{2, 3, 4}), wave(2, 2, 3, 4)
	source := gradcam.WithSource(silent{gradcam.SeededSource(0)})
	for _, signed := range []bool{false, true} {
		want := explain(t, net, x, gradcam.Class(0), gradcam.WithMethod(gradcam.Saliency{Signed: signed}))
		smoothed := explain(t, net, x, gradcam.Class(0), gradcam.WithMethod(gradcam.SmoothGrad{Signed: signed}), source)
		squared := explain(t, net, x, gradcam.Class(0), gradcam.WithMethod(gradcam.SquareGrad{Signed: signed}), source)
		varied := explain(t, net, x, gradcam.Class(0), gradcam.WithMethod(gradcam.VarGrad{Signed: signed}), source)
		for n := range want {
			assert.Equal(t, want[n].Raw, smoothed[n].Raw)
			for i, v := range want[n].Raw[0].Values.Data {
				assert.InDelta(t, v*v, squared[n].Raw[0].Values.Data[i], 1e-9)
			}
			assert.Zero(t, varied[n].RawMax, "equal numbers have no variance, not even a rounding error")
			assert.Equal(t, gradcam.AllNegative, varied[n].Reason)
		}
	}
}

// Random methods repeat with their seed, and a sample is explained alike alone and
// in a batch.
func TestNoiseIsSeeded(t *testing.T) {
	x := wave(3, 2, 3, 4)
	for _, m := range []gradcam.Method{gradcam.SmoothGrad{}, gradcam.SquareGrad{}, gradcam.VarGrad{}, gradcam.GradientSHAP{Sigma: 0.1}} {
		first := explain(t, smooth([]int{2, 3, 4}), x, gradcam.Class(0), gradcam.WithMethod(m), gradcam.WithSeed(7))
		again := explain(t, smooth([]int{2, 3, 4}), x, gradcam.Class(0), gradcam.WithMethod(m), gradcam.WithSeed(7))
		other := explain(t, smooth([]int{2, 3, 4}), x, gradcam.Class(0), gradcam.WithMethod(m), gradcam.WithSeed(8))
		one := engine.Array{Shape: []int{1, 2, 3, 4}, Data: x.Row(2).Data}
		alone := explain(t, smooth([]int{2, 3, 4}), one, gradcam.Class(0), gradcam.WithMethod(m), gradcam.WithSeed(7))
		assert.Equal(t, first[2].Raw, again[2].Raw, m.Name())
		assert.Equal(t, first[2].Raw, alone[0].Raw, m.Name())
		assert.NotEqual(t, first[2].Raw, other[2].Raw, m.Name())
		require.NotNil(t, first[0].Seed)
		assert.Equal(t, uint64(7), *first[0].Seed)
	}
}

// GradientSHAP of the point half way, from the only baseline, is integrated
// gradients of one middle step.
func TestGradientSHAPIsIntegratedGradientsInTheMiddle(t *testing.T) {
	x := wave(2, 2, 3, 4)
	shap := explain(t, smooth([]int{2, 3, 4}), x, gradcam.Class(1), gradcam.WithMethod(gradcam.GradientSHAP{}), gradcam.WithSource(half{}))
	ig := explain(t, smooth([]int{2, 3, 4}), x, gradcam.Class(1), gradcam.WithMethod(gradcam.IntegratedGradients{Steps: 1}))
	for n := range shap {
		assert.InDeltaSlice(t, ig[n].Raw[0].Values.Data, shap[n].Raw[0].Values.Data, 1e-6)
	}
}

// half draws 0.5.
type half struct{ gradcam.Source }

func (half) Uniform(_, _ int, dst []float32) {
	for i := range dst {
		dst[i] = 0.5
	}
}
