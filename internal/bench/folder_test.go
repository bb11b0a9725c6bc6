package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam/preprocess"
	"github.com/torchlight-go/torchlight/npy"
)

// The same photos every time, each another one, of the size that is told.
func TestWritePhotos(t *testing.T) {
	t.Chdir("../..")
	first, second := t.TempDir(), t.TempDir()
	require.NoError(t, writePhotos(first, 6))
	require.NoError(t, writePhotos(second, 6))
	seen := map[string]bool{}
	for i := range 6 {
		a, err := os.ReadFile(filepath.Join(first, photoName(i)+".jpg"))
		require.NoError(t, err)
		b, err := os.ReadFile(filepath.Join(second, photoName(i)+".jpg"))
		require.NoError(t, err)
		assert.Equal(t, a, b)
		seen[string(a)] = true
		c, err := preprocess.DecodeConfig(a, preprocess.Options{})
		require.NoError(t, err)
		assert.Equal(t, preprocess.Config{Format: "JPEG", W: 640, H: 480}, c)
		assert.Greater(t, len(a), 20_000)
	}
	assert.Len(t, seen, 6)
	require.ErrorIs(t, writePhotos(filepath.Join(first, "none"), 1), os.ErrNotExist)
}

func TestRunPeer(t *testing.T) {
	c, err := runPeer(t.Context(), []string{"sh", "-c", `echo warning; echo '{"workers": 1, "batch": 8, "threads": 2, "images": 64, "seconds": 2.5}'`})
	require.NoError(t, err)
	assert.Equal(t, choice{1, 8, 2, 64, 2.5}, c)
	assert.Equal(t, []string{"--workers", "1", "--batch", "8", "--threads", "2"}, c.flags())
	_, err = runPeer(t.Context(), []string{"sh", "-c", "echo no figures"})
	require.ErrorContains(t, err, `printed "no figures"`)
	_, err = runPeer(t.Context(), []string{"sh", "-c", "exit 1"})
	require.ErrorContains(t, err, "exit status 1")
}

func TestCompareFolders(t *testing.T) {
	// fill leaves n results, the last of them off by so much.
	fill := func(n int, off float32) string {
		folder := t.TempDir()
		for i := range n {
			m := engine.Array{Shape: []int{1, 2}, Data: []float32{0.25, float32(i)}}
			if i == n-1 {
				m.Data[0] += off
			}
			require.NoError(t, npy.WriteFile(filepath.Join(folder, photoName(i)+".map.npy"), m))
			require.NoError(t, os.WriteFile(filepath.Join(folder, photoName(i)+".overlay.png"), nil, 0o666))
		}
		return folder
	}
	whole := fill(4, 0)
	d, err := compareFolders(whole, fill(4, 0), 4)
	require.NoError(t, err)
	assert.Zero(t, d)
	d, err = compareFolders(fill(1, 0.03), fill(1, 0), 1)
	require.NoError(t, err)
	assert.InDelta(t, 0.03, d, 1e-6)
	_, err = compareFolders(whole, fill(4, -0.5), 4)
	require.ErrorContains(t, err, "one photo in twenty")
	_, err = compareFolders(whole, fill(3, 0), 4)
	require.ErrorContains(t, err, "holds 3 files *.overlay.png, not 4")
	other := fill(4, 0)
	require.NoError(t, npy.WriteFile(filepath.Join(other, photoName(2)+".map.npy"), engine.NewArray(2, 1)))
	_, err = compareFolders(whole, other, 4)
	require.ErrorContains(t, err, "of shape [1 2]")
}

// The wanted case is there, and its variations are told apart.
func TestFolders(t *testing.T) {
	names := map[string]bool{}
	for _, m := range folders() {
		names[m.name] = true
		assert.False(t, m.short)
	}
	assert.Len(t, names, 3)
	assert.Contains(t, names, "folder mobilenet_v2, 512 photos")
	assert.Equal(t, "bin/torchlight", onTwoCores("bin/torchlight", "x")[len(onTwoCores("bin/torchlight", "x"))-2])
}
