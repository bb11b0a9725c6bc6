package torch

import (
	"context"
	"fmt"

	"github.com/torchlight-go/torchlight/engine"
)

var (
	_ engine.Model          = (*Module)(nil)
	_ engine.Plan           = plan{}
	_ engine.Biases         = plan{}
	_ engine.Differentiable = plan{}
	_ engine.Pooling        = plan{}
	_ engine.Reclaimer      = (*Module)(nil)
	_ engine.Measured       = plan{}
	_ engine.Measured       = (*Module)(nil)
	_ engine.Measured       = (*pass)(nil)
	_ engine.Pass           = (*pass)(nil)
	_ engine.RerunGrad      = (*pass)(nil)
	_ engine.SecondOrder    = (*pass)(nil)
)

// Plan implements [engine.Model] with a [Hook].
func (m *Module) Plan(ctx context.Context, spec engine.Spec) (engine.Plan, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("torch: %s: %w", m.object.about, err)
	}
	h, err := m.HookSpec(spec)
	if err != nil {
		return nil, err
	}
	return plan{h}, nil
}

// plan is a hook as the engine sees it.
type plan struct{ hook *Hook }

func (p plan) Describe() string { return p.hook.Plan().String() }
func (p plan) Close() error     { return p.hook.Close() }

func (p plan) Differentiable() error { return p.hook.Differentiable() }

func (p plan) Biases(ctx context.Context) ([]engine.Bias, error) { return p.hook.Biases(ctx) }

// Forward implements [engine.Plan]. The first batch of several samples is compared
// with samples of it alone; where they differ it is refused, see
// [ErrSamplesInteract].
func (p plan) Forward(ctx context.Context, inputs []engine.Array) (engine.Pass, error) {
	p.hook.cost.probe(p.hook.module.options, inputs, func(one []engine.Array) error { return p.explain(ctx, one) })
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
	return enginePass(inputs, func(in []*Tensor) (*Pass, error) { return p.hook.Forward(ctx, in...) })
}

// pass is a Pass as the engine sees it, with everything copied out.
type pass struct {
	*Pass
	outs []engine.Output
	acts []engine.Array
}

// enginePass is the pass that f starts from the arrays.
func enginePass(arrays []engine.Array, f func([]*Tensor) (*Pass, error)) (out *pass, err error) {
	err = withArrays(arrays, func(in []*Tensor) error {
		p, err := f(in)
		if err != nil {
			return err
		}
		out, err = newEnginePass(p)
		return err
	})
	return out, err
}

// newEnginePass takes over the pass, and closes it where it fails.
func newEnginePass(p *Pass) (_ *pass, err error) {
	defer func() {
		if err != nil {
			_ = p.Close()
		}
	}()
	e := &pass{Pass: p}
	if e.outs, err = outputs(p.Outputs()); err != nil {
		return nil, err
	}
	return e, e.copyActivations()
}

// copyActivations copies the activations out, unless they are already.
func (p *pass) copyActivations() error {
	if p.acts != nil {
		return nil
	}
	acts := make([]engine.Array, len(p.activations))
	for i, a := range p.activations {
		var err error
		if acts[i], err = a.toArray(); err != nil {
			return err
		}
	}
	p.acts = acts
	return nil
}

// values are the outputs, then the activations.
func (p *pass) values() []engine.Array { return append(arraysOf(p.outs), p.acts...) }

func (p *pass) Outputs() []engine.Output    { return p.outs }
func (p *pass) Activations() []engine.Array { return p.acts }

func (p *pass) Backward(ctx context.Context, cotangents []engine.Cotangent) ([]engine.Array, error) {
	var out []engine.Array
	err := withCotangents(cotangents, func(named []Value) error {
		grads, err := p.BackwardFrom(ctx, named...)
		if err != nil {
			return err
		}
		out, err = takeArrays(grads)
		return err
	})
	return out, err
}

func withCotangents(cotangents []engine.Cotangent, f func([]Value) error) error {
	arrays := make([]engine.Array, len(cotangents))
	for i, c := range cotangents {
		arrays[i] = c.Array
	}
	return withArrays(arrays, func(vectors []*Tensor) error {
		named := make([]Value, len(vectors))
		for i, v := range vectors {
			named[i] = Value{cotangents[i].Output, v}
		}
		return f(named)
	})
}

// takeArrays copies tensors out and closes them.
func takeArrays(tensors []*Tensor) ([]engine.Array, error) {
	var failed error
	out := make([]engine.Array, len(tensors))
	for i, t := range tensors {
		a, err := t.toArray()
		_ = t.Close()
		if err != nil {
			failed = err
		}
		out[i] = a
	}
	return out, failed
}
