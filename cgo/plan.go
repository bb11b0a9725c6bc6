package cgo

/*
#include <stdlib.h>
#include "torchlight.h"
*/
import "C"

import (
	"runtime"
	"unsafe"
)

// Plan owns one tl_plan.
type Plan struct{ handle }

func (p *Plan) ptr() *C.tl_plan { return (*C.tl_plan)(p.raw()) }

// NewPlan cuts the module at the layers.
func NewPlan(m *Module, layers []string, folding bool) (plan *Plan, err error) {
	names := make([]*C.char, len(layers)+1)
	for i, l := range layers {
		name, free := cstring(l)
		defer free()
		names[i] = name
	}
	fold := C.int32_t(0)
	if folding {
		fold = 1
	}
	Do(func() {
		var p *C.tl_plan
		e := C.tl_plan_new(m.ptr(), &names[0], C.int32_t(len(layers)), fold, &p)
		runtime.KeepAlive(m)
		if err = take(e); err != nil {
			return
		}
		plan = &Plan{}
		newHandle(plan, &plan.handle, unsafe.Pointer(p), func(p unsafe.Pointer) { C.tl_plan_free((*C.tl_plan)(p)) })
	})
	return plan, err
}

// Describe is a JSON document about the plan, see torchlight.h.
func (p *Plan) Describe() (string, error) {
	var t *C.tl_text
	e := C.tl_plan_describe(p.ptr(), &t)
	runtime.KeepAlive(p)
	if err := take(e); err != nil {
		return "", err
	}
	return text(t), nil
}

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

// Rerun runs the tail from another value of the first layer.
func (p *Pass) Rerun(activation *Tensor) (out []Named, err error) {
	Do(func() {
		var l *C.tl_tensors
		e := C.tl_pass_rerun(p.ptr(), activation.ptr(), &l)
		runtime.KeepAlive(p)
		runtime.KeepAlive(activation)
		if err = take(e); err == nil {
			out, err = named(l)
		}
	})
	return out, err
}
