//go:build cgo

package torch_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/torch"
)

// copied is a model file of the test's own.
func copied(t *testing.T, from string) string {
	t.Helper()
	data, err := os.ReadFile(from)
	require.NoError(t, err)
	to := filepath.Join(t.TempDir(), "model.pt")
	require.NoError(t, os.WriteFile(to, data, 0o644))
	return to
}

// plainly runs the forward method as the file has it.
func plainly(t *testing.T, m *torch.Module, x *torch.Tensor) []float32 {
	t.Helper()
	v, err := m.Forward(context.Background(), x)
	require.NoError(t, err)
	defer v.Close()
	y, err := v[0].Tensor.Float32s()
	require.NoError(t, err)
	return y
}

// Weights are in memory once: what a hook made of them takes the place of what the
// file has, which comes back when something needs it and goes again.
func TestWeightsOnce(t *testing.T) {
	keepThreads(t)
	require.NoError(t, torch.SetNumThreads(1))
	settled(t)
	none, _ := torch.HostMemory()
	path := copied(t, sampleModel)
	m, err := torch.Load(path)
	require.NoError(t, err)
	defer m.Close()
	require.NoError(t, os.Remove(path)) // it is read by what is open
	x := tensor(t, pictures(1, 64))
	want := plainly(t, m, x)
	weights := func() int64 {
		live, _ := torch.HostMemory()
		return live - none - 4*3*64*64
	}
	_, bytes := m.Parameters()
	assert.InEpsilon(t, bytes, weights(), 0.05)
	h := hook(t, m, "features.18")
	torch.HostMemory()
	for range 3 {
		explainPeak(t, h, 1, 64)
	}
	assert.InEpsilon(t, bytes, weights(), 0.15, "folded ones instead of the file's")

	assert.Equal(t, want, plainly(t, m, x), "the file's are back, bit for bit")
	biases, err := h.Biases(context.Background())
	require.NoError(t, err)
	require.Equal(t, 52, len(biases), "of every batch norm")
	h2 := hook(t, m, "features.17")
	for range 3 {
		explainPeak(t, h2, 1, 64)
		again, err := h2.Biases(context.Background())
		require.NoError(t, err)
		require.Equal(t, biases, again, "whatever became of the weights")
	}
	assert.Equal(t, want, plainly(t, m, x))
}

// Hooks of one module share what their convolutions are made of, in every order of
// memory, forward and backward.
func TestSecondHookCostsNoWeights(t *testing.T) {
	keepThreads(t)
	require.NoError(t, torch.SetNumThreads(1))
	m, err := torch.Load(sampleModel)
	require.NoError(t, err)
	defer m.Close()
	_, bytes := m.Parameters()
	held := func(layer string) int64 {
		h := hook(t, m, layer)
		for range 3 {
			explainPeak(t, h, 1, 64)
		}
		live, _ := torch.HostMemory()
		return live
	}
	first := held("features.3")
	for _, layer := range []string{"features.3", "features.18", "features.10"} {
		next := held(layer)
		assert.Less(t, next-first, int64(bytes/50), layer)
		first = next
	}
}

// Many goroutines use the file's weights while hooks use them up.
func TestWeightsComeAndGo(t *testing.T) {
	m, err := torch.Load(sampleModel)
	require.NoError(t, err)
	defer m.Close()
	x := tensor(t, pictures(1, 32))
	want := plainly(t, m, x)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for round := range 3 {
				if (i+round)%2 == 0 {
					v, err := m.Forward(context.Background(), x)
					if !assert.NoError(t, err) {
						return
					}
					y, err := v[0].Tensor.Float32s()
					assert.NoError(t, err)
					assert.Equal(t, want, y)
					v.Close()
					continue
				}
				h, err := m.Hook([]string{"features.18", "features.14", "features.3"}[(i+round)%3])
				if !assert.NoError(t, err) {
					return
				}
				p, err := h.Forward(context.Background(), x)
				if assert.NoError(t, err) {
					y, err := p.Outputs()[0].Tensor.Float32s()
					assert.NoError(t, err)
					assert.InDeltaSlice(t, want, y, 1e-3)
					p.Close()
				}
				h.Close()
			}
		})
	}
	all.Wait()
}

// A file that was written over after it was loaded no longer has the weights.
func TestFileWrittenOver(t *testing.T) {
	path := copied(t, sampleModel)
	m, err := torch.Load(path)
	require.NoError(t, err)
	defer m.Close()
	x := tensor(t, pictures(1, 64))
	h := hook(t, m, "features.18")
	p, err := h.Forward(context.Background(), x)
	require.NoError(t, err)
	require.NoError(t, p.Close())
	require.NoError(t, os.WriteFile(path, []byte("something else"), 0o644))
	require.NoError(t, os.Chtimes(path, time.Now(), time.Now().Add(time.Hour)))
	p, err = h.Forward(context.Background(), x)
	require.NoError(t, err, "what is made of them needs them no more")
	require.NoError(t, p.Close())
	_, err = m.Forward(context.Background(), x)
	require.ErrorContains(t, err, "the file changed after it was loaded")
	assert.ErrorContains(t, err, "replace files by renaming")
}

// A model that came from memory keeps its weights.
func TestWeightsFromMemoryStay(t *testing.T) {
	f, err := os.Open(sampleModel)
	require.NoError(t, err)
	defer f.Close()
	m, err := torch.LoadReader(f, "from memory")
	require.NoError(t, err)
	defer m.Close()
	x := tensor(t, pictures(1, 64))
	want := plainly(t, m, x)
	explainPeak(t, hook(t, m, "features.18"), 1, 64)
	assert.Equal(t, want, plainly(t, m, x))
}
