package main

import (
	"fmt"
	"slices"
)

func median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	n := len(s)
	if n == 0 {
		return 0
	}
	return (s[(n-1)/2] + s[n/2]) / 2
}

// medianOf is the median of n calls, each of which returns its milliseconds.
func medianOf(n int, call func() (float64, error)) (float64, error) {
	all := make([]float64, n)
	for i := range all {
		var err error
		if all[i], err = call(); err != nil {
			return 0, err
		}
	}
	return median(all), nil
}

// spread is the interquartile range by the median.
func spread(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	if len(s) == 0 {
		return 0
	}
	return (s[len(s)*3/4] - s[len(s)/4]) / median(s)
}

// atLeast and atMost print a ratio with a mark: + the goal is met, ! it is not.
func atLeast(v, goal float64) string { return marked(v, goal, v >= goal) }

func atMost(v, goal float64) string { return marked(v, goal, v <= goal) }

func marked(v, goal float64, met bool) string {
	switch {
	case goal == 0:
		return fmt.Sprintf("%.2fx ", v)
	case met:
		return fmt.Sprintf("%.2fx+", v)
	}
	return fmt.Sprintf("%.2fx!", v)
}
