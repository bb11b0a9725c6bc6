package enginetest

import (
	"context"
	"fmt"
	"math"
	"sync"

	"github.com/torchlight-go/torchlight/engine"
)

type smoothPlan struct {
	net    *Smooth
	layers []string
	once   sync.Once
}

func (p *smoothPlan) Describe() string { return "every value is computed" }

func (p *smoothPlan) Close() error {
	p.once.Do(func() { p.net.openPlans.Add(-1) })
	return nil
}

func (p *smoothPlan) Forward(ctx context.Context, inputs []engine.Array) (engine.Pass, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	x, err := p.net.join(inputs)
	if err != nil {
		return nil, err
	}
	p.net.forwards.Add(1)
	p.net.openPasses.Add(1)
	z := p.net.linear(x)
	return &smoothPass{plan: p, layers: p.layers, inputs: inputs, z: z, h: tanh(z)}, nil
}

// smoothPass has no inputs and maybe no z where it continues from a layer.
type smoothPass struct {
	plan   *smoothPlan
	layers []string
	inputs []engine.Array
	z, h   engine.Array
	once   sync.Once
}

var _ engine.RerunGrad = (*smoothPass)(nil)

func (p *smoothPass) Close() error {
	p.once.Do(func() { p.plan.net.openPasses.Add(-1) })
	return nil
}

func (p *smoothPass) Outputs() []engine.Output {
	return []engine.Output{{Array: p.plan.net.head(p.h)}}
}

func (p *smoothPass) Activations() []engine.Array {
	var all []engine.Array
	for _, l := range p.layers {
		switch l {
		case "linear":
			all = append(all, p.z)
		case "hidden":
			all = append(all, p.h)
		default:
			all = append(all, p.inputs[p.plan.net.inputOf(l)])
		}
	}
	return all
}

// Backward follows the chain rule from the head to the inputs.
func (p *smoothPass) Backward(ctx context.Context, cotangents []engine.Cotangent) ([]engine.Array, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s := p.plan.net
	gh, gz := engine.NewArray(p.h.Shape...), engine.NewArray(p.h.Shape...)
	for n := range p.h.Shape[0] {
		for i, h := range p.h.Row(n).Data {
			sum := 0.0
			for c, g := range cotangents[0].Array.Row(n).Data {
				sum += float64(g) * s.v(c, i) * (1 + float64(h))
			}
			gh.Row(n).Data[i] = float32(sum)
			gz.Row(n).Data[i] = float32(sum * (1 - math.Pow(float64(h), 2)))
		}
	}
	s.backwards.Add(1)
	var all []engine.Array
	for _, l := range p.layers {
		switch l {
		case "linear":
			all = append(all, gz)
		case "hidden":
			all = append(all, gh)
		default:
			all = append(all, p.byInput(s.inputOf(l), gz))
		}
	}
	return all, nil
}

// byInput is the gradient by one of the inputs, whose numbers follow those of the
// inputs before it.
func (p *smoothPass) byInput(k int, gz engine.Array) engine.Array {
	before, width := 0, 0
	for j, shape := range p.plan.net.Shapes {
		if j < k {
			before += engine.Size(shape)
		}
		width += engine.Size(shape)
	}
	g := engine.NewArray(p.inputs[k].Shape...)
	for n := range g.Shape[0] {
		for j := range g.Row(n).Data {
			sum := 0.0
			for i, v := range gz.Row(n).Data {
				sum += float64(v) * p.plan.net.u(i, before+j, width)
			}
			g.Row(n).Data[j] = float32(sum)
		}
	}
	return g
}

func (p *smoothPass) Rerun(ctx context.Context, activation engine.Array, rows []int) ([]engine.Output, error) {
	next, err := p.RerunGrad(ctx, activation, rows)
	if err != nil {
		return nil, err
	}
	return next.Outputs(), next.Close()
}

func (p *smoothPass) RerunGrad(ctx context.Context, activation engine.Array, rows []int) (engine.Pass, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if n := activation.Shape[0]; rows == nil && n != p.h.Shape[0] || rows != nil && len(rows) != n {
		return nil, fmt.Errorf("activation %v with %d rows cannot stand for %v", activation.Shape, len(rows), p.h.Shape)
	}
	next := &smoothPass{plan: p.plan, layers: p.layers[:1], h: activation}
	switch p.layers[0] {
	case "linear":
		next.z, next.h = activation, tanh(activation)
	case "hidden":
	default:
		return nil, fmt.Errorf("the network continues from its layers only, not from %s", p.layers[0])
	}
	p.plan.net.reruns.Add(1)
	p.plan.net.openPasses.Add(1)
	return next, nil
}
