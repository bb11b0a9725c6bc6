package cgo

/*
#include "torchlight.h"
*/
import "C"

import (
	"runtime"
	"unsafe"
)

// Module owns one tl_module.
type Module struct{ handle }

func (m *Module) ptr() *C.tl_module { return (*C.tl_module)(m.raw()) }

func newModule(p *C.tl_module, e *C.tl_error) (*Module, error) {
	if err := take(e); err != nil {
		return nil, err
	}
	m := &Module{}
	newHandle(m, &m.handle, unsafe.Pointer(p), func(p unsafe.Pointer) { C.tl_module_free((*C.tl_module)(p)) })
	return m, nil
}

// LoadFile loads a TorchScript file.
func LoadFile(path string, device Device) (*Module, error) {
	name, free := cstring(path)
	defer free()
	var p *C.tl_module
	e := C.tl_module_load_file(name, device.c(), &p)
	return newModule(p, e)
}

// LoadBytes loads a TorchScript file from memory.
func LoadBytes(data []byte, device Device) (*Module, error) {
	var p *C.tl_module
	e := C.tl_module_load_bytes((*C.uint8_t)(unsafe.SliceData(data)), C.int64_t(len(data)), device.c(), &p)
	return newModule(p, e)
}

// Info is a JSON document about the module, see torchlight.h.
func (m *Module) Info() (string, error) {
	var t *C.tl_text
	e := C.tl_module_info(m.ptr(), &t)
	runtime.KeepAlive(m)
	return text(t, e)
}

// Calls runs the model once and lists its calls as JSON, see torchlight.h.
func (m *Module) Calls(inputs []*Tensor) (string, error) {
	var t *C.tl_text
	p, n := pointers(inputs)
	e := C.tl_module_calls(m.ptr(), p, n, &t)
	runtime.KeepAlive(m)
	runtime.KeepAlive(inputs)
	return text(t, e)
}

// Forward runs the forward method as the file has it.
func (m *Module) Forward(inputs []*Tensor) ([]Named, error) {
	var l *C.tl_tensors
	p, n := pointers(inputs)
	e := C.tl_module_forward(m.ptr(), p, n, &l)
	runtime.KeepAlive(m)
	runtime.KeepAlive(inputs)
	return listed(l, e)
}

// Predict runs the frozen and fused model.
func (m *Module) Predict(inputs []*Tensor) ([]Named, error) {
	var l *C.tl_tensors
	p, n := pointers(inputs)
	e := C.tl_module_predict(m.ptr(), p, n, &l)
	runtime.KeepAlive(m)
	runtime.KeepAlive(inputs)
	return listed(l, e)
}
