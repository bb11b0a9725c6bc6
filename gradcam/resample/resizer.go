package resample

// Resizer resizes many maps of one size to another one. It works out the
// positions once and reuses its memory, so it belongs to one goroutine at a time.
type Resizer struct {
	h, w       int
	rows, cols []tap
	lo, hi     []float32
}

// NewBilinear returns a Resizer that does what [Bilinear] does.
func NewBilinear(h, w, H, W int) *Resizer {
	return newResizer(h, w, taps(H, h, halfPixel(h, H)), taps(W, w, halfPixel(w, W)))
}

// NewAlignCorners returns a Resizer that does what [AlignCorners] does.
func NewAlignCorners(h, w, H, W int) *Resizer {
	return newResizer(h, w, taps(H, h, alignedCorners(h, H)), taps(W, w, alignedCorners(w, W)))
}

func newResizer(h, w int, rows, cols []tap) *Resizer {
	return &Resizer{h, w, rows, cols, make([]float32, len(cols)), make([]float32, len(cols))}
}

// Len is the number of values of a result.
func (r *Resizer) Len() int { return len(r.rows) * len(r.cols) }

// Resize fills dst with src, resized.
func (r *Resizer) Resize(dst, src []float32) {
	check(dst, src, r.h, r.w, len(r.rows), len(r.cols))
	separable(dst, src, r.w, r.rows, r.cols, r.lo, r.hi)
}
