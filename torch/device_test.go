//go:build cgo

package torch_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/cgo"
	"github.com/torchlight-go/torchlight/torch"
)

func TestParseDevice(t *testing.T) {
	for s, want := range map[string]torch.Device{"cpu": torch.CPU, "cuda": torch.CUDA(0), "cuda:0": torch.CUDA(0), "cuda:7": torch.CUDA(7)} {
		d, err := torch.ParseDevice(s)
		require.NoError(t, err)
		assert.Equal(t, want, d)
		assert.Equal(t, s != "cpu", d.IsCUDA())
	}
	for _, s := range []string{"", "gpu", "CPU", "cpu:0", "cuda:", "cuda:-1", "cuda:x", "cuda:1:2", "cuda:99999999999999999999"} {
		_, err := torch.ParseDevice(s)
		requireError(t, err, torch.ErrNoDevice, "device "+s, `use "cpu", "cuda" or "cuda:N"`)
	}
	assert.Equal(t, "cuda:3", torch.CUDA(3).String())
	assert.Equal(t, "cpu", torch.Device{}.String())
}

// noGPU hides the GPUs of the machine from a child, if it has any.
const noGPU = "CUDA_VISIBLE_DEVICES="

var children = map[string]func(){
	"cuda-first":    cudaFirst,
	"cpu-first":     cpuFirst,
	"cuda-at-once":  cudaAtOnce,
	"out-of-memory": outOfMemory,
	"load-ops":      loadOps,
}

// TestCUDAOrder: libtorch keeps the CUDA hooks that it finds when it is first
// asked, so CUDA must be loaded before anything else. Each order in a process of
// its own, on a machine without a GPU.
func TestCUDAOrder(t *testing.T) {
	first := runChild(t, "cuda-first", noGPU)
	if strings.Contains(first, "UseCUDA: <nil>") {
		assert.Contains(t, first, "devices: 0")
		assert.Contains(t, first, "again: <nil>")
		assert.Contains(t, first, "TF32: false")
	} else { // a libtorch without CUDA
		assert.Contains(t, first, "UseCUDA: no such device")
		assert.Contains(t, first, "again: no such device")
	}
	// Either way the GPU is not there, and the CPU serves.
	assert.Contains(t, first, "Load on cuda:0: no such device")
	assert.Contains(t, first, "Load on the CPU: <nil>")

	late := runChild(t, "cpu-first", noGPU)
	assert.Contains(t, late, "UseCUDA: CUDA asked for too late")
	assert.Contains(t, late, "Load on cuda:0: CUDA asked for too late")
	assert.Contains(t, late, "To cuda:0: CUDA asked for too late")
	assert.Contains(t, late, "call torch.UseCUDA() at the start of the program")
	assert.Contains(t, late, "Load on the CPU: <nil>")

	// Load on a GPU as the first thing of a program loads CUDA by itself.
	atOnce := runChild(t, "cuda-at-once", noGPU)
	assert.Contains(t, atOnce, "Load on cuda:0: no such device")
	assert.Contains(t, atOnce, "use the CPU")
}

// TestDeviceList: an ordinal too high is answered with those that there are.
func TestDeviceList(t *testing.T) {
	for _, c := range []struct {
		device torch.Device
		gpus   int
		says   string
	}{
		{torch.CPU, 0, ""},
		{torch.CUDA(0), 1, ""},
		{torch.CUDA(1), 2, ""},
		{torch.CUDA(0), 0, "torch: m.pt on cuda:0: libtorch finds no GPU here; use the CPU, or look for the GPU with `nvidia-smi`"},
		{torch.CUDA(1), 1, "torch: m.pt on cuda:1: libtorch finds 1 GPU(s) here; use cuda:0 or the CPU"},
		{torch.CUDA(-1), 1, "torch: m.pt on cuda:-1: libtorch finds 1 GPU(s) here; use cuda:0 or the CPU"},
		{torch.CUDA(7), 3, "torch: m.pt on cuda:7: libtorch finds 3 GPU(s) here; use cuda:0, cuda:1, cuda:2 or the CPU"},
	} {
		err := torch.Among(c.device, c.gpus, "m.pt")
		if c.says == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorIs(t, err, torch.ErrNoDevice)
		assert.EqualError(t, err, c.says)
	}
}

// TestTF32: one switch, off until it is asked for; libtorch has it without a GPU.
func TestTF32(t *testing.T) {
	defer func() { require.NoError(t, torch.AllowTF32(false)) }()
	for _, on := range []bool{true, false, true} {
		require.NoError(t, torch.AllowTF32(on))
		got, err := torch.TF32Allowed()
		require.NoError(t, err)
		assert.Equal(t, on, got)
	}
}

