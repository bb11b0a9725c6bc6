package torch

import (
	"context"
	"fmt"
	"slices"

	"github.com/torchlight-go/torchlight/cgo"
)

// Pass is one batch on its way through a hooked model. It belongs to one
// goroutine at a time.
type Pass struct {
	object[*cgo.Pass]
	hook        *Hook
	outputs     Values
	activations []*Tensor
	shapes      string // of one row, for the footprint; "" for a pass that continues another
	rows        int
}

func newPass(ctx context.Context, h *cgo.Pass, hook *Hook) (*Pass, error) {
	p := &Pass{object: object[*cgo.Pass]{h: h, about: "pass of " + hook.object.about}, hook: hook}
	out, err := h.Outputs()
	if err == nil {
		p.outputs = values(out)
		out, err = h.Activations()
	}
	if err != nil {
		p.Close()
		return nil, wrap(err, p.object.about)
	}
	for _, v := range values(out) {
		p.activations = append(p.activations, v.Tensor)
	}
	if err := ctx.Err(); err != nil {
		p.Close()
		return nil, fmt.Errorf("torch: %s: %w", hook.object.about, err)
	}
	return p, nil
}

// Outputs are the model's results. They belong to the pass.
func (p *Pass) Outputs() Values { return p.outputs }

// Activation is the value of layer i, in the order of [Hook.Layers], as the
// submodule returned it. It belongs to the pass.
func (p *Pass) Activation(i int) *Tensor { return p.activations[i] }

// Backward returns the gradient of <cotangent, y> with respect to the activation
// of each layer, where y is the model's first floating-point output. The
// cotangent has the shape of y. The results are the caller's to close.
// It may be called repeatedly, until the pass is closed.
func (p *Pass) Backward(ctx context.Context, cotangent *Tensor) ([]*Tensor, error) {
	if err := p.open(ctx); err != nil {
		return nil, err
	}
	for _, v := range p.outputs {
		if v.Tensor.DType().IsFloat() {
			return p.BackwardFrom(ctx, Value{v.Name, cotangent})
		}
	}
	return nil, &Error{Kind: ErrNoDerivative, About: p.object.about, Reason: "the model returns no floating-point tensor", Fix: "export it without the final argmax"}
}

// BackwardFrom is [Pass.Backward] for chosen outputs: the gradient of the sum of
// <cotangent, output> over all of them.
//
// Errors: [ErrInvalid] for an unknown output or a wrong shape,
// [ErrNoDerivative] for integer outputs and operators without a derivative.
func (p *Pass) BackwardFrom(ctx context.Context, cotangents ...Value) ([]*Tensor, error) {
	which, vectors, err := p.vectors(ctx, cotangents)
	if err != nil {
		return nil, err
	}
	var out []cgo.Named
	var bytes int64
	err = p.call(ctx, func(h *cgo.Pass) error {
		return withHandles(vectors, func(v []*cgo.Tensor) (err error) {
			bytes, _ = cgo.Metered(func() { out, err = h.Backward(which, v) })
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	p.hook.cost.backward(p.shapes, p.rows, bytes)
	grads := make([]*Tensor, len(out))
	for i, v := range values(out) {
		grads[i] = v.Tensor
	}
	return grads, nil
}

// vectors checks cotangents and finds the outputs that they belong to.
func (p *Pass) vectors(ctx context.Context, cotangents []Value) ([]int, []*Tensor, error) {
	if err := p.open(ctx); err != nil {
		return nil, nil, err
	}
	which := make([]int, len(cotangents))
	vectors := make([]*Tensor, len(cotangents))
	for i, c := range cotangents {
		which[i] = slices.IndexFunc(p.outputs, func(v Value) bool { return v.Name == c.Name })
		if which[i] < 0 {
			return nil, nil, &Error{Kind: ErrInvalid, About: p.object.about, Reason: fmt.Sprintf("no output %q", c.Name), Fix: p.outputs.offer()}
		}
		if d := p.outputs[which[i]].Tensor.DType(); !d.IsFloat() {
			return nil, nil, &Error{Kind: ErrNoDerivative, About: p.object.about, Reason: fmt.Sprintf("output %q holds %s values, which have no gradient", c.Name, d), Fix: "export the model without the final argmax"}
		}
		vectors[i] = c.Tensor
	}
	return which, vectors, nil
}

// open fails once the pass is closed, when its outputs have no type any more.
func (p *Pass) open(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("torch: %s: %w", p.object.about, err)
	}
	return p.use(func(*cgo.Pass) error { return nil })
}

// Close frees the pass with its outputs and activations.
func (p *Pass) Close() error {
	if p == nil {
		return nil
	}
	_ = p.outputs.Close()
	for _, a := range p.activations {
		_ = a.Close()
	}
	return p.close()
}
