// Package gotorch stands in for github.com/wangkuiyi/gotorch: what the adapter
// needs of it, with the same names and types.
package gotorch

import (
	"runtime"
	"unsafe"

	"github.com/wangkuiyi/gotorch/cgotorch"
)

// Tensor holds the address of a pointer to an at::Tensor.
type Tensor struct{ T *unsafe.Pointer }

// SetTensorFinalizer frees the at::Tensor once t is unreachable.
func SetTensorFinalizer(t *unsafe.Pointer) {
	runtime.SetFinalizer(t, func(p *unsafe.Pointer) { cgotorch.Close(*p) })
}

// Close frees the at::Tensor now.
func (a *Tensor) Close() {
	if a.T != nil {
		runtime.SetFinalizer(a.T, nil)
		cgotorch.Close(*a.T)
		a.T = nil
	}
}
