package gradcam

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"gonum.org/v1/gonum/mat"
)

// plainFEM is Fuad et al. 2020, section III.
func plainFEM(a [][]float64, k float64) []float64 {
	m := make([]float64, len(a[0]))
	for c := range a {
		n := float64(len(a[c]))
		mean, square := 0.0, 0.0
		for _, v := range a[c] {
			mean += v / n
		}
		for _, v := range a[c] {
			square += (v - mean) * (v - mean)
		}
		share := 0.0
		for _, v := range a[c] {
			if v > mean+k*math.Sqrt(square/n) {
				share += 1 / n
			}
		}
		for place, v := range a[c] {
			m[place] += share * v
		}
	}
	return m
}

func TestFEMEqualsItsPlainTwin(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	for _, k := range []float64{2, 0.5} {
		a := random(rng, 1, 12, 6, 5)
		got := channelSum(a, func(dst []float32, n, c int) {
			scaleChannel(dst, a.Channel(n, c), outstanding(a.Channel(n, c), k))
		})
		close64(t, plainFEM(channels(a, 0), k), got.Data, 1e-5)
	}
	assert.Zero(t, outstanding([]float32{3, 3, 3}, 2), "a constant channel stands out nowhere")
	assert.Equal(t, 0.125, outstanding([]float32{0, 0, 0, 0, 0, 0, 0, 1}, 2))
}

// plainKPCA is scikit-learn's KernelPCA(1, kernel="sigmoid") by power iteration on
// the doubly centred kernel H K H.
func plainKPCA(a [][]float64, gamma float64) []float64 {
	places := len(a[0])
	k := mat.NewDense(places, places, nil)
	for p := range places {
		for q := range places {
			s := 0.0
			for c := range a {
				mean := 0.0
				for _, v := range a[c] {
					mean += v / float64(places)
				}
				s += (a[c][p] - mean) * (a[c][q] - mean)
			}
			k.Set(p, q, math.Tanh(gamma*s+1))
		}
	}
	h := mat.NewDense(places, places, nil)
	for p := range places {
		for q := range places {
			h.Set(p, q, -1/float64(places))
		}
		h.Set(p, p, 1-1/float64(places))
	}
	var centred mat.Dense
	centred.Product(h, k, h)
	// The sigmoid kernel has negative eigenvalues: a shift makes the largest one
	// also the largest in magnitude.
	shift := mat.Norm(&centred, math.Inf(1))
	for p := range places {
		centred.Set(p, p, centred.At(p, p)+shift)
	}
	v := mat.NewVecDense(places, nil)
	for p := range places {
		v.SetVec(p, math.Sin(float64(p+1)))
	}
	lambda := 0.0
	for range 20000 {
		var w mat.VecDense
		w.MulVec(&centred, v)
		lambda = w.Norm(2)
		v.ScaleVec(1/lambda, &w)
	}
	r := make([]float64, places)
	for p := range r {
		r[p] = v.AtVec(p) * math.Sqrt(lambda-shift)
	}
	orient(r)
	return r
}

func TestKPCAEqualsItsPlainTwin(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	for _, c := range []struct {
		channels, h, w int
		gamma          float64
	}{{20, 4, 5, 0}, {3, 6, 6, 0}, {8, 3, 3, 0.01}} {
		v := random(rng, 1, c.channels, c.h, c.w)
		for i := range v.Channel(0, 0) { // one direction leads, for the power iteration
			v.Channel(0, 0)[i] *= 5
		}
		gamma := c.gamma
		if gamma == 0 {
			gamma = 1 / float64(c.channels)
		}
		assert.InDeltaSlice(t, plainKPCA(channels(v, 0), gamma), KPCACAM{c.gamma}.project(v.Data, c.channels), 1e-6)
	}
	assert.Equal(t, make([]float64, 3), KPCACAM{}.project([]float32{0.1, 0.1, 0.1, 0.7, 0.7, 0.7}, 2))
}

// Lanczos' iteration gives what the decomposition of the whole matrix does, where
// the matrix has few directions, and where two are close.
func TestLanczosEqualsTheFullDecomposition(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 16))
	for _, c := range []struct {
		name  string
		x     []float32
		order int
	}{
		{"noise", random(rng, 1, 150, 200).Data, 150},
		{"three directions", spectrum(rng, 150, 40, 5, 3, 1), 150},
		{"one direction", spectrum(rng, 90, 40, 5), 90},
		{"close", spectrum(rng, 100, 80, 10, 10*(1-1e-5), 9, 8, 7, 6, 5, 4, 3, 2, 1), 100},
	} {
		t.Run(c.name, func(t *testing.T) {
			x, _ := withoutMeans(c.x, c.order)
			var gram mat.SymDense
			gram.SymOuterK(1, x)
			wantValue, want := largestPair(&gram)
			gotValue, got := lanczos(&gram)
			assert.InEpsilon(t, wantValue, gotValue, 1e-12)
			orient(want.RawVector().Data)
			orient(got.RawVector().Data)
			assert.InDeltaSlice(t, want.RawVector().Data, got.RawVector().Data, 1e-7)
		})
	}
	zero := mat.NewSymDense(100, nil)
	value, v := lanczos(zero)
	assert.Zero(t, value)
	assert.InDelta(t, 1, v.Norm(2), 1e-12)
}
