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

// among refuses a GPU that is not one of n, and lists those that are.
func (d Device) among(n int, name string) error {
	if !d.cuda || d.index >= 0 && d.index < n {
		return nil
	}
	e := &Error{Kind: ErrNoDevice, About: name + " on " + d.String(), Reason: "libtorch finds no GPU here", Fix: "use the CPU, or look for the GPU with `nvidia-smi`"}
	if n > 0 {
		names := make([]string, n)
		for i := range names {
			names[i] = CUDA(i).String()
		}
		e.Reason, e.Fix = fmt.Sprintf("libtorch finds %d GPU(s) here", n), "use "+strings.Join(names, ", ")+" or the CPU"
	}
	return e
}

// String is the device's name in PyTorch.
func (d Device) String() string {
	if d.cuda {
		return fmt.Sprintf("cuda:%d", d.index)
	}
	return "cpu"
}

func (d Device) c() cgo.Device { return cgo.Device{CUDA: d.cuda, Index: d.index} }
