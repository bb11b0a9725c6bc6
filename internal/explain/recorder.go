package explain

import (
	"context"
	"slices"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
)

// recorder keeps what the engine returned to one method about one batch: layers'
// values and gradients in the layout that the network has them in, and the explained
// output.
type recorder struct {
	save []Stage

	// The first axis of each array is the batch.
	activations, gradients []engine.Array
	output                 engine.Array
}

// recorders are those of one batch, one a method.
func (s *Session) recorders() []recorder {
	all := make([]recorder, len(s.ways))
	for m := range all {
		all[m].save = s.config.Save
	}
	return all
}

// recordersKey finds a batch's recorders in its context: batches run side by side, and
// their explainer has one observer.
type recordersKey struct{}

func recording(ctx context.Context, all []recorder) context.Context {
	return context.WithValue(ctx, recordersKey{}, all)
}

// observe records a run of one of the methods.
func (s *Session) observe(ctx context.Context, run *gradcam.Run) error {
	all, _ := ctx.Value(recordersKey{}).([]recorder)
	for m := range all {
		if s.ways[m].Name() == run.Method() {
			return all[m].observe(ctx, run)
		}
	}
	return nil
}

// observe records a run.
func (r *recorder) observe(ctx context.Context, run *gradcam.Run) error {
	r.activations, r.gradients, r.output = nil, nil, engine.Array{}
	if slices.Contains(r.save, Activation) && run.Pass() != nil {
		r.activations = run.Pass().Activations()
	}
	if slices.Contains(r.save, Output) || slices.Contains(r.save, Gradient) {
		return r.record(ctx, run)
	}
	return nil
}

// record asks for the gradient once more, as the run shares it in a layout of its
// own. A pass gives it as often as it is asked.
func (r *recorder) record(ctx context.Context, run *gradcam.Run) error {
	_, cotangents, err := run.Score(run.Outputs(), nil)
	if err != nil {
		return err
	}
	for _, o := range run.Outputs() {
		if len(cotangents) > 0 && o.Name == cotangents[0].Output {
			r.output = o.Array
		}
	}
	if slices.Contains(r.save, Gradient) && run.Pass() != nil {
		r.gradients, err = run.Pass().Backward(ctx, cotangents)
	}
	return err
}

// row is sample i of what was saved.
func (r *recorder) row(i int) saved {
	return saved{activations: rowsOf(r.activations, i), gradients: rowsOf(r.gradients, i), output: rowOf(r.output, i)}
}

// saved are the stages of one sample, without the batch axis.
type saved struct {
	activations, gradients []engine.Array
	output                 engine.Array
}

func rowsOf(arrays []engine.Array, i int) []engine.Array {
	rows := make([]engine.Array, len(arrays))
	for k, a := range arrays {
		rows[k] = rowOf(a, i)
	}
	return rows
}

func rowOf(a engine.Array, i int) engine.Array {
	if len(a.Shape) == 0 {
		return engine.Array{}
	}
	return a.Row(i)
}
