package gradcam_test

import (
	"bytes"
	"log/slog"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
)

func TestDefaultLayerOfAnExplainer(t *testing.T) {
	toy := enginetest.NewToy()
	var log bytes.Buffer
	e, err := gradcam.New(toy, gradcam.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	require.NoError(t, err)
	defer e.Close()
	for range 3 {
		r, err := e.Explain(ctx, enginetest.ToyInput(0), gradcam.Class(0))
		require.NoError(t, err)
		assert.Equal(t, "relu1", r[0].Raw[0].Layer)
		assert.Equal(t, "relu1 is the last value with space in it (2x2)", r[0].Choice.Why)
	}
	counts := toy.Counts()
	assert.Equal(t, 1, counts.Calls, "the choice is remembered")
	assert.Equal(t, 1, counts.Plans, "the plan that proved the layer is the one that is used")
	assert.Zero(t, counts.OpenPasses)
	assert.Contains(t, log.String(), "layer=relu1")
	choice, err := e.Choose(ctx, []engine.Array{enginetest.ToyInput(0)})
	require.NoError(t, err)
	assert.Equal(t, "relu1", choice.Layer)
	assert.Equal(t, []string{"relu1", "conv1"}, []string{choice.Candidates[0].Layer, choice.Candidates[1].Layer})
}

// A model whose calls cannot be explained says so, and is asked again.
func TestChooseErrors(t *testing.T) {
	c := canned([]float32{1, 0}, nil)
	e, err := gradcam.New(c)
	require.NoError(t, err)
	defer e.Close()
	_, err = e.Explain(ctx, image(1))
	assert.ErrorIs(t, err, gradcam.ErrLayer)
	assert.ErrorContains(t, err, "gradcam: no submodule returns anything with space in it; name a layer, or explain the input: use one of ")
	_, err = e.Choose(ctx, nil)
	assert.ErrorContains(t, err, "no input")
	c.Out[0].Array.Data[0] = float32(math.NaN())
	c.Table = []engine.Call{{Path: "lit", Type: "ReLU", Of: 1, Elements: []engine.Element{{Shape: []int{1, 1, 2, 2}, DType: "float32"}}}}
	c.Values["lit"], c.Gradients["lit"] = engine.NewArray(1, 1, 2, 2), engine.NewArray(1, 1, 2, 2)
	_, err = e.Choose(ctx, []engine.Array{image(1)})
	assert.ErrorIs(t, err, gradcam.ErrNotFinite)
	c.Out[0].Array.Data[0] = 1
	choice, err := e.Choose(ctx, []engine.Array{image(1)})
	require.NoError(t, err)
	assert.Equal(t, "lit", choice.Layer)
	assert.Equal(t, "lit is the last value with space in it (2x2), but no gradient reaches any layer", choice.Why)
	assert.Zero(t, c.Counts().OpenPasses)
}
