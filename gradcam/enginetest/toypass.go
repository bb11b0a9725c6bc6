package enginetest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/torchlight-go/torchlight/engine"
)

var (
	errPlanClosed = errors.New("plan is closed")
	errPassClosed = errors.New("pass is closed")
)

type toyPlan struct {
	toy      *Toy
	relu     engine.ReluRule
	inPlace  engine.InPlaceRule
	captured []int
	closed   atomic.Bool
}

func (p *toyPlan) Describe() string { return "every stage is computed" }

func (p *toyPlan) Close() error {
	if !p.closed.Swap(true) {
		p.toy.openPlans.Add(-1)
	}
	return nil
}

func (p *toyPlan) Forward(ctx context.Context, inputs []engine.Array) (engine.Pass, error) {
	if p.closed.Load() {
		return nil, errPlanClosed
	}
	values, err := p.toy.run(ctx, inputs)
	if err != nil {
		return nil, err
	}
	p.toy.forwards.Add(1)
	p.toy.openPasses.Add(1)
	return &toyPass{plan: p, values: values}, nil
}

type toyPass struct {
	plan   *toyPlan
	values []engine.Array
	closed bool
}

var _ engine.RerunGrad = (*toyPass)(nil)

func (p *toyPass) Close() error {
	if !p.closed {
		p.closed = true
		p.plan.toy.openPasses.Add(-1)
	}
	return nil
}

func (p *toyPass) Outputs() []engine.Output { return []engine.Output{{Array: p.values[last]}} }

func (p *toyPass) Activations() []engine.Array {
	var a []engine.Array
	for _, s := range p.plan.captured {
		after, _ := p.plan.seen(s)
		a = append(a, p.values[after])
	}
	return a
}

func (p *toyPass) Backward(ctx context.Context, cotangents []engine.Cotangent) ([]engine.Array, error) {
	if p.closed {
		return nil, errPassClosed
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	n := p.values[last].Shape[0]
	gradients := make([]engine.Array, len(stages))
	gradients[last] = engine.NewArray(n, 4)
	for _, c := range cotangents {
		if c.Output != "" || c.Array.Len() != n*4 {
			return nil, fmt.Errorf("cotangent of output %q, shape %v: the output has shape [%d 4]", c.Output, c.Array.Shape, n)
		}
		for i, v := range c.Array.Data {
			gradients[last].Data[i] += v
		}
	}
	for s := last; s > 0 && p.values[s-1].Data != nil; s-- {
		gradients[s-1] = engine.NewArray(p.values[s-1].Shape...)
		for i := range n {
			p.plan.toy.backward(s, p.plan.relu, p.values[s-1].Row(i).Data, gradients[s].Row(i).Data, gradients[s-1].Row(i).Data)
		}
	}
	p.plan.toy.backwards.Add(1)
	var captured []engine.Array
	for _, s := range p.plan.captured {
		_, after := p.plan.seen(s)
		captured = append(captured, gradients[after])
	}
	return captured, nil
}

func (p *toyPass) Rerun(ctx context.Context, activation engine.Array, rows []int) ([]engine.Output, error) {
	values, err := p.rerun(ctx, activation, rows)
	if err != nil {
		return nil, err
	}
	return []engine.Output{{Array: values[last]}}, nil
}

func (p *toyPass) RerunGrad(ctx context.Context, activation engine.Array, rows []int) (engine.Pass, error) {
	values, err := p.rerun(ctx, activation, rows)
	if err != nil {
		return nil, err
	}
	p.plan.toy.openPasses.Add(1)
	first := &toyPlan{toy: p.plan.toy, relu: p.plan.relu, captured: p.plan.captured[:1]}
	return &toyPass{plan: first, values: values}, nil
}

func (p *toyPass) rerun(ctx context.Context, activation engine.Array, rows []int) ([]engine.Array, error) {
	if p.closed {
		return nil, errPassClosed
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s := p.plan.captured[0]
	n := activation.Shape[0]
	if rows == nil && n != p.values[s].Shape[0] || rows != nil && len(rows) != n || engine.Size(activation.Shape[1:]) != engine.Size(shapes[s]) {
		return nil, fmt.Errorf("activation %v with %d rows cannot stand for %v", activation.Shape, len(rows), p.values[s].Shape)
	}
	p.plan.toy.reruns.Add(1)
	return p.plan.toy.forwardFrom(s, activation), nil
}
