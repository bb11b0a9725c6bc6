package torch

import (
	"context"
	"fmt"

	"github.com/torchlight-go/torchlight/cgo"
	"github.com/torchlight-go/torchlight/engine"
)

// SecondOrder differentiates twice, along one direction a layer, of the shape of
// its activation; a nil direction is zero. hv is H v for every layer, where H is
// the Hessian of the sum of <cotangent, output> by the layers' values; jv is the
// derivative along v of every floating-point output. Both are the caller's to
// close, and zero where nothing depends on the layers.
//
// A layer's value counts wherever it reaches the output, through later layers
// too. For the curvature of one layer alone, give a direction for that layer
// only: hv[i] is then its block of H times v[i].
//
// It may be called repeatedly. A tail with fused attention or a hard sigmoid runs
// once more in a form that has two derivatives. Errors: those of [Pass.BackwardFrom], [ErrInvalid] for a direction
// of another shape, [ErrNoDerivative] for an operator that cannot be
// differentiated twice.
func (p *Pass) SecondOrder(ctx context.Context, cotangents []Value, directions []*Tensor) (hv []*Tensor, jv Values, err error) {
	which, vectors, err := p.vectors(ctx, cotangents)
	if err != nil {
		return nil, nil, err
	}
	if len(directions) != len(p.activations) {
		return nil, nil, &Error{Kind: ErrInvalid, About: p.object.about, Reason: fmt.Sprintf("%d directions for %d layers", len(directions), len(p.activations)), Fix: "give one a layer, nil for zero"}
	}
	var h, j []cgo.Named
	err = p.call(ctx, func(pass *cgo.Pass) error {
		return withHandles(vectors, func(c []*cgo.Tensor) error {
			return withOptional(directions, func(v []*cgo.Tensor) (err error) {
				h, j, err = pass.SecondOrder(which, c, v)
				return err
			})
		})
	})
	if err != nil {
		return nil, nil, err
	}
	for _, v := range values(h) {
		hv = append(hv, v.Tensor)
	}
	return hv, values(j), nil
}

// SecondOrder implements [engine.SecondOrder].
func (p *pass) SecondOrder(ctx context.Context, c []engine.Cotangent, v []engine.Array) (hv []engine.Array, jv []engine.Output, err error) {
	err = withCotangents(c, func(named []Value) error {
		return withDirections(v, func(directions []*Tensor) error {
			h, j, err := p.Pass.SecondOrder(ctx, named, directions)
			if err != nil {
				return err
			}
			defer j.Close()
			if hv, err = takeArrays(h); err != nil {
				return err
			}
			jv, err = outputs(j)
			return err
		})
	})
	return hv, jv, err
}

// withDirections is withArrays with nil for a direction without a shape.
func withDirections(v []engine.Array, f func([]*Tensor) error) error {
	return withCopies(v, func(a engine.Array) (*Tensor, error) {
		if a.Shape == nil {
			return nil, nil
		}
		return fromArray(a)
	}, f)
}
