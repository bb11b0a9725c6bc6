package cgo

import (
	"context"
	"runtime"
	"slices"
	"sync"
)

// libtorch keeps much in thread-locals: an OpenMP team, a memory arena, a
// profile of what it has seen. Goroutines move between threads, and a thread
// that once ran a parallel region keeps its team for good. So the calls that
// compute run on a few threads of their own, each serving one call at a time.
var pool = workers{fit: fit} //nolint:gochecknoglobals // libtorch is one for the process, and so are its threads

// Workers says how the calls of libtorch share the machine.
type Workers struct {
	Limit   int // calls that may run at once
	Running int // calls that run
	Waiting int // calls that wait for their turn
	Most    int // the most that ever ran at once
}

// Do runs f on one of the pinned threads and waits for it. f must not call Do.
// Calls take turns in order, as many at once as the limit allows; one that still
// waits when ctx is done returns its error and never runs.
func Do(ctx context.Context, f func()) error { return pool.do(ctx, f) }

// SetWorkers bounds the calls that run at once; 0 is as many as fit.
func SetWorkers(n int) { pool.set(n) }

// WorkersNow counts the calls of libtorch.
func WorkersNow() Workers { return pool.now() }

// fit is how many calls may run at once so that all together their threads are no
// more than the processors: libtorch's spin while they wait for each other, for one
// that cannot run most of all.
func fit() int { return max(1, runtime.GOMAXPROCS(0)/max(1, NumThreads())) }

// workers is a pool of pinned threads.
type workers struct {
	fit     func() int
	mu      sync.Mutex
	wanted  int             // at most so many at once, 0: as many as fit
	running int             // turns given and not yet handed back
	most    int             // the largest running
	queue   []chan struct{} // one for each that waits, in order; closed to give it its turn
	threads int             // that exist
	work    chan func()
}

// limit is how many calls may run at once.
func (w *workers) limit() int {
	if n := w.fit(); w.wanted == 0 || w.wanted > n {
		return n
	}
	return w.wanted
}

func (w *workers) do(ctx context.Context, f func()) error {
	if err := w.enter(ctx); err != nil {
		return err
	}
	defer w.leave()
	done := make(chan struct{})
	w.work <- func() {
		defer close(done)
		f()
	}
	<-done
	return nil
}

// enter waits for a turn.
func (w *workers) enter(ctx context.Context) error {
	w.mu.Lock()
	turn := make(chan struct{})
	w.queue = append(w.queue, turn)
	w.admit()
	w.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if i := slices.Index(w.queue, turn); i >= 0 {
		w.queue = slices.Delete(w.queue, i, i+1)
		return ctx.Err()
	}
	return nil // its turn came at the same moment
}

func (w *workers) leave() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.running--
	w.admit()
}

// admit gives turns to those who wait, and makes sure that there are threads for
// them.
func (w *workers) admit() {
	if w.work == nil {
		w.work = make(chan func())
	}
	for limit := w.limit(); len(w.queue) > 0 && w.running < limit; w.queue = w.queue[1:] {
		w.running++
		w.most = max(w.most, w.running)
		for ; w.threads < w.running; w.threads++ {
			go serve(w.work)
		}
		close(w.queue[0])
	}
}

// serve keeps a thread for good.
func serve(work <-chan func()) {
	runtime.LockOSThread()
	for f := range work {
		f()
	}
}

func (w *workers) set(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wanted, w.most = n, w.running
	w.admit()
}

// refresh is for when the number of threads of a call has changed.
func (w *workers) refresh() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.admit()
}

func (w *workers) now() Workers {
	w.mu.Lock()
	defer w.mu.Unlock()
	return Workers{Limit: w.limit(), Running: w.running, Waiting: len(w.queue), Most: w.most}
}
