package torch

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync/atomic"

	"github.com/torchlight-go/torchlight/engine"
)

// independence remembers what is known of a model's samples: package engine takes
// the first axis of every array for a batch of samples that do not affect each
// other, which nothing in a file promises.
type independence struct {
	checked  atomic.Bool // a batch of different samples was compared with its samples alone
	interact atomic.Bool // and was found to differ
}

// checkSamples compares the values of a batch with those of its last and its first
// sample alone: what accumulates along the batch spares one of the two. A sample
// that cannot run alone, as in a trace of a fixed batch, is not compared. Values
// whose first axis does not grow with the batch are left out.
//
// Errors: [ErrSamplesInteract], and that of ctx.
func (m *Module) checkSamples(ctx context.Context, inputs, batch []engine.Array, alone func([]engine.Array) ([]engine.Array, error)) error {
	n := samplesOf(inputs)
	if n < 2 || m.samples.checked.Load() {
		return nil
	}
	for _, i := range []int{n - 1, 0} {
		one, err := alone(rowOf(inputs, i, n))
		if ctx.Err() != nil {
			return fmt.Errorf("torch: %s: %w", m.object.about, ctx.Err())
		}
		if err != nil || len(one) != len(batch) {
			break
		}
		for k, b := range batch {
			if d := rowDifference(b, one[k], i, n); d > m.rounding() {
				m.samples.interact.Store(true)
				return &Error{
					Kind: ErrSamplesInteract, About: m.object.about,
					Reason: fmt.Sprintf("the samples of a batch affect each other (alone, one of %d differs by %.1e of the largest value)", n, d),
					Fix:    "explain the samples one at a time",
				}
			}
		}
	}
	if !alike(inputs, n) {
		m.samples.checked.Store(true)
	}
	return nil
}

// rounding is how much a sample may differ with the size of its batch, relative to
// the largest value: operators choose other kernels, and on a GPU TF32.
func (m *Module) rounding() float64 {
	switch {
	case m.info.DType == "BFloat16" || m.options.precision == BFloat16:
		return 0.3
	case m.info.DType == "Half" || m.options.precision == Float16:
		return 0.1
	case m.options.device.IsCUDA() && tf32Allowed():
		return 3e-2
	case m.options.device.IsCUDA():
		return 1e-3
	}
	return 1e-4
}

// predictRows runs the rows of a batch one by one and joins their outputs.
func (m *Module) predictRows(ctx context.Context, inputs []engine.Array) ([]engine.Output, error) {
	var all []engine.Output
	n := samplesOf(inputs)
	for i := range n {
		one, err := m.predict(ctx, rowOf(inputs, i, n))
		switch {
		case err != nil:
			return nil, err
		case i == 0:
			all = one
			continue
		case len(one) != len(all):
			return nil, &Error{Kind: ErrModel, About: m.object.about, Reason: fmt.Sprintf("it returns %d tensors for sample 0 and %d for sample %d", len(all), len(one), i), Fix: "explain the samples one at a time"}
		}
		for k, o := range one {
			into := &all[k].Array
			if len(o.Array.Shape) == 0 || len(o.Array.Shape) != len(into.Shape) || !slices.Equal(o.Array.Shape[1:], into.Shape[1:]) {
				return nil, &Error{Kind: ErrModel, About: m.object.about, Reason: fmt.Sprintf("output %q has shape %v for sample %d, which does not join %v", o.Name, o.Array.Shape, i, into.Shape), Fix: "explain the samples one at a time"}
			}
			into.Shape[0] += o.Array.Shape[0]
			into.Data = append(into.Data, o.Array.Data...)
			into.Ints = append(into.Ints, o.Array.Ints...)
		}
	}
	return all, nil
}

func arraysOf(outputs []engine.Output) []engine.Array {
	all := make([]engine.Array, len(outputs))
	for i, o := range outputs {
		all[i] = o.Array
	}
	return all
}

// samplesOf is the size of the batch: the first axis of the first input.
func samplesOf(inputs []engine.Array) int {
	if len(inputs) == 0 || len(inputs[0].Shape) == 0 {
		return 0
	}
	return inputs[0].Shape[0]
}

// batched says whether an input has a row for each of n samples.
func batched(a engine.Array, n int) bool { return len(a.Shape) > 0 && a.Shape[0] == n }

// rowOf is sample i of n as a batch of one. What is not batched stays.
func rowOf(inputs []engine.Array, i, n int) []engine.Array {
	row := slices.Clone(inputs)
	for k, a := range inputs {
		if batched(a, n) {
			row[k] = a.Row(i)
			row[k].Shape = append([]int{1}, row[k].Shape...)
		}
	}
	return row
}

// alike says whether the samples compared are the same, so that some that affect
// each other would not be found out.
func alike(inputs []engine.Array, n int) bool {
	for _, a := range inputs {
		if !batched(a, n) {
			continue
		}
		first, last := a.Row(0), a.Row(n-1)
		if !slices.Equal(first.Data, last.Data) || !slices.Equal(first.Ints, last.Ints) {
			return false
		}
	}
	return true
}

// rowDifference is the largest difference between row i of a batch of n and the row
// alone, relative to the batch's largest value; 0 where the first axis is no batch.
// Values that are not finite are left to who reports them.
func rowDifference(batch, one engine.Array, i, n int) float64 {
	if len(one.Shape) == 0 || len(batch.Shape) == 0 || batch.Shape[0] != n*one.Shape[0] || len(batch.Data) != n*len(one.Data) {
		return 0
	}
	row := batch.Data[i*len(one.Data):][:len(one.Data)]
	var worst, scale float64
	for k, v := range row {
		if d := math.Abs(float64(v) - float64(one.Data[k])); finite(d) {
			worst = max(worst, d)
		}
	}
	for _, v := range batch.Data {
		if a := math.Abs(float64(v)); finite(a) {
			scale = max(scale, a)
		}
	}
	if scale == 0 {
		return 0
	}
	return worst / scale
}

func finite(x float64) bool { return !math.IsInf(x, 0) && !math.IsNaN(x) }
