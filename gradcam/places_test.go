package gradcam

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
)

// peerTarget is a case of testdata/targets.json, written by scripts/golden/targets.py.
type peerTarget struct {
	Name      string
	Score     float64
	Outputs   map[string]engine.Array
	Gradients map[string][]float32
	Reference []float32
}

func readPeerTargets(t *testing.T) []peerTarget {
	t.Helper()
	data, err := os.ReadFile("testdata/targets.json")
	require.NoError(t, err)
	var cases []peerTarget
	require.NoError(t, json.Unmarshal(data, &cases))
	require.NotEmpty(t, cases)
	return cases
}

// target makes the target of a case.
func (p peerTarget) target(t *testing.T) Target {
	t.Helper()
	switch {
	case strings.HasPrefix(p.Name, "mask:"):
		return Mask("m", engine.Array{Shape: []int{3, 4}, Data: p.Reference}, 1)
	case strings.HasPrefix(p.Name, "similar:"):
		return Similarity("r", p.Reference)
	}
	target, err := ParseTarget(p.Name, nil)
	require.NoError(t, err)
	return target
}

// Scores and gradients of pytorch-grad-cam 1.5.7 and, for the cosine, of PyTorch.
func TestTargetsEqualThePeers(t *testing.T) {
	for _, c := range readPeerTargets(t) {
		target := c.target(t)
		assert.Equal(t, c.Name, target.String())
		if joint, ok := target.(Joint); ok {
			for _, sign := range []float64{1, -1} {
				if sign < 0 {
					joint = Negative(target).(Joint)
				}
				s, cotangents, err := joint.ScoreOutputs(asOutputs(c.Outputs, ""), 0)
				require.NoError(t, err)
				assert.InDelta(t, sign*c.Score, s.Value, 1e-6, c.Name)
				require.Len(t, cotangents, len(c.Gradients))
				for _, got := range cotangents {
					for i, want := range c.Gradients[got.Output] {
						assert.InDelta(t, sign*float64(want), got.Array.Data[i], 1e-7, "%s: %s at %d", c.Name, got.Output, i)
					}
				}
			}
			continue
		}
		s := scoreOf(t, target, Sample{Output: c.Outputs[""]})
		assert.InDelta(t, c.Score, s.Value, 1e-6, c.Name)
		assert.InDeltaSlice(t, c.Gradients[""], s.Cotangent, 1e-6, c.Name)
	}
}

// asOutputs gives every output the prefix of a sample's dict.
func asOutputs(arrays map[string]engine.Array, prefix string) []engine.Output {
	var outputs []engine.Output
	for _, name := range []string{"boxes", "labels", "scores"} {
		outputs = append(outputs, engine.Output{Name: prefix + name, Array: arrays[name]})
	}
	return outputs
}

// The intersection over union by counting the cells of a fine grid, and its
// gradient by differences.
func TestIoUEqualsItsPlainTwin(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	draw := func() corners {
		x, y := rng.IntN(20), rng.IntN(20)
		return corners{float64(x), float64(y), float64(x + 1 + rng.IntN(20)), float64(y + 1 + rng.IntN(20))}
	}
	inside := func(b corners, x, y int) bool {
		return float64(x) >= b[0] && float64(x) < b[2] && float64(y) >= b[1] && float64(y) < b[3]
	}
	for range 200 {
		a, b := draw(), draw()
		both, either := 0, 0
		for x := range 40 {
			for y := range 40 {
				if inside(a, x, y) && inside(b, x, y) {
					both++
				}
				if inside(a, x, y) || inside(b, x, y) {
					either++
				}
			}
		}
		got, _ := iou(a, b)
		assert.InDelta(t, float64(both)/float64(either), got, 1e-12, "%v %v", a, b)
		for i := range b { // away from edges that meet
			b[i] += 0.25
		}
		_, gradient := iou(a, b)
		for i := range b {
			up, down := b, b
			up[i] += 1e-4
			down[i] -= 1e-4
			high, _ := iou(a, up)
			low, _ := iou(a, down)
			assert.InDelta(t, (high-low)/2e-4, gradient[i], 1e-6, "%v %v at %d", a, b, i)
		}
	}
	same, gradient := iou(corners{1, 2, 3, 4}, corners{1, 2, 3, 4})
	assert.Equal(t, 1.0, same)
	assert.Equal(t, corners{}, gradient, "a box that is its own reference")
	none, _ := iou(corners{}, corners{})
	assert.Zero(t, none, "boxes without area")
}

