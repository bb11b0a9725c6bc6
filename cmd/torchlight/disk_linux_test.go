//go:build cgo

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/npy"
)

// A full disk ends the run with one line that names the file, and no file is half
// written. Mounting a small file system takes root; for anybody else the same is
// tested with an injected disk, in package atomicfile.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=65536"); err != nil {
		require.ErrorIs(t, err, syscall.EPERM)
		t.Log("not allowed to mount a small file system here")
		return
	}
	defer func() { assert.NoError(t, syscall.Unmount(dir, syscall.MNT_DETACH)) }()
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), []string{
		"explain", "--model", "../../examples/models/mobilenet_v2.pt", "--out", dir,
		"../../examples/photos/chelsea.png", "../../examples/photos/coffee.jpg",
	}, &stdout, &stderr)
	assert.Equal(t, exitFailed, code)
	assert.Empty(t, stdout.String())
	assert.Regexp(t, `^torchlight: write .*(chelsea|coffee)\.(overlay\.png|map\.npy): the disk is full \(.*\); free some space or choose another folder\n$`, stderr.String())
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		// The photos are worked on side by side, and only the small file of either fits.
		assert.Regexp(t, `^(chelsea|coffee)\.raw\.npy$`, e.Name())
		_, err := npy.ReadFile(filepath.Join(dir, e.Name()))
		assert.NoError(t, err, "whole")
	}
}

// A standard output that takes nothing ends the run, exit code 1.
func TestFullStdout(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	require.NoError(t, err)
	defer full.Close()
	for _, json := range []string{"--json=false", "--json"} {
		var stderr bytes.Buffer
		code := run(t.Context(), []string{
			"explain", "--model", "../../examples/models/mobilenet_v2.pt", "--out", t.TempDir(), json, "../../examples/photos/chelsea.png",
		}, full, &stderr)
		assert.Equal(t, exitFailed, code)
		assert.Regexp(t, `^torchlight: standard output cannot be written: .*no space left on device; send it elsewhere\n$`, stderr.String())
	}
}
