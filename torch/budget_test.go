//go:build cgo

package torch_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/torch"
)

// Methods that try many changed copies hold no more than their budget at a time, as
// the allocator sees it; with a smaller budget they hold less.
func TestChunkedMethodsKeepTheirBudget(t *testing.T) {
	keepThreads(t)
	require.NoError(t, torch.SetNumThreads(1))
	ctx := context.Background()
	m, err := torch.Load(sampleModel)
	require.NoError(t, err)
	defer m.Close()
	x := pictures(1, 96)
	for _, method := range []gradcam.Method{
		gradcam.RISE{Masks: 40}, gradcam.ScoreCAM, gradcam.AblationCAM, gradcam.IntegratedGradients{Steps: 40}, gradcam.Occlusion{},
	} {
		most := map[int64]int64{}
		for _, budget := range []int64{32 << 20, 16 << 20} {
			e, err := gradcam.New(m, gradcam.WithLayer("features.16"), gradcam.WithMethod(method), gradcam.WithMemory(budget))
			require.NoError(t, err)
			for range 2 { // the first time compiles
				before, _ := torch.HostMemory()
				_, err = e.Explain(ctx, x, gradcam.Class(281))
				require.NoError(t, err)
				_, peak := torch.HostMemory()
				most[budget] = peak - before
			}
			assert.LessOrEqual(t, most[budget], budget, method.Name())
			require.NoError(t, e.Close())
		}
		t.Logf("%s: %v", method.Name(), most)
		assert.Less(t, most[16<<20], most[32<<20], "%s: a smaller budget holds less", method.Name())
	}
}
