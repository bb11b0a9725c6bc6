package enginetest

import (
	"context"
	"fmt"
	"sync"

	"github.com/torchlight-go/torchlight/engine"
)

// Pooled is a head of global average pooling and one linear layer, by itself: its
// [Layer] is the input [N, C, space...], and with s = Weights x mean over space the
// output is s + Curve s^2 / 2. Fields are set before the first call.
type Pooled struct {
	counters
	// Weights have a row a class, a column a channel.
	Weights [][]float64
	// Curve makes the head no linear one.
	Curve float64
}

var _ engine.Model = (*Pooled)(nil)

// Plan captures the layer.
func (p *Pooled) Plan(_ context.Context, spec engine.Spec) (engine.Plan, error) {
	for _, l := range spec.Layers {
		if l != Layer || len(spec.Layers) > 1 {
			return nil, fmt.Errorf("layer %q: the network has %q only", l, Layer)
		}
	}
	p.plans.Add(1)
	p.openPlans.Add(1)
	return &pooledPlan{net: p}, nil
}

// Predict runs the network.
func (p *Pooled) Predict(_ context.Context, inputs []engine.Array) ([]engine.Output, error) {
	p.predicts.Add(1)
	return p.outputs(inputs[0]), nil
}

// Calls knows no submodules.
func (p *Pooled) Calls(context.Context, []engine.Array) ([]engine.Call, error) {
	return nil, fmt.Errorf("the network has no table of calls: name its layer")
}

func (p *Pooled) outputs(a engine.Array) []engine.Output {
	y := engine.NewArray(a.Shape[0], len(p.Weights))
	for n := range a.Shape[0] {
		for c, s := range p.sums(a, n) {
			y.Row(n).Data[c] = float32(s + p.Curve*s*s/2)
		}
	}
	return []engine.Output{{Array: y}}
}

// sums are the linear layer's of one sample.
func (p *Pooled) sums(a engine.Array, n int) []float64 {
	places, sums := engine.Size(a.Shape[2:]), make([]float64, len(p.Weights))
	for i, v := range a.Row(n).Data {
		for c, w := range p.Weights {
			sums[c] += w[i/places] * float64(v) / float64(places)
		}
	}
	return sums
}

// spread is the transpose of sums.
func (p *Pooled) spread(byClass []float64, dst []float32) {
	places := len(dst) / len(p.Weights[0])
	for i := range dst {
		sum := 0.0
		for c, v := range byClass {
			sum += v * p.Weights[c][i/places]
		}
		dst[i] = float32(sum / float64(places))
	}
}

type pooledPlan struct {
	net  *Pooled
	once sync.Once
}

func (p *pooledPlan) Describe() string { return "the input is the layer" }

func (p *pooledPlan) Close() error {
	p.once.Do(func() { p.net.openPlans.Add(-1) })
	return nil
}

func (p *pooledPlan) Forward(_ context.Context, inputs []engine.Array) (engine.Pass, error) {
	p.net.forwards.Add(1)
	return p.net.from(inputs[0]), nil
}

func (p *Pooled) from(a engine.Array) *pooledPass {
	p.openPasses.Add(1)
	return &pooledPass{net: p, a: a}
}

type pooledPass struct {
	net  *Pooled
	a    engine.Array
	once sync.Once
}

var (
	_ engine.SecondOrder = (*pooledPass)(nil)
	_ engine.RerunGrad   = (*pooledPass)(nil)
)

func (p *pooledPass) Outputs() []engine.Output { return p.net.outputs(p.a) }

func (p *pooledPass) Activations() []engine.Array { return []engine.Array{p.a} }

func (p *pooledPass) Close() error {
	p.once.Do(func() { p.net.openPasses.Add(-1) })
	return nil
}

func (p *pooledPass) Backward(_ context.Context, cotangents []engine.Cotangent) ([]engine.Array, error) {
	p.net.backwards.Add(1)
	g := engine.NewArray(p.a.Shape...)
	for n := range p.a.Shape[0] {
		byClass := p.net.sums(p.a, n)
		for c, s := range byClass {
			byClass[c] = float64(cotangents[0].Array.Row(n).Data[c]) * (1 + p.net.Curve*s)
		}
		p.net.spread(byClass, g.Row(n).Data)
	}
	return []engine.Array{g}, nil
}

func (p *pooledPass) SecondOrder(_ context.Context, cotangents []engine.Cotangent, v []engine.Array) ([]engine.Array, []engine.Output, error) {
	p.net.secondOrders.Add(1)
	hv, jv := engine.NewArray(p.a.Shape...), engine.NewArray(p.a.Shape[0], len(p.net.Weights))
	for n := range p.a.Shape[0] {
		s, along := p.net.sums(p.a, n), p.net.sums(v[0], n)
		for c, d := range along {
			jv.Row(n).Data[c] = float32((1 + p.net.Curve*s[c]) * d)
			along[c] *= float64(cotangents[0].Array.Row(n).Data[c]) * p.net.Curve
		}
		p.net.spread(along, hv.Row(n).Data)
	}
	return []engine.Array{hv}, []engine.Output{{Array: jv}}, nil
}

func (p *pooledPass) Rerun(_ context.Context, activation engine.Array, _ []int) ([]engine.Output, error) {
	p.net.reruns.Add(1)
	return p.net.outputs(activation), nil
}

func (p *pooledPass) RerunGrad(_ context.Context, activation engine.Array, _ []int) (engine.Pass, error) {
	p.net.reruns.Add(1)
	return p.net.from(activation), nil
}
