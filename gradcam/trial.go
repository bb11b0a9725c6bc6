package gradcam

import (
	"context"
	"errors"
	"slices"

	"github.com/torchlight-go/torchlight/engine"
)

// trial scores many changed copies of the batch's samples, in chunks that fit
// the memory budget. It reports progress and stops at a cancelled context
// between chunks.
type trial struct {
	run *Run
	// done of total copies are scored.
	done, total int
}

// copies are changed copies of one array of the run.
type copies struct {
	// of is what is copied: one row a sample.
	of engine.Array
	// each is the number of copies of each sample.
	each []int
	// write turns a row that holds the sample's own values into copy k.
	write func(sample, k int, row []float32)
	// undo brings back the sample's own values, so that a change of a few numbers
	// costs a few numbers. nil says that write writes them all.
	undo func(sample, k int, row []float32)
}

// changedCopy is copy k of a sample.
type changedCopy struct{ sample, k int }

// list names all copies, sample by sample.
func (v copies) list() []changedCopy {
	var all []changedCopy
	for n, each := range v.each {
		for k := range each {
			all = append(all, changedCopy{n, k})
		}
	}
	return all
}

// through runs changed copies; row i of the batch is made of sample rows[i].
type through func(ctx context.Context, batch engine.Array, rows []int) ([]engine.Output, error)

// most is the largest chunk. Beyond it nothing gets faster: copies leave the
// processor's caches, and a GPU is busy.
const most = 128

// score returns the scores of all copies, by sample. They do not depend on the
// size of the chunks, except for the rounding of the engine.
func (t *trial) score(ctx context.Context, v copies, run through) ([][]float64, error) {
	size, all := engine.Size(v.of.Shape[1:]), v.list()
	rows := min(len(all), t.run.Rows(size), most)
	buffer, owners := make([]float32, rows*size), make([]int, rows)
	// holds[i] is the sample whose own values row i holds.
	holds := slices.Repeat([]int{-1}, rows)
	row := func(i int) []float32 { return buffer[i*size : (i+1)*size] }
	scores := make([][]float64, len(v.each))
	for len(all) > 0 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		chunk := all[:min(rows, len(all))]
		for i, one := range chunk {
			if owners[i] = one.sample; v.undo != nil && holds[i] != one.sample {
				copy(row(i), v.of.Row(one.sample).Data)
				holds[i] = one.sample
			}
			v.write(one.sample, one.k, row(i))
		}
		batch := engine.Array{Shape: append([]int{len(chunk)}, v.of.Shape[1:]...), Data: buffer[:len(chunk)*size]}
		outputs, err := run(ctx, batch, owners[:len(chunk)])
		if err != nil {
			return nil, err
		}
		if err := t.read(scores, outputs, owners[:len(chunk)]); err != nil {
			return nil, err
		}
		for i, one := range chunk {
			if v.undo != nil {
				v.undo(one.sample, one.k, row(i))
			}
		}
		all = all[len(chunk):]
	}
	return scores, nil
}

// read scores one chunk.
func (t *trial) read(scores [][]float64, outputs []engine.Output, owners []int) error {
	scored, _, err := t.run.Score(outputs, owners)
	if bad := (*SampleError)(nil); errors.As(err, &bad) {
		return &SampleError{owners[bad.Sample], bad.Err} // it counted rows
	}
	if err != nil {
		return err
	}
	for i, s := range scored {
		scores[owners[i]] = append(scores[owners[i]], s.Value)
	}
	t.done += len(owners)
	t.run.Progress(t.done, t.total)
	return nil
}

// predict runs copies of the explained input. All other inputs are repeated for
// them.
func (r *Run) predict() through {
	inputs := make([]engine.Array, len(r.Inputs()))
	return func(ctx context.Context, batch engine.Array, rows []int) ([]engine.Output, error) {
		for i, a := range r.Inputs() {
			if i == r.batch.explainer.input {
				inputs[i] = batch
			} else {
				inputs[i] = gather(inputs[i], a, rows)
			}
		}
		return r.Predict(ctx, inputs)
	}
}

// gather repeats the rows of an array, in the memory of the last call's result.
func gather(into, a engine.Array, rows []int) engine.Array {
	out := engine.Array{Shape: append([]int{len(rows)}, a.Shape[1:]...)}
	if a.Ints != nil {
		out.Ints = into.Ints[:0]
	} else {
		out.Data = into.Data[:0]
	}
	for _, row := range rows {
		from := a.Row(row)
		out.Ints, out.Data = append(out.Ints, from.Ints...), append(out.Data, from.Data...)
	}
	return out
}

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
