package torch

import (
	"errors"
	"fmt"
	"unsafe"

	"github.com/torchlight-go/torchlight/cgo"
	"github.com/torchlight-go/torchlight/engine"
)

// Tensor is a dense array in libtorch's memory. Its contents do not change.
type Tensor struct {
	object[*cgo.Tensor]
}

// Half is the bits of an IEEE half-precision value, Brain those of a bfloat16.
type (
	Half  uint16
	Brain uint16
)

// Element is a Go type that tensors can be made from and copied to.
type Element interface {
	float32 | float64 | int64 | uint8 | bool | Half | Brain
}

func newTensor(t *cgo.Tensor) *Tensor { return &Tensor{object[*cgo.Tensor]{h: t, about: "tensor"}} }

// FromSlice copies data into a new CPU tensor of that shape, in row-major order.
// It returns [ErrInvalid] unless the data fills the shape exactly.
func FromSlice[T Element](data []T, shape ...int) (*Tensor, error) {
	if err := checkShape(shape, len(data)); err != nil {
		return nil, err
	}
	var t *cgo.Tensor
	var err error
	switch d := any(data).(type) {
	case []float32:
		t, err = cgo.FromFloat32(d, shape)
	case []float64:
		t, err = cgo.FromFloat64(d, shape)
	case []int64:
		t, err = cgo.FromInt64(d, shape)
	case []uint8:
		t, err = cgo.FromUint8(d, shape)
	case []bool:
		t, err = cgo.FromBool(d, shape)
	case []Half:
		t, err = cgo.FromFloat16(bits(d), shape)
	case []Brain:
		t, err = cgo.FromBFloat16(bits(d), shape)
	}
	if err != nil {
		return nil, wrap(err, fmt.Sprintf("tensor of shape %v", shape))
	}
	return newTensor(t), nil
}

// checkShape asks that n elements fill the shape. Strides are computed from the
// extents that are not 0, so their product must fit even in an empty tensor.
func checkShape(shape []int, n int) error {
	fail := func(format string, a ...any) error {
		return &Error{Kind: ErrInvalid, About: fmt.Sprintf("tensor of shape %v", shape), Reason: fmt.Sprintf(format, a...), Fix: "give a shape that the data fills"}
	}
	const most = 1 << 48 // elements; no machine has more
	size, product := 1, 1
	for i, d := range shape {
		if d < 0 {
			return fail("extent %d of axis %d is negative", d, i)
		}
		if d > most/product {
			return fail("the shape is too large")
		}
		product *= max(d, 1)
		size *= d
	}
	if size != n {
		return fail("the shape wants %d elements, got %d", size, n)
	}
	return nil
}

// ToSlice copies a tensor out, row-major, converting its elements to T.
func ToSlice[T Element](t *Tensor) ([]T, error) {
	var out []T
	err := t.use(func(h *cgo.Tensor) error {
		out = make([]T, h.Len())
		switch d := any(out).(type) {
		case []float32:
			return h.CopyFloat32(d)
		case []float64:
			return h.CopyFloat64(d)
		case []int64:
			return h.CopyInt64(d)
		case []uint8:
			return h.CopyUint8(d)
		case []bool:
			return h.CopyBool(d)
		case []Half:
			return h.CopyFloat16(bits(d))
		case []Brain:
			return h.CopyBFloat16(bits(d))
		}
		return nil
	})
	if err != nil {
		return nil, about(err, "tensor")
	}
	return out, nil
}

// bits sees half-precision values as plain 16-bit words.
func bits[T Half | Brain](v []T) []uint16 {
	return unsafe.Slice((*uint16)(unsafe.Pointer(unsafe.SliceData(v))), len(v))
}

// Float32s copies the tensor out as float32 values, row-major.
func (t *Tensor) Float32s() ([]float32, error) { return ToSlice[float32](t) }

// WithData lends the memory of a contiguous float32 CPU tensor to f, without a
// copy. f must neither keep nor change it.
func (t *Tensor) WithData(f func([]float32)) error {
	return about(t.use(func(h *cgo.Tensor) error { return h.WithFloat32(f) }), "tensor")
}

// Shape is the extents, nil for a closed tensor.
func (t *Tensor) Shape() (shape []int) {
	_ = t.use(func(h *cgo.Tensor) error { shape = h.Shape(); return nil })
	return shape
}

// DType is the element type.
func (t *Tensor) DType() (d DType) {
	_ = t.use(func(h *cgo.Tensor) error { d = DType(h.DType()); return nil })
	return d
}

// Device is where the tensor lies.
func (t *Tensor) Device() (d Device) {
	_ = t.use(func(h *cgo.Tensor) error {
		c := h.Device()
		d = Device{cuda: c.CUDA, index: c.Index}
		return nil
	})
	return d
}

// To returns the tensor with another element type, on another device.
func (t *Tensor) To(dtype DType, device Device) (*Tensor, error) {
	if !dtype.known() {
		return nil, &Error{Kind: ErrInvalid, About: "tensor", Reason: fmt.Sprintf("%v is no element type of this package", dtype), Fix: "use torch.Float32 or another of the constants"}
	}
	if err := ready(device, "tensor"); err != nil {
		return nil, err
	}
	var out *cgo.Tensor
	err := t.use(func(h *cgo.Tensor) (err error) {
		out, err = h.To(cgo.DType(dtype), device.c())
		return err
	})
	if err != nil {
		return nil, about(err, "tensor")
	}
	return newTensor(out), nil
}

// Close frees the tensor.
func (t *Tensor) Close() error {
	if t == nil {
		return nil
	}
	return t.close()
}

// FromUnsafe makes a tensor that shares the storage of the at::Tensor that p
// points to: what gotorch's Tensor.T and gotch's Ctensor() hold. p stays the
// caller's. Whoever writes to the original changes this tensor too. Both sides
// must use the same libtorch.
func FromUnsafe(p unsafe.Pointer) (*Tensor, error) {
	t, err := cgo.FromAt(p)
	if err != nil {
		return nil, wrap(err, "foreign tensor")
	}
	return newTensor(t), nil
}

// NewUnsafe returns a pointer to a new at::Tensor that shares the storage. The
// caller owns it and frees it with its own binding, or hands it to one.
func (t *Tensor) NewUnsafe() (unsafe.Pointer, error) {
	var p unsafe.Pointer
	err := t.use(func(h *cgo.Tensor) (err error) {
		p, err = h.NewAt()
		return err
	})
	return p, about(err, "tensor")
}

// fromArray copies an array of the engine.
func fromArray(a engine.Array) (*Tensor, error) {
	if err := a.Check(); err != nil {
		return nil, &Error{Kind: ErrInvalid, About: "input", Reason: err.Error()}
	}
	if a.Ints != nil {
		return FromSlice(a.Ints, a.Shape...)
	}
	return FromSlice(a.Data, a.Shape...)
}

// toArray copies out what the engine wants: floats, or the integers of an
// integer tensor.
func (t *Tensor) toArray() (engine.Array, error) {
	a := engine.Array{Shape: t.Shape()}
	var err error
	switch d := t.DType(); {
	case d == Bool || d == Uint8 || d == Int8 || d == Int16 || d == Int32 || d == Int64:
		a.Ints, err = ToSlice[int64](t)
	default:
		a.Data, err = ToSlice[float32](t)
	}
	return a, err
}

// about names what an error of the C side concerns; other errors pass.
func about(err error, name string) error {
	if c := (*cgo.Error)(nil); errors.As(err, &c) {
		return wrap(err, name)
	}
	return err
}
