package torch

import (
	"context"

	"github.com/torchlight-go/torchlight/cgo"
	"github.com/torchlight-go/torchlight/engine"
)

// Rerun runs what comes after a layer with another activation of the same shape,
// without gradients. Of several layers it is the one that the model reaches
// first, wherever it stands among [Hook.Layers]. The results are the caller's to close.
func (p *Pass) Rerun(ctx context.Context, activation *Tensor) (Values, error) {
	return p.RerunRows(ctx, activation, nil)
}

// RerunRows is [Pass.Rerun] for any number of rows: row i of the activation
// continues sample rows[i] of the pass, and row i of every output is what the
// model makes of it. Where the layer has several rows a sample (the windows of a
// Swin network), so has the activation, those of one row together. Nil rows mean
// one row a sample, in order.
//
// Values that reach the tail past the layer (skip connections, sizes) follow the
// rows. How they grow with the batch is learnt the first time, by running the
// head on one sample more, and one row is run alone to check that samples do not
// interact. Where they do, or where the batch is baked in, each row runs alone,
// with its sample's own values.
//
// Errors: [ErrInvalid] for rows the pass does not have, a wrong shape, a layer
// in a branch or loop, or one whose first axis is not the batch; [ErrModel] for a
// file that was traced for a fixed batch other than 1.
func (p *Pass) RerunRows(ctx context.Context, activation *Tensor, rows []int) (Values, error) {
	row, count := tensorShapes([]*Tensor{activation})
	return p.rerun(ctx, row, count, func(h *cgo.Pass) (out []cgo.Named, err error) {
		err = withHandles([]*Tensor{activation}, func(a []*cgo.Tensor) (err error) {
			out, err = h.Rerun(a[0], rows)
			return err
		})
		return out, err
	})
}

func (p *Pass) rerun(ctx context.Context, row string, rows int, f func(*cgo.Pass) ([]cgo.Named, error)) (Values, error) {
	var out []cgo.Named
	err := p.hook.reruns.meter(ctx, p.object.about, row, rows, func() error {
		return p.use(func(h *cgo.Pass) (err error) {
			out, err = f(h)
			return err
		})
	})
	if err != nil {
		return nil, about(err, p.object.about)
	}
	return values(out), nil
}

// RerunGrad is [Pass.RerunRows] with gradients: a pass of its own, which is the
// caller's to close and outlives this one. Its layers are those of this pass, the
// earliest with the given activation; its outputs and gradients have the rows
// asked for.
//
// Errors: those of [Pass.RerunRows]; [ErrInvalid] also where rows must run alone
// and the hook has several layers or an in-place rule.
func (p *Pass) RerunGrad(ctx context.Context, activation *Tensor, rows []int) (*Pass, error) {
	var out *cgo.Pass
	err := p.call(ctx, func(h *cgo.Pass) error {
		return withHandles([]*Tensor{activation}, func(a []*cgo.Tensor) (err error) {
			out, err = h.RerunGrad(a[0], rows)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return newPass(ctx, out, p.hook)
}

// Rerun implements [engine.Pass]. Float activations are read where they lie in
// Go's memory.
func (p *pass) Rerun(ctx context.Context, activation engine.Array, rows []int) ([]engine.Output, error) {
	if err := activation.Check(); err != nil {
		return nil, &Error{Kind: ErrInvalid, About: p.object.about, Reason: err.Error()}
	}
	if activation.Ints != nil {
		return nil, &Error{Kind: ErrInvalid, About: p.object.about, Reason: "an activation of integers", Fix: "give floats"}
	}
	row, count := rowShapes(activation.Shape[min(1, len(activation.Shape)):]), samplesOf([]engine.Array{activation})
	v, err := p.rerun(ctx, row, count, func(h *cgo.Pass) ([]cgo.Named, error) {
		return h.RerunFloat32(activation.Data, activation.Shape, rows)
	})
	if err != nil {
		return nil, err
	}
	defer v.Close()
	return outputs(v)
}

// RerunGrad implements [engine.RerunGrad].
func (p *pass) RerunGrad(ctx context.Context, activation engine.Array, rows []int) (engine.Pass, error) {
	out, err := enginePass([]engine.Array{activation}, func(in []*Tensor) (*Pass, error) {
		return p.Pass.RerunGrad(ctx, in[0], rows)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
