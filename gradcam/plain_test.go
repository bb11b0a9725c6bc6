package gradcam

// Slow, plain twins, written from the papers' formulas in float64 over
// [channel][place], and tests that hold the fast paths to them.

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
)

// plainGradCAM is sum_k alpha_k A_k with alpha_k = mean_ij G (Selvaraju et al.
// 2017, equations 1 and 2, before the ReLU).
func plainGradCAM(a, g [][]float64) []float64 {
	m := make([]float64, len(a[0]))
	for place := range m {
		for k := range a {
			alpha := 0.0
			for _, v := range g[k] {
				alpha += v / float64(len(g[k]))
			}
			m[place] += alpha * a[k][place]
		}
	}
	return m
}

// plainHiResCAM is sum_k G_k A_k (Draelos and Carin 2020, arXiv:2011.08891).
func plainHiResCAM(a, g [][]float64) []float64 {
	m := make([]float64, len(a[0]))
	for place := range m {
		for k := range a {
			m[place] += g[k][place] * a[k][place]
		}
	}
	return m
}

// plainMap is steps 3 to 5 of pytorch-grad-cam's pipeline for one layer, each
// output pixel by the definition of bilinear interpolation. Without stretch it
// is the seed's ReLU and upsampling.
func plainMap(raw []float64, h, w, H, W int, stretch bool) []float64 {
	m := make([]float64, h*w)
	for i, v := range raw {
		m[i] = math.Max(v, 0)
	}
	if stretch {
		plainStretch(m)
	}
	out := make([]float64, H*W)
	for y := range H {
		for x := range W {
			sy := (float64(y)+0.5)*float64(h)/float64(H) - 0.5
			sx := (float64(x)+0.5)*float64(w)/float64(W) - 0.5
			for i := range h {
				for j := range w {
					// The hat function of a pixel, whose border is repeated.
					wy := math.Max(0, 1-math.Abs(math.Min(math.Max(sy, 0), float64(h-1))-float64(i)))
					wx := math.Max(0, 1-math.Abs(math.Min(math.Max(sx, 0), float64(w-1))-float64(j)))
					out[y*W+x] += wy * wx * m[i*w+j]
				}
			}
		}
	}
	if stretch {
		plainStretch(out)
	}
	return out
}

func plainStretch(m []float64) {
	low, high := m[0], m[0]
	for _, v := range m {
		low, high = math.Min(low, v), math.Max(high, v)
	}
	for i := range m {
		m[i] = (m[i] - low) / (1e-7 + high - low)
	}
}

// random fills a view with normal values.
func random(rng *rand.Rand, n, c int, space ...int) View {
	v := View{N: n, C: c, Space: space, Data: make([]float32, n*c*engine.Size(space))}
	for i := range v.Data {
		v.Data[i] = float32(rng.NormFloat64())
	}
	return v
}

// channels copies one sample for a plain twin.
func channels(v View, n int) [][]float64 {
	all := make([][]float64, v.C)
	for c := range all {
		for _, x := range v.Channel(n, c) {
			all[c] = append(all[c], float64(x))
		}
	}
	return all
}

func close64(t *testing.T, want []float64, got []float32, tolerance float64) {
	t.Helper()
	require.Len(t, got, len(want))
	for i, v := range want {
		assert.InDelta(t, v, float64(got[i]), tolerance, "value %d", i)
	}
}

func TestFinishEqualsItsPlainTwin(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, c := range []struct{ h, w, H, W int }{{7, 7, 224, 224}, {7, 7, 32, 40}, {13, 9, 60, 31}, {8, 8, 4, 4}, {5, 5, 5, 5}, {1, 4, 3, 8}} {
		raw := Raw{Values: engine.NewArray(c.h, c.w)}
		var wide []float64
		for i := range raw.Values.Data {
			raw.Values.Data[i] = float32(rng.NormFloat64())
			wide = append(wide, float64(raw.Values.Data[i]))
		}
		for _, finish := range []Finish{Normalise, Clip} {
			r := Result{Raw: []Raw{raw}, finish: finish, space: []int{c.H, c.W}}
			close64(t, plainMap(wide, c.h, c.w, c.H, c.W, finish == Normalise), r.Map().Data, 3e-6)
		}
	}
}
