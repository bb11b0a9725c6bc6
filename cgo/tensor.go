package cgo

/*
#include "torchlight.h"
*/
import "C"

import (
	"runtime"
	"unsafe"
)

// DType is an element type by its number in c10.
type DType int

// The element types of torchlight.h.
const (
	Uint8    DType = C.TL_UINT8
	Int8     DType = C.TL_INT8
	Int16    DType = C.TL_INT16
	Int32    DType = C.TL_INT32
	Int64    DType = C.TL_INT64
	Float16  DType = C.TL_FLOAT16
	Float32  DType = C.TL_FLOAT32
	Float64  DType = C.TL_FLOAT64
	Bool     DType = C.TL_BOOL
	BFloat16 DType = C.TL_BFLOAT16
)

// Device is a device by type and ordinal.
type Device struct {
	CUDA  bool
	Index int
}

func (d Device) c() C.tl_device {
	if d.CUDA {
		return C.tl_device{C.TL_CUDA, C.int32_t(d.Index)}
	}
	return C.tl_device{C.TL_CPU, 0}
}

// Tensor owns one tl_tensor.
type Tensor struct{ handle }

func (t *Tensor) ptr() *C.tl_tensor { return (*C.tl_tensor)(t.raw()) }

func newTensor(p *C.tl_tensor) *Tensor {
	t := &Tensor{}
	newHandle(t, &t.handle, unsafe.Pointer(p), func(p unsafe.Pointer) { C.tl_tensor_free((*C.tl_tensor)(p)) })
	return t
}

func created(p *C.tl_tensor, e *C.tl_error) (*Tensor, error) {
	if err := take(e); err != nil {
		return nil, err
	}
	return newTensor(p), nil
}

func dims(shape []int) (*C.int64_t, C.int32_t) {
	d := make([]C.int64_t, len(shape)+1) // never empty, so that its address can be taken
	for i, n := range shape {
		d[i] = C.int64_t(n)
	}
	return &d[0], C.int32_t(len(shape))
}

// FromFloat32 copies data into a new CPU tensor.
func FromFloat32(data []float32, shape []int) (*Tensor, error) {
	var p *C.tl_tensor
	d, n := dims(shape)
	e := C.tl_tensor_from_f32((*C.float)(unsafe.SliceData(data)), C.int64_t(len(data)), d, n, &p)
	return created(p, e)
}

// FromFloat64 copies data into a new CPU tensor.
func FromFloat64(data []float64, shape []int) (*Tensor, error) {
	var p *C.tl_tensor
	d, n := dims(shape)
	e := C.tl_tensor_from_f64((*C.double)(unsafe.SliceData(data)), C.int64_t(len(data)), d, n, &p)
	return created(p, e)
}

// FromInt64 copies data into a new CPU tensor.
func FromInt64(data []int64, shape []int) (*Tensor, error) {
	var p *C.tl_tensor
	d, n := dims(shape)
	e := C.tl_tensor_from_i64((*C.int64_t)(unsafe.SliceData(data)), C.int64_t(len(data)), d, n, &p)
	return created(p, e)
}

// FromUint8 copies data into a new CPU tensor.
func FromUint8(data []uint8, shape []int) (*Tensor, error) {
	var p *C.tl_tensor
	d, n := dims(shape)
	e := C.tl_tensor_from_u8((*C.uint8_t)(unsafe.SliceData(data)), C.int64_t(len(data)), d, n, &p)
	return created(p, e)
}

// FromBool copies data into a new CPU tensor.
func FromBool(data []bool, shape []int) (*Tensor, error) {
	var p *C.tl_tensor
	d, n := dims(shape)
	// A Go bool is one byte, 0 or 1, as a C++ bool is.
	e := C.tl_tensor_from_bool((*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(data))), C.int64_t(len(data)), d, n, &p)
	return created(p, e)
}

// FromFloat16 copies the bits of IEEE half-precision values into a new CPU tensor.
func FromFloat16(bits []uint16, shape []int) (*Tensor, error) {
	var p *C.tl_tensor
	d, n := dims(shape)
	e := C.tl_tensor_from_f16((*C.uint16_t)(unsafe.SliceData(bits)), C.int64_t(len(bits)), d, n, &p)
	return created(p, e)
}

// FromBFloat16 copies the bits of bfloat16 values into a new CPU tensor.
func FromBFloat16(bits []uint16, shape []int) (*Tensor, error) {
	var p *C.tl_tensor
	d, n := dims(shape)
	e := C.tl_tensor_from_bf16((*C.uint16_t)(unsafe.SliceData(bits)), C.int64_t(len(bits)), d, n, &p)
	return created(p, e)
}

// CopyFloat32 fills dst, whose length must be the number of elements.
func (t *Tensor) CopyFloat32(dst []float32) error {
	e := C.tl_tensor_copy_f32(t.ptr(), (*C.float)(unsafe.SliceData(dst)), C.int64_t(len(dst)))
	runtime.KeepAlive(t)
	return take(e)
}

// CopyFloat64 fills dst, converting.
func (t *Tensor) CopyFloat64(dst []float64) error {
	e := C.tl_tensor_copy_f64(t.ptr(), (*C.double)(unsafe.SliceData(dst)), C.int64_t(len(dst)))
	runtime.KeepAlive(t)
	return take(e)
}

