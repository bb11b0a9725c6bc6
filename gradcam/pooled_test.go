package gradcam_test

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
)

// TestPooled: maps made by the engine are those made of activations and gradients,
// and so is everything else about them.
func TestPooled(t *testing.T) {
	x := enginetest.ToyInput(0, 1, -99)
	for name, options := range map[string][]gradcam.Option{
		"one layer":   {gradcam.WithLayer("relu1")},
		"two layers":  {gradcam.WithLayers("relu1", "conv1")},
		"chosen":      {},
		"flips":       {gradcam.WithLayer("conv1"), gradcam.WithAugSmoothing()},
		"torch-cam's": {gradcam.WithLayer("conv1"), gradcam.WithCompat(gradcam.TorchCAM)},
	} {
		t.Run(name, func(t *testing.T) {
			toy := enginetest.NewToyHead(readGolden(t).Head)
			pooling := &enginetest.Pooling{Model: toy}
			want, err := explainAll(t, toy, x, options...)
			require.NoError(t, err)
			for range 3 {
				got, err := explainAll(t, pooling, x, options...)
				require.NoError(t, err)
				for i, r := range got[0] {
					w := want[0][i]
					assert.Equal(t, w.Map(), r.Map())
					assert.Equal(t, []any{w.Raw, w.Target, w.Top, w.Reason, w.Choice}, []any{r.Raw, r.Target, r.Top, r.Reason, r.Choice})
				}
			}
			assert.Positive(t, pooling.Pools())
			assert.Zero(t, pooling.Copies())
			assert.Zero(t, toy.Counts().OpenPasses+toy.Counts().OpenPlans)
		})
	}
}

// Whoever else wants activations gets them, and no pass is made twice for it.
func TestPooledCopies(t *testing.T) {
	observer := func(context.Context, *gradcam.Run) error { return nil }
	for name, c := range map[string]struct {
		options []gradcam.Option
		copies  int
	}{
		"another method":        {[]gradcam.Option{gradcam.WithMethod(gradcam.HiResCAM)}, 0},
		"a second method":       {[]gradcam.Option{gradcam.WithMethods(gradcam.GradCAM, gradcam.HiResCAM)}, 0},
		"smoothing":             {[]gradcam.Option{gradcam.WithEigenSmoothing()}, 0},
		"an observer":           {[]gradcam.Option{gradcam.WithObserver(observer)}, 0},
		"a layer without space": {[]gradcam.Option{gradcam.WithLayer("fc1")}, 1},
		"channels last":         {[]gradcam.Option{gradcam.WithLayout(gradcam.Layout{Order: gradcam.ChannelsLast})}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			toy := enginetest.NewToyHead(readGolden(t).Head)
			pooling := &enginetest.Pooling{Model: toy}
			options := append([]gradcam.Option{gradcam.WithLayer("relu1")}, c.options...)
			want, err := explainAll(t, toy, enginetest.ToyInput(0, 1), options...)
			require.NoError(t, err)
			forwards := toy.Counts().Forwards
			got, err := explainAll(t, pooling, enginetest.ToyInput(0, 1), options...)
			require.NoError(t, err)
			assert.Equal(t, want, got)
			assert.Zero(t, pooling.Pools())
			assert.Equal(t, c.copies, pooling.Copies())
			assert.Equal(t, 2*forwards, toy.Counts().Forwards)
			assert.Zero(t, toy.Counts().OpenPasses+toy.Counts().OpenPlans)
		})
	}
}

// A number that is none is found where it is, as ever.
func TestPooledNotFinite(t *testing.T) {
	a := engine.NewArray(2, 1, 2, 2)
	a.Data[5] = float32(math.NaN())
	g := engine.NewArray(2, 1, 2, 2)
	net := &enginetest.Canned{
		Out:    []engine.Output{{Array: engine.NewArray(2, 3)}},
		Values: map[string]engine.Array{"l": a}, Gradients: map[string]engine.Array{"l": g},
	}
	pooling := &enginetest.Pooling{Model: net}
	_, want := explainAll(t, net, wave(2, 1, 4, 4), gradcam.WithLayer("l"))
	require.ErrorIs(t, want, gradcam.ErrNotFinite)
	_, got := explainAll(t, pooling, wave(2, 1, 4, 4), gradcam.WithLayer("l"))
	assert.EqualError(t, got, want.Error())
	assert.Equal(t, 1, pooling.Copies())
	assert.Zero(t, net.Counts().OpenPasses+net.Counts().OpenPlans)
}
