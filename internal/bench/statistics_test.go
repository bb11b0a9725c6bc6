package main

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		v    []float64
		want float64
	}{
		{nil, 0}, {[]float64{3}, 3}, {[]float64{4, 1}, 2.5}, {[]float64{9, 1, 5}, 5}, {[]float64{4, 1, 3, 2}, 2.5},
	} {
		assert.InDelta(t, c.want, median(c.v), 0, "%v", c.v)
	}
}

func TestMedianOf(t *testing.T) {
	left := []float64{4, 1, 9, 7}
	call := func() (float64, error) {
		if len(left) == 0 {
			return 0, errors.New("no more")
		}
		ms := left[0]
		left = left[1:]
		return ms, nil
	}
	m, err := medianOf(3, call)
	require.NoError(t, err)
	assert.InDelta(t, 4, m, 0, "of three calls")
	_, err = medianOf(2, call)
	assert.EqualError(t, err, "no more")
}

func TestSpread(t *testing.T) {
	assert.Zero(t, spread(nil))
	assert.Zero(t, spread([]float64{7}))
	assert.InDelta(t, 4.0/4.5, spread([]float64{8, 1, 2, 3, 4, 5, 6, 7}), 1e-12, "quartiles 3 and 7 around 4.5")
}

func TestMarks(t *testing.T) {
	assert.Equal(t, "2.50x+", atLeast(2.5, 2.2))
	assert.Equal(t, "2.10x!", atLeast(2.1, 2.2))
	assert.Equal(t, "1.10x+", atMost(1.1, 1.15))
	assert.Equal(t, "1.20x!", atMost(1.2, 1.15))
	assert.Equal(t, "3.00x ", atLeast(3, 0))
	assert.Equal(t, "3.00x ", atMost(3, 0), "no goal, no mark")
}
