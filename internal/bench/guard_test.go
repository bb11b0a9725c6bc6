package main

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// attempts are ratios in turn.
func attempts(ratios ...float64) (attempt func() (float64, error), left *[]float64) {
	return func() (float64, error) {
		if len(ratios) == 0 {
			return 0, errors.New("one attempt too many")
		}
		r := ratios[0]
		ratios = ratios[1:]
		return r, nil
	}, &ratios
}

// A bad ratio fails after three attempts; one that keeps the bound ends them.
func TestGuardRetries(t *testing.T) {
	for _, c := range []struct {
		ratios []float64
		want   float64
		left   int
	}{
		{[]float64{1.5, 9, 9}, 1.5, 2},
		{[]float64{9, 1.5, 9}, 1.5, 1},
		{[]float64{2.4, 2.2, 2.3}, 2.2, 0},
	} {
		attempt, left := attempts(c.ratios...)
		got, err := best(3, 2, attempt)
		require.NoError(t, err)
		assert.InDelta(t, c.want, got, 0)
		assert.Len(t, *left, c.left)
	}
	attempt, _ := attempts()
	_, err := best(3, 2, attempt)
	require.EqualError(t, err, "one attempt too many")
}

// By hand: after the pair that warms up, ratios 3, 2 and 10.
func TestMedianRatio(t *testing.T) {
	of, by := []time.Duration{90, 6, 4, 50}, []time.Duration{1, 2, 2, 5}
	next := func(d *[]time.Duration) func() (time.Duration, error) {
		return func() (time.Duration, error) {
			v := (*d)[0]
			*d = (*d)[1:]
			return v, nil
		}
	}
	r, err := medianRatio(3, next(&of), next(&by))
	require.NoError(t, err)
	assert.InDelta(t, 3, r, 0)
	broken := errors.New("broken")
	fails := func() (time.Duration, error) { return 0, broken }
	_, err = medianRatio(3, fails, fails)
	require.ErrorIs(t, err, broken)
}
