//go:build cgo

package torch_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/cgo"
	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/torch"
)

// One plan serves batches and images of any size: graphs are compiled once, whatever
// comes, in whatever order.
func TestAnyShapeCompilesOnce(t *testing.T) {
	ctx := context.Background()
	m, err := torch.Load(sampleModel)
	require.NoError(t, err)
	defer m.Close()
	e, err := gradcam.New(m, gradcam.WithLayer("features.14"), gradcam.WithMethods(gradcam.GradCAM, gradcam.AblationCAM, gradcam.ShapleyCAM{}, gradcam.ScoreCAM))
	require.NoError(t, err)
	defer e.Close()
	explain := func(n, size int) []float32 {
		all, err := e.ExplainAll(ctx, []engine.Array{pictures(n, size)}, gradcam.Class(281))
		require.NoError(t, err)
		return all[0][0].Raw[0].Values.Data
	}
	before := cgo.Compilations()
	first := explain(1, 64)
	after := cgo.Compilations()
	assert.Greater(t, after, before)
	assert.LessOrEqual(t, after, before+5, "head, tail, tail without gradients, tail of two derivatives, the whole")
	live, _ := torch.HostMemory()
	for range 3 {
		for _, s := range [][2]int{{2, 64}, {1, 96}, {3, 80}, {1, 64}} {
			got := explain(s[0], s[1])
			if s[1] == 64 {
				assert.InDeltaSlice(t, first, got, 1e-4)
			}
		}
	}
	assert.Equal(t, after, cgo.Compilations(), "no shape compiled anything again")
	now, _ := torch.HostMemory()
	assert.Less(t, now-live, int64(8<<20), "nor left anything behind")
}

// After Warm the first batch finds everything compiled.
func TestWarm(t *testing.T) {
	ctx := context.Background()
	m, err := torch.Load(sampleModel)
	require.NoError(t, err)
	defer m.Close()
	e, err := gradcam.New(m, gradcam.WithLayer("features.18"))
	require.NoError(t, err)
	defer e.Close()
	require.NoError(t, e.Warm(ctx, []int{2, 3, 64, 64}))
	warm := cgo.Compilations()
	_, err = e.Explain(ctx, pictures(2, 64))
	require.NoError(t, err)
	assert.Equal(t, warm, cgo.Compilations())
	assert.ErrorIs(t, e.Warm(ctx, []int{2, 4, 64, 64}), torch.ErrModel)
}
