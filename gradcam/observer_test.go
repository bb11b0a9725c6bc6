package gradcam_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
)

// An observer sees every method's run once, with what the methods share.
func TestObserver(t *testing.T) {
	toy := enginetest.NewToy()
	var seen []string
	e, err := gradcam.New(toy, gradcam.WithLayer("relu1"), gradcam.WithMethods(gradcam.GradCAM, gradcam.HiResCAM), gradcam.WithObserver(func(ctx context.Context, run *gradcam.Run) error {
		seen = append(seen, run.Method())
		g, err := run.Gradients(ctx)
		assert.Equal(t, []float32{1, 1, 1, 1}, g[0].Channel(0, 0))
		return err
	}))
	require.NoError(t, err)
	defer e.Close()
	_, err = e.ExplainAll(ctx, []engine.Array{enginetest.ToyInput(0)}, gradcam.Class(0))
	require.NoError(t, err)
	assert.Equal(t, []string{"gradcam", "hirescam"}, seen)
	assert.Equal(t, 1, toy.Counts().Backwards, "nothing is computed twice")

	full := errors.New("the disk is full")
	e, err = gradcam.New(toy, gradcam.WithLayer("relu1"), gradcam.WithObserver(func(context.Context, *gradcam.Run) error { return full }))
	require.NoError(t, err)
	defer e.Close()
	_, err = e.Explain(ctx, enginetest.ToyInput(0))
	assert.ErrorIs(t, err, full)
}
