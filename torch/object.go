package torch

import (
	"context"
	"fmt"
	"sync"
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

// call is use for the work of libtorch: not once ctx is done, and an error of the C
// side says what it is about.
func (o *object[H]) call(ctx context.Context, f func(H) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("torch: %s: %w", o.about, err)
	}
	return about(o.use(f), o.about)
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
