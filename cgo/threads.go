//go:build cgo

package cgo

import (
	"runtime"
	"sync"
)

// libtorch keeps much in thread-locals: an OpenMP team, a memory arena, a
// profile of what it has seen. Goroutines move between threads, and a thread
// that once ran a parallel region keeps its team for good. So the calls that
// compute run on a few threads of their own, each serving one call at a time.
var pool struct { //nolint:gochecknoglobals // libtorch is one for the process, and so are its threads
	once sync.Once
	work chan func()
}

func startPool() {
	pool.work = make(chan func())
	for range runtime.NumCPU() {
		go func() {
			runtime.LockOSThread()
			for f := range pool.work {
				f()
			}
		}()
	}
}

// Do runs f on one of the pinned threads and waits for it. The threads, as many
// as there are processors, start with the first call and stay. f must not call
// Do.
func Do(f func()) {
	pool.once.Do(startPool)
	done := make(chan struct{})
	pool.work <- func() {
		defer close(done)
		f()
	}
	<-done
}
