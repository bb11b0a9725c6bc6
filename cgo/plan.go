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
