package cgo

/*
#include "torchlight.h"
*/
import "C"

import "runtime"

// AllowTF32 lets the float32 products of GPUs round their factors to TF32.
func AllowTF32(on bool) error {
	return take(C.tl_allow_tf32(flag(on)))
}

// TF32Allowed reports whether they may.
func TF32Allowed() (bool, error) {
	var on C.int32_t
	err := take(C.tl_tf32_allowed(&on))
	return on != 0, err
}

// EmptyCache gives freed memory that is kept for later back.
func EmptyCache(d Device) error { return take(C.tl_empty_cache(d.c())) }

// Memory is a tl_memory: bytes of one GPU.
type Memory struct{ Allocated, Peak, Reserved, Available, Total int }

// DeviceMemory reads the memory of a GPU.
func DeviceMemory(d Device) (Memory, error) {
	var m C.tl_memory
	err := take(C.tl_device_memory(d.c(), &m))
	return Memory{int(m.allocated), int(m.peak), int(m.reserved), int(m.available), int(m.total)}, err
}

// SetForm chooses how graphs run that need no gradients; [OwnType] leaves their
// type. It must come before every other use of the module.
func (m *Module) SetForm(dtype DType, channelsLast bool) error {
	e := C.tl_module_set_form(m.ptr(), C.int32_t(dtype), flag(channelsLast))
	runtime.KeepAlive(m)
	return take(e)
}

// OwnType stands for the model's own element type.
const OwnType DType = C.TL_OWN_TYPE

// Pool makes Grad-CAM's maps where the activations lie: three tensors a layer, see
// torchlight.h.
func (p *Pass) Pool(which []int, cotangents []*Tensor) ([]Named, error) {
	index := outputNumbers(which)
	var l *C.tl_tensors
	v, n := pointers(cotangents)
	e := C.tl_pass_pool(p.ptr(), index, v, n, &l)
	runtime.KeepAlive(p)
	runtime.KeepAlive(cotangents)
	return listed(l, e)
}

// CodeOfText is the code that a failure of libtorch with this text gets.
func CodeOfText(text string) Code {
	t, free := cstring(text)
	defer free()
	return Code(C.tl_code_of_text(t))
}
