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
