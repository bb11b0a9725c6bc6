package precision

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/gradcam/enginetest"
	"github.com/torchlight-go/torchlight/npy"
)

func TestRead(t *testing.T) {
	const model, photo = "../../examples/models/mobilenet_v2.pt", "../../examples/photos/chelsea.png"
	array := filepath.Join(t.TempDir(), "x.npy")
	x := enginetest.ToyInput(0, 1)
	require.NoError(t, npy.WriteFile(array, x))
	got, err := Read(model, []string{photo, array})
	require.NoError(t, err)
	assert.Equal(t, []int{1, 3, 224, 224}, got[0].Shape)
	assert.Equal(t, x.Data, got[1].Data)
	bare, err := Read("no-card.pt", []string{photo})
	require.NoError(t, err)
	assert.Equal(t, got[0].Shape, bare[0].Shape)
	broken := filepath.Join(t.TempDir(), "broken.npy")
	require.NoError(t, os.WriteFile(broken, []byte("hello"), 0o644))
	for file, says := range map[string]string{
		"missing.png":           "missing.png: file does not exist; check the path",
		"missing.npy":           "missing.npy: file does not exist; check the path",
		"../../examples/photos": "../../examples/photos: a folder; name the files in it",
		broken:                  "npy: " + broken + ": not a .npy file; save the array with numpy.save",
	} {
		_, err = Read(model, []string{file})
		require.EqualError(t, err, says)
	}
}
