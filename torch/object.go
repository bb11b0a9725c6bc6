package torch

import (
	"context"
	"fmt"
	"sync"

	"github.com/torchlight-go/torchlight/cgo"
)

// object guards a handle of the C side: uses may overlap, Close waits for them
// and later uses fail. The zero value is closed.
type object[H interface {
	comparable
	Close()
	Closed() bool
}] struct {
	mu    sync.RWMutex
	h     H
	about string
}

// use runs f with the handle.
func (o *object[H]) use(f func(H) error) error {
	var none H
	if o.h == none {
		return closed("zero value")
	}
	o.mu.RLock()
	defer o.mu.RUnlock()
	if o.h.Closed() {
		return closed(o.about)
	}
	return f(o.h)
}

// call is use for the work of libtorch: it waits for its turn, not once ctx is done,
// and an error of the C side says what it is about.
func (o *object[H]) call(ctx context.Context, f func(H) error) error {
	return about(compute(ctx, o.about, func() error { return o.use(f) }), o.about)
}

// compute runs f on one of the few threads on which libtorch computes, see
// [SetWorkers].
func compute(ctx context.Context, name string, f func() error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("torch: %s: %w", name, err)
	}
	var err error
	if late := cgo.Do(ctx, func() { err = f() }); late != nil {
		return fmt.Errorf("torch: %s: waiting for one of %d calls of libtorch to end: %w", name, cgo.WorkersNow().Limit, late)
	}
	return err
}

func (o *object[H]) close() error {
	var none H
	if o.h == none {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.h.Close()
	return nil
}