func TestDetectionOutputs(t *testing.T) {
	c := readPeerTargets(t)[5]
	target := c.target(t).(Joint)
	floatLabels := engine.Array{Shape: []int{4}, Data: []float32{3, 7, 1, 3}}
	batched := map[string]engine.Array{}
	for name, a := range c.Outputs {
		b := engine.Array{Shape: append([]int{2}, a.Shape...), Data: append(make([]float32, a.Len()), a.Data...)}
		if name == "labels" {
			b.Data = append(make([]float32, 4), 3, 7, 1, 3)
		}
		batched[name] = b
	}
	for what, tc := range map[string]struct {
		outputs []engine.Output
		sample  int
	}{
		"a lone dict":           {asOutputs(c.Outputs, ""), 0},
		"a list of dicts":       {append(asOutputs(batched, "0."), asOutputs(c.Outputs, "1.")...), 1},
		"within a tuple":        {asOutputs(c.Outputs, "1.0."), 0},
		"a batch":               {asOutputs(batched, ""), 1},
		"labels of other types": {append(asOutputs(c.Outputs, "")[:1:1], engine.Output{Name: "labels", Array: floatLabels}, asOutputs(c.Outputs, "")[2]), 0},
	} {
		s, _, err := target.ScoreOutputs(tc.outputs, tc.sample)
		require.NoError(t, err, what)
		assert.InDelta(t, c.Score, s.Value, 1e-6, what)
	}
	empty := map[string]engine.Array{"boxes": {Shape: []int{0, 4}}, "labels": {Shape: []int{0}}, "scores": {Shape: []int{0}}}
	s, _, err := target.ScoreOutputs(asOutputs(empty, ""), 0)
	require.NoError(t, err, "nothing was found")
	assert.Zero(t, s.Value)

	nan := engine.Array{Shape: []int{4}, Data: []float32{0, 0, float32(math.NaN()), 0}}
	for want, outputs := range map[string][]engine.Output{
		`hold no "0.boxes" for sample 0`:         {{Name: "out", Array: engine.NewArray(1, 4)}},
		"no output \"0.labels\"":                 asOutputs(c.Outputs, "0.")[:1],
		"shape [1 2 3 4], which has no sample 0": {{Name: "boxes", Array: engine.NewArray(1, 2, 3, 4)}, {Name: "labels"}, {Name: "scores"}},
		"should be [K, 4], [K] and [K]":          {{Name: "boxes", Array: engine.NewArray(4, 4)}, {Name: "labels", Array: engine.NewArray(3)}, {Name: "scores", Array: engine.NewArray(4)}},
		"output scores holds NaN at [2]":         {asOutputs(c.Outputs, "")[0], asOutputs(c.Outputs, "")[1], {Name: "scores", Array: nan}},
	} {
		_, _, err := target.ScoreOutputs(outputs, 0)
		assert.ErrorContains(t, err, want)
		assert.ErrorIs(t, err, ErrTarget)
	}
	_, _, err = Boxes(0).(Joint).ScoreOutputs(asOutputs(c.Outputs, ""), 0)
	assert.ErrorContains(t, err, "give at least one box")
	_, err = Boxes(0, Box{}).Score(sample(Logits, 1))
	assert.ErrorContains(t, err, "reads the outputs boxes, labels and scores")
}

// A mask of another size counts by the centres of its places.
func TestMaskOfAnotherSize(t *testing.T) {
	y := Sample{Output: engine.NewArray(2, 4, 4)}
	for i := range y.Output.Data {
		y.Output.Data[i] = float32(i)
	}
	half := engine.Array{Shape: []int{2, 2}, Data: []float32{0, 1, 0, 0}}
	s := scoreOf(t, Mask("half", half, 1), y)
	assert.Equal(t, float64(16+2+16+3+16+6+16+7), s.Value, "the upper right quarter")
	assert.Equal(t, 1, s.Index)
	double := engine.NewArray(8, 8)
	double.Data[3*8+5] = 0.5 // of the four in the place of (1, 2) the lower right one lies behind its centre
	assert.Equal(t, 0.5*(16+6), scoreOf(t, Mask("double", double, 1), y).Value)
	for want, target := range map[string]Target{
		"the mask is zero everywhere at the output's size [4 4]": Mask("none", engine.NewArray(2, 2), 1),
		"class 2 is out of range":                                Mask("half", half, 2),
		"a mask of shape []":                                     Mask("half", engine.Array{}, 1),
		"is not made of classes and the mask's axes [4]":         Mask("half", engine.NewArray(4), 1),
		"holds NaN at [0 0]":                                     Mask("half", engine.Array{Shape: []int{1, 1}, Data: []float32{float32(math.NaN())}}, 1),
	} {
		_, err := target.Score(y)
		assert.ErrorContains(t, err, want)
	}
}

func TestSimilarityErrors(t *testing.T) {
	y := sample(Logits, 1, 2)
	_, err := Similarity("r", []float32{1}).Score(y)
	assert.ErrorContains(t, err, "target similar:r: the reference has 1 numbers, the embedding 2")
	_, err = Similarity("r", []float32{0, 0}).Score(y)
	assert.ErrorContains(t, err, "an embedding of zeros makes no angle")
	assert.ErrorIs(t, err, ErrTarget)
	assert.Equal(t, 5.0, scoreOf(t, DotProduct("r", []float32{1, 2}), y).Value)
	assert.Equal(t, "dot:r", DotProduct("r", nil).String())
}
