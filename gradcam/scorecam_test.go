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

// The plain twin of Score-CAM: upsample with aligned corners, stretch, mask, run,
// softmax.
func TestScoreCAMEqualsItsPlainTwin(t *testing.T) {
	m, in := channelsFirst(), pair()
	got := raws(t, m, in, gradcam.ScoreCAM)
	for n := range 3 {
		a := m.Head([]engine.Array{in[0].Row(n), in[1].Row(n)})
		w, sum := make([]float64, 4), 0.0
		for k := range w {
			u := make([]float64, 48)
			for i := range u {
				y, x := float64(i/8)*2/5, float64(i%8)*3/7
				for p := range 12 {
					u[i] += float64(a.Data[k*12+p]) * math.Max(0, 1-math.Abs(y-float64(p/4))) * math.Max(0, 1-math.Abs(x-float64(p%4)))
				}
			}
			w[k] = math.Exp(maskedScore(m, in, n, u))
			sum += w[k]
		}
		for k := range w {
			w[k] /= sum
		}
		inDelta(t, plainWeightedSum(a, w), got[n], 1e-5, n)
	}
	assert.Equal(t, []int{12}, m.Batches())
}

// maskedScore scores a sample multiplied by a mask that is stretched to 0..1.
func maskedScore(m *enginetest.Composed, in []engine.Array, n int, u []float64) float64 {
	low, high := u[0], u[0]
	for _, v := range u {
		low, high = math.Min(low, v), math.Max(high, v)
	}
	masked := engine.NewArray(2, 6, 8)
	for i, x := range in[0].Row(n).Data {
		masked.Data[i] = float32(float64(x) * (u[i%48] - low) / (high - low + 1e-8))
	}
	rows := []engine.Array{masked, in[1].Row(n)}
	return float64(m.Tail(m.Head(rows), rows).Data[1])
}

func TestMasksNeedAnImage(t *testing.T) {
	m := &enginetest.Composed{
		Head: func(inputs []engine.Array) engine.Array { return inputs[0] },
		Tail: func(a engine.Array, _ []engine.Array) engine.Array { return a },
	}
	for _, method := range []gradcam.Method{gradcam.ScoreCAM, gradcam.SSCAM{}, gradcam.ISCAM{}} {
		e, err := gradcam.New(m, gradcam.WithLayer(enginetest.Layer), gradcam.WithMethod(method))
		require.NoError(t, err)
		_, err = e.Explain(ctx, engine.NewArray(1, 5))
		assert.ErrorIs(t, err, gradcam.ErrLayer)
		assert.ErrorContains(t, err, "masks need an input [N, C, H, W] or [N, C, L], it has shape [1 5]")
	}
}

// A layer of one place masks nothing out or everything: its maps are constant.
func TestScoreCAMOfOnePlace(t *testing.T) {
	m := &enginetest.Composed{
		Head: func(inputs []engine.Array) engine.Array {
			return engine.Array{Shape: []int{2, 1, 1}, Data: inputs[0].Data[:2]}
		},
		Tail: func(a engine.Array, _ []engine.Array) engine.Array {
			return engine.Array{Shape: []int{1}, Data: a.Data[:1]}
		},
	}
	x := engine.Array{Shape: []int{1, 1, 2, 2}, Data: []float32{1, 2, 3, 4}}
	for _, method := range []gradcam.Method{gradcam.AblationCAM, gradcam.ScoreCAM, gradcam.SSCAM{Samples: 1}, gradcam.ISCAM{}, gradcam.RandomCAM} {
		e, err := gradcam.New(m, gradcam.WithLayer(enginetest.Layer), gradcam.WithMethod(method))
		require.NoError(t, err)
		r, err := e.Explain(ctx, x, gradcam.Class(0))
		require.NoError(t, err)
		assert.Contains(t, []gradcam.Reason{gradcam.Constant, gradcam.AllNegative}, r[0].Reason, method.Name())
		assert.Equal(t, make([]float32, 4), r[0].Map().Data, method.Name())
	}
}
