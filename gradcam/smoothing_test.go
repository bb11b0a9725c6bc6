package gradcam

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
)

// randomLayer is a canned network with one layer of random numbers.
func randomLayer(a, g View) *enginetest.Canned {
	shape := []int{a.N, a.C, a.Space[0], a.Space[1]}
	return &enginetest.Canned{
		Out:       []engine.Output{{Array: engine.NewArray(a.N, 2)}},
		Values:    map[string]engine.Array{"layer": {Shape: shape, Data: a.Data}},
		Gradients: map[string]engine.Array{"layer": {Shape: shape, Data: g.Data}},
	}
}

// Eigen smoothing projects what a method would have added up, and leaves methods
// that add up nothing as they are.
func TestEigenSmoothing(t *testing.T) {
	rng := rand.New(rand.NewPCG(17, 18))
	a, g := rectified(random(rng, 2, 6, 4, 5)), random(rng, 2, 6, 4, 5)
	weighted := func(weight func(a, g []float64) float64) func(a, g [][]float64) []float64 {
		return func(a, g [][]float64) []float64 {
			all := make([][]float64, len(a))
			for k := range a {
				for _, v := range a[k] {
					all[k] = append(all[k], weight(a[k], g[k])*v)
				}
			}
			return plainPrincipal(all)
		}
	}
	product := func(a, g [][]float64) []float64 {
		return plainPrincipal(plainProduct(a, g, func(g float64) float64 { return g }))
	}
	for _, c := range []struct {
		method Method
		want   func(a, g [][]float64) []float64
	}{
		{GradCAM, weighted(func(_, g []float64) float64 {
			mean := 0.0
			for _, v := range g {
				mean += v / float64(len(g))
			}
			return mean
		})},
		{HiResCAM, product},
		{EigenGradCAM, product},
		{FEM{K: 1}, func(a, _ [][]float64) []float64 { return plainFEM(a, 1) }},
		// A canned network answers alike to noise, so that all copies are one.
		{SmoothGradCAMPlusPlus{Samples: 1}, weighted(func(a, g []float64) float64 {
			cubes, w := 0.0, 0.0
			for i, v := range g {
				cubes += v * v * v * a[i]
			}
			for _, v := range g {
				w += v * v / (2*v*v + cubes + 1e-8) * max(v, 0)
			}
			return w
		})},
	} {
		t.Run(c.method.Name(), func(t *testing.T) {
			e, err := New(randomLayer(a, g), WithLayer("layer"), WithMethod(c.method), WithEigenSmoothing())
			require.NoError(t, err)
			results, err := e.Explain(context.Background(), engine.NewArray(2, 3, 8, 10), Class(0))
			require.NoError(t, err)
			for n, r := range results {
				close64(t, c.want(channels(a, n), channels(g, n)), r.Raw[0].Values.Data, 1e-4)
			}
			require.NoError(t, e.Close())
		})
	}
}

// The decomposition alone, at the sizes of MobileNetV2's and ResNet-18's last layer,
// of ResNet-50's last but one, and of an early one.
func BenchmarkPrincipal(b *testing.B) {
	rng := rand.New(rand.NewPCG(19, 20))
	for _, c := range []struct {
		name           string
		channels, side int
	}{{"1280x7x7", 1280, 7}, {"512x7x7", 512, 7}, {"1024x14x14", 1024, 14}, {"256x56x56", 256, 56}} {
		v := rectified(random(rng, 1, c.channels, c.side, c.side))
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				principal(v.Data, c.channels)
			}
		})
	}
}
