package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/npy"
)

func TestDifference(t *testing.T) {
	theirs := engine.Array{Shape: []int{2, 1, 2}, Data: []float32{1, -4, 0.5, 0}}
	for _, c := range []struct {
		ours [][]float32
		want float64
	}{
		{[][]float32{{1, -4}, {0.5, 0}}, 0},
		{[][]float32{{2, -4}, {0.5, 0}}, 0.25},
		{[][]float32{{1, -4}, {0.5, 0.25}}, 0.5},
	} {
		d, err := difference(c.ours, theirs)
		require.NoError(t, err)
		assert.InDelta(t, c.want, d, 1e-12)
	}
	blank := engine.Array{Shape: []int{2, 1}, Data: []float32{0, 4}}
	d, err := difference([][]float32{{1}, {4}}, blank)
	require.NoError(t, err, "a row may be blank")
	assert.InDelta(t, 0.25, d, 1e-12, "by the largest value of all")
	for _, c := range []struct {
		ours   [][]float32
		theirs engine.Array
		says   string
	}{
		{[][]float32{{1, -4}}, theirs, "has shape [2 1 2], ours has 1 rows"},
		{[][]float32{{1}, {2}}, theirs, "has shape [2 1 2], ours has 1 values a row"},
		{[][]float32{{0, 0}}, engine.NewArray(1, 2), "its result is all zeros"},
	} {
		_, err := difference(c.ours, c.theirs)
		require.ErrorContains(t, err, c.says)
	}
}

// A peer that computed something else stops the benchmark; one that is known to is
// not asked.
func TestCompare(t *testing.T) {
	path := t.TempDir() + "/result.npy"
	require.NoError(t, npy.WriteFile(path, engine.NewArray(1, 1)))
	p, questions := answering(`{"file": "` + path + `"}`)
	c := explanation{peers: []string{"forward"}}
	_, err := c.compare(t.Context(), p, nil, scored(2))
	require.ErrorContains(t, err, "all zeros")

	require.NoError(t, npy.WriteFile(path, engine.Array{Shape: []int{1, 1}, Data: []float32{1.99}}))
	p, _ = answering(`{"file": "`+path+`"}`, `{"file": "`+path+`"}`)
	found, err := c.compare(t.Context(), p, nil, scored(2))
	require.NoError(t, err)
	assert.InDelta(t, 0.005, found["forward"], 1e-4)
	_, err = c.compare(t.Context(), p, &loaded{}, scored(2.1))
	require.Error(t, err, "the model without folding, which decides, is not there")
	require.NoError(t, refused("forward", 0.02, 1e-3))
	require.EqualError(t, refused("forward", 0.055, 0.05),
		"forward computes something else: its result differs by 5.5e-02 of the largest value, and by 5.0e-02 without folding; 1e-02 and 1e-03 are allowed")

	before := questions.Len()
	found, err = explanation{peers: []string{"torch_cam"}, differs: map[string]string{"torch_cam": "random"}}.compare(t.Context(), p, nil, nil)
	require.NoError(t, err)
	assert.Empty(t, found)
	assert.Equal(t, before, questions.Len())
}

// scored are the results of one sample with this score.
func scored(score float64) []gradcam.Result {
	return []gradcam.Result{{Target: gradcam.Explained{ClassScore: gradcam.ClassScore{Score: score}}}}
}

// The map of a component is that of either sign.
func TestNegated(t *testing.T) {
	raw := gradcam.Raw{Layer: "conv", Values: engine.Array{Shape: []int{1, 2}, Data: []float32{-3, 1}}, Min: -3, Max: 1}
	got := negated([]gradcam.Result{{Raw: []gradcam.Raw{raw}, Reason: gradcam.AllNegative}})
	assert.Equal(t, []float32{3, -1}, got[0].Raw[0].Values.Data)
	assert.InDelta(t, 3, got[0].Raw[0].Max, 0)
	assert.InDelta(t, -1, got[0].Raw[0].Min, 0)
	assert.Empty(t, got[0].Reason)
	assert.Equal(t, []float32{-3, 1}, raw.Values.Data, "a copy")
}
