package gradcam

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/torchlight-go/torchlight/engine"
)

// Activations are the layers' values, as channels and space.
func (r *Run) Activations() ([]View, error) {
	b := r.batch
	if b.activations != nil {
		return b.activations, nil
	}
	if b.pass == nil {
		return nil, fmt.Errorf("no layer was captured: Needs must say Layer")
	}
	arrays := b.pass.Activations()
	layouts := make([]Layout, len(arrays))
	for i, a := range arrays {
		var err error
		if layouts[i], err = b.explainer.layout(i).resolve(a.Shape, b.explained().Shape); err != nil {
			return nil, markf(ErrLayer, "layer %s: %v", b.layers[i], err)
		}
	}
	views, err := b.views(arrays, layouts, "activation")
	if err != nil {
		return nil, err
	}
	b.layouts, b.activations = layouts, views
	return views, nil
}

// Gradients are the gradients of the scores by the layers' values, as channels
// and space. Methods with equal targets share one backward pass.
func (r *Run) Gradients(ctx context.Context) ([]View, error) {
	if r.gradients != nil {
		return r.gradients, nil
	}
	b := r.batch
	if _, err := r.Activations(); err != nil { // finds the layouts
		return nil, err
	}
	for _, other := range b.passes {
		if sameTargets(r.targets, other.targets) {
			r.gradients = other.gradients
			return r.gradients, nil
		}
	}
	start := time.Now()
	arrays, err := b.pass.Backward(ctx, r.cotangents)
	b.timings.Backward += time.Since(start)
	if err != nil {
		return nil, fmt.Errorf("backward: %w", err)
	}
	if r.gradients, err = b.views(arrays, b.layouts, "gradient"); err != nil {
		return nil, err
	}
	b.passes = append(b.passes, r)
	return r.gradients, nil
}

// views looks at one array a layer and refuses those that hold no numbers.
func (b *batch) views(arrays []engine.Array, layouts []Layout, what string) ([]View, error) {
	if len(arrays) != len(b.layers) {
		return nil, fmt.Errorf("the engine returned %d %ss for %d layers", len(arrays), what, len(b.layers))
	}
	views := make([]View, len(arrays))
	for i, a := range arrays {
		what := what + " of layer " + b.layers[i]
		if a.Ints != nil {
			return nil, unfit("%s holds integers, which have no gradient: %s", what, b.instead(func(m Method) bool { return !m.Needs().Layer }))
		}
		v, err := layouts[i].View(a)
		if err != nil {
			return nil, markf(ErrLayer, "%s: %v", what, err)
		}
		if v.N != b.n {
			return nil, markf(ErrLayer, "%s has shape %v for a batch of %d: its first axis must be the batch", what, a.Shape, b.n)
		}
		if err := finiteRows(a, what); err != nil {
			return nil, err
		}
		views[i] = v
	}
	return views, nil
}

// zeroGradient says whether all of the gradient of one layer and sample is zero,
// where one is known.
func (r *Run) zeroGradient(layer string, sample int) (zero, known bool) {
	if nonZero, ok := r.nonZeroGradients[layer]; ok {
		return !nonZero[sample], true
	}
	if r.gradients == nil {
		return false, false
	}
	for i, name := range r.batch.layers {
		if name == layer {
			return !slices.ContainsFunc(r.gradients[i].Sample(sample), isNonZero), true
		}
	}
	return false, false
}

// noteGradient remembers which samples have a gradient that is not zero, so that a
// map that is blank for want of one says so.
func (r *Run) noteGradient(layer string, gradient engine.Array) {
	if r.nonZeroGradients == nil {
		r.nonZeroGradients = map[string][]bool{}
	}
	each := r.nonZeroGradients[layer]
	if each == nil {
		each = make([]bool, r.batch.n)
		r.nonZeroGradients[layer] = each
	}
	for n := range each {
		each[n] = each[n] || slices.ContainsFunc(gradient.Row(n).Data, isNonZero)
	}
}

func isNonZero(v float32) bool { return v != 0 }
