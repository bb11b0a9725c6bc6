package preprocess

import "math"

// number is a weight and a sum of weighted samples: fixed point in Pillow's
// resize, floating point in torchvision's.
type number interface{ int32 | float32 }

// window says which input samples one output sample is made of. The windows of
// one axis never move backwards, at either end.
type window[W number] struct {
	first   int
	weights []W
}

// end is one past the last sample.
func (w window[W]) end() int { return w.first + len(w.weights) }

// precision is the number of fraction bits of a weight in Pillow's 8-bit
// resampling: 32 less 8 for the result and 2 for filters with negative lobes.
const precision = 32 - 8 - 2

// windows computes the weights of outputs from to to of a resize from in to out
// samples, as precompute_coeffs of Pillow's Resample.c does.
//
// The conversions of products keep the compiler from fusing them into additions,
// which would change last bits on some processors.
func windows(k kernel, in, out, from, to int) []window[int32] {
	scale := float64(float32(in)) / float64(out) // Pillow's box is single precision
	stretch := max(scale, 1)
	support := float64(k.support * stretch)
	inverse := 1 / stretch
	result := make([]window[int32], to-from)
	longest := int(math.Ceil(support))*2 + 1
	weights := make([]int32, len(result)*longest) // one allocation for all
	exact := make([]float64, longest)
	for i := range result {
		centre := float64((float64(i+from) + 0.5) * scale)
		first := max(int(centre-support+0.5), 0)
		last := min(int(centre+support+0.5), in)
		n, sum := last-first, 0.0
		for j := range exact[:n] {
			exact[j] = k.weight(float64((float64(j+first) - centre + 0.5) * inverse))
			sum += exact[j]
		}
		fixed(weights[:n], exact[:n], sum)
		result[i] = window[int32]{first, weights[:n:n]}
		weights = weights[n:]
	}
	return result
}

// fixed divides the weights by their sum and rounds them to fixed point.
func fixed(out []int32, weights []float64, sum float64) {
	for i, v := range weights {
		if sum != 0 {
			v /= sum
		}
		v *= 1 << precision
		if v < 0 {
			out[i] = int32(v - 0.5)
		} else {
			out[i] = int32(v + 0.5)
		}
	}
}
