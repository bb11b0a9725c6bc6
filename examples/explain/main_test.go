//go:build cgo

package main

import (
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The program is built and run as somebody who has just cloned it does.
func TestProgram(t *testing.T) {
	program := filepath.Join(t.TempDir(), "explain")
	built, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput()
	require.NoError(t, err, "%s", built)

	overlay := filepath.Join(t.TempDir(), "cat.png")
	run := exec.Command(program, "examples/models/mobilenet_v2.pt", "examples/photos/chelsea.png", overlay)
	run.Dir = "../.."
	said, err := run.CombinedOutput()
	require.NoError(t, err, "%s", said)
	assert.Equal(t, "examples/photos/chelsea.png: Egyptian cat 0.717 -> "+overlay+"\n", string(said))
	f, err := os.Open(overlay)
	require.NoError(t, err)
	defer f.Close()
	size, err := png.DecodeConfig(f)
	require.NoError(t, err)
	assert.Equal(t, [2]int{451, 300}, [2]int{size.Width, size.Height}, "the photo's own size")

	run = exec.Command(program, "nosuch.pt", "x.png", overlay)
	said, err = run.CombinedOutput()
	require.Error(t, err)
	assert.Contains(t, string(said), "explain: torch: nosuch.pt: no such file")
}
