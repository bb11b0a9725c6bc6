package gradcam

import (
	"context"

	"github.com/torchlight-go/torchlight/engine"
)

// tail is what comes after one layer.
type tail struct {
	engine.Pass
	layout Layout
	// activation is as the submodule returned it.
	activation engine.Array
	view       View
	owned      bool
}

// tail cuts the network behind layer i. Close it after use.
func (r *Run) tail(ctx context.Context, i int) (*tail, error) {
	views, err := r.Activations()
	if err != nil {
		return nil, err
	}
	t := &tail{Pass: r.Pass(), layout: r.batch.layouts[i], view: views[i]}
	if len(views) > 1 {
		// A pass re-runs what comes after its first layer only.
		plan, err := r.Plan(ctx, engine.Spec{Layers: r.Layers()[i : i+1]})
		if err != nil {
			return nil, err
		}
		if t.Pass, err = plan.Forward(ctx, r.Inputs()); err != nil {
			return nil, err
		}
		t.owned = true
	}
	t.activation = t.Activations()[0]
	return t, nil
}

// through re-runs the tail.
func (t *tail) through(r *Run) through {
	return through{run: t.Rerun, held: t.held(r), bytes: measured(t.Pass, t.activation)}
}

// held is what the engine holds at a time for one sample, in values. A layer without
// space says nothing about what comes after it: the scales of a
// squeeze-and-excitation block are few numbers, and the whole block's value passes
// them by, once a copy. They count as the input.
func (t *tail) held(r *Run) int {
	values := engine.Size(t.activation.Shape[1:])
	if t.view.Positions() == 1 {
		values = max(values, engine.Size(r.Input().Shape[1:]))
	}
	return keptInNetwork * values
}

// Close releases a pass of the tail's own, not the run's.
func (t *tail) Close() error {
	if t.owned {
		return t.Pass.Close()
	}
	return nil
}

// strides say where a sample's row of an activation holds channel c of place p:
// at start + c*channel + p*place. It is how [Layout.View] reads, for writing.
func (l Layout) strides(shape []int) (start, channel, place int) {
	if l.Order == ChannelsFirst {
		return 0, engine.Size(shape[2:]), 1
	}
	c := shape[len(shape)-1]
	return l.Prefix * c, 1, c
}