// CopyInt64 fills dst, converting.
func (t *Tensor) CopyInt64(dst []int64) error {
	e := C.tl_tensor_copy_i64(t.ptr(), (*C.int64_t)(unsafe.SliceData(dst)), C.int64_t(len(dst)))
	runtime.KeepAlive(t)
	return take(e)
}

// CopyUint8 fills dst, converting.
func (t *Tensor) CopyUint8(dst []uint8) error {
	e := C.tl_tensor_copy_u8(t.ptr(), (*C.uint8_t)(unsafe.SliceData(dst)), C.int64_t(len(dst)))
	runtime.KeepAlive(t)
	return take(e)
}

// CopyBool fills dst, converting.
func (t *Tensor) CopyBool(dst []bool) error {
	e := C.tl_tensor_copy_bool(t.ptr(), (*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(dst))), C.int64_t(len(dst)))
	runtime.KeepAlive(t)
	return take(e)
}

// CopyFloat16 fills dst with half-precision bits, converting.
func (t *Tensor) CopyFloat16(dst []uint16) error {
	e := C.tl_tensor_copy_f16(t.ptr(), (*C.uint16_t)(unsafe.SliceData(dst)), C.int64_t(len(dst)))
	runtime.KeepAlive(t)
	return take(e)
}

// CopyBFloat16 fills dst with bfloat16 bits, converting.
func (t *Tensor) CopyBFloat16(dst []uint16) error {
	e := C.tl_tensor_copy_bf16(t.ptr(), (*C.uint16_t)(unsafe.SliceData(dst)), C.int64_t(len(dst)))
	runtime.KeepAlive(t)
	return take(e)
}

// WithFloat32 lends the memory of a contiguous float32 CPU tensor to f, which
// must not keep or change it.
func (t *Tensor) WithFloat32(f func([]float32)) error {
	var p *C.float
	e := C.tl_tensor_data_f32(t.ptr(), &p)
	if err := take(e); err != nil {
		return err
	}
	f(unsafe.Slice((*float32)(p), t.Len()))
	runtime.KeepAlive(t)
	return nil
}

// Shape is the tensor's extents.
func (t *Tensor) Shape() []int {
	n := int(C.tl_tensor_ndim(t.ptr()))
	shape := make([]int, n)
	for i := range shape {
		shape[i] = int(C.tl_tensor_dim(t.ptr(), C.int32_t(i)))
	}
	runtime.KeepAlive(t)
	return shape
}

// Len is the number of elements.
func (t *Tensor) Len() int {
	n := 1
	for _, d := range t.Shape() {
		n *= d
	}
	return n
}

// DType is the element type.
func (t *Tensor) DType() DType {
	d := DType(C.tl_tensor_dtype(t.ptr()))
	runtime.KeepAlive(t)
	return d
}

// Device is where the tensor lies.
func (t *Tensor) Device() Device {
	d := C.tl_tensor_device(t.ptr())
	runtime.KeepAlive(t)
	return Device{CUDA: d._type == C.TL_CUDA, Index: int(d.index)}
}

// To converts type and device.
func (t *Tensor) To(dtype DType, device Device) (*Tensor, error) {
	var p *C.tl_tensor
	e := C.tl_tensor_to(t.ptr(), C.int32_t(dtype), device.c(), &p)
	runtime.KeepAlive(t)
	return created(p, e)
}

// FromAt shares the storage of the at::Tensor that p points to.
func FromAt(p unsafe.Pointer) (*Tensor, error) {
	var t *C.tl_tensor
	e := C.tl_tensor_from_at(p, &t)
	return created(t, e)
}

// NewAt makes an at::Tensor on the C++ heap that shares the storage.
func (t *Tensor) NewAt() (unsafe.Pointer, error) {
	var p unsafe.Pointer
	e := C.tl_tensor_new_at(t.ptr(), &p)
	runtime.KeepAlive(t)
	return p, take(e)
}

// Named is a tensor with its name.
type Named struct {
	Name   string
	Tensor *Tensor
}

// listed is the list that a C call has made, or why it has not.
func listed(l *C.tl_tensors, e *C.tl_error) ([]Named, error) {
	if err := take(e); err != nil {
		return nil, err
	}
	return named(l)
}

// named takes a C list apart and frees it.
func named(l *C.tl_tensors) ([]Named, error) {
	defer C.tl_tensors_free(l)
	out := make([]Named, int(C.tl_tensors_len(l)))
	for i := range out {
		var p *C.tl_tensor
		e := C.tl_tensors_get(l, C.int32_t(i), &p)
		t, err := created(p, e)
		if err != nil {
			return nil, err
		}
		out[i] = Named{C.GoString(C.tl_tensors_name(l, C.int32_t(i))), t}
	}
	return out, nil
}

// pointers copies the handles of a list of tensors into C form, nil as NULL. The array holds
// C pointers only, so it may itself lie in Go memory.
func pointers(tensors []*Tensor) (**C.tl_tensor, C.int32_t) {
	p := make([]*C.tl_tensor, len(tensors)+1)
	for i, t := range tensors {
		if t != nil {
			p[i] = t.ptr()
		}
	}
	return &p[0], C.int32_t(len(tensors))
}
