package torch

import (
	"fmt"
	"runtime"

	"github.com/torchlight-go/torchlight/cgo"
)

// mostThreads is the largest number of threads that is not a mistake: some
// oversubscribe on purpose, and libtorch ends the process where the system has no
// more threads to give.
func mostThreads() int { return max(256, 4*runtime.NumCPU()) }

// SetNumThreads sets how many threads one operator may use, on every thread
// that calls libtorch from now on: 1 to 256, or to four for each processor where
// that is more. It also decides how many calls run at once, see [SetWorkers].
//
// Errors: [ErrInvalid].
func SetNumThreads(n int) error {
	if most := mostThreads(); n > most {
		return &Error{Kind: ErrInvalid, About: "threads", Reason: fmt.Sprintf("%d threads for one operator on %d processors", n, runtime.NumCPU()), Fix: fmt.Sprintf("give 1 to %d, usually the number of processors or half of it", most)}
	}
	return wrap(cgo.SetNumThreads(n), "threads")
}

// NumThreads is the number of threads one operator may use.
func NumThreads() int { return cgo.NumThreads() }

// SetWorkers bounds how many calls of libtorch run at once, over all models: at
// most n, and never more than there are processors (GOMAXPROCS) for their threads:
// with [SetNumThreads] of 2 on 8 processors 4, whatever n is. Others wait in order,
// each until its context is done. 0 is the default: as many as fit. So any number
// of goroutines may explain at the same time. Several calls with one thread each do
// more than one large batch with all threads: docs/decisions/0012-workers.md.
//
// Errors: [ErrInvalid].
func SetWorkers(n int) error {
	switch most := mostThreads(); {
	case n < 0:
		return &Error{Kind: ErrInvalid, About: "workers", Reason: fmt.Sprintf("%d calls cannot run at once", n), Fix: "give 1 or more, or 0 for as many as there are processors for"}
	case n > most:
		return &Error{Kind: ErrInvalid, About: "workers", Reason: fmt.Sprintf("%d calls at once on %d processors", n, runtime.NumCPU()), Fix: fmt.Sprintf("give 1 to %d, or 0 for as many as there are processors for", most)}
	}
	cgo.SetWorkers(n)
	return nil
}

// Workers says how the calls of libtorch share the machine at this moment.
type Workers struct {
	Limit   int // calls that may run at once
	Running int // calls that run
	Waiting int // calls that wait for their turn
	Most    int // the most that ran at once since [SetWorkers]
}

// WorkersNow counts the calls of libtorch.
func WorkersNow() Workers { return Workers(cgo.WorkersNow()) }
