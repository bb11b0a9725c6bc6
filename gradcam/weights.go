package gradcam

import "math"

// The formulas of the CAM family: each writes the weighted activation of one
// channel. Epsilons are pytorch-grad-cam's. Sums are in float64.

// pooledGradient is w A with w the mean of G.
func pooledGradient(dst, a, g []float32) {
	scaleChannel(dst, a, total(g)/float64(len(g)))
}

// gradientTimesActivation is G A.
func gradientTimesActivation(dst, a, g []float32) {
	for i, v := range a {
		dst[i] = g[i] * v
	}
}

// gradientSize is |G| A.
func gradientSize(dst, a, g []float32) {
	for i, v := range a {
		dst[i] = float32(math.Abs(float64(g[i]))) * v
	}
}

// activationAlone is A.
func activationAlone(dst, a, _ []float32) { copy(dst, a) }

// positiveProduct is max(G A, 0).
func positiveProduct(dst, a, g []float32) {
	for i, v := range a {
		dst[i] = max(g[i]*v, 0)
	}
}

// positiveGradient is max(G, 0) A.
func positiveGradient(dst, a, g []float32) {
	for i, v := range a {
		dst[i] = max(g[i], 0) * v
	}
}

// curvedGradient is w A with w the sum of alpha max(G, 0).
func curvedGradient(dst, a, g []float32) {
	s, w := total(a), 0.0
	for _, v := range g {
		if v > 0 {
			d := float64(v)
			w += d * d * d / (2*d*d + s*d*d*d + 1e-6)
		}
	}
	scaleChannel(dst, a, w)
}

// sharedGradient is w A with w the sum of G A / (sum(A) + 1e-7).
func sharedGradient(dst, a, g []float32) {
	products := 0.0
	for i, v := range a {
		products += float64(g[i]) * float64(v)
	}
	scaleChannel(dst, a, products/(total(a)+1e-7))
}

func scaleChannel(dst, a []float32, w float64) {
	for i, v := range a {
		dst[i] = float32(w * float64(v))
	}
}
