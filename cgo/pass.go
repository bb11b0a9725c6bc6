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
func (p *Plan) Forward(inputs []*Tensor) (*Pass, error) {
	var c *C.tl_pass
	in, n := pointers(inputs)
	e := C.tl_plan_forward(p.ptr(), in, n, &c)
	runtime.KeepAlive(p)
	runtime.KeepAlive(inputs)
	return newPass(c, e)
}

func newPass(c *C.tl_pass, e *C.tl_error) (*Pass, error) {
	if err := take(e); err != nil {
		return nil, err
	}
	pass := &Pass{}
	newHandle(pass, &pass.handle, unsafe.Pointer(c), func(p unsafe.Pointer) { C.tl_pass_free((*C.tl_pass)(p)) })
	return pass, nil
}

// Outputs are the tensors of the model's result.
func (p *Pass) Outputs() ([]Named, error) {
	var l *C.tl_tensors
	e := C.tl_pass_outputs(p.ptr(), &l)
	runtime.KeepAlive(p)
	return listed(l, e)
}

// Activations are the values of the layers.
func (p *Pass) Activations() ([]Named, error) {
	var l *C.tl_tensors
	e := C.tl_pass_activations(p.ptr(), &l)
	runtime.KeepAlive(p)
	return listed(l, e)
}

// Backward returns the gradient of the sum of <cotangent, output> for each layer.
func (p *Pass) Backward(which []int, cotangents []*Tensor) ([]Named, error) {
	index := outputNumbers(which)
	var l *C.tl_tensors
	v, n := pointers(cotangents)
	e := C.tl_pass_backward(p.ptr(), index, v, n, &l)
	runtime.KeepAlive(p)
	runtime.KeepAlive(cotangents)
	return listed(l, e)
}

// Rerun runs the tail from another value of the earliest layer; nil rows are one a
// sample.
func (p *Pass) Rerun(activation *Tensor, rows []int) ([]Named, error) {
	which, count := rowNumbers(rows)
	var l *C.tl_tensors
	e := C.tl_pass_rerun(p.ptr(), activation.ptr(), which, count, &l)
	runtime.KeepAlive(p)
	runtime.KeepAlive(activation)
	return listed(l, e)
}

// RerunFloat32 is Rerun on Go memory, which is not copied.
func (p *Pass) RerunFloat32(data []float32, shape, rows []int) ([]Named, error) {
	which, count := rowNumbers(rows)
	var l *C.tl_tensors
	d, n := dims(shape)
	e := C.tl_pass_rerun_f32(p.ptr(), (*C.float)(unsafe.SliceData(data)), C.int64_t(len(data)), d, n, which, count, &l)
	runtime.KeepAlive(p)
	return listed(l, e)
}

// RerunGrad is Rerun with gradients, as a pass of its own.
func (p *Pass) RerunGrad(activation *Tensor, rows []int) (*Pass, error) {
	which, count := rowNumbers(rows)
	var c *C.tl_pass
	e := C.tl_pass_rerun_grad(p.ptr(), activation.ptr(), which, count, &c)
	runtime.KeepAlive(p)
	runtime.KeepAlive(activation)
	return newPass(c, e)
}

// SecondOrder returns H v for each layer and J v for each floating-point output;
// a nil direction is zero.
func (p *Pass) SecondOrder(which []int, cotangents, directions []*Tensor) (hv, jv []Named, err error) {
	index := outputNumbers(which)
	var h, j *C.tl_tensors
	c, n := pointers(cotangents)
	v, _ := pointers(directions)
	e := C.tl_pass_second_order(p.ptr(), index, c, n, v, &h, &j)
	runtime.KeepAlive(p)
	runtime.KeepAlive(cotangents)
	runtime.KeepAlive(directions)
	if err = take(e); err != nil {
		return nil, nil, err
	}
	var second error
	hv, err = named(h)
	if jv, second = named(j); err == nil {
		err = second
	}
	return hv, jv, err
}

// outputNumbers is a list of outputs in C form.
func outputNumbers(which []int) *C.int32_t {
	index := make([]C.int32_t, len(which)+1) // never empty, so that its address can be taken
	for i, w := range which {
		index[i] = C.int32_t(w)
	}
	return &index[0]
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
