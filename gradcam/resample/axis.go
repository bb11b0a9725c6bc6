package resample

import "math"

// Line places the samples of one output axis on an input axis: output pixel i
// reads the input at Scale*(i+0.5) + Offset, where both axes have pixel k's
// centre at k+0.5. The plain resize from n to N pixels is Line{Scale: n/N}.
type Line struct {
	Scale, Offset float64
}

// tap is one output pixel's linear interpolation: (1-w)*in[lo] + w*in[hi].
type tap struct {
	lo, hi int
	w      float32
}

// taps works out every output pixel of one axis. at gives the position of
// output pixel i in units of input pixels, with pixel centres on whole numbers.
// Positions outside the first and last centre repeat the border.
//
// Only the fraction is rounded to float32, not the position before it: that is
// closest to cv2.resize as built today (3e-7), while F.interpolate works with
// float32 positions and so wobbles by some 1e-6 of the map's local contrast.
func taps(n, in int, at func(i int) float64) []tap {
	t := make([]tap, n)
	for i := range t {
		pos := at(i)
		floor := math.Floor(pos)
		switch {
		case !(floor >= 0):
			t[i] = tap{}
		case floor >= float64(in-1):
			t[i] = tap{lo: in - 1, hi: in - 1}
		default:
			t[i] = tap{int(floor), int(floor) + 1, float32(pos - floor)}
		}
	}
	return t
}

// The conversions below, like those in stretch and blend, keep the compiler from
// fusing a product into a sum.

// halfPixel positions pixels by their centres, the areas of both axes covering
// each other (align_corners=False).
func halfPixel(in, out int) func(int) float64 {
	scale := float64(in) / float64(out)
	return func(i int) float64 { return float64((float64(i)+0.5)*scale) - 0.5 }
}

// alignedCorners puts the first and last centres on each other
// (align_corners=True). One output pixel reads the first input pixel.
func alignedCorners(in, out int) func(int) float64 {
	if out == 1 {
		return func(int) float64 { return 0 }
	}
	scale := float64(in-1) / float64(out-1)
	return func(i int) float64 { return float64(i) * scale }
}

func (l Line) at(i int) float64 { return float64((float64(i)+0.5)*l.Scale) + l.Offset - 0.5 }
