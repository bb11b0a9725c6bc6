package gradcam

import "math"

// Sums and extremes of an activation, a gradient or an input take a visible part of
// an explanation that costs little more than a forward pass. They go four abreast:
// one by one each value would wait for the one before.

// allFinite says that no value is NaN or an infinity: those alone leave something
// when they are subtracted from themselves, and it stays in the sum.
func allFinite(values []float32) bool {
	var a, b, c, d float32
	for ; len(values) >= 4; values = values[4:] {
		a += values[0] - values[0]
		b += values[1] - values[1]
		c += values[2] - values[2]
		d += values[3] - values[3]
	}
	for _, v := range values {
		a += v - v
	}
	return a+b+c+d == 0
}

// extremes are the smallest and the largest value, NaN where one is, 0 of none.
func extremes(values []float32) (low, high float32) {
	if len(values) == 0 {
		return 0, 0
	}
	first := values[0]
	low0, low1, low2, low3 := first, first, first, first
	high0, high1, high2, high3 := first, first, first, first
	for ; len(values) >= 4; values = values[4:] {
		low0, high0 = min(low0, values[0]), max(high0, values[0])
		low1, high1 = min(low1, values[1]), max(high1, values[1])
		low2, high2 = min(low2, values[2]), max(high2, values[2])
		low3, high3 = min(low3, values[3]), max(high3, values[3])
	}
	low, high = min(low0, low1, low2, low3), max(high0, high1, high2, high3)
	for _, v := range values {
		low, high = min(low, v), max(high, v)
	}
	return low, high
}

// largest is max |v|.
func largest(values []float32) float64 {
	low, high := extremes(values)
	return max(math.Abs(float64(low)), math.Abs(float64(high)))
}

// total is the sum, in float64.
func total(values []float32) float64 {
	var a, b, c, d float64
	for ; len(values) >= 4; values = values[4:] {
		a += float64(values[0])
		b += float64(values[1])
		c += float64(values[2])
		d += float64(values[3])
	}
	for _, v := range values {
		a += float64(v)
	}
	return (a + b) + (c + d)
}
