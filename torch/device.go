package torch

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/torchlight-go/torchlight/cgo"
)

// Device is where tensors lie and models run. The zero value is the CPU.
type Device struct {
	cuda  bool
	index int
}

// CPU is the host.
var CPU = Device{} //nolint:gochecknoglobals // a constant, which the language has not for structs

// CUDA is the GPU of that ordinal. [UseCUDA] must have been called.
func CUDA(index int) Device { return Device{cuda: true, index: index} }

// ParseDevice reads "cpu", "cuda" or "cuda:N".
func ParseDevice(s string) (Device, error) {
	name, ordinal, numbered := strings.Cut(s, ":")
	switch {
	case s == "cpu":
		return CPU, nil
	case name == "cuda" && !numbered:
		return CUDA(0), nil
	case name == "cuda":
		if n, err := strconv.Atoi(ordinal); err == nil && n >= 0 {
			return CUDA(n), nil
		}
	}
	return Device{}, &Error{Kind: ErrNoDevice, About: "device " + s, Reason: "not a device", Fix: `use "cpu", "cuda" or "cuda:N"`}
}

// IsCUDA reports whether the device is a GPU.
func (d Device) IsCUDA() bool { return d.cuda }

// String is the device's name in PyTorch.
func (d Device) String() string {
	if d.cuda {
		return fmt.Sprintf("cuda:%d", d.index)
	}
	return "cpu"
}

func (d Device) c() cgo.Device { return cgo.Device{CUDA: d.cuda, Index: d.index} }
