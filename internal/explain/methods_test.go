package explain

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
)

// Several methods share one pass and have files of their own.
func TestSeveralMethods(t *testing.T) {
	inFolderOf(t)
	writePhoto(t, "photo.png")
	require.NoError(t, os.WriteFile("toy.yaml", []byte(toyCard), 0o666))
	toy := enginetest.NewToy()
	h, sum, err := explainToy(t, toy, Config{Method: "gradcam, hirescam", Layers: []string{"relu1"}, Target: "0", Save: []Stage{Gradient}}, "three.npy", "photo.png")
	require.NoError(t, err)
	assert.Equal(t, Summary{Explained: 2}, sum)
	assert.Equal(t, 2, toy.Counts().Forwards, "one for each input")
	assert.Equal(t, []float32{0, 4, 28, 32.5}, readArray(t, "out/three.gradcam.raw.npy").Data[:4])
	assert.Equal(t, []float32{0, 4, 25, 25}, readArray(t, "out/three.hirescam.raw.npy").Data[:4])
	for _, name := range []string{"photo.gradcam.overlay.png", "photo.gradcam.map.npy", "photo.hirescam.json", "three.hirescam.gradient.npy"} {
		assert.FileExists(t, "out/"+name)
	}
	assert.NoFileExists(t, "out/three.json")
	records := h.records["three.npy"]
	require.Len(t, records, 6)
	assert.Equal(t, []string{"gradcam", "hirescam"}, []string{records[2].Method, records[3].Method})
	assert.Equal(t, []string{"out/three.hirescam.map.npy", "out/three.hirescam.raw.npy", "out/three.hirescam.gradient.npy", "out/three.hirescam.json"}, records[3].Files)
}

// The card may name several, too.
func TestSeveralMethodsOfTheCard(t *testing.T) {
	inFolderOf(t)
	require.NoError(t, os.WriteFile("toy.yaml", []byte(strings.Replace(toyCard, "hirescam", "hirescam, gradcam", 1)), 0o666))
	h, _, err := explainToy(t, enginetest.NewToy(), Config{Target: "0"}, "a.npy")
	require.NoError(t, err)
	records := h.records["a.npy"]
	require.Len(t, records, 2)
	assert.Equal(t, []string{"hirescam", "gradcam"}, []string{records[0].Method, records[1].Method})
	assert.FileExists(t, "out/a.gradcam.map.npy")
	require.NoError(t, os.WriteFile("toy.yaml", []byte(strings.Replace(toyCard, "hirescam", "hirescam, hirescam", 1)), 0o666))
	_, err = New(Config{Model: "toy.pt"}, nil)
	require.EqualError(t, err, "toy.yaml: method: method hirescam is named twice; name it once")
	require.NotErrorIs(t, err, ErrUsage)
}

// Options go to the methods that have them, and into their records.
func TestOptions(t *testing.T) {
	inFolderOf(t)
	h, _, err := explainToy(t, enginetest.NewToy(), Config{
		Method: "gradcam,rise", Options: []string{"masks=8", "cells=2", "masks=6"}, Layers: []string{"conv1"}, Target: "0", Seed: 7, Compat: "captum",
	}, "a.npy")
	require.NoError(t, err)
	plain, random := h.records["a.npy"][0], h.records["a.npy"][1]
	assert.Nil(t, plain.Options)
	assert.Nil(t, plain.Seed)
	assert.Equal(t, "captum", plain.Compat)
	assert.Equal(t, map[string]string{"masks": "6", "cells": "2"}, random.Options, "the last one counts")
	assert.Equal(t, uint64(7), *random.Seed)
	data, err := os.ReadFile("out/a.rise.json")
	require.NoError(t, err)
	var stored []Record
	require.NoError(t, json.Unmarshal(data, &stored))
	assert.Equal(t, random, stored[0])
}

