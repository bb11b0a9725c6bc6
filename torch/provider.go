package torch

import (
	"context"
	"fmt"

	"github.com/torchlight-go/torchlight/engine"
)

var (
	_ engine.Model = (*Module)(nil)
	_ engine.Plan  = plan{}
	_ engine.Pass  = (*pass)(nil)
)

// Plan implements [engine.Model] with a [Hook].
func (m *Module) Plan(ctx context.Context, spec engine.Spec) (engine.Plan, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("torch: %s: %w", m.object.about, err)
	}
	if spec.Relu != engine.ReluPlain {
		return nil, &Error{Kind: ErrInvalid, About: m.object.about, Reason: "guided and deconvnet gradients are not available yet"}
	}
	h, err := m.Hook(spec.Layers...)
	if err != nil {
		return nil, err
	}
	return plan{h}, nil
}

// plan is a hook as the engine sees it.
type plan struct{ hook *Hook }

func (p plan) Describe() string { return p.hook.Plan().String() }
func (p plan) Close() error     { return p.hook.Close() }

// Forward implements [engine.Plan]. The first batch of several samples is compared
// with samples of it alone; where they differ it is refused, see
// [ErrSamplesInteract].
func (p plan) Forward(ctx context.Context, inputs []engine.Array) (engine.Pass, error) {
	out, err := p.forward(ctx, inputs)
	if err != nil {
		return nil, err
	}
	err = p.hook.module.checkSamples(ctx, inputs, out.values(), func(row []engine.Array) ([]engine.Array, error) {
		one, err := p.forward(ctx, row)
		if err != nil {
			return nil, err
		}
		return one.values(), one.Close()
	})
	if err != nil {
		_ = out.Close()
		return nil, err
	}
	return out, nil
}

func (p plan) forward(ctx context.Context, inputs []engine.Array) (*pass, error) {
	var out *pass
	err := withArrays(inputs, func(in []*Tensor) error {
		t, err := p.hook.Forward(ctx, in...)
		if err != nil {
			return err
		}
		out, err = newEnginePass(t)
		if err != nil {
			t.Close()
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// pass is a Pass as the engine sees it, with everything copied out.
type pass struct {
	*Pass
	outs []engine.Output
	acts []engine.Array
}

func newEnginePass(p *Pass) (*pass, error) {
	e := &pass{Pass: p}
	var err error
	if e.outs, err = outputs(p.Outputs()); err != nil {
		return nil, err
	}
	for _, a := range p.activations {
		x, err := a.toArray()
		if err != nil {
			return nil, err
		}
		e.acts = append(e.acts, x)
	}
	return e, nil
}

// values are the outputs, then the activations.
func (p *pass) values() []engine.Array { return append(arraysOf(p.outs), p.acts...) }

func (p *pass) Outputs() []engine.Output    { return p.outs }
func (p *pass) Activations() []engine.Array { return p.acts }

func (p *pass) Backward(ctx context.Context, cotangents []engine.Cotangent) ([]engine.Array, error) {
	arrays := make([]engine.Array, len(cotangents))
	for i, c := range cotangents {
		arrays[i] = c.Array
	}
	var out []engine.Array
	err := withArrays(arrays, func(vectors []*Tensor) error {
		named := make([]Value, len(vectors))
		for i, v := range vectors {
			named[i] = Value{cotangents[i].Output, v}
		}
		grads, err := p.BackwardFrom(ctx, named...)
		if err != nil {
			return err
		}
		for _, g := range grads {
			a, err := g.toArray()
			_ = g.Close()
			if err != nil {
				return err
			}
			out = append(out, a)
		}
		return nil
	})
	return out, err
}
