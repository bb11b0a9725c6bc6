package gradcam

import (
	"context"
	"fmt"
	"slices"

	"github.com/torchlight-go/torchlight/engine"
)

// Warm makes the plans that the explainer needs and runs a made-up batch through
// them, forward and backward, so that the first explanation costs what the next ones
// do. There is one shape for each input of the model, with the batch as its first
// axis; inputs that the model wants as integers cannot be made up: explain an example
// instead. Warm for the shapes that come most, others then cost little more than
// usual. It takes as long as a few explanations.
//
// Errors: those of a forward pass over such a batch.
func (e *Explainer) Warm(ctx context.Context, shapes ...[]int) error {
	_, err := guarded(e, func() (struct{}, error) { return struct{}{}, e.warm(ctx, shapes) })
	return err
}

func (e *Explainer) warm(ctx context.Context, shapes [][]int) error {
	inputs := make([]engine.Array, len(shapes))
	for i, shape := range shapes {
		if slices.ContainsFunc(shape, func(n int) bool { return n < 1 }) {
			return fmt.Errorf("warming up: shape %v of input %d: give extents of 1 or more, the batch first", shape, i)
		}
		inputs[i] = engine.NewArray(shape...)
		for k := range inputs[i].Data {
			inputs[i].Data[k] = float32(k%17)/8 - 1 // not all alike, which networks may treat apart
		}
	}
	n, err := checkInputs(inputs)
	if err != nil {
		return fmt.Errorf("warming up: %w", err)
	}
	const compared = 2 // the first pass of a plan is compared with the model itself
	for range compared {
		b := &batch{explainer: e, inputs: inputs, n: n}
		err := b.warm(ctx)
		b.close()
		if err != nil {
			return fmt.Errorf("warming up: %w", b.remedy(err))
		}
	}
	return nil
}

// warm is the first pass of an explanation and a way back from its outputs.
func (b *batch) warm(ctx context.Context) error {
	if err := b.first(ctx); err != nil {
		return err
	}
	if !slices.ContainsFunc(b.explainer.methods, func(m Method) bool { return m.Needs().derivative() }) {
		return nil
	}
	var cotangents []engine.Cotangent
	for _, o := range b.outputs {
		if o.Array.Ints == nil {
			cotangents = append(cotangents, engine.Cotangent{Output: o.Name, Array: o.Array})
		}
	}
	if b.pooled != nil {
		_, err := b.pooled.Pool(ctx, cotangents)
		return err
	}
	passes := []engine.Pass{b.pass}
	for _, p := range b.inputPasses {
		passes = append(passes, p)
	}
	for _, p := range passes {
		if p == nil {
			continue
		}
		if _, err := p.Backward(ctx, cotangents); err != nil {
			return err
		}
	}
	return nil
}
