package gradcam

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
)

// Nodes and weights of numpy.polynomial.legendre.leggauss(3) and (5), on 0..1.
func TestGaussLegendre(t *testing.T) {
	nodes, weights := gaussLegendre(3)
	assert.InDeltaSlice(t, []float64{0.1127016653792583, 0.5, 0.8872983346207417}, nodes, 1e-7)
	assert.InDeltaSlice(t, []float64{5.0 / 18, 8.0 / 18, 5.0 / 18}, weights, 1e-7)
	nodes, weights = gaussLegendre(5)
	assert.InDeltaSlice(t, []float64{0.04691007703066802, 0.23076534494715845, 0.5, 0.7692346550528415, 0.953089922969332}, nodes, 1e-7)
	assert.InDeltaSlice(t, []float64{0.11846344252809464, 0.23931433524968326, 0.28444444444444444, 0.23931433524968326, 0.11846344252809464}, weights, 1e-7)
}

// The rule of n points integrates x^k exactly up to k = 2n-1.
func TestGaussLegendreIntegratesPolynomials(t *testing.T) {
	for _, n := range []int{1, 2, 7, 50, 300} {
		nodes, weights := gaussLegendre(n)
		require.Len(t, nodes, n)
		for _, k := range []int{0, 1, 2, 3, 13, 99} {
			if k > 2*n-1 {
				continue
			}
			sum := 0.0
			for i, x := range nodes {
				sum += float64(weights[i]) * math.Pow(float64(x), float64(k))
			}
			assert.InDelta(t, 1/float64(k+1), sum, 1e-6, "%d points, x^%d", n, k)
		}
	}
}

// Points and weights of captum's riemann_builders.
func TestRiemannRules(t *testing.T) {
	for _, c := range []struct {
		rule            PathRule
		alphas, weights []float64
	}{
		{RiemannLeft, []float64{0, 0.25, 0.5, 0.75}, []float64{0.25, 0.25, 0.25, 0.25}},
		{RiemannRight, []float64{0.25, 0.5, 0.75, 1}, []float64{0.25, 0.25, 0.25, 0.25}},
		{RiemannMiddle, []float64{0.125, 0.375, 0.625, 0.875}, []float64{0.25, 0.25, 0.25, 0.25}},
		{RiemannTrapezoid, []float64{0, 1.0 / 3, 2.0 / 3, 1}, []float64{0.125, 0.25, 0.25, 0.125}},
	} {
		alphas, weights, err := c.rule.points(4)
		require.NoError(t, err)
		assert.InDeltaSlice(t, c.alphas, alphas, 1e-7)
		assert.InDeltaSlice(t, c.weights, weights, 1e-7)
		_, _, err = c.rule.points(1)
		assert.ErrorContains(t, err, "give 2 or more")
	}
	_, _, err := GaussLegendre.points(0)
	assert.ErrorContains(t, err, "give 1 or more")
}

func TestBaselines(t *testing.T) {
	x := engine.Array{Shape: []int{2, 3}, Data: []float32{1, 2, 3, 4, 5, 6}}
	ids := engine.Array{Shape: []int{2, 2}, Ints: []int64{7, 8, 9, 10}}
	for _, c := range []struct {
		baseline Baseline
		of       engine.Array
		want     engine.Array
	}{
		{Baseline{}, x, engine.Array{Shape: []int{2, 3}, Data: make([]float32, 6)}},
		{Baseline{Value: -1.5}, x, engine.Array{Shape: []int{2, 3}, Data: []float32{-1.5, -1.5, -1.5, -1.5, -1.5, -1.5}}},
		{Baseline{Array: engine.Array{Shape: []int{3}, Data: []float32{7, 8, 9}}}, x, engine.Array{Shape: []int{2, 3}, Data: []float32{7, 8, 9, 7, 8, 9}}},
		{Baseline{Array: x}, x, x},
		{Baseline{Value: 101}, ids, engine.Array{Shape: []int{2, 2}, Ints: []int64{101, 101, 101, 101}}},
		{Baseline{Array: engine.Array{Shape: []int{2}, Ints: []int64{1, 2}}}, ids, engine.Array{Shape: []int{2, 2}, Ints: []int64{1, 2, 1, 2}}},
	} {
		got, err := c.baseline.of(c.of)
		require.NoError(t, err)
		assert.Equal(t, c.want, got, fmt.Sprint(c.baseline))
	}
}
