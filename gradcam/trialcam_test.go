package gradcam_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
)

// The plain twin of Ablation-CAM: one run a channel, w_k = (s - s_k)/s.
func TestAblationCAMEqualsItsPlainTwin(t *testing.T) {
	m, in := channelsFirst(), pair()
	got := raws(t, m, in, gradcam.AblationCAM)
	for n := range 3 {
		full := runOnce(m, in, n, func(engine.Array) {})
		w := make([]float64, 4)
		for k := range w {
			s := runOnce(m, in, n, func(a engine.Array) { clear(a.Data[k*12 : k*12+12]) })
			w[k] = (full - s) / full
		}
		a := m.Head([]engine.Array{in[0].Row(n), in[1].Row(n)})
		inDelta(t, plainWeightedSum(a, w), got[n], 1e-5, n)
	}
	assert.Equal(t, 1, m.Counts().Forwards)
	assert.Equal(t, []int{12}, m.Batches(), "four channels of three samples in one chunk")
}

// Where an activation has negative values, the channel is overwritten with its
// least value less 1e7.
func TestAblationCAMOfNegativeActivations(t *testing.T) {
	var seen []float32
	m := &enginetest.Composed{
		Head: func(inputs []engine.Array) engine.Array { return inputs[0] },
		Tail: func(a engine.Array, _ []engine.Array) engine.Array {
			seen = append(seen, a.Data...)
			return engine.Array{Shape: []int{1}, Data: []float32{1 + a.Data[0]*1e-7}}
		},
	}
	raws1 := func(values ...float32) []float32 {
		x := engine.Array{Shape: []int{1, 2, 1, 1}, Data: values}
		e, err := gradcam.New(m, gradcam.WithLayer(enginetest.Layer), gradcam.WithMethod(gradcam.AblationCAM))
		require.NoError(t, err)
		r, err := e.Explain(ctx, x, gradcam.Class(0))
		require.NoError(t, err)
		return r[0].Raw[0].Values.Data
	}
	raws1(-3, 2)
	low := float32(-3) - 1e7
	assert.Equal(t, []float32{-3, 2, low, 2, -3, low}, seen)
	seen = nil
	raws1(0, 2)
	assert.Equal(t, []float32{0, 2, 0, 2, 0, 0}, seen)
	seen = nil
	raws1(1, 2)
	assert.Equal(t, []float32{1, 2, 1 - 1e7, 2, 1, 1 - 1e7}, seen, "the least value is positive")
}

func TestAblationCAMRefusesAScoreOfZero(t *testing.T) {
	in := pair()
	in[1].Data[1] = 0
	e, err := gradcam.New(channelsFirst(), gradcam.WithLayer(enginetest.Layer), gradcam.WithMethod(gradcam.AblationCAM))
	require.NoError(t, err)
	_, err = e.ExplainAll(ctx, in, gradcam.Class(1))
	assert.EqualError(t, err, "gradcam: method ablationcam: sample 1: the score is 0, and Ablation-CAM divides by it: explain another class, or prob:N")
	assert.ErrorIs(t, err, gradcam.ErrTarget)
}

// Two layers need a tail each: the first pass cuts the network once only.
func TestAblationCAMOfTwoLayers(t *testing.T) {
	toy := enginetest.NewToy()
	e, err := gradcam.New(toy, gradcam.WithLayers("relu1", "conv1"), gradcam.WithMethod(gradcam.AblationCAM))
	require.NoError(t, err)
	r, err := e.Explain(ctx, enginetest.ToyInput(0), gradcam.Class(0))
	require.NoError(t, err)
	// Without channel 0 the last ReLU gives 0, without channel 1 it gives 75.
	assert.InDeltaSlice(t, []float32{0, 4, 31 - 21.0/54*6, 40 - 21.0/54*15}, r[0].Raw[0].Values.Data, 1e-5)
	// conv1 has negative values: its channels go to -30 - 1e7, the ReLU to 0.
	assert.InDeltaSlice(t, []float32{-5 + 21.0/54*30, 4 + 21.0/54*21, 31 - 21.0/54*6, 40 - 21.0/54*15}, r[0].Raw[1].Values.Data, 1e-5)
	assert.Zero(t, toy.Counts().OpenPasses)
	require.NoError(t, e.Close())
}

func TestRandomCAM(t *testing.T) {
	m, in := channelsFirst(), pair()
	got := raws(t, m, in, gradcam.RandomCAM, gradcam.WithSeed(7))
	u := make([]float32, 4)
	gradcam.SeededSource(7).Uniform(0, 0, u)
	w := make([]float64, 4)
	for k := range w {
		w[k] = 2*float64(u[k]) - 1
	}
	for n := range 3 {
		inDelta(t, plainWeightedSum(m.Head([]engine.Array{in[0].Row(n), in[1].Row(n)}), w), got[n], 1e-5, n)
	}
	assert.NotEqual(t, got, raws(t, m, in, gradcam.RandomCAM, gradcam.WithSeed(8)))
	assert.Empty(t, m.Batches(), "it looks at nothing")
}
