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

// PlanOptions are those of torchlight.h.
type PlanOptions struct {
	Unfolded bool
	Relu     int // a tl_relu
	InPlace  int // a tl_in_place
	Alone    bool
}

// flag is a yes or no of the C side.
func flag(on bool) C.int32_t {
	if on {
		return 1
	}
	return 0
}

// NewPlan cuts the module at the layers.
func NewPlan(m *Module, layers []string, o PlanOptions) (*Plan, error) {
	names := make([]*C.char, len(layers)+1)
	for i, l := range layers {
		name, free := cstring(l)
		defer free()
		names[i] = name
	}
	options := C.tl_plan_options{
		unfolded: flag(o.Unfolded),
		relu:     C.int32_t(o.Relu),
		in_place: C.int32_t(o.InPlace),
		alone:    flag(o.Alone),
	}
	var p *C.tl_plan
	e := C.tl_plan_new(m.ptr(), &names[0], C.int32_t(len(layers)), &options, &p)
	runtime.KeepAlive(m)
	if err := take(e); err != nil {
		return nil, err
	}
	plan := &Plan{}
	newHandle(plan, &plan.handle, unsafe.Pointer(p), func(p unsafe.Pointer) { C.tl_plan_free((*C.tl_plan)(p)) })
	return plan, nil
}

// Describe is a JSON document about the plan, see torchlight.h.
func (p *Plan) Describe() (string, error) {
	var t *C.tl_text
	e := C.tl_plan_describe(p.ptr(), &t)
	runtime.KeepAlive(p)
	return text(t, e)
}

// Differentiable is nil where passes of the plan can go backward.
func (p *Plan) Differentiable() error {
	e := C.tl_plan_differentiable(p.ptr())
	runtime.KeepAlive(p)
	return take(e)
}

// Biases are the additive terms of the network, by the address of their node.
func (p *Plan) Biases() ([]Named, error) {
	var l *C.tl_tensors
	e := C.tl_plan_biases(p.ptr(), &l)
	runtime.KeepAlive(p)
	return listed(l, e)
}