// The seed changes the map, the memory does not.
func TestSeedAndMemory(t *testing.T) {
	inFolderOf(t)
	maps := map[string][]float32{}
	for name, c := range map[string]Config{"a": {Seed: 1}, "b": {Seed: 2}, "c": {Seed: 1, Memory: 1}} {
		c.Method, c.Options, c.Target, c.Out = "rise", []string{"masks=16", "cells=2"}, "0", name
		var calls int
		c.Progress = func(p gradcam.Progress) { calls++; assert.Equal(t, "rise", p.Method) }
		_, _, err := explainToy(t, enginetest.NewToy(), c, "a.npy")
		require.NoError(t, err)
		assert.Positive(t, calls)
		maps[name] = readArray(t, name+"/a.raw.npy").Data
	}
	assert.Equal(t, maps["a"], maps["c"])
	assert.NotEqual(t, maps["a"], maps["b"])
}

// What a method says of its options is about the question, whatever the inputs.
func TestOptionsOutOfRange(t *testing.T) {
	inFolderOf(t)
	for method, option := range map[string]string{
		"rise": "masks=-1", "integrated-gradients": "steps=-2", "smoothgrad": "sigma=-1", "occlusion": "window=-1", "lime": "samples=-1", "dff": "concepts=-1",
	} {
		h, sum, err := explainToy(t, enginetest.NewToy(), Config{Method: method, Layers: []string{"conv1"}, Options: []string{option}, Target: "0"}, "a.npy", "b.npy")
		require.ErrorIs(t, err, ErrUsage, method)
		require.ErrorContains(t, err, "method "+method+": ")
		assert.Zero(t, sum)
		assert.Empty(t, h.order)
	}
}

// A layer that the card names concerns methods of layers, and nobody is told that
// another does without; one that the user names is another matter.
func TestTheCardsLayerIsNoQuestion(t *testing.T) {
	inFolderOf(t)
	require.NoError(t, os.WriteFile("toy.yaml", []byte(toyCard), 0o666))
	for _, m := range gradcam.Methods() {
		if m.Needs().Layer {
			continue
		}
		for _, c := range []Config{{Method: m.Name()}, {Method: m.Name() + ",gradcam"}} {
			var log bytes.Buffer
			c.Target, c.Log = "0", slog.New(slog.NewTextHandler(&log, nil))
			_, sum, err := explainToy(t, enginetest.NewToy(), c, "a.npy")
			require.NoError(t, err, c.Method)
			assert.Equal(t, Summary{Explained: 1}, sum)
			assert.NotContains(t, log.String(), "ignored", c.Method)
		}
	}
	var log bytes.Buffer
	_, _, err := explainToy(t, enginetest.NewToy(), Config{Method: "saliency", Layers: []string{"conv1"}, Target: "0", Log: slog.New(slog.NewTextHandler(&log, nil))}, "a.npy")
	require.NoError(t, err)
	assert.Contains(t, log.String(), "layer is ignored")
}

// Smoothing is in the record.
func TestSmoothing(t *testing.T) {
	inFolderOf(t)
	h, _, err := explainToy(t, enginetest.NewToy(), Config{AugSmooth: true, EigenSmooth: true, Layers: []string{"conv1"}, Target: "0"}, "a.npy")
	require.NoError(t, err)
	assert.Equal(t, []string{"aug", "eigen"}, h.records["a.npy"][0].Smoothing)
	plain, _, err := explainToy(t, enginetest.NewToy(), Config{Layers: []string{"conv1"}, Target: "0"}, "a.npy")
	require.NoError(t, err)
	assert.Nil(t, plain.records["a.npy"][0].Smoothing)
	assert.NotEqual(t, plain.records["a.npy"][0].Raw, h.records["a.npy"][0].Raw)
}

