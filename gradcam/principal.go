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
	x, norm := withoutMeans(weighted, channels)
	places := len(weighted) / channels
	var gram mat.SymDense
	if places <= channels {
		gram.SymOuterK(1, x.T())
	} else {
		gram.SymOuterK(1, x)
	}
	lambda, v := leading(&gram)
	sigma := math.Sqrt(max(lambda, 0))
	if sigma <= noise*norm {
		return make([]float64, places)
	}
	r := mat.NewVecDense(places, nil)
	if places <= channels { // v is the left singular vector
		r.ScaleVec(sigma, v)
	} else {
		r.MulVec(x.T(), v)
	}
	orient(r.RawVector().Data)
	return r.RawVector().Data
}

// withoutMeans is [channels, positions] without each channel's mean, NaN set to zero,
// and the Frobenius norm of what it was.
func withoutMeans(weighted []float32, channels int) (*mat.Dense, float64) {
	places := len(weighted) / channels
	data, norm := make([]float64, len(weighted)), 0.0
	for c := range channels {
		row, sum := data[c*places:(c+1)*places], 0.0
		for p, v := range weighted[c*places : (c+1)*places] {
			if v == v { //nolint:staticcheck // false for NaN only
				row[p] = float64(v)
			}
			sum += row[p]
			norm += row[p] * row[p]
		}
		mean := sum / float64(places)
		for p := range row {
			row[p] -= mean
		}
	}
	return mat.NewDense(channels, places, data), math.Sqrt(norm)
}

// leading is the largest eigenvalue and a unit eigenvector of it, both NaN if
// the matrix holds an infinity.
func leading(a *mat.SymDense) (float64, *mat.VecDense) {
	n := a.SymmetricDim()
	v := mat.NewVecDense(n, nil)
	var e mat.EigenSym
	if trace := a.Trace(); trace-trace != 0 || !e.Factorize(a, true) {
		for i := range n {
			v.SetVec(i, math.NaN())
		}
		return math.NaN(), v
	}
	var all mat.Dense
	e.VectorsTo(&all)
	v.CloneFromVec(all.ColView(n - 1))
	return e.Values(nil)[n-1], v
}

// orient makes the value of largest magnitude positive, of equal ones the first.
func orient(r []float64) {
	largest := 0.0
	for _, v := range r {
		if math.Abs(v) > math.Abs(largest) {
			largest = v
		}
	}
	if largest < 0 {
		for i := range r {
			r[i] = -r[i]
		}
	}
}
