package torch

import "github.com/torchlight-go/torchlight/cgo"

// UseCUDA loads libtorch's CUDA library. It must be called before anything else
// of this package uses libtorch, because libtorch keeps the hooks it first finds;
// afterwards it returns [ErrCUDATooLate], and [ErrNoDevice] where the library is
// missing. Programs that stay on the CPU need not pay its half second and 458 MB.
func UseCUDA() error { return wrap(cgo.UseCUDA(), "CUDA") }

// CUDADevices is the number of GPUs, 0 unless [UseCUDA] succeeded.
func CUDADevices() (int, error) {
	n, err := cgo.CUDADeviceCount()
	return n, wrap(err, "CUDA")
}

// AllowTF32 lets the float32 convolutions and matrix products of GPUs round their
// factors to TF32, which has 10 bits of mantissa: several times faster on tensor
// cores, and maps differ from the CPU's in the third digit. It is one switch for
// the whole process and every GPU; [UseCUDA] turns it off, so call this after it
// and before models are loaded.
func AllowTF32(on bool) error { return wrap(cgo.AllowTF32(on), "TF32") }

// TF32Allowed reports whether float32 products may round to TF32.
func TF32Allowed() (bool, error) {
	on, err := cgo.TF32Allowed()
	return on, wrap(err, "TF32")
}

// Memory is how much of a GPU's memory is in use, in bytes.
type Memory struct {
	Allocated int // by live tensors
	Peak      int // the most that was
	Reserved  int // taken from the driver, in use or kept for later
	Available int // what the driver has left
	Total     int
}

// DeviceMemory reads the memory of a GPU. The CPU's is an [ErrInvalid]: ask the
// system.
func DeviceMemory(d Device) (Memory, error) {
	if err := ready(d, "memory"); err != nil {
		return Memory{}, err
	}
	m, err := cgo.DeviceMemory(d.c())
	return Memory(m), wrap(err, "memory of "+d.String())
}
