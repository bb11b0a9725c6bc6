package gradcam

import (
	"context"
	"fmt"
	"slices"

	"github.com/torchlight-go/torchlight/engine"
)

// WithAugSmoothing makes maps means over six copies of the input: as it is and
// flipped left to right, times 0.9, 1 and 1.1 each (pytorch-grad-cam's aug_smooth).
// The flip is undone; the mean is not stretched again, so that its maximum is below
// 1 where the copies disagree. [Result.Raw] are means of the raw maps, and a map
// is blank only where all six are. It costs six times the passes.
//
// The factors apply to the numbers the network gets, which for photographs are
// normalised ones. All copies explain the class chosen for the original, except
// under [WithCompat] of [PytorchGradCAM], which chooses anew for each. The input
// must be an image, [N, C, H, W], or a volume. Off by default.
func WithAugSmoothing() Option {
	return func(e *Explainer) error {
		e.augSmoothing = true
		return nil
	}
}

// augmentation is how a copy of the input is changed.
type augmentation struct {
	flip   bool
	factor float32
}

// augmented is one copy's result.
type augmented struct {
	Result
	augmentation
}

// augmentations are all, the unchanged input first.
func augmentations() []augmentation {
	return []augmentation{{false, 1}, {false, 0.9}, {false, 1.1}, {true, 0.9}, {true, 1}, {true, 1.1}}
}

// smooth explains changed copies of the batch, whose own results are given, and
// returns the means of all.
func (b *batch) smooth(ctx context.Context, targets []Target, own [][]Result) ([][]Result, error) {
	e := b.explainer
	x := e.input
	if a := b.inputs[x]; a.Ints != nil || len(a.Shape) < 4 {
		return nil, fmt.Errorf("augmentation smoothing flips images, [N, C, H, W]: input %d has shape %v, explain it without", x, a.Shape)
	}
	copies := make([][][]augmented, len(own)) // by method and sample
	for i, a := range augmentations() {
		all := own
		if i > 0 {
			changed := &batch{explainer: e, n: b.n, offset: b.offset, augmented: true, inputs: slices.Clone(b.inputs)}
			changed.inputs[x] = a.apply(b.inputs[x], e.inputOrder)
			if e.compat != PytorchGradCAM {
				changed.aimed = b.aimed
			}
			var err error
			if all, err = changed.run(ctx, targets); err != nil {
				return nil, fmt.Errorf("copy times %g, flipped %t: %w", a.factor, a.flip, err)
			}
		}
		for m, results := range all {
			if i == 0 {
				copies[m] = make([][]augmented, len(results))
			}
			for n, r := range results {
				copies[m][n] = append(copies[m][n], augmented{r, a})
			}
		}
	}
	for m := range own {
		for n := range own[m] {
			own[m][n] = mean(copies[m][n])
		}
	}
	return own, nil
}

// apply changes an input.
func (a augmentation) apply(x engine.Array, order Order) engine.Array {
	out := engine.NewArray(x.Shape...)
	for i, v := range x.Data {
		out.Data[i] = v * a.factor
	}
	if a.flip {
		axis := len(x.Shape) - 1
		if order == ChannelsLast {
			axis--
		}
		reverse(out.Data, x.Shape[axis], engine.Size(x.Shape[axis+1:]))
	}
	return out
}

// undo flips a map, or maps, back. A layer's units have no left and right.
func (a augmented) undo(m []float32, shape []int) {
	if a.flip && !a.Placeless() {
		reverse(m, shape[len(shape)-1], 1)
	}
}

// reverse turns around an axis of so many entries of so many numbers each.
func reverse(data []float32, entries, size int) {
	for at := 0; at < len(data); at += entries * size {
		line := data[at : at+entries*size]
		for i := range entries / 2 {
			for k := range size {
				left, right := i*size+k, (entries-1-i)*size+k
				line[left], line[right] = line[right], line[left]
			}
		}
	}
}

// mean is the result of one sample over all copies, the first of them unchanged.
func mean(copies []augmented) Result {
	r := copies[0].Result
	r.copies = copies
	r.Raw = slices.Clone(r.Raw)
	for _, c := range copies[1:] {
		if c.Reason == "" {
			r.Reason = ""
		}
		t := c.Timings
		r.Timings.Forward += t.Forward
		r.Timings.Backward += t.Backward
		r.Timings.Method += t.Method
		r.Timings.Total += t.Total
	}
	for i := range r.Raw {
		r.Raw[i] = meanRaw(copies, i)
	}
	r.RawMin, r.RawMax = span(r.Raw)
	return r
}

// meanRaw is the mean of the copies' raw maps of layer i. It is blank where all are,
// for the unchanged copy's reason.
func meanRaw(copies []augmented, i int) Raw {
	raw := copies[0].Raw[i]
	shape := raw.Values.Shape
	raw.Values = engine.NewArray(shape...)
	raw.Values.Data = meanOf(copies, func(c augmented) []float32 {
		if c.Raw[i].Reason == "" {
			raw.Reason = ""
		}
		m := slices.Clone(c.Raw[i].Values.Data)
		c.undo(m, shape)
		return m
	})
	raw.Min, raw.Max = extremes(raw.Values.Data)
	return raw
}

// meanMap is the mean of the copies' finished maps.
func meanMap(copies []augmented, space []int) []float32 {
	return meanOf(copies, func(c augmented) []float32 {
		m := c.mapOf(space).Data
		c.undo(m, space)
		return m
	})
}

func meanOf(copies []augmented, values func(augmented) []float32) []float32 {
	var sums []float64
	for _, c := range copies {
		m := values(c)
		if sums == nil {
			sums = make([]float64, len(m))
		}
		for i, v := range m {
			sums[i] += float64(v)
		}
	}
	out := make([]float32, len(sums))
	for i, v := range sums {
		out[i] = float32(v / float64(len(copies)))
	}
	return out
}
