package explain

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
	"github.com/torchlight-go/torchlight/gradcam/preprocess"
	"github.com/torchlight-go/torchlight/gradcam/render"
)

// The overlay of concepts shows each in its colour, which the record tells; their
// mean would be one blur.
func TestOverlayOfConcepts(t *testing.T) {
	inFolderOf(t)
	writePhoto(t, "photo.png")
	require.NoError(t, os.WriteFile("toy.yaml", []byte(toyCard), 0o666))
	h, _, err := explainToy(t, enginetest.NewToy(), Config{Method: "dff", Options: []string{"concepts=2"}, Layers: []string{"conv1"}, Target: "0", Save: []Stage{Input}}, "photo.png", "a.npy")
	require.NoError(t, err)
	layers := h.records["photo.png"][0].Layers
	require.Len(t, layers, 2)
	assert.Equal(t, []string{"conv1 concept 0", "#e69f00", "conv1 concept 1", "#56b4e9"}, []string{layers[0].Layer, layers[0].Color, layers[1].Layer, layers[1].Color})
	assert.Empty(t, h.records["a.npy"][0].Layers[0].Color, "an array has no overlay")

	e, err := gradcam.New(enginetest.NewToy(), gradcam.WithMethod(gradcam.DFF{Concepts: 2}), gradcam.WithLayer("conv1"))
	require.NoError(t, err)
	input := readArray(t, "out/photo.input.npy")
	results, err := e.Explain(t.Context(), engine.Array{Shape: append([]int{1}, input.Shape...), Data: input.Data}, gradcam.Class(0))
	require.NoError(t, err)
	var maps []engine.Array
	for k := range 2 {
		maps = append(maps, results[0].Only(k).Map())
	}
	photo, err := preprocess.DecodeFile("photo.png", preprocess.Options{})
	require.NoError(t, err)
	want, err := render.Concepts(photo, maps, render.Whole(photo))
	require.NoError(t, err)
	got, err := preprocess.DecodeFile("out/photo.overlay.png", preprocess.Options{})
	require.NoError(t, err)
	assert.Equal(t, want, got)
}
