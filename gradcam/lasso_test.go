package gradcam

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fitted are random subsets of m features, their scores and weights.
func fitted(rng *rand.Rand, n, m int) (on [][]bool, scores, weights []float64) {
	on, scores, weights = make([][]bool, n), make([]float64, n), make([]float64, n)
	for i := range on {
		on[i] = make([]bool, m)
		weights[i] = 0.2 + rng.Float64()
		for k := range m {
			if on[i][k] = rng.IntN(2) == 1; on[i][k] {
				scores[i] += float64(k%3) - 0.5
			}
		}
		scores[i] += 0.1 * rng.NormFloat64()
	}
	return on, scores, weights
}

// objective is scikit-learn's: the weighted mean square, halved, with the best
// intercept, and the penalty.
func objective(on [][]bool, scores, weights, b []float64, alpha float64) float64 {
	sum, mean := 0.0, 0.0
	rest := make([]float64, len(scores))
	for i, w := range weights {
		rest[i] = scores[i]
		for k, present := range on[i] {
			if present {
				rest[i] -= b[k]
			}
		}
		sum += w
		mean += w * rest[i]
	}
	mean /= sum
	total := 0.0
	for i, w := range weights {
		total += w * (rest[i] - mean) * (rest[i] - mean) / (2 * sum)
	}
	for _, v := range b {
		total += alpha * math.Abs(v)
	}
	return total
}

// No step along any coordinate makes the lasso's objective smaller than the
// tolerance of its gap allows.
func TestLassoIsAtItsMinimum(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct{ n, m int }{{40, 6}, {12, 20}, {5, 1}} {
		on, scores, weights := fitted(rng, c.n, c.m)
		sum := 0.0
		for _, w := range weights {
			sum += w
		}
		for i := range weights {
			weights[i] *= float64(c.n) / sum
		}
		r := newRegression(on, scores, weights)
		for _, alpha := range []float64{0.01, 0.1, 100} {
			b := lasso(r, alpha)
			at := objective(on, scores, weights, b, alpha)
			for k := range b {
				for _, step := range []float64{-0.1, -0.01, 0.01, 0.1} {
					b[k] += step
					assert.GreaterOrEqual(t, objective(on, scores, weights, b, alpha), at-1e-4*square(r.y)/float64(c.n))
					b[k] -= step
				}
			}
			if alpha == 100 {
				assert.Equal(t, make([]float64, c.m), b, "a large penalty leaves nothing")
			}
		}
	}
}

// The residual of least squares is orthogonal to every feature, and of many
// solutions the smallest is taken: it lies in the span of the rows.
func TestLeastSquares(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, c := range []struct{ n, m int }{{30, 5}, {6, 15}, {2, 1}, {1, 4}} {
		on, scores, weights := fitted(rng, c.n, c.m)
		b, err := leastSquares(on, scores, weights)
		require.NoError(t, err)
		r := newRegression(on, scores, weights)
		slope := make([]float64, c.m)
		for i, row := range r.x {
			rest := r.y[i]
			for k, v := range row {
				rest -= v * b[k]
			}
			for k, v := range row {
				slope[k] += v * rest
			}
		}
		assert.InDeltaSlice(t, make([]float64, c.m), slope, 1e-9)
	}
	// x0 + x1 = 2 whenever both are there: the smallest solution shares equally.
	b, err := leastSquares([][]bool{{true, true}, {false, false}}, []float64{5, 3}, []float64{1, 1})
	require.NoError(t, err)
	assert.InDeltaSlice(t, []float64{1, 1}, b, 1e-12)
	b, err = leastSquares([][]bool{{true, true}, {true, true}}, []float64{5, 3}, []float64{1, 1})
	require.NoError(t, err)
	assert.Equal(t, []float64{0, 0}, b, "nothing varies")
}

// Sizes come with the Shapley kernel's probabilities, (M-1)/(k(M-k)).
func TestKernelSizes(t *testing.T) {
	for _, features := range []int{2, 3, 6} {
		count, steps := make([]float64, features), 100000
		for i := range steps {
			count[kernelSize((float64(i)+0.5)/float64(steps), features)]++
		}
		sum := 0.0
		for k := 1; k < features; k++ {
			sum += 1 / float64(k*(features-k))
		}
		assert.Zero(t, count[0])
		for k := 1; k < features; k++ {
			assert.InDelta(t, 1/float64(k*(features-k))/sum, count[k]/float64(steps), 1e-4)
		}
	}
	assert.Equal(t, []bool{true, false, false, true}, largestOf([]float32{2, 1, -1, 3}, 2))
	subsets := shapleySubsets(SeededSource(1), 0, 7, 40)
	require.Len(t, subsets, 40)
	assert.Equal(t, 7, present(subsets[0]))
	assert.Equal(t, 0, present(subsets[1]))
	for _, s := range subsets[2:] {
		assert.NotContains(t, []int{0, 7}, present(s))
	}
}

// The weights of LIME's kernel at its ends: alike, and nothing in common.
func TestCosineSimilarity(t *testing.T) {
	assert.InDelta(t, 1, cosineSimilarity([]float32{1, 2}, []float32{2, 4}), 1e-12)
	assert.InDelta(t, 0, cosineSimilarity([]float32{1, 0}, []float32{0, 4}), 1e-12)
	assert.Zero(t, cosineSimilarity([]float32{1, 0}, []float32{0, 0}))
}
