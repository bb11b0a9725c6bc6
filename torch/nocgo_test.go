//go:build !cgo

package torch_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/torch"
)

const noCgo = "CGO_ENABLED=1"

// Without cgo there is no libtorch. The package still builds, and each way in
// says how to get the real one.
func TestWithoutCgo(t *testing.T) {
	path := filepath.Join(models, "frozen_toy", "script.pt")
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	for name, f := range map[string]func() error{
		"Load":        func() error { _, err := torch.Load(path); return err },
		"LoadReader":  func() error { _, err := torch.LoadReader(bytes.NewReader(data), path); return err },
		"CUDA":        func() error { _, err := torch.Load(path, torch.OnDevice(torch.CUDA(0))); return err },
		"float32":     func() error { _, err := torch.FromSlice([]float32{1}, 1); return err },
		"float64":     func() error { _, err := torch.FromSlice([]float64{1}, 1); return err },
		"int64":       func() error { _, err := torch.FromSlice([]int64{1}, 1); return err },
		"uint8":       func() error { _, err := torch.FromSlice([]uint8{1}, 1); return err },
		"bool":        func() error { _, err := torch.FromSlice([]bool{true}, 1); return err },
		"Half":        func() error { _, err := torch.FromSlice([]torch.Half{1}, 1); return err },
		"Brain":       func() error { _, err := torch.FromSlice([]torch.Brain{1}, 1); return err },
		"FromUnsafe":  func() error { _, err := torch.FromUnsafe(nil); return err },
		"LoadOps":     func() error { return torch.LoadOps(path) },
		"UseCUDA":     torch.UseCUDA,
		"CUDADevices": func() error { _, err := torch.CUDADevices(); return err },
		"Runtime":     func() error { _, err := torch.Runtime(); return err },
		"threads":     func() error { return torch.SetNumThreads(1) },
	} {
		t.Run(name, func(t *testing.T) {
			err := f()
			require.ErrorContains(t, err, noCgo)
			assert.Regexp(t, "^torch: ", err.Error())
			assert.NotContains(t, err.Error(), "\n")
		})
	}
	assert.Zero(t, torch.Stats())
}

// What needs no libtorch says the same as ever.
func TestPureGoWithoutCgo(t *testing.T) {
	for _, b := range readManifest(t).Broken {
		switch b.Kind {
		case "state_dict", "pickle":
			_, err := torch.Load(filepath.Join(models, b.File))
			requireError(t, err, torch.ErrStateDict, b.File, "scripts/export.py")
		case "truncated":
			_, err := torch.Load(filepath.Join(models, b.File))
			requireError(t, err, torch.ErrCorrupt, b.File)
		}
	}
	_, err := torch.FromSlice([]float32{1}, 2)
	requireError(t, err, torch.ErrInvalid, "wants 2 elements, got 1")
	d, err := torch.ParseDevice("cuda:1")
	require.NoError(t, err)
	assert.Equal(t, torch.CUDA(1), d)

	// Zero values are closed, as with cgo.
	_, err = new(torch.Module).Forward(context.Background())
	requireError(t, err, torch.ErrClosed)
	_, err = new(torch.Tensor).Float32s()
	requireError(t, err, torch.ErrClosed)
	require.NoError(t, new(torch.Pass).Close())
	require.NoError(t, (*torch.Hook)(nil).Close())
}
