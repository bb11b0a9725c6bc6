package cgo

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// However many goroutines ask, no more calls run at once than the bound, and as
// many as that do.
func TestWorkersBound(t *testing.T) {
	for name, c := range map[string]struct{ fit, wanted, want int }{
		"as many as fit":    {3, 0, 3},
		"fewer":             {3, 2, 2},
		"one":               {3, 1, 1},
		"more than fit":     {3, 64, 3},
		"one processor":     {1, 0, 1},
		"as many as wanted": {8, 8, 8},
		"wanting more":      {8, 200, 8},
	} {
		t.Run(name, func(t *testing.T) {
			w := workers{fit: func() int { return c.fit }}
			w.set(c.wanted)
			var running, most atomic.Int32
			var full sync.WaitGroup // the first calls wait for each other
			full.Add(c.want)
			var all sync.WaitGroup
			for range 64 {
				all.Go(func() {
					for range 10 {
						assert.NoError(t, w.do(context.Background(), func() {
							n := running.Add(1)
							defer running.Add(-1)
							for was := most.Load(); n > was && !most.CompareAndSwap(was, n); was = most.Load() {
							}
						}))
					}
				})
			}
			all.Wait()
			assert.LessOrEqual(t, int(most.Load()), c.want)
			for range c.want {
				all.Go(func() {
					assert.NoError(t, w.do(context.Background(), func() {
						full.Done()
						full.Wait() // returns only when all of them run at once
					}))
				})
			}
			all.Wait()
			assert.Equal(t, Workers{Limit: c.want, Most: c.want}, w.now())
		})
	}
}

// One that waits goes when its context is done, without ever running, and the
// others keep their order.
func TestWorkersCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := workers{fit: func() int { return 1 }}
		release := make(chan struct{})
		var all sync.WaitGroup
		all.Go(func() { assert.NoError(t, w.do(t.Context(), func() { <-release })) })
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		var order []int
		for i := range 5 {
			all.Go(func() {
				if i == 2 {
					assert.ErrorIs(t, w.do(ctx, func() { order = append(order, i) }), context.Canceled)
					return
				}
				assert.NoError(t, w.do(t.Context(), func() { order = append(order, i) }))
			})
			synctest.Wait()
		}
		assert.Equal(t, Workers{Limit: 1, Running: 1, Waiting: 5, Most: 1}, w.now())
		cancel()
		synctest.Wait()
		assert.Equal(t, 4, w.now().Waiting)
		close(release)
		all.Wait()
		assert.Equal(t, []int{0, 1, 3, 4}, order)
		assert.Zero(t, w.now().Running)
		close(w.work) // ends its threads
	})
}

// A bound that changes while calls wait takes effect at once.
func TestWorkersGrow(t *testing.T) {
	limit := 1
	w := workers{fit: func() int { return limit }}
	release := make(chan struct{})
	started := make(chan struct{})
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			assert.NoError(t, w.do(context.Background(), func() {
				started <- struct{}{}
				<-release
			}))
		})
	}
	<-started
	require.Equal(t, 1, w.now().Running)
	w.mu.Lock()
	limit = 3
	w.mu.Unlock()
	w.refresh()
	<-started
	<-started
	assert.Equal(t, 3, w.now().Running)
	close(release)
	all.Wait()
}
