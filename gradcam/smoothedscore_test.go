package gradcam_test

import (
	"math"
	"testing"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
)

// The plain twins of SS-CAM and IS-CAM, after torch-cam: stretch at the layer's
// size, upsample with half-pixel centres, change, run, softmax of the mean.
func TestSmoothedScoreCAMsEqualTheirPlainTwins(t *testing.T) {
	m, in := channelsFirst(), pair()
	source, noise := gradcam.SeededSource(0), make([]float32, 48)
	for _, c := range []struct {
		method gradcam.Method
		change func(draw, i int, u float64) float64
	}{
		{gradcam.SSCAM{Samples: 3, Sigma: 0.5}, func(draw, i int, u float64) float64 {
			source.Normal(draw, 0, noise)
			return u + 0.5*float64(noise[i])
		}},
		{gradcam.ISCAM{Samples: 3}, func(draw, _ int, u float64) float64 { return u * []float64{1. / 3, 1, 2}[draw/4] }},
	} {
		got := raws(t, m, in, c.method)
		for n := range 3 {
			rows := []engine.Array{in[0].Row(n), in[1].Row(n)}
			a, w, sum := m.Head(rows), make([]float64, 4), 0.0
			for k := range w {
				for s := range 3 {
					masked := []engine.Array{engine.NewArray(2, 6, 8), in[1].Row(n)}
					for i, x := range rows[0].Data {
						masked[0].Data[i] = float32(float64(x) * c.change(s*4+k, i%48, plainUpsampled(a.Data[k*12:k*12+12], i%48)))
					}
					w[k] += float64(m.Tail(m.Head(masked), masked).Data[1]) / 3
				}
				w[k] = math.Exp(w[k])
				sum += w[k]
			}
			for k := range w {
				w[k] /= sum
			}
			inDelta(t, plainWeightedSum(a, w), got[n], 1e-5, c.method.Name())
		}
	}
}

// plainUpsampled is value i of 3 x 4 places, stretched to 0..1, at 6 x 8 pixels.
func plainUpsampled(a []float32, i int) float64 {
	low, high := a[0], a[0]
	for _, v := range a {
		low, high = min(low, v), max(high, v)
	}
	y, x := math.Min(math.Max((float64(i/8)+0.5)/2-0.5, 0), 2), math.Min(math.Max((float64(i%8)+0.5)/2-0.5, 0), 3)
	u := 0.0
	for p, v := range a {
		hat := math.Max(0, 1-math.Abs(y-float64(p/4))) * math.Max(0, 1-math.Abs(x-float64(p%4)))
		u += hat * float64(v-low) / (float64(high-low) + 1e-8)
	}
	return u
}
