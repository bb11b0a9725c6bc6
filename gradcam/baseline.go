package gradcam

import (
	"fmt"
	"math"
	"slices"

	"github.com/torchlight-go/torchlight/engine"
)

// Baseline is the input that says nothing: where paths start. The zero value is an
// input of zeros, which of a normalised image is the mean colour, not black.
type Baseline struct {
	// Value fills the baseline. For an input of integers it is rounded.
	Value float64 `default:"0" about:"what fills the baseline"`
	// Array is the baseline itself, in place of Value: [C, H, W] for all samples,
	// or [N, C, H, W], one each.
	Array engine.Array
}

// of makes the baseline of every sample, of the input's shape.
func (b Baseline) of(x engine.Array) (engine.Array, error) {
	if b.Array.Shape == nil {
		return b.filled(x)
	}
	if err := b.Array.Check(); err != nil {
		return engine.Array{}, fmt.Errorf("baseline: %w", err)
	}
	if (b.Array.Ints == nil) != (x.Ints == nil) {
		return engine.Array{}, fmt.Errorf("baseline and input: one holds integers, the other floats")
	}
	if err := finite(b.Array, "baseline"); err != nil {
		return engine.Array{}, err
	}
	switch {
	case slices.Equal(b.Array.Shape, x.Shape):
		return b.Array, nil
	case slices.Equal(b.Array.Shape, x.Shape[1:]):
		one := b.Array
		one.Shape = append([]int{1}, one.Shape...)
		return gather(engine.Array{}, one, make([]int, x.Shape[0])), nil
	}
	return engine.Array{}, fmt.Errorf("baseline has shape %v, the input %v: give %v or one a sample", b.Array.Shape, x.Shape, x.Shape[1:])
}

func (b Baseline) filled(x engine.Array) (engine.Array, error) {
	if math.IsNaN(b.Value) || math.IsInf(b.Value, 0) {
		return engine.Array{}, markf(ErrNotFinite, "baseline is %g: give a number", b.Value)
	}
	out := engine.Array{Shape: x.Shape}
	if x.Ints != nil {
		out.Ints = slices.Repeat([]int64{int64(math.Round(b.Value))}, len(x.Ints))
	} else {
		out.Data = slices.Repeat([]float32{float32(b.Value)}, len(x.Data))
	}
	return out, nil
}
