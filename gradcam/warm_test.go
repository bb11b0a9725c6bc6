package gradcam_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
)

func TestWarmMakesThePlans(t *testing.T) {
	for name, c := range map[string]struct {
		method              gradcam.Method
		backwards, predicts int
	}{
		"a method with a gradient":           {gradcam.GradCAM, 2, 0},
		"a method without":                   {gradcam.EigenCAM, 0, 0},
		"a method that explains the input":   {gradcam.Saliency{}, 2, 0},
		"a method that tries changed inputs": {gradcam.RISE{Masks: 4}, 0, 2},
	} {
		t.Run(name, func(t *testing.T) {
			net := enginetest.NewToy()
			e, err := gradcam.New(net, gradcam.WithLayer("relu1"), gradcam.WithMethod(c.method))
			require.NoError(t, err)
			in := enginetest.ToyInput(0).Shape
			require.NoError(t, e.Warm(ctx, in))
			counts := net.Counts()
			assert.Equal(t, c.backwards, counts.Backwards)
			assert.Equal(t, c.predicts, counts.Predicts)
			assert.Zero(t, counts.OpenPasses)
			plans := counts.Plans
			require.NoError(t, e.Warm(ctx, in))
			assert.Equal(t, plans, net.Counts().Plans, "they are kept")
			require.NoError(t, e.Close())
			assert.ErrorIs(t, e.Warm(ctx, in), gradcam.ErrClosed)
		})
	}
}

// Where maps are made on the device, so is what is compiled for them.
func TestWarmPools(t *testing.T) {
	net := enginetest.NewToy()
	pooling := &enginetest.Pooling{Model: net}
	e, err := gradcam.New(pooling, gradcam.WithLayer("relu1"))
	require.NoError(t, err)
	defer e.Close()
	require.NoError(t, e.Warm(ctx, enginetest.ToyInput(0).Shape))
	assert.Equal(t, 2, pooling.Pools())
	assert.Zero(t, pooling.Copies())
	assert.Zero(t, net.Counts().OpenPasses)
}

func TestWarmRefusesShapes(t *testing.T) {
	e, err := gradcam.New(enginetest.NewToy(), gradcam.WithLayer("relu1"))
	require.NoError(t, err)
	defer e.Close()
	require.ErrorContains(t, e.Warm(ctx), "no input")
	require.ErrorContains(t, e.Warm(ctx, []int{0, 2}), "shape [0 2] of input 0: give extents of 1 or more")
	require.ErrorContains(t, e.Warm(ctx, []int{}), "input 0 is empty")
}
