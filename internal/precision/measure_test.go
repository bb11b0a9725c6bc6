package precision

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

// Values of scipy.stats.spearmanr.
func TestRank(t *testing.T) {
	for _, c := range []struct {
		a, b []float32
		want float64
	}{
		{[]float32{1, 2, 3, 4}, []float32{10, 20, 30, 40}, 1},
		{[]float32{1, 2, 3, 4}, []float32{4, 3, 2, 1}, -1},
		{[]float32{1, 2, 3, 4, 5}, []float32{5, 6, 7, 8, 7}, 0.8207826816681233},
		{[]float32{0, 0, 1, 2}, []float32{0, 1, 1, 5}, 0.8333333333333335},
		{[]float32{3, 3}, []float32{3, 3}, 1},
		{[]float32{3, 3}, []float32{1, 2}, 0},
	} {
		assert.InDelta(t, c.want, Rank(c.a, c.b), 1e-12)
	}
}

// A network whose head is a little off is a reduced one, too.
func TestMeasure(t *testing.T) {
	head := enginetest.Head{{1, 1, 1, 1, 1, -1, -1, -1}, {0.5, 0.25, 0, 0, 0, 0, 0.125, 0}}
	off := head
	off[0][0] += 0.25
	explainer := func(h enginetest.Head) *gradcam.Explainer {
		e, err := gradcam.New(enginetest.NewToyHead(h), gradcam.WithLayer("conv1"))
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, e.Close()) })
		return e
	}
	own := explainer(head)
	batches := []engine.Array{enginetest.ToyInput(0, 1), enginetest.ToyInput(2)}
	same, err := Measure(context.Background(), own, explainer(head), batches, 3)
	require.NoError(t, err)
	assert.Equal(t, []any{3, 3, 0.0, 0.0, 1.0, 0.0}, []any{same.Samples, same.SameClass, same.Map, same.MapMean, same.Rank, same.Score})
	assert.Positive(t, same.OwnMS*same.ReducedMS*same.Faster+1)

	got, err := Measure(context.Background(), own, explainer(off), batches, 1)
	require.NoError(t, err)
	var worst, lowest, score float64 = 0, 1, 0
	for _, x := range batches {
		a, err := own.Explain(context.Background(), x, gradcam.Class(0))
		require.NoError(t, err)
		b, err := explainer(off).Explain(context.Background(), x, gradcam.Class(0))
		require.NoError(t, err)
		for n := range a {
			for i, v := range a[n].Map().Data {
				worst = max(worst, math.Abs(float64(v-b[n].Map().Data[i])))
			}
			lowest = min(lowest, Rank(a[n].Map().Data, b[n].Map().Data))
			score = max(score, math.Abs(b[n].Target.Score/a[n].Target.Score-1))
		}
	}
	assert.InDelta(t, worst, got.Map, 1e-6)
	assert.InDelta(t, lowest, got.Rank, 1e-12)
	assert.InDelta(t, score, got.Score, 1e-12)
	assert.Positive(t, got.Score)
	assert.Contains(t, got.String(), "3 of 3 classes the same")

	_, err = Measure(context.Background(), own, own, []engine.Array{engine.NewArray(1, 2)}, 1)
	require.Error(t, err)
}
