package explain

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
)

// sum is the toy network of the sum of two inputs.
type sum struct{ *enginetest.Toy }

func (sum) add(inputs []engine.Array) ([]engine.Array, error) {
	if len(inputs) != 2 || inputs[0].Len() != inputs[1].Len() {
		return nil, errRefused
	}
	a := engine.NewArray(inputs[0].Shape...)
	for i := range a.Data {
		a.Data[i] = inputs[0].Data[i] + inputs[1].Data[i]
	}
	return []engine.Array{a}, nil
}

func (s sum) Plan(ctx context.Context, spec engine.Spec) (engine.Plan, error) {
	plan, err := s.Toy.Plan(ctx, spec)
	return sumPlan{plan, s}, err
}

func (s sum) Predict(ctx context.Context, inputs []engine.Array) ([]engine.Output, error) {
	in, err := s.add(inputs)
	if err != nil {
		return nil, err
	}
	return s.Toy.Predict(ctx, in)
}

func (s sum) Calls(ctx context.Context, inputs []engine.Array) ([]engine.Call, error) {
	in, err := s.add(inputs)
	if err != nil {
		return nil, err
	}
	return s.Toy.Calls(ctx, in)
}

type sumPlan struct {
	engine.Plan
	sum sum
}

func (p sumPlan) Forward(ctx context.Context, inputs []engine.Array) (engine.Pass, error) {
	in, err := p.sum.add(inputs)
	if err != nil {
		return nil, err
	}
	return p.Plan.Forward(ctx, in)
}

// A further input goes beside every sample: x and 1 make captum's x + 1.
func TestWith(t *testing.T) {
	inFolderOf(t)
	ones := engine.NewArray(1, 1, 4, 4)
	for i := range ones.Data {
		ones.Data[i] = 1
	}
	writeArray(t, "ones.npy", ones)
	writeArray(t, "two.npy", engine.NewArray(2, 4))
	model := sum{enginetest.NewToy()}
	_, _, err := explainToy(t, model, Config{Layers: []string{"conv1"}, Target: "0", With: []string{"ones.npy"}}, "three.npy")
	require.NoError(t, err)
	assert.Equal(t, []float32{14.5, 19, 32.5, 37}, readArray(t, "out/three.raw.npy").Data[:4])

	table, err := Layers(t.Context(), "toy.pt", model, toyTree(), InputSize{Channels: 1, Height: 4, Width: 4, With: []string{"ones.npy"}})
	require.NoError(t, err)
	assert.Equal(t, "relu1", table.Default)
	_, err = Layers(t.Context(), "toy.pt", model, toyTree(), InputSize{With: []string{"none.npy"}})
	require.ErrorContains(t, err, "further input: ")

	for want, file := range map[string]string{"check the path": "none.npy", "two.npy has shape [2 4]; save it with a first axis of 1": "two.npy"} {
		_, err := New(Config{Model: "toy.pt", With: []string{file}}, nil)
		require.ErrorContains(t, err, want)
	}
	_, err = New(Config{Model: "toy.pt", Input: 2, With: []string{"ones.npy"}}, nil)
	require.ErrorContains(t, err, "there is no input 2; with 1 further input(s) give 0 to 1")
}

// A reference goes through the model first. An input is most like itself.
func TestSimilar(t *testing.T) {
	inFolderOf(t)
	head := enginetest.Head{{1}, {0, 1}, {0, 0, 1}, {0, 0, 0, 1}}
	scores := map[string]float64{}
	for _, target := range []string{"similar:a.npy", "neg:similar:a.npy", "dot:a.npy", "similar:b.npy"} {
		h, _, err := explainToy(t, enginetest.NewToyHead(head), Config{Layers: []string{"relu1"}, Target: target}, "a.npy")
		require.NoError(t, err)
		r := h.records["a.npy"][0]
		assert.Equal(t, target, r.Target.Explained)
		assert.Nil(t, r.Target.Index)
		scores[target] = r.Target.Score
	}
	// relu1 of channel 0 is 0, 4, 31, 40.
	assert.InDelta(t, 1, scores["similar:a.npy"], 1e-9)
	assert.InDelta(t, -1, scores["neg:similar:a.npy"], 1e-9)
	assert.InDelta(t, 4*4+31*31+40*40, scores["dot:a.npy"], 1e-6)
	assert.Less(t, scores["similar:b.npy"], 1-1e-4)

	for target, want := range map[string]string{"similar:none.npy": "reference none.npy: ", "dot:three.npy": "reference three.npy has 3 samples; give one"} {
		_, _, err := explainToy(t, enginetest.NewToyHead(head), Config{Layers: []string{"relu1"}, Target: target}, "a.npy")
		require.ErrorContains(t, err, want)
	}
}

// A photo as the reference is preprocessed like any other.
func TestSimilarPhoto(t *testing.T) {
	inFolderOf(t)
	writePhoto(t, "photo.png")
	model := &picky{Toy: enginetest.NewToy()}
	h, _, err := explainToy(t, model, Config{Layers: []string{"relu1"}, Target: "dot:photo.png", Photo: Overrides{Size: []int{4}}}, "a.npy")
	require.NoError(t, err)
	assert.Equal(t, "dot:photo.png", h.records["a.npy"][0].Target.Explained)
}

func TestMaskTarget(t *testing.T) {
	inFolderOf(t)
	writeArray(t, "roi.npy", engine.Array{Shape: []int{2, 2}, Data: []float32{0, 1, 1, 0}})
	writeArray(t, "whole.npy", engine.Array{Shape: []int{1, 2}, Ints: []int64{0, 1}})
	dense := &enginetest.Canned{
		Out:       []engine.Output{{Array: engine.Array{Shape: []int{1, 2, 2, 2}, Data: []float32{1, 2, 3, 4, 5, 6, 7, 8}}}},
		Values:    map[string]engine.Array{"conv": {Shape: []int{1, 1, 2, 2}, Data: []float32{1, 2, 3, 4}}},
		Gradients: map[string]engine.Array{"conv": {Shape: []int{1, 1, 2, 2}, Data: []float32{1, 1, 1, 1}}},
	}
	for target, want := range map[string]float64{"mask:roi.npy:1": 13, "neg:mask:roi.npy:0": -5, "mask:whole.npy:1": 14} {
		h, _, err := explainToy(t, dense, Config{Layers: []string{"conv"}, Target: target}, "a.npy")
		require.NoError(t, err)
		assert.Equal(t, want, h.records["a.npy"][0].Target.Score, target)
	}
	for target, want := range map[string]string{
		"mask:roi.npy":     "give a mask and a class, as mask:roi.npy:3",
		"mask:roi.npy:cat": `"cat" is no class index`,
		"mask:roi.npy:-1":  `"-1" is no class index`,
		"mask:roi.png:1":   "mask roi.png is no array; save it as .npy of shape (H,W)",
		"mask:none.npy:1":  "check the path",
		"mask:a.npy:1":     "mask a.npy has shape [1 1 4 4]; save it as (H,W)",
		"similar:":         `target "similar:" names no file; give a reference, as similar:photo.jpg`,
		"neg:dot:":         "names no file",
	} {
		_, err := New(Config{Model: "toy.pt", Target: target}, nil)
		require.ErrorContains(t, err, want)
	}
}
