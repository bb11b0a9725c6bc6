package gradcam_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
)

// devices are copies of a network with the numbers of captum's.
func devices(n int) (models []engine.Model, toys []*enginetest.Toy) {
	for range n {
		toys = append(toys, enginetest.NewToy())
		models = append(models, toys[len(toys)-1])
	}
	return models, toys
}

// TestSpread: any number of devices gives what one explainer gives, and each has a
// part of the batch.
func TestSpread(t *testing.T) {
	x := enginetest.ToyInput(0, 1, 2, 3, 4, 5, 6)
	options := []gradcam.Option{gradcam.WithLayer("relu1"), gradcam.WithMethods(gradcam.GradCAM, gradcam.HiResCAM, gradcam.SmoothGrad{})}
	one, _ := devices(1)
	want, err := explainAll(t, one[0], x, options...)
	require.NoError(t, err)
	for _, n := range []int{1, 2, 3, 7, 9} {
		models, toys := devices(n)
		s, err := gradcam.NewSpread(models, options...)
		require.NoError(t, err)
		for range 3 {
			got, err := s.ExplainAll(ctx, []engine.Array{x}, gradcam.Class(1))
			require.NoError(t, err)
			assert.Equal(t, want, untimed(got), "%d devices", n)
		}
		require.NoError(t, s.Close())
		used := 0
		for _, toy := range toys {
			if toy.Counts().Forwards > 0 {
				used++
			}
			assert.Zero(t, toy.Counts().OpenPlans+toy.Counts().OpenPasses)
		}
		assert.GreaterOrEqual(t, used, min(n, 7))
		_, err = s.ExplainAll(ctx, []engine.Array{x})
		require.ErrorIs(t, err, gradcam.ErrClosed)
	}
}

// Calls at the same time share the devices.
func TestSpreadConcurrent(t *testing.T) {
	models, _ := devices(2)
	s, err := gradcam.NewSpread(models, gradcam.WithLayer("relu1"))
	require.NoError(t, err)
	defer s.Close()
	x := enginetest.ToyInput(0, 1, 2)
	want, err := s.ExplainAll(ctx, []engine.Array{x}, gradcam.Class(1))
	require.NoError(t, err)
	untimed(want)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			got, err := s.ExplainAll(ctx, []engine.Array{x}, gradcam.Class(1))
			assert.NoError(t, err)
			assert.Equal(t, want, untimed(got))
		})
	}
	all.Wait()
}

// broken is a device that fails.
type broken struct{ engine.Model }

var errBroken = errors.New("the GPU failed")

func (broken) Plan(context.Context, engine.Spec) (engine.Plan, error) { return nil, errBroken }

func TestSpreadErrors(t *testing.T) {
	_, err := gradcam.NewSpread(nil)
	require.EqualError(t, err, "gradcam: no model to spread over: give one a device")
	models, toys := devices(3)
	_, err = gradcam.NewSpread(models, gradcam.WithTop(-1))
	require.Error(t, err)

	s, err := gradcam.NewSpread(models, gradcam.WithLayer("relu1"))
	require.NoError(t, err)
	x := enginetest.ToyInput(0, 1, 2, 3, 4)
	_, err = s.ExplainAll(ctx, nil)
	require.ErrorContains(t, err, "gradcam: no input")
	_, err = s.ExplainAll(ctx, []engine.Array{x}, gradcam.Class(0), gradcam.Class(1))
	require.ErrorIs(t, err, gradcam.ErrTarget)
	targets := []gradcam.Target{gradcam.Class(0), gradcam.Class(1), gradcam.Class(2), gradcam.Class(9), gradcam.Class(0)}
	_, err = s.ExplainAll(ctx, []engine.Array{x}, targets...)
	var sample *gradcam.SampleError
	require.ErrorAs(t, err, &sample)
	assert.Equal(t, 3, sample.Sample)
	done, cancel := context.WithCancel(ctx)
	cancel()
	_, err = s.ExplainAll(done, []engine.Array{x})
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, s.Close())

	// One device that fails fails the call; the others are left in order.
	s, err = gradcam.NewSpread([]engine.Model{toys[0], broken{toys[1]}, toys[2]}, gradcam.WithLayer("relu1"))
	require.NoError(t, err)
	_, err = s.ExplainAll(ctx, []engine.Array{x})
	require.ErrorIs(t, err, errBroken)
	require.NoError(t, s.Close())
	for _, toy := range toys {
		assert.Zero(t, toy.Counts().OpenPlans+toy.Counts().OpenPasses)
	}
}

// What explains samples together is not spread; a device that is cramped halves its
// own part.
func TestSpreadTogether(t *testing.T) {
	x := enginetest.ToyInput(0, 1, 2, 3)
	models, toys := devices(2)
	s, err := gradcam.NewSpread(models, gradcam.WithLayer("relu1"), gradcam.WithMethod(gradcam.DFF{Concepts: 2}))
	require.NoError(t, err)
	_, err = s.ExplainAll(ctx, []engine.Array{x})
	require.NoError(t, err)
	assert.Equal(t, 1, toys[0].Counts().Forwards+toys[1].Counts().Forwards)
	require.NoError(t, s.Close())

	cramped := enginetest.NewCramped(toys[1], 1)
	s, err = gradcam.NewSpread([]engine.Model{toys[0], cramped}, gradcam.WithLayer("relu1"))
	require.NoError(t, err)
	defer s.Close()
	want, err := explainAll(t, enginetest.NewToy(), x, gradcam.WithLayer("relu1"))
	require.NoError(t, err)
	got, err := s.ExplainAll(ctx, []engine.Array{x}, gradcam.Class(1))
	require.NoError(t, err)
	assert.Equal(t, want, untimed(got))
	assert.Equal(t, 1, cramped.Refused())
}
