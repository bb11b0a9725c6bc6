package gradcam

import (
	"context"
	"fmt"
	"time"

	"github.com/torchlight-go/torchlight/engine"
)

// pools says whether the engine may make the maps: it can make Grad-CAM's, and
// nobody else wants to see the activations.
func (e *Explainer) pools() bool {
	c, ok := e.methods[0].(CAM)
	return ok && c == GradCAM && len(e.methods) == 1 && !e.eigenSmoothing && e.observer == nil
}

// capturePooled starts the batch with activations left where they are, if their
// layouts are those that the engine pools; otherwise they are copied out.
func (b *batch) capturePooled(ctx context.Context, plan engine.Pooling) error {
	p, err := plan.ForwardPooled(ctx, b.inputs)
	if err != nil {
		return err
	}
	b.pooled, b.outputs = p, p.Outputs()
	for i, shape := range p.Shapes() {
		l, err := b.explainer.layout(i).resolve(shape, b.explained().Shape)
		if err != nil || l.Order != ChannelsFirst || len(shape) < 3 || shape[0] != b.n {
			return b.unpool() // what is wrong with a shape is said there
		}
	}
	return nil
}

// unpool goes on with the activations copied out.
func (b *batch) unpool() error {
	full, err := b.pooled.Full()
	if err != nil {
		return err // close still finds the pooled pass
	}
	b.pass, b.pooled = full, nil
	return nil
}

// pooledMaps are Grad-CAM's, made by the engine; nil where a number is not finite,
// so that the usual way says which.
func (r *Run) pooledMaps(ctx context.Context) ([]Attribution, error) {
	b := r.batch
	start := time.Now()
	layers, err := b.pooled.Pool(ctx, r.cotangents)
	b.timings.Backward += time.Since(start)
	if err != nil {
		return nil, fmt.Errorf("backward: %w", err)
	}
	if len(layers) != len(b.layers) {
		return nil, fmt.Errorf("the engine pooled %d layers of %d", len(layers), len(b.layers))
	}
	maps := make([]Attribution, len(layers))
	for i, l := range layers {
		if len(l.Gradient) != b.n || len(l.Activation) != b.n {
			return nil, fmt.Errorf("the engine pooled %d samples of %d", len(l.Gradient), b.n)
		}
		if !allFinite(l.Gradient) || !allFinite(l.Activation) || !allFinite(l.Map.Data) {
			return nil, b.unpool()
		}
		r.noteGradient(b.layers[i], engine.Array{Shape: []int{b.n, 1}, Data: l.Gradient})
		maps[i] = Attribution{Layer: b.layers[i], Values: l.Map}
	}
	return maps, nil
}
