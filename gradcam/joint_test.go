package gradcam_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
)

// detector returns a dict for each of two samples, of three boxes and of none.
func detector() *enginetest.Canned {
	c := canned(nil, nil)
	two := engine.Array{Shape: []int{2, 1, 2, 2}, Data: []float32{1, 2, 3, 4, 5, 6, 7, 9}}
	c.Values, c.Gradients = map[string]engine.Array{"lit": two}, map[string]engine.Array{"lit": two}
	c.Out = []engine.Output{
		{Name: "0.boxes", Array: engine.Array{Shape: []int{3, 4}, Data: []float32{0, 0, 2, 2, 0, 0, 4, 4, 5, 5, 6, 6}}},
		{Name: "0.labels", Array: engine.Array{Shape: []int{3}, Ints: []int64{1, 7, 7}}},
		{Name: "0.scores", Array: engine.Array{Shape: []int{3}, Data: []float32{0.25, 0.5, 0.75}}},
		{Name: "1.boxes", Array: engine.Array{Shape: []int{0, 4}}},
		{Name: "1.labels", Array: engine.Array{Shape: []int{0}, Ints: []int64{}}},
		{Name: "1.scores", Array: engine.Array{Shape: []int{0}}},
	}
	return c
}

// A detector's outputs have no batch axis, and none of them is the one to explain.
func TestDetector(t *testing.T) {
	c := detector()
	results := explain(t, c, image(2), gradcam.Boxes(0, gradcam.Box{Right: 4, Bottom: 5, Label: 7}), gradcam.WithLayer("lit"))
	assert.InDelta(t, 16.0/20+0.5, results[0].Target.Score, 1e-9)
	assert.Zero(t, results[1].Target.Score, "nothing was found")
	assert.Equal(t, gradcam.NoClass, results[0].Target.Index)
	assert.Empty(t, results[0].Top)
	got := map[string][]float32{}
	for _, cotangent := range c.Seen()[0] {
		got[cotangent.Output] = cotangent.Array.Data
	}
	// d(16/20): the box lies on two edges of the reference and stops short of a third;
	// its right edge meets the reference's.
	assert.Equal(t, []float32{0, 1, 0}, got["0.scores"])
	assert.InDelta(t, 4.0/20, got["0.boxes"][7], 1e-6, "by the lower edge, which is inside")
	assert.Zero(t, got["0.boxes"][0])

	e, err := gradcam.New(c, gradcam.WithLayer("lit"))
	require.NoError(t, err)
	_, err = e.Explain(ctx, image(2), gradcam.Top1())
	assert.ErrorContains(t, err, `the model has several outputs: name one of "0.boxes", "0.labels"`)
	_, err = e.Explain(ctx, image(2), gradcam.Boxes(0))
	assert.ErrorContains(t, err, "sample 0: target box:: give at least one box")
	require.NoError(t, e.Close())
}

// Perturbed copies of a sample are scored for its own boxes.
func TestDetectorRows(t *testing.T) {
	c := detector()
	var again []gradcam.Score
	method := own{gradcam.Needs{Layer: true}, func(_ context.Context, run *gradcam.Run) ([]gradcam.Attribution, error) {
		var err error
		again, _, err = run.Score(c.Out, []int{1, 0})
		return []gradcam.Attribution{{Layer: "lit", Values: engine.NewArray(2, 2, 2)}}, err
	}}
	e, err := gradcam.New(c, gradcam.WithLayer("lit"), gradcam.WithMethod(method))
	require.NoError(t, err)
	defer e.Close()
	_, err = e.Explain(ctx, image(2), gradcam.Boxes(0, gradcam.Box{Right: 4, Bottom: 4, Label: 1}), gradcam.Boxes(0, gradcam.Box{Right: 4, Bottom: 4, Label: 7}))
	require.NoError(t, err)
	assert.Equal(t, 1.5, again[0].Value, "the first row is a copy of sample 1, and asked for its label")
	assert.Zero(t, again[1].Value)
}

// One score of your own serves several methods with one backward pass.
func TestFuncSharesAPass(t *testing.T) {
	toy := enginetest.NewToyHead(readGolden(t).Head)
	e, err := gradcam.New(toy, gradcam.WithLayer("relu1"), gradcam.WithMethods(gradcam.GradCAM, gradcam.HiResCAM))
	require.NoError(t, err)
	defer e.Close()
	first := gradcam.Func("first", func(y engine.Array) (float64, []float32, error) {
		return float64(y.Data[0]), []float32{1, 0, 0, 0}, nil
	})
	all, err := e.ExplainAll(ctx, []engine.Array{enginetest.ToyInput(0)}, first)
	require.NoError(t, err)
	assert.Equal(t, 1, toy.Counts().Backwards)
	want := explain(t, enginetest.NewToyHead(readGolden(t).Head), enginetest.ToyInput(0), gradcam.Class(0), gradcam.WithLayer("relu1"))
	assert.Equal(t, want[0].Raw, all[0][0].Raw)
}

// A score without a derivative is for methods that only compare scores.
func TestFuncWithoutGradient(t *testing.T) {
	steps := gradcam.Func("steps", func(y engine.Array) (float64, []float32, error) { return float64(int(y.Data[0]) / 10), nil, nil })
	r := explain(t, enginetest.NewToy(), enginetest.ToyInput(0), steps, gradcam.WithMethod(own{gradcam.Needs{Predict: true}, occlusion}))[0]
	assert.Equal(t, 5.0, r.Target.Score)
	e, err := gradcam.New(enginetest.NewToy(), gradcam.WithLayer("relu1"))
	require.NoError(t, err)
	defer e.Close()
	_, err = e.Explain(ctx, enginetest.ToyInput(0), steps)
	assert.ErrorContains(t, err, "method gradcam: sample 0: target steps has no gradient: return one, or ")
	assert.ErrorIs(t, err, gradcam.ErrTarget)
	_, err = e.Explain(ctx, enginetest.ToyInput(0), gradcam.Negative(steps))
	assert.ErrorContains(t, err, "target neg:steps has no gradient")
}

// The embedding of a reference goes through the model that is explained; an image is
// most like itself.
func TestEmbed(t *testing.T) {
	e, err := gradcam.New(enginetest.NewToyHead(readGolden(t).Head), gradcam.WithLayer("relu1"))
	require.NoError(t, err)
	references, err := e.Embed(ctx, []engine.Array{enginetest.ToyInput(0, 1)})
	require.NoError(t, err)
	assert.Equal(t, readGolden(t).Output, references)
	results, err := e.Explain(ctx, enginetest.ToyInput(0, 1), gradcam.Similarity("x.png", references[0]), gradcam.Similarity("x.png", references[0]))
	require.NoError(t, err)
	assert.InDelta(t, 1, results[0].Target.Score, 1e-9)
	assert.Less(t, results[1].Target.Score, 1-1e-4)
	assert.Equal(t, "similar:x.png", results[1].Target.Target)
	_, err = e.Embed(ctx, nil)
	assert.ErrorContains(t, err, "no input")
	require.NoError(t, e.Close())
	_, err = e.Embed(ctx, []engine.Array{enginetest.ToyInput(0)})
	assert.ErrorIs(t, err, gradcam.ErrClosed)
}
