package gradcam

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// plainWeighted is sum_k w_k A_k.
func plainWeighted(a, g [][]float64, weight func(a, g []float64) float64) []float64 {
	m := make([]float64, len(a[0]))
	for k := range a {
		w := weight(a[k], g[k])
		for place, v := range a[k] {
			m[place] += w * v
		}
	}
	return m
}

// plainGradCAMPlusPlus is pytorch-grad-cam's reading of Chattopadhay et al. 2018,
// equations 11 and 19: the score itself, not its exponential.
func plainGradCAMPlusPlus(a, g [][]float64) []float64 {
	return plainWeighted(a, g, func(a, g []float64) float64 {
		w := 0.0
		for i := range g {
			s := 0.0
			for _, v := range a {
				s += v
			}
			alpha := math.Pow(g[i], 2) / (2*math.Pow(g[i], 2) + s*math.Pow(g[i], 3) + 1e-6)
			if g[i] == 0 {
				alpha = 0
			}
			w += alpha * math.Max(g[i], 0)
		}
		return w
	})
}

// plainXGradCAM is Fu et al. 2020, equation 8.
func plainXGradCAM(a, g [][]float64) []float64 {
	return plainWeighted(a, g, func(a, g []float64) float64 {
		s := 0.0
		for _, v := range a {
			s += v
		}
		w := 0.0
		for i := range g {
			w += g[i] * a[i] / (s + 1e-7)
		}
		return w
	})
}

// plainPlaces is sum_k f(A_k, G_k), place by place.
func plainPlaces(f func(a, g float64) float64) func(a, g [][]float64) []float64 {
	return func(a, g [][]float64) []float64 {
		m := make([]float64, len(a[0]))
		for k := range a {
			for place := range m {
				m[place] += f(a[k][place], g[k][place])
			}
		}
		return m
	}
}

func plainTwins() map[CAM]func(a, g [][]float64) []float64 {
	return map[CAM]func(a, g [][]float64) []float64{
		GradCAM: plainGradCAM, HiResCAM: plainHiResCAM, Seed: plainHiResCAM,
		GradCAMPlusPlus: plainGradCAMPlusPlus, XGradCAM: plainXGradCAM,
		LayerCAM:    plainPlaces(func(a, g float64) float64 { return math.Max(g, 0) * a }),
		ElementWise: plainPlaces(func(a, g float64) float64 { return math.Max(g*a, 0) }),
		EigenCAM:    func(a, _ [][]float64) []float64 { return plainPrincipal(a) },
		EigenGradCAM: func(a, g [][]float64) []float64 {
			return plainPrincipal(plainProduct(a, g, func(g float64) float64 { return g }))
		},
		SegEigenCAM: func(a, g [][]float64) []float64 { return plainPrincipal(plainProduct(a, g, math.Abs)) },
	}
}

func plainProduct(a, g [][]float64, f func(float64) float64) [][]float64 {
	all := make([][]float64, len(a))
	for k := range a {
		for i := range a[k] {
			all[k] = append(all[k], f(g[k][i])*a[k][i])
		}
	}
	return all
}

// mapOf is the raw map of a method of the family, of any number of samples.
func mapOf(f formula, a, g View) []float32 {
	if f.project == nil {
		return sumOf(f.weigh, a, g)
	}
	weigh := func(dst []float32, n, c int) { f.weigh(dst, a.Channel(n, c), g.Channel(n, c)) }
	return eachSample(a, weigh, f.project).Data
}

// sumOf is the map of a formula of the family.
func sumOf(f func(dst, a, g []float32), a, g View) []float32 {
	return channelSum(a, func(dst []float32, n, c int) { f(dst, a.Channel(n, c), g.Channel(n, c)) }).Data
}

func TestFormulasEqualTheirPlainTwins(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, f := range formulas() {
		twin := plainTwins()[f.name]
		require.NotNil(t, twin, f.name)
		for _, space := range [][]int{{7, 7}, {1, 1}, {3, 5}, {2, 3, 4}, {6}} {
			a, g := rectified(random(rng, 2, 8, space...)), random(rng, 2, 8, space...)
			got := mapOf(f, a, g)
			for n := range 2 {
				places := a.Positions()
				close64(t, twin(channels(a, n), channels(g, n)), got[n*places:(n+1)*places], 1e-5)
			}
		}
	}
}

// rectified is an activation behind a ReLU, with something in every channel.
func rectified(v View) View {
	for i, x := range v.Data {
		v.Data[i] = max(x, 0)
	}
	for n := range v.N {
		for c := range v.C {
			v.Channel(n, c)[0]++
		}
	}
	return v
}

// flatten makes every channel the same everywhere.
func flatten(v View) View {
	for n := range v.N {
		for c := range v.C {
			for i := range v.Channel(n, c) {
				v.Channel(n, c)[i] = v.Channel(n, c)[0]
			}
		}
	}
	return v
}

func TestIdentities(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	a, g := rectified(random(rng, 1, 16, 7, 7)), random(rng, 1, 16, 7, 7)
	positive := rectified(random(rng, 1, 16, 7, 7))
	for _, c := range []struct {
		name      string
		a, g      View
		one, same func(dst, a, g []float32)
	}{
		{"HiResCAM is Grad-CAM where G is constant per channel, as behind global average pooling", a, flatten(random(rng, 1, 16, 7, 7)), pooledGradient, gradientTimesActivation},
		{"XGradCAM is Grad-CAM where A is constant over space", flatten(rectified(random(rng, 1, 16, 7, 7))), g, pooledGradient, sharedGradient},
		{"LayerCAM is HiResCAM where G is not negative", a, positive, gradientTimesActivation, positiveGradient},
		{"ElementWise is LayerCAM where A is not negative", a, g, positiveGradient, positiveProduct},
	} {
		t.Run(c.name, func(t *testing.T) {
			assert.InDeltaSlice(t, sumOf(c.one, c.a, c.g), sumOf(c.same, c.a, c.g), 1e-4)
			other := random(rng, 1, 16, 7, 7)
			assert.NotEqual(t, sumOf(c.one, other, g), sumOf(c.same, other, g), "elsewhere they differ, or this shows nothing")
		})
	}
}

// With one position and g > 0, alpha tends to 1/(2 + A g), whatever g: without its
// epsilon the weight is g/(2 + A g). With it a gradient of 1e-4 keeps 1 % of that.
func TestGradCAMPlusPlusEpsilon(t *testing.T) {
	dst := make([]float32, 1)
	curvedGradient(dst, []float32{1}, []float32{1})
	assert.InDelta(t, 1/(2+1+1e-6), dst[0], 1e-7)
	curvedGradient(dst, []float32{1}, []float32{1e-4})
	assert.InEpsilon(t, 1e-12/(2e-8+1e-12+1e-6), dst[0], 1e-6)
	curvedGradient(dst, []float32{1}, []float32{-3})
	assert.Zero(t, dst[0])
}
