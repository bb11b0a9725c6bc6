package page

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFitOfExactPower(t *testing.T) {
	x := []float64{1, 2, 4, 8, 16}
	var y []float64
	for _, v := range x {
		y = append(y, 3*math.Pow(v, 1.5))
	}
	f, err := FitPower(x, y)
	require.NoError(t, err)
	assert.InDelta(t, 1.5, f.Exponent, 1e-12)
	assert.InDelta(t, 3, f.Factor, 1e-12)
	assert.InDelta(t, 0, f.Error, 1e-12)
	assert.Equal(t, 5, f.Points)
}

// scipy.stats.linregress([0, 1, 2, 3], [0, 1.5, 1.5, 3]) has slope 0.9 and standard
// error 0.2121.
func TestFitOfScatteredPoints(t *testing.T) {
	e := math.E
	f, err := FitPower([]float64{1, e, e * e, e * e * e}, []float64{1, math.Exp(1.5), math.Exp(1.5), math.Exp(3)})
	require.NoError(t, err)
	assert.InDelta(t, 0.9, f.Exponent, 1e-12)
	assert.InDelta(t, math.Sqrt(0.045), f.Error, 1e-12)
}

func TestFitRefuses(t *testing.T) {
	for _, c := range []struct {
		x, y []float64
		says string
	}{
		{[]float64{1, 2}, []float64{1, 2}, "three points"},
		{[]float64{1, 2, 3}, []float64{1, 2}, "an x and a y each"},
		{[]float64{1, 0, 3}, []float64{1, 2, 3}, "positive"},
		{[]float64{1, 2, 3}, []float64{1, -2, 3}, "positive"},
		{[]float64{2, 2, 2}, []float64{1, 2, 3}, "different x"},
	} {
		_, err := FitPower(c.x, c.y)
		require.ErrorContains(t, err, c.says)
	}
}
