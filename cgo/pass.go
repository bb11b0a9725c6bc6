package cgo

/*
#include "torchlight.h"
*/
import "C"

import (
	"runtime"
	"unsafe"
)

// Pass owns one tl_pass.
type Pass struct{ handle }

func (p *Pass) ptr() *C.tl_pass { return (*C.tl_pass)(p.raw()) }

// Forward runs a batch through the plan.
func (p *Plan) Forward(inputs []*Tensor) (pass *Pass, err error) {
	Do(func() {
		var c *C.tl_pass
		in, n := pointers(inputs)
		e := C.tl_plan_forward(p.ptr(), in, n, &c)
		runtime.KeepAlive(p)
		runtime.KeepAlive(inputs)
		if err = take(e); err != nil {
			return
		}
		pass = &Pass{}
		newHandle(pass, &pass.handle, unsafe.Pointer(c), func(p unsafe.Pointer) { C.tl_pass_free((*C.tl_pass)(p)) })
	})
	return pass, err
}

// Outputs are the tensors of the model's result.
func (p *Pass) Outputs() ([]Named, error) {
	var l *C.tl_tensors
	e := C.tl_pass_outputs(p.ptr(), &l)
	runtime.KeepAlive(p)
	if err := take(e); err != nil {
		return nil, err
	}
	return named(l)
}

// Activations are the values of the layers.
func (p *Pass) Activations() ([]Named, error) {
	var l *C.tl_tensors
	e := C.tl_pass_activations(p.ptr(), &l)
	runtime.KeepAlive(p)
	if err := take(e); err != nil {
		return nil, err
	}
	return named(l)
}

// Backward returns the gradient of the sum of <cotangent, output> for each layer.
func (p *Pass) Backward(which []int, cotangents []*Tensor) (out []Named, err error) {
	index := make([]C.int32_t, len(which)+1)
	for i, w := range which {
		index[i] = C.int32_t(w)
	}
	Do(func() {
		var l *C.tl_tensors
		v, n := pointers(cotangents)
		e := C.tl_pass_backward(p.ptr(), &index[0], v, n, &l)
		runtime.KeepAlive(p)
		runtime.KeepAlive(cotangents)
		if err = take(e); err == nil {
			out, err = named(l)
		}
	})
	return out, err
}

// Rerun runs the tail from another value of the earliest layer; nil rows are one a
// sample.
func (p *Pass) Rerun(activation *Tensor, rows []int) (out []Named, err error) {
	which, count := rowNumbers(rows)
	Do(func() {
		var l *C.tl_tensors
		e := C.tl_pass_rerun(p.ptr(), activation.ptr(), which, count, &l)
		runtime.KeepAlive(p)
		runtime.KeepAlive(activation)
		if err = take(e); err == nil {
			out, err = named(l)
		}
	})
	return out, err
}

// RerunFloat32 is Rerun on Go memory, which is not copied.
func (p *Pass) RerunFloat32(data []float32, shape, rows []int) (out []Named, err error) {
	which, count := rowNumbers(rows)
	Do(func() {
		var l *C.tl_tensors
		d, n := dims(shape)
		e := C.tl_pass_rerun_f32(p.ptr(), (*C.float)(unsafe.SliceData(data)), C.int64_t(len(data)), d, n, which, count, &l)
		runtime.KeepAlive(p)
		if err = take(e); err == nil {
			out, err = named(l)
		}
	})
	return out, err
}

// rowNumbers is a list of rows in C form, NULL for nil.
func rowNumbers(rows []int) (*C.int64_t, C.int64_t) {
	if rows == nil {
		return nil, 0
	}
	r := make([]C.int64_t, len(rows)+1) // never empty, so that its address can be taken
	for i, n := range rows {
		r[i] = C.int64_t(n)
	}
	return &r[0], C.int64_t(len(rows))
}
