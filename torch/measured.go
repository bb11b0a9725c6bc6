package torch

import (
	"context"

	"github.com/torchlight-go/torchlight/cgo"
	"github.com/torchlight-go/torchlight/engine"
)

// HostMemory is the host memory that tensors hold, in bytes, and the most that they
// held since it was asked last: weights, in every form that was made of them, and
// what passes keep. A program's own tensors count, Go's memory does not.
func HostMemory() (live, most int64) { return cgo.HostBytes() }

// RowBytes implements [engine.Measured] for predictions.
func (m *Module) RowBytes(row ...[]int) int64 { return m.cost.largest(rowShapes(row...)).ofMore() }

// RowBytes implements [engine.Measured] for passes, forward and backward.
func (p plan) RowBytes(row ...[]int) int64 { return p.hook.cost.largest(rowShapes(row...)).ofMore() }

// RowBytes implements [engine.Measured] for reruns.
func (p *pass) RowBytes(row ...[]int) int64 { return p.hook.reruns.largest(rowShapes(row...)).ofMore() }

// probe runs one sample of a batch that may be too large, where no sample of its
// shapes ran before, so that the batch can be refused.
func (f *footprint) probe(o options, inputs []engine.Array, run func(one []engine.Array) error) {
	n := samplesOf(inputs)
	rows := make([][]int, len(inputs))
	for i, a := range inputs {
		if a.Check() != nil {
			return // the batch will say so
		}
		rows[i] = a.Shape[min(1, len(a.Shape)):]
	}
	const compiled = 2 // the first run tells nothing
	for range compiled {
		if n < 2 || f.largest(rowShapes(rows...)).rows > 0 || !large(o, inputs) || run(rowOf(inputs, 0, n)) != nil {
			return
		}
	}
}

// explain runs one sample forward and, where there is a gradient, backward.
func (p plan) explain(ctx context.Context, one []engine.Array) error {
	pass, err := p.forward(ctx, one)
	if err != nil {
		return err
	}
	defer pass.Close()
	if p.Differentiable() != nil {
		return nil
	}
	for _, v := range pass.Pass.outputs {
		if !v.Tensor.DType().IsFloat() {
			continue
		}
		gradients, err := pass.BackwardFrom(ctx, v)
		for _, g := range gradients {
			_ = g.Close()
		}
		return err
	}
	return nil
}
