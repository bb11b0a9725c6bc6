//go:build !cgo

package cgo

import (
	"errors"
	"unsafe"
)

// A build without cgo has the same functions; each says how to get the real
// ones.

var errNoCgo = errors.New("this program was built without cgo, and libtorch is reached through cgo only; build it with CGO_ENABLED=1 and a C++ compiler")

// Code says what kind of failure an [Error] is.
type Code int

// The codes of torchlight.h.
const (
	Internal Code = iota + 1
	Invalid
	OutOfMemory
	NotTorchScript
	NewerFile
	UnknownOperator
	ModelRefused
	LayerUnknown
	LayerNotCalled
	LayerAmbiguous
	LayerNotTensor
	Frozen
	NoDerivative
	Aliasing
	Stateful
	TrainMode
	NoDevice
	CUDATooLate
	DeviceLost
)

// Error is a failure reported by the C side.
type Error struct {
	Code           Code
	Message, Trace string
}

func (e *Error) Error() string { return e.Message }

// DType is an element type by its number in c10.
type DType int

// The element types of torchlight.h.
const (
	Uint8    DType = 0
	Int8     DType = 1
	Int16    DType = 2
	Int32    DType = 3
	Int64    DType = 4
	Float16  DType = 5
	Float32  DType = 6
	Float64  DType = 7
	Bool     DType = 11
	BFloat16 DType = 15
	OwnType  DType = -1
)

// Device is a device by type and ordinal.
type Device struct {
	CUDA  bool
	Index int
}

// PlanOptions are those of torchlight.h.
type PlanOptions struct {
	Unfolded, Alone bool
	Relu, InPlace   int
}

// Live counts the handles alive.
type Live struct{ Tensors, Lists, Modules, Plans, Passes, Errors int }

// Memory is bytes of one GPU.
type Memory struct{ Allocated, Peak, Reserved, Available, Total int }

type absent struct{}

// Close does nothing.
func (absent) Close() {}

// Closed is true: nothing can be opened.
func (absent) Closed() bool { return true }

// Tensor, Module, Plan and Pass cannot be made without cgo.
type (
	Tensor struct{ absent }
	Module struct{ absent }
	Plan   struct{ absent }
	Pass   struct{ absent }
)

// Named is a tensor with its name.
type Named struct {
	Name   string
	Tensor *Tensor
}

func RuntimeInfo() (string, error)                          { return "", errNoCgo }
func UseCUDA() error                                        { return errNoCgo }
func CUDADeviceCount() (int, error)                         { return 0, errNoCgo }
func SetNumThreads(int) error                               { return errNoCgo }
func AllowTF32(bool) error                                  { return errNoCgo }
func TF32Allowed() (bool, error)                            { return false, errNoCgo }
func EmptyCache(Device) error                               { return errNoCgo }
func DeviceMemory(Device) (Memory, error)                   { return Memory{}, errNoCgo }
func CodeOfText(string) Code                                { return Internal }
func NumThreads() int                                       { return 0 }
func LoadOps(string) error                                  { return errNoCgo }
func LiveCounts() Live                                      { return Live{} }
func Compilations() int                                     { return 0 }
func HostBytes() (live, most int64)                         { return 0, 0 }
func Metered(f func()) (most, left int64)                   { f(); return 0, 0 }
func FromFloat32([]float32, []int) (*Tensor, error)         { return nil, errNoCgo }
func FromFloat64([]float64, []int) (*Tensor, error)         { return nil, errNoCgo }
func FromInt64([]int64, []int) (*Tensor, error)             { return nil, errNoCgo }
func FromUint8([]uint8, []int) (*Tensor, error)             { return nil, errNoCgo }
func FromBool([]bool, []int) (*Tensor, error)               { return nil, errNoCgo }
func FromFloat16([]uint16, []int) (*Tensor, error)          { return nil, errNoCgo }
func FromBFloat16([]uint16, []int) (*Tensor, error)         { return nil, errNoCgo }
func FromAt(unsafe.Pointer) (*Tensor, error)                { return nil, errNoCgo }
func LoadFile(string, Device) (*Module, error)              { return nil, errNoCgo }
func LoadBytes([]byte, Device) (*Module, error)             { return nil, errNoCgo }
func NewPlan(*Module, []string, PlanOptions) (*Plan, error) { return nil, errNoCgo }
func (*Plan) Biases() ([]Named, error)                      { return nil, errNoCgo }
func (*Pass) RerunGrad(*Tensor, []int) (*Pass, error)       { return nil, errNoCgo }
func (*Pass) SecondOrder([]int, []*Tensor, []*Tensor) (hv, jv []Named, err error) {
	return nil, nil, errNoCgo
}
func (*Tensor) CopyFloat32([]float32) error              { return errNoCgo }
func (*Tensor) CopyFloat64([]float64) error              { return errNoCgo }
func (*Tensor) CopyInt64([]int64) error                  { return errNoCgo }
func (*Tensor) CopyUint8([]uint8) error                  { return errNoCgo }
func (*Tensor) CopyBool([]bool) error                    { return errNoCgo }
func (*Tensor) CopyFloat16([]uint16) error               { return errNoCgo }
func (*Tensor) CopyBFloat16([]uint16) error              { return errNoCgo }
func (*Tensor) WithFloat32(func([]float32)) error        { return errNoCgo }
func (*Tensor) Shape() []int                             { return nil }
func (*Tensor) Len() int                                 { return 0 }
func (*Tensor) DType() DType                             { return Float32 }
func (*Tensor) Device() Device                           { return Device{} }
func (*Tensor) To(DType, Device) (*Tensor, error)        { return nil, errNoCgo }
func (*Tensor) NewAt() (unsafe.Pointer, error)           { return nil, errNoCgo }
func (*Module) Info() (string, error)                    { return "", errNoCgo }
func (*Module) Calls([]*Tensor) (string, error)          { return "", errNoCgo }
func (*Module) Forward([]*Tensor) ([]Named, error)       { return nil, errNoCgo }
func (*Module) Predict([]*Tensor) ([]Named, error)       { return nil, errNoCgo }
func (*Module) SetForm(DType, bool) error                { return errNoCgo }
func (*Pass) Pool([]int, []*Tensor) ([]Named, error)     { return nil, errNoCgo }
func (*Plan) Describe() (string, error)                  { return "", errNoCgo }
func (*Plan) Differentiable() error                      { return errNoCgo }
func (*Plan) Forward([]*Tensor) (*Pass, error)           { return nil, errNoCgo }
func (*Pass) Outputs() ([]Named, error)                  { return nil, errNoCgo }
func (*Pass) Activations() ([]Named, error)              { return nil, errNoCgo }
func (*Pass) Backward([]int, []*Tensor) ([]Named, error) { return nil, errNoCgo }
func (*Pass) Rerun(*Tensor, []int) ([]Named, error)      { return nil, errNoCgo }
func (*Pass) RerunFloat32([]float32, []int, []int) ([]Named, error) {
	return nil, errNoCgo
}
