package precision

import (
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
	_, err = Read(model, []string{"missing.png"})
	require.ErrorContains(t, err, "missing.png")
	_, err = Read(model, []string{"missing.npy"})
	require.ErrorContains(t, err, "missing.npy")
}
