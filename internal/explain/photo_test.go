package explain

import (
	"bytes"
	"encoding/json"
	"image/png"
	"log/slog"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
	"github.com/torchlight-go/torchlight/gradcam/preprocess"
)

// The photo of 0, 16, ... 240 is, scaled by a range of 0 to 255 over 16, the toy's
// input 0 to 15; its maps are captum's.
const toyCard = `
input: {size: [4, 4], channels: 1, range: [0, 15.9375]}
preprocess: {resize: null, crop: null}
labels: [ant, bee, cat, dog]
layer: conv1
method: hirescam
`

func TestAPhotoByItsCard(t *testing.T) {
	inFolderOf(t)
	writePhoto(t, "photo.png")
	require.NoError(t, os.WriteFile("toy.yaml", []byte(toyCard), 0o666))
	h, _, err := explainToy(t, enginetest.NewToy(), Config{Method: "gradcam", Target: "ant", Save: Stages(), Versions: map[string]string{"go": "1"}}, "photo.png")
	require.NoError(t, err)
	assert.Equal(t, enginetest.ToyInput(0).Data, readArray(t, "out/photo.input.npy").Data)
	assert.Equal(t, []int{2, 2}, readArray(t, "out/photo.raw.npy").Shape)
	assert.Equal(t, []float32{11.25, 13.5, 20.25, 22.5}, readArray(t, "out/photo.raw.npy").Data)
	heat := readArray(t, "out/photo.map.npy")
	assert.Equal(t, []int{4, 4}, heat.Shape)
	assert.InDelta(t, 1, heat.Data[15], 1e-6)
	assert.Zero(t, heat.Data[0])
	assert.Equal(t, []int{2, 2, 2}, readArray(t, "out/photo.activation.npy").Shape)
	assert.Equal(t, []float32{0, 1, 1, 1, 0, 0, -1, -1}, readArray(t, "out/photo.gradient.npy").Data)
	assert.Equal(t, []int{4}, readArray(t, "out/photo.output.npy").Shape)

	f, err := os.Open("out/photo.overlay.png")
	require.NoError(t, err)
	defer f.Close()
	c, err := png.DecodeConfig(f)
	require.NoError(t, err)
	assert.Equal(t, []int{4, 4}, []int{c.Width, c.Height})

	r := h.records["photo.png"][0]
	assert.Equal(t, "ant", r.Target.Label)
	assert.Equal(t, "model card", r.LayerChoice)
	assert.Equal(t, &Preprocessing{Source: "model card", Pipeline: "pil", Interpolation: "bilinear", Channels: 1}, r.Preprocess)
	assert.Equal(t, map[string]string{"go": "1"}, r.Versions)
	var stored Record
	data, err := os.ReadFile("out/photo.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &stored))
	assert.Equal(t, r, stored)
	assert.Equal(t, []string{
		"out/photo.overlay.png", "out/photo.map.npy", "out/photo.raw.npy", "out/photo.input.npy",
		"out/photo.activation.npy", "out/photo.gradient.npy", "out/photo.output.npy", "out/photo.json",
	}, r.Files)
}

// The card's method counts where none is named, and its scale is kept.
func TestTheCardsMethod(t *testing.T) {
	inFolderOf(t)
	require.NoError(t, os.WriteFile("toy.yaml", []byte(toyCard), 0o666))
	h, _, err := explainToy(t, enginetest.NewToy(), Config{Target: "0"}, "a.npy")
	require.NoError(t, err)
	assert.Equal(t, "hirescam", h.records["a.npy"][0].Method)
}

// A map that keeps its scale has an overlay like any other.
func TestOverlayOfASeed(t *testing.T) {
	inFolderOf(t)
	writePhoto(t, "photo.png")
	require.NoError(t, os.WriteFile("toy.yaml", []byte(toyCard), 0o666))
	head := enginetest.Head{{1, 1, 1, 1, 1, -1, -1, -1}, {}, {}, {}}
	h, _, err := explainToy(t, enginetest.NewToyHead(head), Config{Method: "seed", Layers: []string{"relu1"}, Target: "neg:prob:1"}, "photo.png")
	require.NoError(t, err)
	require.False(t, h.records["photo.png"][0].Normalised)
	assert.FileExists(t, "out/photo.overlay.png")
}

func TestAPhotoWithoutACard(t *testing.T) {
	inFolderOf(t)
	writePhoto(t, "photo.png")
	var log bytes.Buffer
	model := &picky{Toy: enginetest.NewToy()}
	config := Config{
		Layers: []string{"conv1"}, Target: "0", Photo: Overrides{Size: []int{4}, Mean: []float64{-4}},
		Log: slog.New(slog.NewTextHandler(&log, nil)),
	}
	h, _, err := explainToy(t, model, config, "photo.png", "a.npy")
	require.NoError(t, err)
	p := h.records["photo.png"][0].Preprocess
	assert.Equal(t, &Preprocessing{
		Source: "ImageNet", Changed: true, Pipeline: "pil", Resize: []int{4}, Crop: []int{4}, Interpolation: "bilinear",
		Channels: 1, Mean: []float64{-4}, Std: []float64{0.226},
	}, p)
	assert.Nil(t, h.records["a.npy"][0].Preprocess)
	assert.Equal(t, 1, bytes.Count(log.Bytes(), []byte("toy.pt has no card toy.yaml; photos become inputs as for ImageNet, with 1 channel(s)")))

	log.Reset()
	_, _, err = explainToy(t, model, config, "a.npy")
	require.NoError(t, err)
	assert.Empty(t, log.String(), "an array needs no preprocessing")
}

func TestChannels(t *testing.T) {
	table := []engine.Call{{Path: "conv"}}
	pipeline := Overrides{Pipeline: "none"}
	p, err := pipeline.apply(preprocess.ImageNet(3))
	require.NoError(t, err)
	assert.Equal(t, 3, channels(t.Context(), &enginetest.Canned{Table: table}, p, nil))
	assert.Equal(t, 1, channels(t.Context(), &picky{Toy: enginetest.NewToy()}, sized(t, 4), nil))
	assert.Equal(t, 3, channels(t.Context(), &picky{Toy: enginetest.NewToy()}, p, nil), "neither fits: the real input will tell")
}

func sized(t *testing.T, n int) preprocess.Pipeline {
	t.Helper()
	p, err := Overrides{Size: []int{n}}.apply(preprocess.ImageNet(3))
	require.NoError(t, err)
	return p
}
