package gradcam_test

// Slow, plain twins of the attributions, written from the papers' formulas in
// float64, one sample and one point at a time.

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
)

// plainNet explains class 1 of a network of one input.
type plainNet struct {
	t     *testing.T
	model engine.Model
	shape []int // of a sample
}

// at is the value and the gradient of a layer for one input.
func (p plainNet) at(x []float64, layer string, rule engine.ReluRule) (value, gradient []float64) {
	plan, err := p.model.Plan(ctx, engine.Spec{Layers: []string{layer}, Relu: rule})
	require.NoError(p.t, err)
	defer plan.Close()
	pass, err := plan.Forward(ctx, []engine.Array{single(x, p.shape)})
	require.NoError(p.t, err)
	defer pass.Close()
	return p.both(pass)
}

func (p plainNet) both(pass engine.Pass) (value, gradient []float64) {
	y := engine.NewArray(pass.Outputs()[0].Array.Shape...)
	y.Data[1] = 1
	g, err := pass.Backward(ctx, []engine.Cotangent{{Array: y}})
	require.NoError(p.t, err)
	return widen(pass.Activations()[0].Data), widen(g[0].Data)
}

func (p plainNet) gradient(x []float64) []float64 {
	_, g := p.at(x, engine.Input, engine.ReluPlain)
	return g
}

func single(x []float64, shape []int) engine.Array {
	a := engine.NewArray(append([]int{1}, shape...)...)
	for i, v := range x {
		a.Data[i] = float32(v)
	}
	return a
}

func widen(a []float32) []float64 {
	w := make([]float64, len(a))
	for i, v := range a {
		w[i] = float64(v)
	}
	return w
}

// each applies f to every number.
func each(n int, f func(i int) float64) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = f(i)
	}
	return out
}

// between is the point alpha of the way from a to b.
func between(a, b []float64, alpha float64) []float64 {
	return each(len(a), func(i int) float64 { return a[i] + alpha*(b[i]-a[i]) })
}

// plainIG is (x - b) times the integral of the gradient between b and x, by the
// midpoints of 40 intervals (Sundararajan et al. 2017, equation 3).
func plainIG(p plainNet, x, b []float64) []float64 {
	mean := make([]float64, len(x))
	for s := range 40 {
		for i, g := range p.gradient(between(b, x, (float64(s)+0.5)/40)) {
			mean[i] += g / 40
		}
	}
	return each(len(x), func(i int) float64 { return (x[i] - b[i]) * mean[i] })
}

// plainNoise are the magnitudes of gradients of noisy inputs.
func plainNoise(p plainNet, x []float64, samples int, sigma float64) [][]float64 {
	var all [][]float64
	for s := range samples {
		z := make([]float32, len(x))
		gradcam.SeededSource(5).Normal(s, 0, z)
		g := p.gradient(each(len(x), func(i int) float64 { return x[i] + sigma*float64(z[i]) }))
		all = append(all, each(len(x), func(i int) float64 { return math.Abs(g[i]) }))
	}
	return all
}

// moment is the mean of the k-th power.
func moment(all [][]float64, i int, k float64) float64 {
	sum := 0.0
	for _, g := range all {
		sum += math.Pow(g[i], k) / float64(len(all))
	}
	return sum
}

// plainSHAP is the mean of (x - b) times the gradient at a random point between.
func plainSHAP(p plainNet, x []float64, samples int) []float64 {
	mean := make([]float64, len(x))
	for s := range samples {
		u := []float32{0}
		gradcam.SeededSource(5).Uniform(3*s+1, 0, u)
		g := p.gradient(each(len(x), func(i int) float64 { return float64(u[0]) * x[i] }))
		for i := range mean {
			mean[i] += x[i] * g[i] / float64(samples)
		}
	}
	return mean
}

// plainLayerIG integrates along the way of a layer's value, 40 midpoints.
func plainLayerIG(p plainNet, layer string, x, b []float64) []float64 {
	plan, err := p.model.Plan(ctx, engine.Spec{Layers: []string{layer}})
	require.NoError(p.t, err)
	pass, err := plan.Forward(ctx, []engine.Array{single(x, p.shape)})
	require.NoError(p.t, err)
	shape := pass.Activations()[0].Shape[1:]
	to := widen(pass.Activations()[0].Data)
	from, _ := p.at(b, layer, engine.ReluPlain)
	sum := make([]float64, len(to))
	for s := range 40 {
		next, err := pass.(engine.RerunGrad).RerunGrad(ctx, single(between(from, to, (float64(s)+0.5)/40), shape), nil)
		require.NoError(p.t, err)
		_, g := p.both(next)
		for i := range sum {
			sum[i] += (to[i] - from[i]) * g[i] / 40
		}
	}
	return plainChannelSum(sum, engine.Size(shape[1:]))
}

// plainConductance is the sum over 40 intervals of the layer's gradient at the
// beginning times the change of its value (Dhamdhere et al. 2018, section 4).
func plainConductance(p plainNet, layer string, x, b []float64, places int) []float64 {
	var sum, value, g []float64
	for s := range 41 {
		now, next := p.at(between(b, x, float64(s)/40), layer, engine.ReluPlain)
		for i := range value {
			sum[i] += g[i] * (now[i] - value[i])
		}
		if s == 0 {
			sum = make([]float64, len(now))
		}
		value, g = now, next
	}
	return plainChannelSum(sum, places)
}

