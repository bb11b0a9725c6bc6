package torch

import (
	"context"
	"fmt"

	"github.com/torchlight-go/torchlight/cgo"
	"github.com/torchlight-go/torchlight/engine"
)

// WithPooling says whether Grad-CAM's maps are made where the model runs, instead
// of copying activations and gradients out. By default they are on a GPU. The maps
// are the same up to rounding: sums are in float32 there, in float64 in Go.
func WithPooling(on bool) Option { return func(o *options) { o.pooling = &on } }

// Reclaim gives memory that was freed and kept for later back to the GPU, or to the
// system.
func (m *Module) Reclaim() error {
	return wrap(cgo.EmptyCache(m.options.device.c()), m.object.about)
}

// Pool makes Grad-CAM's maps where the activations lie. For each layer it returns
// the sum of the channels, each weighted by the mean of its gradient, [N, space...],
// and [N] the largest magnitudes of the gradient and of the activation.
//
// Errors: those of [Pass.BackwardFrom]; [ErrInvalid] for a layer whose value is not
// [N, C, space...].
func (p *Pass) Pool(ctx context.Context, cotangents ...Value) ([][3]*Tensor, error) {
	which, vectors, err := p.vectors(ctx, cotangents)
	if err != nil {
		return nil, err
	}
	var out []cgo.Named
	err = p.call(ctx, func(h *cgo.Pass) error {
		return withHandles(vectors, func(v []*cgo.Tensor) (err error) {
			out, err = h.Pool(which, v)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	layers := make([][3]*Tensor, len(out)/3)
	for i, v := range values(out) {
		layers[i/3][i%3] = v.Tensor
	}
	return layers, nil
}

// Pools implements [engine.Pooling].
func (p plan) Pools() bool {
	if on := p.hook.module.options.pooling; on != nil {
		return *on
	}
	return p.hook.module.options.device.IsCUDA()
}

// ForwardPooled implements [engine.Pooling]. A model whose samples have not been
// compared yet is compared as [plan.Forward] does.
func (p plan) ForwardPooled(ctx context.Context, inputs []engine.Array) (engine.PooledPass, error) {
	if samplesOf(inputs) > 1 && !p.hook.module.samples.checked.Load() {
		full, err := p.Forward(ctx, inputs)
		if err != nil {
			return nil, err
		}
		return &pooled{full.(*pass)}, nil
	}
	var out *pooled
	err := withArrays(inputs, func(in []*Tensor) error {
		started, err := p.hook.Forward(ctx, in...)
		if err != nil {
			return err
		}
		outs, err := outputs(started.Outputs())
		if err != nil {
			_ = started.Close()
			return err
		}
		out = &pooled{&pass{Pass: started, outs: outs}}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// pooled is a pass whose activations may not have been copied out.
type pooled struct{ pass *pass }

func (p *pooled) Outputs() []engine.Output { return p.pass.outs }
func (p *pooled) Close() error             { return p.pass.Close() }

func (p *pooled) Shapes() [][]int {
	shapes := make([][]int, len(p.pass.activations))
	for i, a := range p.pass.activations {
		shapes[i] = a.Shape()
	}
	return shapes
}

func (p *pooled) Full() (engine.Pass, error) {
	if err := p.pass.copyActivations(); err != nil {
		return nil, err
	}
	return p.pass, nil
}

func (p *pooled) Pool(ctx context.Context, cotangents []engine.Cotangent) (out []engine.Pooled, err error) {
	err = withCotangents(cotangents, func(named []Value) error {
		layers, err := p.pass.Pool(ctx, named...)
		if err != nil {
			return err
		}
		for _, l := range layers {
			each, failed := takeArrays(l[:])
			if failed != nil {
				err = fmt.Errorf("torch: %s: %w", p.pass.object.about, failed)
				continue
			}
			out = append(out, engine.Pooled{Map: each[0], Gradient: each[1].Data, Activation: each[2].Data})
		}
		return err
	})
	return out, err
}
