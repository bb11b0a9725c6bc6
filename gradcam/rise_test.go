package gradcam_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
)

// onePixel is a network whose only output is the pixel at row 2, column 5 of the
// first channel.
func onePixel() *enginetest.Composed {
	return &enginetest.Composed{
		Head: func(inputs []engine.Array) engine.Array { return inputs[0] },
		Tail: func(a engine.Array, _ []engine.Array) engine.Array {
			return engine.Array{Shape: []int{1}, Data: []float32{a.Data[2*8+5]}}
		},
	}
}

// ones is an input of ones.
func ones(shape ...int) engine.Array {
	x := engine.NewArray(shape...)
	for i := range x.Data {
		x.Data[i] = 1
	}
	return x
}

func explainOne(t *testing.T, m engine.Model, x engine.Array, method gradcam.Method, options ...gradcam.Option) gradcam.Result {
	t.Helper()
	e, err := gradcam.New(m, append(options, gradcam.WithMethod(method), gradcam.WithOutputKind(gradcam.Probabilities))...)
	require.NoError(t, err)
	r, err := e.Explain(ctx, x, gradcam.Class(0))
	require.NoError(t, err)
	require.NoError(t, e.Close())
	return r[0]
}

// The plain twin: every mask by the definition of bilinear interpolation, then
// the two sums.
func TestRISEEqualsItsPlainTwin(t *testing.T) {
	m := gradcam.RISE{Masks: 30, Cells: 3, Probability: 0.4}
	r := explainOne(t, onePixel(), ones(1, 2, 6, 8), m)
	assert.Equal(t, []int{6, 8}, r.Raw[0].Values.Shape)
	weighted, sum := make([]float64, 48), make([]float64, 48)
	u := make([]float32, 3*3+2)
	for k := range 30 {
		gradcam.SeededSource(0).Uniform(k, 0, u)
		// 6/3 and 8/3 more pixels, whole ones, to crop from.
		top, left := math.Floor(float64(u[9])*3), math.Floor(float64(u[10])*3)
		mask := make([]float64, 48)
		for i := range mask {
			y := math.Min(math.Max((float64(i/8)+top+0.5)*3/8-0.5, 0), 2)
			x := math.Min(math.Max((float64(i%8)+left+0.5)*3/10-0.5, 0), 2)
			for cell := range 9 {
				if u[cell] < 0.4 {
					mask[i] += math.Max(0, 1-math.Abs(y-float64(cell/3))) * math.Max(0, 1-math.Abs(x-float64(cell%3)))
				}
			}
		}
		for i := range mask {
			weighted[i] += mask[2*8+5] * mask[i]
			sum[i] += mask[i]
		}
	}
	for i := range weighted {
		assert.InDelta(t, weighted[i]/(sum[i]+1e-4), r.Raw[0].Values.Data[i], 1e-6)
	}
}

// A network that reads one pixel is explained by that pixel.
func TestRISEFindsTheOnlyPixelThatCounts(t *testing.T) {
	m := onePixel()
	r := explainOne(t, m, ones(1, 2, 6, 8), gradcam.RISE{Masks: 2000, Cells: 6})
	raw, best := r.Raw[0].Values.Data, 0
	for i, v := range raw {
		if v > raw[best] {
			best = i
		}
	}
	assert.Equal(t, 2*8+5, best)
	assert.Empty(t, r.Reason)
	assert.InDelta(t, 1, r.Map().Data[best], 1e-6)
	batches := 0
	for _, rows := range m.Batches() {
		batches += rows
	}
	assert.Equal(t, 2001, batches, "one run, and one a mask")
}

func TestRISEIsTheSameForAnyChunk(t *testing.T) {
	in, method := pair(), gradcam.RISE{Masks: 10}
	want := raws(t, channelsFirst(), in, method)
	for _, rows := range []int64{1, 3, 4} {
		assert.Equal(t, want, raws(t, channelsFirst(), in, method, gradcam.WithMemory(rows*96*4*16)))
	}
	signal := explainOne(t, onePixel(), ones(1, 1, 48), method)
	assert.Equal(t, []int{48}, signal.Raw[0].Values.Shape)
	for _, bad := range []gradcam.RISE{{Masks: -1}, {Cells: -1}, {Probability: 2}} {
		e, err := gradcam.New(onePixel(), gradcam.WithMethod(bad))
		require.NoError(t, err)
		_, err = e.Explain(ctx, ones(1, 1, 48))
		assert.ErrorContains(t, err, "a probability from 0 to 1")
	}
}
