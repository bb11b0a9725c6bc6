//go:build cgo

package torch_test

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/torch"
)

// keepThreads brings the process's numbers back after a test.
func keepThreads(t *testing.T) {
	t.Helper()
	threads := torch.NumThreads()
	processors := runtime.GOMAXPROCS(0)
	t.Cleanup(func() {
		runtime.GOMAXPROCS(processors)
		require.NoError(t, torch.SetNumThreads(threads))
		require.NoError(t, torch.SetWorkers(0))
	})
}

// Sixty-four goroutines explain at once: the calls of libtorch together never have
// more threads than there are processors, and values do not depend on it.
func TestWorkersNeverOversubscribe(t *testing.T) {
	keepThreads(t)
	c := readCase(t, "residual_inplace")
	h := hook(t, c.load(t, "script"), "bn2")
	x, cotangent := c.inputs(t)[0], readTensor(t, c.Target.Cotangent)
	want, err := explainOnce(h, x, cotangent, "", true)
	require.NoError(t, err)
	for _, s := range []struct{ processors, threads, workers, limit int }{
		{4, 1, 0, 4}, {4, 2, 0, 2}, {4, 4, 0, 1}, {2, 4, 0, 1}, {4, 1, 2, 2}, {4, 2, 3, 2}, {4, 1, 1, 1},
	} {
		runtime.GOMAXPROCS(s.processors)
		require.NoError(t, torch.SetNumThreads(s.threads))
		require.NoError(t, torch.SetWorkers(s.workers))
		var all sync.WaitGroup
		for range 64 {
			all.Go(func() {
				for range 3 {
					got, err := explainOnce(h, x, cotangent, "", true)
					assert.NoError(t, err)
					assert.InDeltaSlice(t, want.gradients[0], got.gradients[0], 1e-5)
				}
			})
		}
		all.Wait()
		now := torch.WorkersNow()
		assert.Equal(t, s.limit, now.Limit, "%+v", s)
		assert.LessOrEqual(t, now.Most, s.limit, "%+v", s)
		assert.Positive(t, now.Most)
		assert.Zero(t, now.Running+now.Waiting)
	}
}

// A call that waits for its turn ends with its context.
func TestWaitEndsWithContext(t *testing.T) {
	keepThreads(t)
	require.NoError(t, torch.SetWorkers(1))
	c := readCase(t, "residual_inplace")
	h := hook(t, c.load(t, "script"), "bn2")
	x := c.inputs(t)[0]
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	for range 32 {
		all.Go(func() {
			for {
				p, err := h.Forward(ctx, x)
				if err != nil {
					assert.ErrorIs(t, err, context.Canceled)
					return
				}
				p.Close()
			}
		})
	}
	require.Eventually(t, func() bool { return torch.WorkersNow().Waiting > 16 }, time.Minute, time.Millisecond)
	cancel()
	all.Wait()
	assert.Zero(t, torch.WorkersNow().Waiting)
}

func TestThreadsOutOfRange(t *testing.T) {
	keepThreads(t)
	requireError(t, torch.SetNumThreads(0), torch.ErrInvalid, "threads", "at least 1, got 0")
	requireError(t, torch.SetNumThreads(1_000_000), torch.ErrInvalid, "threads", "1000000 threads for one operator", "give 1 to ")
	requireError(t, torch.SetWorkers(-1), torch.ErrInvalid, "workers", "-1 calls cannot run at once", "give 1 or more")
	requireError(t, torch.SetWorkers(1_000_000), torch.ErrInvalid, "workers", "1000000 calls at once", "give 1 to ")
}
