package gradcam

import (
	"context"
	"slices"

	"github.com/torchlight-go/torchlight/engine"
)

// Occlusion slides a window of baseline over the input. Every number gets the mean
// loss of score over the windows that cover it (Zeiler and Fergus 2013,
// arXiv:1311.2901), as captum's Occlusion computes it: the last window along an
// axis ends beyond the input's edge where the strides do not meet it. The raw map
// is [N, C, H, W], signed, or [N, F] for tables.
type Occlusion struct {
	// Window has the window's extents along every axis of a sample, [C, H, W] of an
	// image. The default, for which captum has none, covers all channels and a
	// fifteenth of each side, rounded up: 15 x 15 pixels of 224 x 224; of tables one
	// column.
	Window []int `default:"a fifteenth of each side" about:"extents of the window along every axis: C,H,W of an image"`
	// Stride are the steps along every axis, at most the window's extents. The
	// default is 1, captum's; with a default window it is half the window, rounded
	// up, and all channels.
	Stride []int `default:"half the default window, 1 of a given one" about:"steps along every axis"`
	// Baseline fills the window; the default is zeros.
	Baseline Baseline `about:"what fills the window"`
}

func occlusionEntries() []Entry {
	return []Entry{{Occlusion{}, GradientFree, "what the score loses behind a sliding window (Zeiler and Fergus 2013)"}}
}

// Name is "occlusion".
func (Occlusion) Name() string { return "occlusion" }

// Needs are predictions.
func (Occlusion) Needs() Needs {
	return Needs{Predict: true, Masks: AnyMasks, Cost: Cost{Forward: 1, ForwardPerFeature: 1, Note: "a feature is a window: 784 by default at 224 x 224"}}
}

// Map returns one raw map, of the input.
func (m Occlusion) Map(ctx context.Context, run *Run) ([]Attribution, error) {
	x := run.Input()
	if x.Ints != nil {
		return nil, run.unmaskable()
	}
	windows, err := m.windows(x.Shape[1:])
	if err != nil {
		return nil, err
	}
	absent, err := m.Baseline.of(x)
	if err != nil {
		return nil, err
	}
	number := windows.number()
	fill := func(from engine.Array) func(n, k int, row []float32) {
		return func(n, k int, row []float32) {
			own := from.Row(n).Data
			windows.visit(k, func(first, length int) { copy(row[first:first+length], own[first:]) })
		}
	}
	scores, err := run.scoreCopies(ctx, copies{
		of: x, each: slices.Repeat([]int{number}, run.Len()), write: fill(absent), undo: fill(x),
	})
	if err != nil {
		return nil, err
	}
	out := engine.NewArray(x.Shape...)
	for n := range run.Len() {
		windows.average(out.Row(n).Data, run.Scores()[n].Value, scores[n])
	}
	return []Attribution{run.inputAttribution(out)}, nil
}
