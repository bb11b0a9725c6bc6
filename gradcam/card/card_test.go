package card

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// folder writes files and returns where they lie.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	return dir
}

func TestPath(t *testing.T) {
	assert.Equal(t, "a/model.yaml", Path("a/model.pt"))
	assert.Equal(t, "model.v2.yaml", Path("model.v2.pt"))
	assert.Equal(t, "model.yaml", Path("model"))
}

func TestFind(t *testing.T) {
	dir := folder(t, map[string]string{"m.pt": "weights", "m.yaml": "input: {size: [2, 2]}", "bad.yaml": "layer: 7"})
	c, found, err := Find(filepath.Join(dir, "m.pt"))
	require.NoError(t, err)
	assert.True(t, found)
	assert.Equal(t, 2, c.Input.Height)
	_, found, err = Find(filepath.Join(dir, "other.pt"))
	require.NoError(t, err)
	assert.False(t, found)
	_, found, err = Find(filepath.Join(dir, "bad.pt"))
	assert.ErrorContains(t, err, "bad.yaml:1: layer: \"7\" is not a text")
	assert.False(t, found)
}

func TestLabelsFile(t *testing.T) {
	const names = "input: {size: [2, 2]}\nlabels_file: labels.txt"
	for text, want := range map[string][]string{
		"cat\ndog\n":           {"cat", "dog"},
		"cat\r\ndog":           {"cat", "dog"},
		"\ufeffcat\ndog\n\n\n": {"cat", "dog"},
		" cat, tabby \n7\n":    {" cat, tabby ", "7"},
	} {
		dir := folder(t, map[string]string{"m.yaml": names, "labels.txt": text})
		c, err := Read(filepath.Join(dir, "m.yaml"))
		require.NoError(t, err)
		assert.Equal(t, want, c.Labels)
	}
	for text, want := range map[string]string{
		"":             "is empty: give one class name a line",
		"\n\n":         "is empty",
		"cat\n\ndog\n": "labels.txt:2: the line is empty",
		"cat\n\xff\n":  "is not UTF-8",
	} {
		dir := folder(t, map[string]string{"m.yaml": names, "labels.txt": text})
		_, err := Read(filepath.Join(dir, "m.yaml"))
		assert.ErrorContains(t, err, want)
		assert.ErrorContains(t, err, "m.yaml: labels_file: ")
	}
}

func TestReadErrors(t *testing.T) {
	dir := folder(t, map[string]string{
		"m.yaml":   "input: {size: [2, 2]}\nlabels_file: none.txt",
		"big.yaml": string(bytes.Repeat([]byte("#"), MaxBytes+1)),
	})
	_, err := Read(filepath.Join(dir, "none.yaml"))
	assert.ErrorIs(t, err, fs.ErrNotExist)
	assert.ErrorContains(t, err, "model card: ")
	_, err = Read(filepath.Join(dir, "m.yaml"))
	assert.ErrorIs(t, err, fs.ErrNotExist, "the file of labels")
	_, found, err := Find(filepath.Join(dir, "m.pt"))
	assert.ErrorContains(t, err, "none.txt", "a missing file of labels is no missing card")
	assert.False(t, found)
	_, err = Read(filepath.Join(dir, "big.yaml"))
	assert.ErrorContains(t, err, "is larger than 4194304 bytes")
	_, err = Read(dir)
	assert.ErrorContains(t, err, "is not a file")
}

func TestCheckModel(t *testing.T) {
	dir := folder(t, map[string]string{"m.pt": "weights", "other.pt": "other weights"})
	// printf weights | sha256sum
	c := Card{SHA256: "9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c"}
	require.NoError(t, Card{}.CheckModel(filepath.Join(dir, "none.pt")), "a card without a checksum fits every file")
	require.NoError(t, c.CheckModel(filepath.Join(dir, "m.pt")))
	err := c.CheckModel(filepath.Join(dir, "other.pt"))
	assert.ErrorIs(t, err, ErrChecksum)
	assert.ErrorContains(t, err, "other.pt")
	assert.ErrorContains(t, err, "the card says "+c.SHA256)
	assert.ErrorIs(t, c.CheckModel(filepath.Join(dir, "none.pt")), fs.ErrNotExist)
	assert.ErrorContains(t, c.CheckModel(dir), "is not a file")
}
