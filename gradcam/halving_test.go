package gradcam_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
)

// untimed are results without what no two runs share.
func untimed(all [][]gradcam.Result) [][]gradcam.Result {
	for _, results := range all {
		for i := range results {
			results[i].Timings = gradcam.Timings{}
		}
	}
	return all
}

func explainAll(t *testing.T, net engine.Model, x engine.Array, options ...gradcam.Option) ([][]gradcam.Result, error) {
	t.Helper()
	e, err := gradcam.New(net, options...)
	require.NoError(t, err)
	defer func() { require.NoError(t, e.Close()) }()
	all, err := e.ExplainAll(ctx, []engine.Array{x}, gradcam.Class(1))
	return untimed(all), err
}

// TestHalving: with every method, a batch that does not fit has bit for bit the
// results of one that does. Copies are made one at a time, so that a chunk is a
// batch, too.
func TestHalving(t *testing.T) {
	halved := 0
	for _, m := range gradcam.Methods() {
		t.Run(m.Name(), func(t *testing.T) {
			x := wave(5, 2, 3, 4)
			options := []gradcam.Option{gradcam.WithMethod(m), gradcam.WithLayer("hidden"), gradcam.WithMemory(1)}
			want, fails := explainAll(t, smooth([]int{2, 3, 4}), x, options...)
			cramped := enginetest.NewCramped(smooth([]int{2, 3, 4}), 2)
			got, err := explainAll(t, cramped, x, options...)
			switch {
			case fails != nil:
				assert.Error(t, err)
			case m.Needs().Together:
				require.ErrorIs(t, err, engine.ErrOutOfMemory)
				assert.ErrorContains(t, err, "no memory for 5 samples of [2 3 4], and method "+m.Name()+" explains the samples of a batch together; use a smaller batch")
			default:
				require.NoError(t, err)
				assert.Equal(t, want, got)
				halved++
			}
			if err == nil {
				assert.Positive(t, cramped.Refused())
				assert.Equal(t, cramped.Refused(), cramped.Reclaimed())
			}
		})
	}
	assert.Greater(t, halved, 30)
}

// Sizes that did not fit are not tried again, and a device with no room for one
// sample says so; its neighbour's batches are not touched.
func TestHalvingRemembers(t *testing.T) {
	net := smooth([]int{2, 3, 4})
	cramped, roomy := enginetest.NewCramped(net, 2), enginetest.NewCramped(net, 99)
	e, err := gradcam.New(cramped, gradcam.WithLayer("hidden"))
	require.NoError(t, err)
	defer e.Close()
	other, err := gradcam.New(roomy, gradcam.WithLayer("hidden"))
	require.NoError(t, err)
	defer other.Close()
	want, err := other.Explain(ctx, wave(8, 2, 3, 4))
	require.NoError(t, err)
	for range 3 {
		got, err := e.Explain(ctx, wave(8, 2, 3, 4))
		require.NoError(t, err)
		for i := range got {
			assert.Equal(t, want[i].Raw, got[i].Raw)
			assert.Equal(t, i, got[i].Sample)
		}
		assert.Equal(t, 2, cramped.Refused(), "8 and 4 at first")
	}
	cramped.Most.Store(0)
	_, err = e.Explain(ctx, wave(8, 2, 3, 4))
	require.ErrorIs(t, err, engine.ErrOutOfMemory)
	assert.EqualError(t, err, "gradcam: there is no memory for even one sample of [2 3 4]; use smaller inputs, a smaller model or another device: cramped: out of memory: 1 samples")
	cramped.Most.Store(1)
	_, err = e.Explain(ctx, wave(1, 2, 3, 4))
	require.NoError(t, err)
	_, err = other.Explain(ctx, wave(8, 2, 3, 4))
	require.NoError(t, err)
	assert.Zero(t, roomy.Refused())
	assert.Equal(t, 1, net.Counts().OpenPlans-1, "one plan each")
	assert.Zero(t, net.Counts().OpenPasses)
}

// A sample that is to blame has its number in the whole batch.
func TestHalvingBlame(t *testing.T) {
	toy := enginetest.NewCramped(enginetest.NewToy(), 2)
	e, err := gradcam.New(toy, gradcam.WithLayer("relu1"))
	require.NoError(t, err)
	defer e.Close()
	targets := []gradcam.Target{gradcam.Class(0), gradcam.Class(1), gradcam.Class(2), gradcam.Class(9), gradcam.Class(0)}
	_, err = e.Explain(ctx, enginetest.ToyInput(0, 1, 2, 3, 4), targets...)
	var sample *gradcam.SampleError
	require.ErrorAs(t, err, &sample)
	assert.Equal(t, 3, sample.Sample)
	require.ErrorIs(t, err, gradcam.ErrTarget)
}

// An observer sees whole batches, so they are not halved.
func TestHalvingObserved(t *testing.T) {
	seen := 0
	observer := func(context.Context, *gradcam.Run) error { seen++; return nil }
	_, err := explainAll(t, enginetest.NewCramped(smooth([]int{2, 3, 4}), 2), wave(5, 2, 3, 4), gradcam.WithLayer("hidden"), gradcam.WithObserver(observer))
	require.ErrorIs(t, err, engine.ErrOutOfMemory)
	assert.ErrorContains(t, err, "an observer sees whole batches; use a smaller batch")
	assert.Zero(t, seen)
}

// drawn replays numbers that differ from sample to sample.
type drawn struct{}

func (drawn) Normal(draw, sample int, dst []float32) {
	for i := range dst {
		dst[i] = float32((draw*31+sample*7+i)%13)/13 - 0.5
	}
}

func (drawn) Uniform(draw, sample int, dst []float32) {
	for i := range dst {
		dst[i] = float32((draw*31+sample*7+i)%13) / 13
	}
}

func (drawn) Permutation(_, sample, n int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = (i + sample) % n
	}
	return order
}

// Draws belong to the sample's place in the whole batch.
func TestHalvingDraws(t *testing.T) {
	for _, name := range []string{"smoothgrad", "gradientshap", "shapley-sampling", "randomcam"} {
		m, err := gradcam.ByName(name)
		require.NoError(t, err)
		options := []gradcam.Option{gradcam.WithMethod(m), gradcam.WithLayer("hidden"), gradcam.WithSource(drawn{}), gradcam.WithMemory(1)}
		want, err := explainAll(t, smooth([]int{2, 3, 4}), wave(5, 2, 3, 4), options...)
		require.NoError(t, err)
		got, err := explainAll(t, enginetest.NewCramped(smooth([]int{2, 3, 4}), 2), wave(5, 2, 3, 4), options...)
		require.NoError(t, err)
		assert.Equal(t, want, got, name)
	}
}
