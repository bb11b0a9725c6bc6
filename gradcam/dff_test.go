package gradcam

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// made is W H of random non-negative factors, some of them 0 to a share.
func made(rng *rand.Rand, rows, cols, rank int, zeros float64) (x, w, h []float64) {
	draw := func(n int) []float64 {
		v := make([]float64, n)
		for i := range v {
			if rng.Float64() >= zeros {
				v[i] = rng.Float64()
			}
		}
		return v
	}
	w, h, x = draw(rank*rows), draw(rank*cols), make([]float64, rows*cols)
	for r := range rows {
		for c := range cols {
			for k := range rank {
				x[r*cols+c] += w[k*rows+r] * h[k*cols+c]
			}
		}
	}
	return x, w, h
}

// plainRound is one round of hierarchical alternating least squares by its
// definition: row k of a factor becomes the non-negative minimiser of
// |X - sum_l w_l h_l'|^2 while all others stay (Cichocki and Phan 2009).
func plainRound(f *nmf) {
	residue := func(k, r, c int) float64 {
		v := f.x[r*f.cols+c]
		for l := range f.rank {
			if l != k {
				v -= f.w[l*f.rows+r] * f.h[l*f.cols+c]
			}
		}
		return v
	}
	for k := range f.rank {
		for c := range f.cols {
			up, down := 0.0, 0.0
			for r := range f.rows {
				up += f.w[k*f.rows+r] * residue(k, r, c)
				down += f.w[k*f.rows+r] * f.w[k*f.rows+r]
			}
			f.h[k*f.cols+c] = math.Max(0, up/down)
		}
	}
	for k := range f.rank {
		for r := range f.rows {
			up, down := 0.0, 0.0
			for c := range f.cols {
				up += f.h[k*f.cols+c] * residue(k, r, c)
				down += f.h[k*f.cols+c] * f.h[k*f.cols+c]
			}
			f.w[k*f.rows+r] = math.Max(0, up/down)
		}
	}
}

func TestNMFEqualsItsPlainTwin(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	x, _, _ := made(rng, 7, 11, 5, 0.2)
	fast, plain := factorise(x, 7, 11, 3, 6, 0), factorise(x, 7, 11, 3, 0, 0)
	for range 6 {
		plainRound(plain)
	}
	assert.InDeltaSlice(t, plain.w, fast.w, 1e-10)
	assert.InDeltaSlice(t, plain.h, fast.h, 1e-10)
	assert.InDelta(t, plain.residual(), fast.residual(), 1e-12)
	assert.Greater(t, fast.residual(), 0.01, "rank 3 is no rank 5")
}

func TestNMFErrorFallsMonotonically(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 20 {
		x := make([]float64, 12*30)
		for i := range x {
			x[i] = math.Abs(rng.NormFloat64())
		}
		f := factorise(x, 12, 30, 4, 0, 0)
		before := math.Inf(1)
		for range 50 {
			after := f.round()
			require.LessOrEqual(t, after, before*(1+1e-12))
			assert.InDelta(t, f.residual(), math.Sqrt(after/f.norm), 1e-7)
			before = after
		}
		for _, v := range append(f.w, f.h...) {
			require.GreaterOrEqual(t, v, 0.0)
		}
	}
}

// A matrix of an exact non-negative rank is found again.
func TestNMFOfLowRank(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for rank := 1; rank <= 4; rank++ {
		x, w, _ := made(rng, 20, 60, rank, 0.3)
		f := factorise(x, 20, 60, rank, 500, 0)
		assert.Less(t, f.residual(), 2e-3, "rank %d", rank)
		// With pure columns in it the very first guess holds them all.
		for k := range rank {
			for r := range 20 {
				x[r*60+k] = 3 * w[k*20+r]
			}
		}
		f = factorise(x, 20, 60, rank, 200, 0)
		assert.Less(t, f.residual(), 1e-6, "rank %d with pure columns", rank)
	}
}

func TestNMFOfLessThanTheRank(t *testing.T) {
	x, _, _ := made(rand.New(rand.NewPCG(7, 8)), 6, 9, 2, 0)
	f := factorise(x, 6, 9, 5, 200, 0)
	assert.Less(t, f.residual(), 1e-3)
	nothing := factorise(make([]float64, 6*9), 6, 9, 3, 10, 0)
	assert.Zero(t, nothing.residual())
	assert.Zero(t, nothing.h[0])
}

// The parts add up to the activation, up to the error that is told.
func TestFactorisationAddsUp(t *testing.T) {
	a := random(rand.New(rand.NewPCG(9, 10)), 2, 6, 3, 4)
	f, err := DFF{Concepts: 3}.Factorise(a)
	require.NoError(t, err)
	assert.Equal(t, []int{3, 6}, f.Concepts.Shape)
	assert.Equal(t, []int{2, 3, 3, 4}, f.Maps.Shape)
	left, all := 0.0, 0.0
	for n := range a.N {
		for c := range a.C {
			for p, v := range a.Channel(n, c) {
				sum := 0.0
				for k := range 3 {
					sum += float64(f.Concepts.Row(k).Data[c]) * float64(f.Maps.Row(n).Row(k).Data[p])
				}
				d := float64(v - f.Offset[c])
				left, all = left+(d-sum)*(d-sum), all+d*d
			}
		}
	}
	assert.InDelta(t, math.Sqrt(left/all), f.Error, 1e-6)
	assert.Less(t, f.Error, 0.5)
	before := math.Inf(1)
	for k := range 3 {
		length, mass := 0.0, 0.0
		for _, v := range f.Concepts.Row(k).Data {
			length += float64(v) * float64(v)
		}
		for n := range a.N {
			for _, v := range f.Maps.Row(n).Row(k).Data {
				mass += float64(v)
			}
		}
		assert.InDelta(t, 1, length, 1e-6)
		assert.LessOrEqual(t, mass, before, "concepts are ordered")
		before = mass
	}
}

func TestFactoriseRefuses(t *testing.T) {
	a := random(rand.New(rand.NewPCG(9, 10)), 1, 2, 2, 2)
	for _, m := range []DFF{{Concepts: -1}, {Rounds: -1}, {Tolerance: math.NaN()}} {
		_, err := m.Factorise(a)
		assert.ErrorContains(t, err, "give numbers from 0")
	}
}

// The error is that of pytorch-grad-cam 1.5.7's dff (scikit-learn's coordinate
// descent from a random start) on the same activation, within 0.5 %.
func TestFactorisationIsAsCloseAsThePeers(t *testing.T) {
	for _, c := range []struct {
		rectified bool
		concepts  int
		peer      float64
	}{{false, 2, 0.37164}, {false, 3, 0.28560}, {false, 5, 0.25518}, {true, 2, 0.68309}, {true, 3, 0.57551}, {true, 5, 0.51122}} {
		a := View{N: 2, C: 16, Space: []int{6, 7}, Data: make([]float32, 2*16*42)}
		for i := range a.Data {
			x := float64(i)
			a.Data[i] = float32(math.Sin(0.7*x) + math.Sin(0.0131*x*x))
			if c.rectified {
				a.Data[i] = max(a.Data[i], 0)
			}
		}
		f, err := DFF{Concepts: c.concepts}.Factorise(a)
		require.NoError(t, err)
		assert.Less(t, f.Error, 1.005*c.peer, "rectified %v, %d concepts", c.rectified, c.concepts)
	}
}
