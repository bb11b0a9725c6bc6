package cgo

/*
#include <stdlib.h>
#include "torchlight.h"
*/
import "C"

import "unsafe"

// Code says what kind of failure an [Error] is, as torchlight.h lists them.
type Code int

// The codes of torchlight.h.
const (
	Internal        Code = C.TL_INTERNAL
	Invalid         Code = C.TL_INVALID
	OutOfMemory     Code = C.TL_OUT_OF_MEMORY
	NotTorchScript  Code = C.TL_NOT_TORCHSCRIPT
	NewerFile       Code = C.TL_NEWER_FILE
	UnknownOperator Code = C.TL_UNKNOWN_OPERATOR
	ModelRefused    Code = C.TL_MODEL
	LayerUnknown    Code = C.TL_LAYER_UNKNOWN
	LayerNotCalled  Code = C.TL_LAYER_NOT_CALLED
	LayerAmbiguous  Code = C.TL_LAYER_AMBIGUOUS
	LayerNotTensor  Code = C.TL_LAYER_NOT_TENSOR
	Frozen          Code = C.TL_FROZEN
	NoDerivative    Code = C.TL_NO_DERIVATIVE
	Aliasing        Code = C.TL_ALIASING
	Stateful        Code = C.TL_STATEFUL
	TrainMode       Code = C.TL_TRAIN_MODE
	NoDevice        Code = C.TL_NO_DEVICE
	CUDATooLate     Code = C.TL_CUDA_TOO_LATE
	DeviceLost      Code = C.TL_DEVICE_LOST
)

// Error is a failure reported by the C side, copied into Go.
type Error struct {
	Code    Code
	Message string // one line
	Trace   string // libtorch's own text, may be empty
}

func (e *Error) Error() string { return e.Message }

// take turns a C error into a Go one and frees it; nil stays nil.
func take(e *C.tl_error) error {
	if e == nil {
		return nil
	}
	err := &Error{
		Code:    Code(C.tl_error_code(e)),
		Message: C.GoString(C.tl_error_message(e)),
		Trace:   C.GoString(C.tl_error_trace(e)),
	}
	C.tl_error_free(e)
	return err
}

// text copies the text that a C call has made into Go and frees it.
func text(t *C.tl_text, e *C.tl_error) (string, error) {
	if err := take(e); err != nil {
		return "", err
	}
	s := C.GoString(C.tl_text_data(t))
	C.tl_text_free(t)
	return s, nil
}

// cstring copies s to C; the second result frees it.
func cstring(s string) (*C.char, func()) {
	c := C.CString(s)
	return c, func() { C.free(unsafe.Pointer(c)) }
}