// TestCUDAFailures: libtorch tells what happened to a GPU in words only. Those of
// PyTorch 2.11's c10/cuda/CUDAException.cpp, cuDNN's and cuBLAS's.
func TestCUDAFailures(t *testing.T) {
	for words, want := range map[string]error{
		"CUDA error: device-side assert triggered\nCUDA kernel errors might be asynchronously reported":          torch.ErrDeviceLost,
		"CUDA error: an illegal memory access was encountered":                                                   torch.ErrDeviceLost,
		"CUDA error: unspecified launch failure":                                                                 torch.ErrDeviceLost,
		"CUDA error: the launch timed out and was terminated":                                                    torch.ErrDeviceLost,
		"CUDA error: uncorrectable ECC error encountered":                                                        torch.ErrDeviceLost,
		"CUDA error: misaligned address":                                                                         torch.ErrDeviceLost,
		"CUDA error: unknown error":                                                                              torch.ErrDeviceLost,
		"cuDNN error: CUDNN_STATUS_EXECUTION_FAILED":                                                             torch.ErrDeviceLost,
		"CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling `cublasSgemm(...)`":                             torch.ErrDeviceLost,
		"CUDA out of memory. Tried to allocate 20.00 GiB. GPU 0 has a total capacity of 79.11 GiB":               torch.ErrOutOfMemory,
		"CUDA error: out of memory":                                                                              torch.ErrOutOfMemory,
		"CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`":                             torch.ErrOutOfMemory,
		"[enforce fail at alloc_cpu.cpp:121] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to": torch.ErrOutOfMemory,
		"CUDA error: invalid device ordinal":                                                                     torch.ErrNoDevice,
		"CUDA error: no CUDA-capable device is detected":                                                         torch.ErrNoDevice,
		"CUDA error: no kernel image is available for execution on the device":                                   torch.ErrNoDevice,
		"CUDA error: invalid argument":                                                                           torch.ErrModel,
		"The size of tensor a (3) must match the size of tensor b (4)":                                           torch.ErrModel,
	} {
		assert.Equal(t, want, torch.KindOf(cgo.CodeOfText(words)), words)
	}
	lost := torch.Wrap(&cgo.Error{Code: cgo.DeviceLost, Message: "CUDA error: device-side assert triggered"}, "m.pt")
	requireError(t, lost, torch.ErrDeviceLost, "m.pt: CUDA error: device-side assert triggered", "restart the process")
}

// TestDeviceMemory: libtorch counts a GPU's memory only; giving memory back is
// harmless anywhere.
func TestDeviceMemory(t *testing.T) {
	_, err := torch.DeviceMemory(torch.CPU)
	requireError(t, err, torch.ErrInvalid, "memory of cpu")
	_, err = torch.DeviceMemory(torch.CUDA(0))
	requireError(t, err, torch.ErrCUDATooLate)
	c := readCase(t, "frozen_toy")
	m := c.load(t, "script")
	want := explainedAt(t, c, m, "relu1")
	require.NoError(t, m.Reclaim())
	assert.Equal(t, want, explainedAt(t, c, m, "relu1"))
}

// say prints the kind of an error, and its message.
func say(what string, err error) {
	for _, kind := range []error{torch.ErrNoDevice, torch.ErrCUDATooLate, torch.ErrOutOfMemory} {
		if errors.Is(err, kind) {
			fmt.Printf("%s: %v: %v\n", what, kind, err)
			return
		}
	}
	fmt.Printf("%s: %v\n", what, err)
}

func loadToy(d torch.Device) {
	path := filepath.Join(models, "frozen_toy", "script.pt")
	m, err := torch.Load(path, torch.OnDevice(d))
	if d.IsCUDA() {
		say("Load on "+d.String(), err)
	} else {
		say("Load on the CPU", err)
	}
	m.Close()
}

func cudaFirst() {
	say("UseCUDA", torch.UseCUDA())
	say("again", torch.UseCUDA())
	n, err := torch.CUDADevices()
	say("CUDADevices", err)
	fmt.Println("devices:", n)
	tf32, err := torch.TF32Allowed()
	say("TF32Allowed", err)
	fmt.Println("TF32:", tf32)
	loadToy(torch.CUDA(0))
	loadToy(torch.CPU)
}

func cpuFirst() {
	x, err := torch.FromSlice([]float32{1}, 1)
	say("FromSlice", err)
	say("UseCUDA", torch.UseCUDA())
	loadToy(torch.CUDA(0))
	_, err = x.To(torch.Float32, torch.CUDA(0))
	say("To cuda:0", err)
	loadToy(torch.CPU)
}

func cudaAtOnce() { loadToy(torch.CUDA(0)) }

// TestDeviceAbsent: in a process that has used the CPU, as this one has.
func TestDeviceAbsent(t *testing.T) {
	x, err := torch.FromSlice([]float32{1}, 1)
	require.NoError(t, err)
	defer x.Close()
	path := filepath.Join(models, "frozen_toy", "script.pt")
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	for name, load := range map[string]func() (*torch.Module, error){
		"Load":       func() (*torch.Module, error) { return torch.Load(path, torch.OnDevice(torch.CUDA(0))) },
		"LoadReader": func() (*torch.Module, error) { return torch.LoadReader(f, path, torch.OnDevice(torch.CUDA(0))) },
	} {
		m, err := load()
		require.Nil(t, m, name)
		requireError(t, err, torch.ErrCUDATooLate, path+" on cuda:0", "torch.UseCUDA()")
	}
	n, err := torch.CUDADevices()
	require.NoError(t, err)
	assert.Zero(t, n)
}
