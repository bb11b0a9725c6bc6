package gradcam

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
)

// small is the order up to which all eigenvectors cost less than an iteration.
const small = 16

// leading is the largest eigenvalue and a unit eigenvector of it, both NaN if
// the matrix holds an infinity.
func leading(a *mat.SymDense) (float64, *mat.VecDense) {
	n := a.SymmetricDim()
	if trace := a.Trace(); trace-trace != 0 {
		return notANumber(n)
	}
	if n > small {
		return lanczos(a)
	}
	return largestPair(a)
}

// largestPair is leading by the decomposition of the whole matrix.
func largestPair(a mat.Symmetric) (float64, *mat.VecDense) {
	n := a.SymmetricDim()
	var e mat.EigenSym
	if !e.Factorize(a, true) {
		return notANumber(n)
	}
	var all mat.Dense
	e.VectorsTo(&all)
	v := mat.NewVecDense(n, nil)
	v.CloneFromVec(all.ColView(n - 1))
	return e.Values(nil)[n-1], v
}

func notANumber(n int) (float64, *mat.VecDense) {
	v := mat.NewVecDense(n, nil)
	for i := range n {
		v.SetVec(i, math.NaN())
	}
	return math.NaN(), v
}

// lanczos is leading by Lanczos' iteration (1950) with every vector made
// orthogonal to all before it, twice (Parlett, The symmetric eigenvalue problem,
// chapter 13). The Ritz vector is done when it leaves a residual of 1e-13 of the
// largest eigenvalue: two eigenvalues a part in 10^6 apart still leave an error
// of 1e-7. After n steps the answer is that of a full decomposition.
func lanczos(a *mat.SymDense) (float64, *mat.VecDense) {
	n := a.SymmetricDim()
	basis := []*mat.VecDense{start(n)}
	var alpha, beta []float64
	for {
		k := len(basis)
		w := mat.NewVecDense(n, nil)
		w.MulVec(a, basis[k-1])
		alpha = append(alpha, mat.Dot(w, basis[k-1]))
		for range 2 {
			for _, q := range basis {
				w.AddScaledVec(w, -mat.Dot(w, q), q)
			}
		}
		rest := w.Norm(2)
		if k%8 == 0 || k == n || rest <= 1e-13*math.Abs(alpha[0]) {
			lambda, s := largestPair(tridiagonal(alpha, beta))
			if k == n || rest*math.Abs(s.AtVec(k-1)) <= 1e-13*math.Abs(lambda) {
				return lambda, combination(basis, s)
			}
		}
		beta = append(beta, rest)
		w.ScaleVec(1/rest, w)
		basis = append(basis, w)
	}
}

// start is a unit vector with a part in every direction, always the same.
func start(n int) *mat.VecDense {
	rng := rand.New(rand.NewPCG(1, uint64(n))) //nolint:gosec // any fixed numbers do
	v := mat.NewVecDense(n, nil)
	for i := range n {
		v.SetVec(i, rng.NormFloat64())
	}
	v.ScaleVec(1/v.Norm(2), v)
	return v
}

func tridiagonal(alpha, beta []float64) *mat.SymDense {
	t := mat.NewSymDense(len(alpha), nil)
	for i, v := range alpha {
		t.SetSym(i, i, v)
	}
	for i, v := range beta {
		t.SetSym(i, i+1, v)
	}
	return t
}

// combination is the sum of s_i basis_i, a unit vector.
func combination(basis []*mat.VecDense, s *mat.VecDense) *mat.VecDense {
	v := mat.NewVecDense(basis[0].Len(), nil)
	for i, q := range basis {
		v.AddScaledVec(v, s.AtVec(i), q)
	}
	v.ScaleVec(1/v.Norm(2), v)
	return v
}
