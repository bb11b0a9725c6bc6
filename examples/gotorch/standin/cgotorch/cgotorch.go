package cgotorch

// Where libtorch lies is said by CGO_CXXFLAGS and CGO_LDFLAGS:
// eval "$(scripts/libtorch env)" in the clone's root.

/*
#cgo CXXFLAGS: -std=c++20 -g0
#cgo LDFLAGS: -ltorch_cpu -lc10
#include "cgotorch.h"
*/
import "C"

import "unsafe"

// New copies float32 values into a new at::Tensor.
func New(data []float32, shape ...int64) unsafe.Pointer {
	return unsafe.Pointer(C.Standin_New((*C.float)(unsafe.SliceData(data)), (*C.int64_t)(unsafe.SliceData(shape)), C.int64_t(len(shape))))
}

// Fill overwrites every element in place.
func Fill(t unsafe.Pointer, value float32) { C.Standin_Fill(C.Tensor(t), C.float(value)) }

// Read copies the elements out, row-major.
func Read(t unsafe.Pointer) []float32 {
	out := make([]float32, C.Standin_Len(C.Tensor(t)))
	C.Standin_Read(C.Tensor(t), (*C.float)(unsafe.SliceData(out)))
	return out
}

// Users is the number of tensors that share the storage.
func Users(t unsafe.Pointer) int { return int(C.Standin_Users(C.Tensor(t))) }

// Transposed is a view with its first two axes exchanged.
func Transposed(t unsafe.Pointer) unsafe.Pointer {
	return unsafe.Pointer(C.Standin_Transposed(C.Tensor(t)))
}

// Close frees the at::Tensor.
func Close(t unsafe.Pointer) { C.Standin_Close(C.Tensor(t)) }
