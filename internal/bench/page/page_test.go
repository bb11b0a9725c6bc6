package page

import (
	"flag"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/internal/bench/figure"
)

var update = flag.Bool("update", false, "rewrite testdata")

// The page of testdata/bench.json, one figure of every part, is testdata/performance.golden.
func TestPage(t *testing.T) {
	figures, err := figure.Read("testdata/bench.json")
	require.NoError(t, err)
	dir := t.TempDir()
	path := filepath.Join(dir, "performance.md")
	stale := filepath.Join(dir, "performance", "size-gone.png")
	require.NoError(t, os.Mkdir(filepath.Dir(stale), 0o700))
	require.NoError(t, os.WriteFile(stale, nil, 0o600))
	require.NoError(t, Write(path, figures))
	assert.NoFileExists(t, stale)
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	if *update {
		require.NoError(t, os.WriteFile("testdata/performance.golden", got, 0o600))
	}
	want, err := os.ReadFile("testdata/performance.golden")
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got), "go test ./internal/bench/page -update rewrites it")

	file, err := os.Open(filepath.Join(dir, "performance", "size-gradcam-toy.png"))
	require.NoError(t, err)
	defer file.Close()
	picture, err := png.Decode(file)
	require.NoError(t, err)
	assert.Equal(t, 998, picture.Bounds().Dx(), "5.2 inches of 192 pixels")
}

// What is written by hand survives, and a report of a GPU takes the place of the
// sentence that there is none.
func TestPageKeepsNotes(t *testing.T) {
	figures, err := figure.Read("testdata/bench.json")
	require.NoError(t, err)
	dir := t.TempDir()
	path := filepath.Join(dir, "performance.md")
	for _, c := range []struct {
		notes, gpu string
		says       []string
		not        string
	}{
		{"## Where the time goes\n\nInto convolutions.\n", "", []string{"\n## Where the time goes\n\nInto convolutions.\n\n## On a GPU\n\n**CUDA has not been run", "| not run on a GPU |"}, "[on a GPU]"},
		{"", "H100: 1.1 times.\n", []string{"## On a GPU\n\nH100: 1.1 times.\n", "see [on a GPU](#on-a-gpu)"}, "has not been run"},
	} {
		for name, text := range map[string]string{notesFile: c.notes, gpuFile: c.gpu} {
			if text == "" {
				require.NoError(t, os.RemoveAll(filepath.Join(dir, name)))
				continue
			}
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
		}
		for range 2 {
			require.NoError(t, Write(path, figures))
		}
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		for _, says := range c.says {
			assert.Contains(t, string(text), says)
		}
		assert.NotContains(t, string(text), c.not)
	}
}
