//go:build cgo

package cgo

import (
	"runtime"
	"sync/atomic"
	"unsafe"
)

// owner holds the C pointer of a handle. It is separate from the handle that the
// caller sees, so that the cleanup of a forgotten handle cannot revive it.
type owner struct {
	ptr  atomic.Pointer[byte]
	free func(unsafe.Pointer)
}

func (o *owner) close() {
	if p := o.ptr.Swap(nil); p != nil {
		o.free(unsafe.Pointer(p))
	}
}

// handle is embedded by every wrapper. The zero value is closed.
type handle struct{ *owner }

func newHandle[T any](outer *T, h *handle, ptr unsafe.Pointer, free func(unsafe.Pointer)) {
	h.owner = &owner{free: free}
	h.owner.ptr.Store((*byte)(ptr))
	runtime.AddCleanup(outer, func(o *owner) { o.close() }, h.owner)
}

// raw is the C pointer, nil once the handle is closed.
func (h handle) raw() unsafe.Pointer {
	if h.owner == nil {
		return nil
	}
	return unsafe.Pointer(h.owner.ptr.Load())
}

// Close frees what the handle holds. Further calls do nothing. It must not run
// while another call uses the handle; package torch sees to that.
func (h handle) Close() {
	if h.owner != nil {
		h.owner.close()
	}
}

// Closed reports whether the handle was closed.
func (h handle) Closed() bool { return h.raw() == nil }
