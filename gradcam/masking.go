package gradcam

import "github.com/torchlight-go/torchlight/engine"

// Masking says of which inputs a method hides parts. Integers cannot be hidden.
type Masking int

const (
	// NoMasks leaves the input as it is.
	NoMasks Masking = iota
	// AnyMasks hides parts of any input.
	AnyMasks
	// PlaneMasks are of rows and columns: [N, C, H, W], or a signal [N, C, L].
	PlaneMasks
	// FeatureMasks are superpixels of these, or columns of a table [N, F].
	FeatureMasks
)

// fit says whether a method with such masks can hide parts of an input.
func (m Masking) fit(x engine.Array, order Order) bool {
	if m == NoMasks {
		return true
	}
	_, _, plane := planeOf(x, order)
	switch m {
	case PlaneMasks:
		return plane
	case FeatureMasks:
		return plane || x.Ints == nil && len(x.Shape) == 2
	}
	return x.Ints == nil
}

// planeOf are the rows and columns of an input that has some; a signal [N, C, L] has
// one row.
func planeOf(x engine.Array, order Order) (h, w int, ok bool) {
	switch shape := x.Shape; {
	case x.Ints != nil || order == ChannelsLast:
		return 0, 0, false
	case len(shape) == 3:
		return 1, shape[2], true
	case len(shape) == 4:
		return shape[2], shape[3], true
	}
	return 0, 0, false
}

// plane are the rows and columns of the explained input.
func (r *Run) plane() (h, w int, err error) {
	x := r.Input()
	h, w, ok := planeOf(x, r.batch.explainer.inputOrder)
	switch {
	case ok:
		return h, w, nil
	case x.Ints != nil:
		return 0, 0, r.unmaskable()
	}
	return 0, 0, markf(ErrLayer, "masks need an input [N, C, H, W] or [N, C, L], it has shape %v: %s", x.Shape, r.others())
}

// unmaskable is the error of an input of integers.
func (r *Run) unmaskable() error {
	return markf(ErrLayer, "the input holds integers, which cannot be masked: explain another input with WithInput, or a layer, such as the embedding: %s", r.others())
}

// multiply masks every channel of an input.
func multiply(dst, x, mask []float32) {
	for len(x) > 0 {
		out, in := dst[:len(mask)], x[:len(mask)]
		for i, m := range mask {
			out[i] = in[i] * m
		}
		dst, x = dst[len(mask):], x[len(mask):]
	}
}
