//go:build cgo

package torch_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/torch"
)

func pictures(n, size int) engine.Array {
	a := engine.NewArray(n, 3, size, size)
	for i := range a.Data {
		a.Data[i] = float32(i%251)/125 - 1
	}
	return a
}

// explainPeak explains a batch and returns the most that tensors held meanwhile,
// more than before.
func explainPeak(t *testing.T, h *torch.Hook, n, size int) int64 {
	t.Helper()
	x := tensor(t, pictures(n, size))
	ctx := context.Background()
	before, _ := torch.HostMemory()
	p, err := h.Forward(ctx, x)
	require.NoError(t, err)
	defer p.Close()
	g, err := p.Backward(ctx, p.Outputs()[0].Tensor)
	require.NoError(t, err)
	defer g[0].Close()
	_, most := torch.HostMemory()
	return most - before
}

// The formula, learnt from one and two samples, tells the peak of eight.
func TestPeakOfABatch(t *testing.T) {
	keepThreads(t)
	require.NoError(t, torch.SetNumThreads(1))
	m, err := torch.Load("../examples/models/mobilenet_v2.pt")
	require.NoError(t, err)
	defer m.Close()
	for layer, size := range map[string]int{"features.18": 96, "features.3": 64, "input": 64} {
		h := hook(t, m, layer)
		sample := []int{3, size, size}
		assert.Zero(t, h.Bytes(8, sample), "nothing ran yet")
		for range 3 {
			explainPeak(t, h, 1, size)
		}
		one := h.Bytes(8, sample)
		for range 3 {
			explainPeak(t, h, 2, size)
		}
		two := h.Bytes(8, sample)
		var took int64
		for range 3 {
			took = explainPeak(t, h, 8, size)
		}
		assert.GreaterOrEqual(t, float64(one), 0.99*float64(took), "%s: no less than it takes", layer)
		assert.Less(t, float64(one), 2*float64(took), "%s: and not much more", layer)
		assert.GreaterOrEqual(t, two, took, "%s: from two", layer)
		assert.Less(t, float64(two), 2*float64(took), "%s: from two", layer)
		assert.InEpsilon(t, took, h.Bytes(8, sample), 0.01, "%s: what was measured", layer)
		assert.Zero(t, h.Bytes(8, []int{3, size + 1, size}), "other shapes, other costs")
	}
}

// A batch that cannot fit is refused before it is tried, with a size that fits.
func TestBatchThatCannotFit(t *testing.T) {
	ctx := context.Background()
	m, err := torch.Load("../examples/models/mobilenet_v2.pt", torch.WithMemoryLimit(40<<20))
	require.NoError(t, err)
	defer m.Close()
	p, err := m.Plan(ctx, engine.Spec{Layers: []string{"features.18"}})
	require.NoError(t, err)
	defer p.Close()
	batch := pictures(64, 96)
	before, _ := torch.HostMemory()
	_, err = p.Forward(ctx, []engine.Array{batch})
	requireError(t, err, torch.ErrOutOfMemory, "a batch of 64 takes about", "there is room for 40 MB", "give at most ")
	_, most := torch.HostMemory()
	assert.Less(t, most-before, int64(100<<20), "it was not tried")
	var fit int
	_, rest, _ := strings.Cut(err.Error(), "give at most ")
	_, err = fmt.Sscan(rest, &fit)
	require.NoError(t, err)
	require.Greater(t, fit, 1)
	for range 2 {
		pass, err := p.Forward(ctx, []engine.Array{pictures(fit, 96)})
		require.NoError(t, err)
		require.NoError(t, pass.Close())
	}
	_, err = m.Predict(ctx, []engine.Array{batch})
	requireError(t, err, torch.ErrOutOfMemory, "a batch of 64 takes about", "give at most ")
}

// What tensors hold comes back to where it was.
func TestHostMemoryReturns(t *testing.T) {
	settled(t)
	before, _ := torch.HostMemory()
	m, err := torch.Load("../examples/models/mobilenet_v2.pt")
	require.NoError(t, err)
	_, bytes := m.Parameters()
	live, _ := torch.HostMemory()
	assert.Greater(t, live-before, int64(bytes))
	h, err := m.Hook("features.18")
	require.NoError(t, err)
	explainPeak(t, h, 2, 64)
	require.NoError(t, h.Close())
	require.NoError(t, m.Close())
	settled(t)
	live, _ = torch.HostMemory()
	assert.InDelta(t, before, live, 1<<20)
}
