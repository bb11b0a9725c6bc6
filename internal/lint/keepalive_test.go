package lint

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// handles is a package in the shape of cgo/, without its wrappers.
const handles = `package cgo

import "C"
import "unsafe"

type handle struct{ p unsafe.Pointer }

func (h handle) raw() unsafe.Pointer { return h.p }

type Tensor struct{ handle }

func (t *Tensor) ptr() *C.tl_tensor { return (*C.tl_tensor)(t.raw()) }

func (t *Tensor) Close() { C.tl_tensor_free(t.ptr()) }

func pointers(ts []*Tensor) (**C.tl_tensor, C.int32_t) {
	p := make([]*C.tl_tensor, len(ts)+1)
	for i, t := range ts {
		p[i] = t.ptr()
	}
	return &p[0], C.int32_t(len(ts))
}
`

// TestKeepAlive runs the check on one function after the other. Those with a
// problem carry the handle they forget.
func TestKeepAlive(t *testing.T) {
	for name, c := range map[string]struct{ body, forgets string }{
		"kept": {`func (t *Tensor) F() error {
	e := C.tl_f(t.ptr())
	runtime.KeepAlive(t)
	return take(e)
}`, ""},
		"forgotten": {`func (t *Tensor) F() error {
	e := C.tl_f(t.ptr())
	return take(e)
}`, "t"},
		"kept too early": {`func (t *Tensor) F() error {
	runtime.KeepAlive(t)
	e := C.tl_f(t.ptr())
	return take(e)
}`, "t"},
		"another one kept": {`func (t *Tensor) F(u *Tensor) error {
	e := C.tl_f(t.ptr(), u.ptr())
	runtime.KeepAlive(t)
	return take(e)
}`, "u"},
		"returned at once": {`func (t *Tensor) F() error {
	return take(C.tl_f(t.ptr()))
}`, "t"},
		"deferred": {`func (t *Tensor) F() error {
	defer runtime.KeepAlive(t)
	return take(C.tl_f(t.ptr()))
}`, ""},
		"deferred too late": {`func (t *Tensor) F() error {
	if err := take(C.tl_f(t.ptr())); err != nil {
		return err
	}
	defer runtime.KeepAlive(u)
	return nil
}`, "t"},
		"in a loop, kept after it": {`func (t *Tensor) F() {
	for i := range 3 {
		C.tl_f(t.ptr(), i)
	}
	runtime.KeepAlive(t)
}`, ""},
		"kept on the other branch only": {`func (t *Tensor) F() {
	if x {
		C.tl_f(t.ptr())
	} else {
		runtime.KeepAlive(t)
	}
}`, "t"},
		"in a function literal": {`func F(m *Tensor) {
	Do(func() {
		C.tl_f(m.ptr())
	})
}`, "m"},
		"in a function literal, kept inside": {`func F(m *Tensor) {
	Do(func() {
		C.tl_f(m.ptr())
		runtime.KeepAlive(m)
	})
}`, ""},
		"in a switch": {`func (t *Tensor) F() {
	switch x {
	case 1:
		C.tl_f(t.raw())
	}
}`, "t"},
		"a pointer taken before": {`func (t *Tensor) F() {
	p := t.ptr()
	C.tl_f(p)
}`, "t"},
		"a slice of handles": {`func F(ts []*Tensor) {
	p, n := pointers(ts)
	C.tl_f(p, n)
}`, "ts"},
		"a slice of handles, kept": {`func F(ts []*Tensor) {
	p, n := pointers(ts)
	C.tl_f(p, n)
	runtime.KeepAlive(ts)
}`, ""},
		"no handle":  {`func F(n int) { C.tl_set(C.int(n)) }`, ""},
		"a free":     {`func (t *Tensor) F() { C.tl_f_free(t.ptr()) }`, ""},
		"a constant": {`func (t *Tensor) F() int { return C.TL_CPU }`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := problemsOf(t, map[string]string{
				"cgo/doc.go":    "// Package cgo calls C.\npackage cgo\n",
				"cgo/handle.go": handles,
				"cgo/f.go":      "package cgo\n\nimport \"C\"\n\n" + c.body + "\n",
			})
			if c.forgets == "" {
				require.Empty(t, got)
				return
			}
			require.Len(t, got, 1)
			require.Contains(t, got[0], "F: no runtime.KeepAlive("+c.forgets+") after the statement with this C call")
		})
	}
}
