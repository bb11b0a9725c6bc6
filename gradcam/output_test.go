package gradcam

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
)

func floats(name string) engine.Output {
	return engine.Output{Name: name, Array: engine.NewArray(1, 3)}
}

func integers(name string) engine.Output {
	return engine.Output{Name: name, Array: engine.Array{Shape: []int{1}, Ints: []int64{281}}}
}

func TestChooseOutput(t *testing.T) {
	for _, c := range []struct {
		what    string
		outputs []engine.Output
		name    string
		want    int
	}{
		{"a lone tensor", []engine.Output{floats("")}, "", 0},
		{"a lone member", []engine.Output{floats("features")}, "", 0},
		{"first of a tuple", []engine.Output{floats("0"), floats("1")}, "", 0},
		{"first float of a tuple", []engine.Output{integers("0"), floats("1")}, "", 1},
		{"GoogLeNet's tuple with None", []engine.Output{floats("0")}, "", 0},
		{"out of a dict", []engine.Output{floats("aux"), floats("out")}, "", 1},
		{"logits of a dict", []engine.Output{floats("hidden"), floats("logits")}, "", 1},
		{"a named one", []engine.Output{floats("out"), floats("aux")}, "aux", 1},
		{"a nested one", []engine.Output{integers("0.labels"), floats("0.boxes")}, "0.boxes", 1},
	} {
		got, err := chooseOutput(c.outputs, c.name)
		require.NoError(t, err, c.what)
		assert.Equal(t, c.want, got, c.what)
	}
}

func TestChooseOutputErrors(t *testing.T) {
	for _, c := range []struct {
		outputs    []engine.Output
		name, want string
	}{
		{nil, "", "the model returned no tensor; export it so that it returns its scores"},
		{[]engine.Output{integers("")}, "", "the output holds integers, which have no gradient: does the model end in argmax?"},
		{[]engine.Output{integers("out"), floats("scores")}, "", `output out holds integers, which have no gradient: does the model end in argmax? export it without, or name another output: "scores"`},
		{[]engine.Output{floats("a"), floats("b")}, "", `several outputs: name one of "a", "b"`},
		{[]engine.Output{floats("0.boxes"), floats("0.scores")}, "", `name one of "0.boxes", "0.scores"`},
		{[]engine.Output{floats("a")}, "b", `no output "b": it has "a"`},
	} {
		_, err := chooseOutput(c.outputs, c.name)
		assert.ErrorContains(t, err, c.want)
		assert.ErrorIs(t, err, ErrOutput)
	}
}

func TestSamplesErrors(t *testing.T) {
	nan := float32(math.NaN())
	_, err := samples(engine.Output{Name: "out", Array: engine.NewArray(1, 3)}, 2, Logits)
	assert.ErrorContains(t, err, "output out has shape [1 3] for a batch of 2: its first axis must be the batch")
	_, err = samples(engine.Output{Array: engine.Array{Data: []float32{1}}}, 1, Logits)
	assert.ErrorContains(t, err, "the output is one number for a batch of 1; export the model")
	_, err = samples(engine.Output{Array: engine.NewArray(1, 0)}, 1, Logits)
	assert.ErrorContains(t, err, "is empty")
	_, err = samples(engine.Output{Array: engine.Array{Shape: []int{1, 2}, Data: []float32{1}}}, 1, Logits)
	assert.ErrorContains(t, err, "wants 2 elements")
	_, err = samples(engine.Output{Array: engine.Array{Shape: []int{2, 3}, Data: []float32{0, 1, 2, 3, nan, 5}}}, 2, Logits)
	assert.EqualError(t, err, "sample 1: the output holds NaN at [1]")
	assert.ErrorIs(t, err, ErrNotFinite)
	var at *SampleError
	require.ErrorAs(t, err, &at)
	assert.Equal(t, 1, at.Sample)
}

func TestCheckInputs(t *testing.T) {
	bad := engine.NewArray(2, 1, 2, 2)
	bad.Data[6] = float32(math.Inf(-1))
	for _, c := range []struct {
		inputs []engine.Array
		want   string
	}{
		{nil, "no input"},
		{[]engine.Array{{}}, "input 0: engine: shape [] wants 1 elements, got 0"},
		{[]engine.Array{engine.NewArray(0, 3)}, "input 0 is empty: its shape is [0 3]"},
		{[]engine.Array{engine.NewArray(2, 3), engine.NewArray(1, 3)}, "input 1 has 1 samples, input 0 has 2"},
		{[]engine.Array{{Shape: []int{2}, Data: []float32{1}}}, "input 0: engine: shape [2] wants 2 elements"},
		{[]engine.Array{bad}, "sample 1: input 0 holds -Inf at [0 1 0]"},
	} {
		_, err := checkInputs(c.inputs)
		assert.ErrorContains(t, err, c.want)
	}
	n, err := checkInputs([]engine.Array{engine.NewArray(3, 2), {Shape: []int{3}, Ints: []int64{1, 2, 3}}})
	require.NoError(t, err)
	assert.Equal(t, 3, n)
}

func TestParseOutputKind(t *testing.T) {
	for s, want := range map[string]OutputKind{"": Logits, "logits": Logits, "probabilities": Probabilities, "sigmoid": Sigmoid} {
		got, err := ParseOutputKind(s)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	_, err := ParseOutputKind("softmax")
	assert.ErrorContains(t, err, `output kind "softmax": give one of logits, probabilities, sigmoid`)
	assert.Equal(t, "sigmoid", Sigmoid.String())
	assert.Equal(t, "OutputKind(9)", OutputKind(9).String())
}

// Values of torch.softmax and torch.sigmoid in float64.
func TestProbabilities(t *testing.T) {
	assert.InDeltaSlice(t, []float64{0.09003057317038046, 0.6652409557748219, 0.24472847105479764}, sample(Logits, 1, 3, 2).Probabilities(), 1e-15)
	assert.InDeltaSlice(t, []float64{0.7310585786300049, 0.2689414213699951}, sample(Sigmoid, 1, -1).Probabilities(), 1e-15)
	assert.Equal(t, []float64{0.25, 0.75}, sample(Probabilities, 0.25, 0.75).Probabilities())
	assert.InDeltaSlice(t, []float64{0.8807970779778823}, sample(Logits, 2).Probabilities(), 1e-15, "one logit")
	assert.Equal(t, []float64{1, 0}, sample(Logits, 1e30, -1e30).Probabilities())
}