func plainChannelSum(a []float64, places int) []float64 {
	sum := make([]float64, places)
	for i, v := range a {
		sum[i%places] += v
	}
	return sum
}

// plainGuidedGradCAM is guided backpropagation times ReLU(sum_k alpha_k A_k) of
// the layer, 2 x 2, each of whose places covers 2 x 2 of the input's.
func plainGuidedGradCAM(p plainNet, layer string, x []float64) []float64 {
	a, g := p.at(x, layer, engine.ReluPlain)
	_, guided := p.at(x, engine.Input, engine.ReluGuided)
	cam := make([]float64, 4)
	for k := range 2 {
		alpha := (g[4*k] + g[4*k+1] + g[4*k+2] + g[4*k+3]) / 4
		for i := range cam {
			cam[i] += alpha * a[4*k+i]
		}
	}
	return each(16, func(i int) float64 { return guided[i] * math.Max(0, cam[i/8*2+i%4/2]) })
}

func TestAttributionsEqualTheirPlainTwins(t *testing.T) {
	net := plainNet{t, smooth([]int{2, 3, 4}), []int{2, 3, 4}}
	toy := plainNet{t, enginetest.NewToyHead(readGolden(t).Head), []int{1, 4, 4}}
	x, zeros := widen(wave(1, 2, 3, 4).Data), make([]float64, 24)
	ramp := widen(enginetest.ToyInput(0).Data)
	ten := gradcam.Baseline{Value: 0.5}
	tens := each(24, func(int) float64 { return 0.5 })
	noise := plainNoise(net, x, 4, 0.5)
	_, guided := toy.at(ramp, engine.Input, engine.ReluGuided)
	_, deconvnet := toy.at(ramp, engine.Input, engine.ReluDeconvnet)
	for _, c := range []struct {
		net    plainNet
		x      []float64
		layer  string
		method gradcam.Method
		want   []float64
	}{
		{net, x, "", gradcam.Saliency{Signed: true}, net.gradient(x)},
		{net, x, "", gradcam.Saliency{}, each(24, func(i int) float64 { return math.Abs(net.gradient(x)[i]) })},
		{net, x, "", gradcam.InputXGradient, each(24, func(i int) float64 { return x[i] * net.gradient(x)[i] })},
		{net, x, "", gradcam.IntegratedGradients{Steps: 40, Rule: gradcam.RiemannMiddle}, plainIG(net, x, zeros)},
		{net, x, "", gradcam.IntegratedGradients{Steps: 40, Rule: gradcam.RiemannMiddle, Baseline: ten}, plainIG(net, x, tens)},
		{net, x, "", gradcam.SmoothGrad{Samples: 4, Sigma: 0.5}, each(24, func(i int) float64 { return moment(noise, i, 1) })},
		{net, x, "", gradcam.SquareGrad{Samples: 4, Sigma: 0.5}, each(24, func(i int) float64 { return moment(noise, i, 2) })},
		{net, x, "", gradcam.VarGrad{Samples: 4, Sigma: 0.5}, each(24, func(i int) float64 { return moment(noise, i, 2) - math.Pow(moment(noise, i, 1), 2) })},
		{net, x, "", gradcam.GradientSHAP{Samples: 4}, plainSHAP(net, x, 4)},
		{net, x, "linear", gradcam.LayerIntegratedGradients{Steps: 40, Rule: gradcam.RiemannMiddle, Baseline: ten}, plainLayerIG(net, "linear", x, tens)},
		{net, x, "hidden", gradcam.Conductance{Steps: 40, Rule: gradcam.RiemannTrapezoid, Baseline: ten}, plainConductance(net, "hidden", x, tens, 6)},
		{toy, ramp, "", gradcam.GuidedBackprop, guided},
		{toy, ramp, "", gradcam.Deconvnet, deconvnet},
		{toy, ramp, "relu1", gradcam.GuidedGradCAM{}, plainGuidedGradCAM(toy, "relu1", ramp)},
		{toy, ramp, "conv1", gradcam.Conductance{Steps: 40, Rule: gradcam.RiemannTrapezoid}, plainConductance(toy, "conv1", ramp, make([]float64, 16), 4)},
	} {
		t.Run(c.method.Name()+" "+c.layer, func(t *testing.T) {
			options := []gradcam.Option{gradcam.WithMethod(c.method), gradcam.WithSeed(5)}
			if c.layer != "" {
				options = append(options, gradcam.WithLayer(c.layer))
			}
			r := explain(t, c.net.model, single(c.x, c.net.shape), gradcam.Class(1), options...)[0]
			scale := 0.0
			for _, v := range c.want {
				scale = math.Max(scale, math.Abs(v))
			}
			require.Positive(t, scale)
			assert.InDeltaSlice(t, c.want, widen(r.Raw[0].Values.Data), 3e-6*scale)
		})
	}
}
