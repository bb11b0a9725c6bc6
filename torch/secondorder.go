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
	var given []*Tensor
	for _, d := range directions {
		if d != nil {
			given = append(given, d)
		}
	}
	var h, j []cgo.Named
	err = p.use(func(pass *cgo.Pass) error {
		return withHandles(vectors, func(c []*cgo.Tensor) error {
			return withHandles(given, func(v []*cgo.Tensor) (err error) {
				h, j, err = pass.SecondOrder(which, c, spread(directions, v))
				return err
			})
		})
	})
	if err != nil {
		return nil, nil, about(err, p.object.about)
	}
	for _, v := range values(h) {
		hv = append(hv, v.Tensor)
	}
	return hv, values(j), nil
}

// spread puts the handles back where the directions are not nil.
func spread(directions []*Tensor, handles []*cgo.Tensor) []*cgo.Tensor {
	out := make([]*cgo.Tensor, len(directions))
	next := 0
	for i, d := range directions {
		if d != nil {
			out[i] = handles[next]
			next++
		}
	}
	return out
}

// SecondOrder implements [engine.SecondOrder].
func (p *pass) SecondOrder(ctx context.Context, c []engine.Cotangent, v []engine.Array) (hv []engine.Array, jv []engine.Output, err error) {
	var given []engine.Array
	for _, a := range v {
		if a.Shape != nil {
			given = append(given, a)
		}
	}
	err = withCotangents(c, func(named []Value) error {
		return withArrays(given, func(tensors []*Tensor) error {
			directions, next := make([]*Tensor, len(v)), 0
			for i, a := range v {
				if a.Shape != nil {
					directions[i] = tensors[next]
					next++
				}
			}
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
