package figure

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// By numpy.percentile(v, [25, 50, 75]).
func TestQuartiles(t *testing.T) {
	for _, c := range []struct {
		v    []float64
		want Quartiles
	}{
		{nil, Quartiles{}},
		{[]float64{3}, Quartiles{3, 3, 3}},
		{[]float64{4, 1}, Quartiles{1.75, 2.5, 3.25}},
		{[]float64{9, 1, 5}, Quartiles{3, 5, 7}},
		{[]float64{8, 1, 2, 3, 4, 5, 6, 7}, Quartiles{2.75, 4.5, 6.25}},
	} {
		assert.Equal(t, c.want, QuartilesOf(c.v), "%v", c.v)
	}
	assert.InDelta(t, 3.5/4.5, Quartiles{2.75, 4.5, 6.25}.Spread(), 1e-12)
	assert.Zero(t, Quartiles{}.Spread())
}

func TestShort(t *testing.T) {
	assert.Equal(t, 12.35, Short(12.34567))
	assert.Equal(t, 123500.0, Short(123456))
	assert.Equal(t, 0.0, Short(0))
}

func TestMedian(t *testing.T) {
	assert.Zero(t, Median(nil))
	assert.InDelta(t, 2, Median([]float64{3, 1, 2}), 0)
	assert.InDelta(t, 2.5, Median([]float64{4, 3, 1, 2}), 0)
}
