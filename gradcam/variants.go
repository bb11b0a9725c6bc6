package gradcam

import (
	"context"
	"slices"

	"github.com/torchlight-go/torchlight/engine"
)

// variants are changed copies of a batch whose gradients a method adds up: points
// along a path, or noisy inputs. They run several at a time, as many as the memory
// budget allows. One copy, which is as large as the batch that the caller gave, is
// the least: a network traced for that batch size runs on no other.
type variants struct {
	count int
	// like is the array that changes, [N, ...]: an input or a layer's activation.
	like engine.Array
	// held is what the engine holds at a time for one sample, in values.
	held int
	// bytes is that as the engine has measured it, see [measured].
	bytes func() int64
	// fill writes copy i of the whole batch to dst, of like's length.
	fill func(i int, dst []float32)
	// forward runs copies of the batch. Row k stands for sample rows[k].
	forward func(ctx context.Context, x engine.Array, rows []int) (engine.Pass, error)
	// visit gets one copy, in order: activations and gradients of the captured
	// layers, of the whole batch.
	visit func(i int, point point) error
}

// point is what one copy of the batch gave: an array for each layer of the plan.
type point struct{ activations, gradients []engine.Array }

// run passes all copies through the network.
func (v variants) run(ctx context.Context, r *Run) error {
	at := min(v.count, r.Rows(r.Len()*v.held))
	for done := 0; done < v.count; {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(at, v.count-done, max(1, r.rowsOf(v.bytes, 4*v.like.Len()/r.Len())/r.Len()))
		points, err := v.chunk(ctx, r, done, n)
		if err != nil && n > 1 && ctx.Err() == nil {
			r.batch.explainer.log.Debug("copies run one at a time", "method", r.method, "error", err)
			at = 1
			continue
		}
		if err != nil {
			return err
		}
		for i, p := range points {
			if err := v.visit(done+i, p); err != nil {
				return err
			}
		}
		done += n
		r.Progress(done, v.count)
	}
	return nil
}

// chunk runs copies first to first+n-1 together.
func (v variants) chunk(ctx context.Context, r *Run, first, n int) ([]point, error) {
	size := v.like.Len()
	x := engine.NewArray(append([]int{n * r.Len()}, v.like.Shape[1:]...)...)
	for i := range n {
		v.fill(first+i, x.Data[i*size:(i+1)*size])
	}
	rows := slices.Repeat(identity(r.Len()), n)
	pass, err := v.forward(ctx, x, rows)
	if err != nil {
		return nil, err
	}
	defer pass.Close()
	gradients, err := r.back(ctx, pass, rows)
	if err != nil {
		return nil, err
	}
	activations := pass.Activations()
	points := make([]point, n)
	for i := range points {
		if points[i].gradients, err = part(gradients, i, n, r.Len()); err != nil {
			return nil, err
		}
		if points[i].activations, err = part(activations, i, n, r.Len()); err != nil {
			return nil, err
		}
	}
	return points, nil
}

// part is batch i of n batches that lie one after another in every array, after
// checking that all of them are there and finite.
func part(arrays []engine.Array, i, n, batch int) ([]engine.Array, error) {
	parts := make([]engine.Array, len(arrays))
	for k, a := range arrays {
		if a.Ints != nil || len(a.Shape) == 0 || a.Shape[0] != n*batch {
			return nil, markf(ErrLayer, "a layer has shape %v for %d copies of a batch of %d: its first axis must be the batch", a.Shape, n, batch)
		}
		size := a.Len() / n
		parts[k] = engine.Array{Shape: append([]int{batch}, a.Shape[1:]...), Data: a.Data[i*size : (i+1)*size]}
		if err := finiteRows(parts[k], "activation or gradient of a copy"); err != nil {
			return nil, err
		}
	}
	return parts, nil
}

// inputCopies runs copies of the explained input through a plan that captures
// some layers.
func (r *Run) inputCopies(ctx context.Context, layers []string, v variants) error {
	plan, err := r.Plan(ctx, engine.Spec{Layers: layers})
	if err != nil {
		return err
	}
	if err := differentiable(plan); err != nil {
		return err
	}
	v.like, v.held, v.bytes = r.Input(), r.inputHeld(), measured(plan, r.Inputs()...)
	v.forward = func(ctx context.Context, x engine.Array, rows []int) (engine.Pass, error) {
		return plan.Forward(ctx, r.With(x, rows))
	}
	return v.run(ctx, r)
}

// toward fills dst with the point alpha of the way from a to b, in float32 and in
// captum's order of steps.
func toward(dst, a, b []float32, alpha float32) {
	for i, from := range a {
		dst[i] = from + float32(alpha*(b[i]-from))
	}
}
