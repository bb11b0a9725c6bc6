package gradcam

import (
	"context"
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
func (c copies) list() []changedCopy {
	var all []changedCopy
	for n, each := range c.each {
		for k := range each {
			all = append(all, changedCopy{n, k})
		}
	}
	return all
}

// through is how changed copies are run.
type through struct {
	// run runs a batch, whose row i is made of sample rows[i].
	run func(ctx context.Context, batch engine.Array, rows []int) ([]engine.Output, error)
	// held is what the engine holds at a time for one copy, in values.
	held int
	// bytes is that as the engine has measured it, see [measured].
	bytes func() int64
}

// A network holds, between two of its layers, several times the values of its
// input, and what comes after a layer several times the layer's: the first blocks
// of MobileNetV2 widen theirs twelvefold. Counting sixteen bounds the memory, and
// the few copies at a time that it allows, six images of 224 x 224 or sixteen
// layers of 1280 x 7 x 7, are what a processor is fastest with: more leave its
// caches.
const keptInNetwork = 16

// most is the largest chunk. Beyond it nothing gets faster.
const most = 256

// score returns the scores of all copies, by sample. They do not depend on the
// size of the chunks, except for the rounding of the engine.
func (t *trial) score(ctx context.Context, c copies, by through) ([][]float64, error) {
	left, batch := c.list(), t.run.Len()
	buffer := newRows(c, min(len(left), t.run.Rows(by.held), most))
	own := 4 * engine.Size(c.of.Shape[1:])
	scores := make([][]float64, batch)
	for len(left) > 0 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		chunk := left[:min(len(buffer.owners), len(left))]
		if !buffer.fixed {
			chunk = chunk[:min(len(chunk), t.run.rowsOf(by.bytes, own))]
		}
		scored, err := t.scoreChunk(ctx, buffer, chunk, by)
		if err != nil && !buffer.fixed && len(chunk) != batch && ctx.Err() == nil {
			// A network traced for the caller's batch size runs on no other.
			t.run.batch.explainer.log.Debug("copies run in batches of the given size", "method", t.run.method, "error", err)
			buffer = newRows(c, batch)
			buffer.fixed = true
			continue
		}
		if err != nil {
			return nil, err
		}
		for i, one := range chunk {
			scores[one.sample] = append(scores[one.sample], scored[i].Value)
		}
		left = left[len(chunk):]
		t.done += len(chunk)
		t.run.Progress(t.done, t.total)
	}
	return scores, nil
}

// scoreCopies scores changed copies of the explained input.
func (r *Run) scoreCopies(ctx context.Context, c copies) ([][]float64, error) {
	t := &trial{run: r, total: addUp(c.each)}
	return t.score(ctx, c, r.predict())
}

func addUp(numbers []int) int {
	sum := 0
	for _, n := range numbers {
		sum += n
	}
	return sum
}

// scoreChunk scores copies that fit into the buffer.
func (t *trial) scoreChunk(ctx context.Context, buffer *rows, chunk []changedCopy, by through) ([]Score, error) {
	batch, owners := buffer.write(chunk)
	defer buffer.undo(chunk)
	outputs, err := by.run(ctx, batch, owners)
	if err != nil {
		return nil, err
	}
	scored, _, err := t.run.Score(outputs, owners)
	return scored, err
}

// rows are the memory of a chunk, used for all chunks.
type rows struct {
	copies
	buffer []float32
	// owners[i] is the sample that the copy in row i is of, holds[i] the one whose
	// own values the row holds before the change and after it is undone.
	owners, holds []int
	// fixed says that the network takes full chunks only.
	fixed bool
}

func newRows(c copies, n int) *rows {
	return &rows{copies: c, buffer: make([]float32, n*engine.Size(c.of.Shape[1:])), owners: make([]int, n), holds: slices.Repeat([]int{-1}, n)}
}

func (r *rows) row(i int) []float32 {
	size := len(r.buffer) / len(r.owners)
	return r.buffer[i*size : (i+1)*size]
}

// write puts a chunk into the first rows. A short one is filled up
// with its first copy where the network needs all rows.
func (r *rows) write(chunk []changedCopy) (engine.Array, []int) {
	for i, one := range chunk {
		if r.owners[i] = one.sample; r.copies.undo != nil && r.holds[i] != one.sample {
			copy(r.row(i), r.of.Row(one.sample).Data)
			r.holds[i] = one.sample
		}
		r.copies.write(one.sample, one.k, r.row(i))
	}
	n := len(chunk)
	for i := n; r.fixed && i < len(r.owners); i++ {
		r.owners[i] = chunk[0].sample
		copy(r.row(i), r.row(0))
		r.holds[i], n = -1, i+1
	}
	shape := append([]int{n}, r.of.Shape[1:]...)
	return engine.Array{Shape: shape, Data: r.buffer[:n*len(r.row(0))]}, r.owners[:n]
}

// undo brings the samples' own values back.
func (r *rows) undo(chunk []changedCopy) {
	if r.copies.undo == nil {
		return
	}
	for i, one := range chunk {
		r.copies.undo(one.sample, one.k, r.row(i))
	}
}

// predict runs copies of the explained input. All other inputs are repeated for
// them.
func (r *Run) predict() through {
	inputs := make([]engine.Array, len(r.Inputs()))
	return through{held: r.inputHeld(), bytes: measured(r.batch.explainer.model, r.Inputs()...), run: func(ctx context.Context, batch engine.Array, rows []int) ([]engine.Output, error) {
		return r.Predict(ctx, r.with(inputs, batch, rows))
	}}
}

// inputHeld is what the engine holds at a time for one sample on its way through the
// whole network, in values.
func (r *Run) inputHeld() int { return keptInNetwork * engine.Size(r.Input().Shape[1:]) }

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
