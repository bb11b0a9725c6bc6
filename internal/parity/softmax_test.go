//go:build parity

package parity

import "math"

// softmax is the plain formula, in float64.
func softmax(logits []float32) []float64 {
	top := float64(logits[argmax(logits)])
	out := make([]float64, len(logits))
	sum := 0.0
	for i, v := range logits {
		out[i] = math.Exp(float64(v) - top)
		sum += out[i]
	}
	for i := range out {
		out[i] /= sum
	}
	return out
}

func argmax(v []float32) int {
	best := 0
	for i := range v {
		if v[i] > v[best] {
			best = i
		}
	}
	return best
}
