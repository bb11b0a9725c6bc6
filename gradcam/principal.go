package gradcam

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// noise is the share of a matrix's norm below which what centring leaves of it
// is the rounding of float32: the channels are constant over space.
const noise = 1e-6

// principal is the projection of pytorch-grad-cam's get_2d_projection: of the
// matrix [positions, channels], NaN set to zero and each channel's mean over
// space subtracted, X v with v the first right singular vector. It is taken
// from the smaller of the two Gram matrices, never from a full decomposition.
//
// A singular vector has no sign, and pytorch-grad-cam keeps the one LAPACK
// happens to return. Here the value of largest magnitude is positive.
//
// Channels that are constant over space, and so all of 1 x 1, give zeros.
func principal(weighted []float32, channels int) []float64 {
	x, constant := withoutMeans(weighted, channels)
	places := len(weighted) / channels
	if constant {
		return make([]float64, places)
	}
	var gram *mat.SymDense
	if places <= channels {
		gram = products(1, mat.DenseCopyOf(x.T()))
	} else {
		gram = products(1, x)
	}
	lambda, v := leading(gram)
	r := mat.NewVecDense(places, nil)
	if places <= channels { // v is the left singular vector
		r.ScaleVec(math.Sqrt(lambda), v)
	} else {
		r.MulVec(x.T(), v)
	}
	orient(r.RawVector().Data)
	return r.RawVector().Data
}

// products are a times those of all pairs of rows. Rows that lie in one piece are
// multiplied several times faster than columns.
func products(a float64, rows *mat.Dense) *mat.SymDense {
	var p mat.SymDense
	p.SymOuterK(a, rows)
	return &p
}

// withoutMeans is [channels, positions] without each channel's mean, NaN set to
// zero, and whether all channels are constant but for noise.
func withoutMeans(weighted []float32, channels int) (*mat.Dense, bool) {
	places := len(weighted) / channels
	data, before, after := make([]float64, len(weighted)), 0.0, 0.0
	for c := range channels {
		row, sum := data[c*places:(c+1)*places], 0.0
		for p, v := range weighted[c*places : (c+1)*places] {
			if v == v { // false for NaN only
				row[p] = float64(v)
			}
			sum += row[p]
			before += row[p] * row[p]
		}
		mean := sum / float64(places)
		for p := range row {
			row[p] -= mean
			after += row[p] * row[p]
		}
	}
	return mat.NewDense(channels, places, data), after <= noise*noise*before
}

// orient makes the value of largest magnitude positive, of those that equal it up
// to rounding the first.
func orient(r []float64) {
	largest := 0.0
	for _, v := range r {
		largest = max(largest, math.Abs(v))
	}
	for _, v := range r {
		if v >= (1-noise)*largest {
			return
		}
		if -v >= (1-noise)*largest {
			break
		}
	}
	for i := range r {
		r[i] = -r[i]
	}
}