// Under captum's conventions the map is signed, under torch-cam's it has the layer's
// size; photos have an overlay all the same.
func TestCompat(t *testing.T) {
	inFolderOf(t)
	writePhoto(t, "photo.png")
	require.NoError(t, os.WriteFile("toy.yaml", []byte(toyCard), 0o666))
	for compat, want := range map[string][]int{"captum": {4, 4}, "torch-cam": {2, 2}, "pytorch-grad-cam": {4, 4}} {
		h, _, err := explainToy(t, enginetest.NewToy(), Config{Method: "gradcam", Compat: compat, Layers: []string{"conv1"}, Target: "0", Out: compat}, "photo.png")
		require.NoError(t, err)
		m := readArray(t, compat+"/photo.map.npy")
		assert.Equal(t, want, m.Shape, compat)
		assert.Equal(t, compat, h.records["photo.png"][0].Compat)
		assert.FileExists(t, compat+"/photo.overlay.png")
		if compat == "captum" {
			assert.Equal(t, []float32{11.25, 11.25, 13.5, 13.5}, m.Data[:4])
		}
	}
}

func TestMethodTable(t *testing.T) {
	all, err := Methods()
	require.NoError(t, err)
	assert.Len(t, all, len(gradcam.Catalogue()))
	seen := map[gradcam.Family]bool{}
	for i, r := range all {
		if i > 0 && r.Family != all[i-1].Family {
			assert.False(t, seen[r.Family], "%s is torn apart", r.Family)
		}
		seen[r.Family] = true
		assert.NotEmpty(t, r.Summary)
		assert.NotEmpty(t, r.Passes, r.Method)
		assert.NotNil(t, r.Options)
	}
	one, err := Methods("rise", "gradcam")
	require.NoError(t, err)
	require.Len(t, one, 2)
	assert.Equal(t, "1 forward, 1 backward", one[0].Passes)
	assert.Equal(t, []string{"layer", "gradient"}, one[0].Needs)
	assert.Equal(t, []string{"masks", "integer", "4000", "number of masks"}, []string{one[1].Options[0].Name, one[1].Options[0].Takes, one[1].Options[0].Default, one[1].Options[0].Meaning})
	_, err = Methods("rice")
	require.ErrorIs(t, err, ErrUsage)
	assert.Equal(t, "1 forward, 2 backward, 7 after the layer and back, 3 a channel, 4 a position, 5 forward a channel, 6 forward a feature", passesOf(gradcam.Cost{
		Forward: 1, Backward: 2, Tail: 7, PerChannel: 3, PerPosition: 4, ForwardPerChannel: 5, ForwardPerFeature: 6, Note: "more",
	}))
}

func TestParseBytes(t *testing.T) {
	for s, want := range map[string]int64{"1": 1, "4096": 4096, "64M": 64 << 20, "9b": 9, "64MB": 64 << 20, "1.5GiB": 3 << 29, "2k": 2048, "1t": 1 << 40} {
		got, err := ParseBytes(s)
		require.NoError(t, err, s)
		assert.Equal(t, want, got, s)
	}
	for _, s := range []string{"", "M", "0", "-1M", "64X", "64MM", "1e30", "NaN", "64i", "many"} {
		_, err := ParseBytes(s)
		require.ErrorContains(t, err, "is no size in bytes", s)
		require.ErrorIs(t, err, ErrUsage)
	}
}

// A method that fuses layers its own way does so here, too.
func TestRefineCAMMultiplies(t *testing.T) {
	inFolderOf(t)
	maps := map[string][]float32{}
	for name, c := range map[string]Config{"refine": {Method: "refinecam"}, "product": {Method: "gradcam++", Fusion: "product"}, "mean": {Method: "gradcam++"}} {
		c.Layers, c.Target, c.Out = []string{"relu1", "conv1"}, "0", name
		_, _, err := explainToy(t, enginetest.NewToy(), c, "a.npy")
		require.NoError(t, err)
		maps[name] = readArray(t, name+"/a.map.npy").Data
	}
	assert.Equal(t, maps["product"], maps["refine"])
	assert.NotEqual(t, maps["mean"], maps["refine"])
}
