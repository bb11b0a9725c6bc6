package card

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
	"github.com/torchlight-go/torchlight/gradcam/preprocess"
)

const (
	schemaFile  = "../../docs/model-card.schema.json"
	exampleFile = "../../docs/model-card.example.yaml"
)

func TestTheExample(t *testing.T) {
	c, err := Read(exampleFile)
	require.NoError(t, err)
	assert.Equal(t, Input{224, 224, 3, [2]float64{0, 1}}, c.Input)
	assert.Equal(t, preprocess.ImageNet(3), func() preprocess.Pipeline {
		p := c.Pipeline()
		p.Range = [2]float64{} // 0..1 spelled out
		return p
	}())
	assert.Equal(t, gradcam.Logits, c.Output)
	assert.Equal(t, []string{"cat", "dog", "hamster"}, c.Labels)
	assert.Equal(t, "features.18", c.Layer)
	assert.Equal(t, "gradcam", c.Method)
	assert.Len(t, c.SHA256, 64)
	assert.Equal(t, "BSD-3-Clause", c.Licence)
	require.NoError(t, c.Pipeline().Validate())
}

func TestDefaults(t *testing.T) {
	c, err := Parse("m.yaml", []byte("input: {size: [32, 40]}"))
	require.NoError(t, err)
	assert.Equal(t, Card{
		Input:      Input{32, 40, 3, [2]float64{0, 1}},
		Preprocess: Preprocess{Pipeline: preprocess.PIL, Interpolation: preprocess.Bilinear},
	}, c)
}

func TestParse(t *testing.T) {
	c, err := Parse("m.yaml", []byte(`
input: {size: [28, 28], channels: 1, range: [-1, 1]}
preprocess: {pipeline: tensor, resize: [28, 28], crop: null, interpolation: bicubic, mean: [0], std: [0.5]}
output: sigmoid
output_name: "1.scores"
labels: ["7", "a: b"]
`))
	require.NoError(t, err)
	assert.Equal(t, [2]float64{-1, 1}, c.Input.Range)
	assert.Equal(t, Preprocess{preprocess.Tensor, []int{28, 28}, nil, preprocess.Bicubic, []float64{0}, []float64{0.5}}, c.Preprocess)
	assert.Equal(t, gradcam.Sigmoid, c.Output)
	assert.Equal(t, "1.scores", c.OutputName)
	assert.Equal(t, []string{"7", "a: b"}, c.Labels)
	options, err := c.Options()
	require.NoError(t, err)
	assert.Len(t, options, 3)
}

// badCards are mistakes and what is said about them. schema says that the schema
// finds the mistake, too; what it cannot express it lets pass.
var badCards = []struct {
	text, want string
	schema     bool
}{
	{"", "m.yaml: the card is empty: it needs at least input: {size: [224, 224]}", false},
	{"# nothing\n", "m.yaml: the card is empty", false},
	{"{}", "m.yaml:1: input is missing: give at least its size", true},
	{"input: {size: [1, 1]", "m.yaml: not YAML: line 1: ", false},
	{"a: b: c", "m.yaml: not YAML: ", false},
	{"- 1", "m.yaml:1: the card: want a mapping", true},
	{"input: {size: [1, 1]}\n---\ninput: {size: [1, 1]}", "m.yaml:2: a second document begins here", false},
	{"input: {size: [1, 1]}\nlayers: x", `m.yaml:2: unknown key "layers" (did you mean "layer", "labels"?)`, true},
	{"input: {size: [1, 1]}\n7: x", `m.yaml:2: unknown key "7"`, false},
	{"input: {size: [1, 1]}\nlayer: a\nlayer: b", `m.yaml:3: key "layer" stands twice`, false},
	{"input:\n  size: [1, 1]\n  chanels: 3", `m.yaml:3: unknown key "chanels" in input (did you mean "channels"?)`, true},
	{"input:", "m.yaml:1: input: want a mapping", true},
	{"input: {channels: 3}", "m.yaml:1: input.size is missing: give the height and width", true},
	{"input: {size: 224}", "input.size: want [height, width], as [224, 224]", true},
	{"input: {size: [224]}", "input.size: want [height, width]", true},
	{"input: {size: [224, 0]}", `input.size: "0" is not a whole number from 1 to 65535`, true},
	{"input: {size: [224, 224.5]}", `input.size: "224.5" is not a whole number`, true},
	{"input: {size: [224, 99999999999999999999]}", "is not a whole number", true},
	{"input: {size: [1, 1], channels: 2}", "input.channels: 2 is neither 3 (RGB) nor 1 (grey)", true},
	{"input: {size: [1, 1], channels: 4}", `input.channels: "4" is not a whole number from 1 to 3`, true},
	{"input: {size: [1, 1], range: [0]}", "input.range: want what levels 0 and 255 become", true},
	{"input: {size: [1, 1], range: [1, 0]}", "input.range: want what levels 0 and 255 become", false},
	{"input: {size: [1, 1], range: [0, .inf]}", `input.range: ".inf" is not a finite number`, false},
	{"input: &a {size: [1, 1]}\npreprocess: *a", "m.yaml:2: preprocess is an alias: write the value out", true},
	{"input: {size: [1, 1]}\npreprocess: {interpolation: linear}", `m.yaml:2: preprocess.interpolation: "linear" is not one of bilinear, bicubic, nearest`, true},
	{"input: {size: [1, 1]}\npreprocess: {pipeline: PIL}", `preprocess.pipeline: "PIL" is not one of pil, tensor`, true},
	{"input: {size: [1, 1]}\npreprocess: {resize: 0}", `preprocess.resize: "0" is not a whole number from 1 to 65535`, true},
	{"input: {size: [1, 1]}\npreprocess: {crop: [1, 2, 3]}", "preprocess.crop: want [height, width]", true},
	{"input: {size: [1, 1]}\npreprocess: {crop: big}", `preprocess.crop: "big" is not a whole number`, true},
	{"input: {size: [1, 1]}\npreprocess: {crop: 2}", "m.yaml:2: preprocess.crop: gives an input of [2 2], but input.size is [1 1]", false},
	{"input: {size: [1, 1]}\npreprocess: {resize: [1, 2]}", "m.yaml:2: preprocess.resize: gives an input of [1 2], but input.size is [1 1]", false},
	{"input: {size: [1, 1]}\npreprocess: {mean: [0, 0]}", "m.yaml:2: preprocess.mean: 2 numbers for 3 channels", false},
	{"input: {size: [1, 1]}\npreprocess: {mean: []}", "preprocess.mean is empty", true},
	{"input: {size: [1, 1]}\npreprocess: {mean: [0, 0, 0, 0]}", "4 numbers are too many", true},
	{"input: {size: [1, 1]}\npreprocess: {mean: [a]}", `preprocess.mean: "a" is not a number`, true},
	{"input: {size: [1, 1]}\npreprocess: {std: [1, 0, 1]}", "preprocess.std: 0 is not above 0", true},
	{"input: {size: [1, 1]}\npreprocess: {std: [1, 1e-60, 1]}", "preprocess.std: 1e-60 is not above 0", false},
	{"input: {size: [1, 1]}\noutput: softmax", `output: "softmax" is not one of logits, probabilities, sigmoid`, true},
	{"input: {size: [1, 1]}\noutput_name: ''", "output_name is empty", true},
	{"input: {size: [1, 1]}\nlabels: []", "labels is empty", true},
	{"input: {size: [1, 1]}\nlabels: [cat, 7]", `labels, item 1: "7" is not a text: put it in quotes`, true},
	{"input: {size: [1, 1]}\nlabels: [cat]\nlabels_file: l.txt", "m.yaml:3: labels_file: the card has labels already", true},
	{"input: {size: [1, 1]}\nlabels_file: ../l.txt", `labels_file: "../l.txt" does not lie beside the card`, false},
	{"input: {size: [1, 1]}\nsha256: ABC", "sha256: want 64 lower-case hex digits", true},
	{"input: {size: [1, 1]}\nsha256: 1", `sha256: "1" is not a text`, true},
	{"input: {size: [1, 1]}\nlayer: [a]", "layer: want a text", true},
	{"input: {size: [1, 1]}\nsource: 2020-01-01", `source: "2020-01-01" is not a text: put it in quotes`, false},
	{"input: {size: [1, 1]}\n" + strings.Repeat("x", 200) + ": 1", strings.Repeat("x", 40) + `..."`, true},
}

func TestParseErrors(t *testing.T) {
	for _, c := range badCards {
		got, err := Parse("m.yaml", []byte(c.text))
		assert.ErrorContains(t, err, c.want, c.text)
		var e *Error
		require.ErrorAs(t, err, &e)
		assert.Equal(t, "m.yaml", e.File)
		assert.NotContains(t, err.Error(), "\n")
		assert.Zero(t, got)
	}
	_, err := Parse("m.yaml", make([]byte, MaxBytes+1))
	assert.ErrorContains(t, err, "larger than 4 MiB")
}

func TestOptionsOfAnUnknownMethod(t *testing.T) {
	c, err := Parse("m.yaml", []byte("input: {size: [1, 1]}\nmethod: grad-cam\nlayer: relu1"))
	require.NoError(t, err)
	_, err = c.Options()
	assert.ErrorContains(t, err, `model card: unknown method "grad-cam"`)
}

// A card may name several methods, as --method may.
func TestOptionsOfSeveralMethods(t *testing.T) {
	c, err := Parse("m.yaml", []byte("input: {size: [4, 4]}\nmethod: gradcam, hirescam\nlayer: relu1"))
	require.NoError(t, err)
	options, err := c.Options()
	require.NoError(t, err)
	e, err := gradcam.New(enginetest.NewToy(), options...)
	require.NoError(t, err)
	defer e.Close()
	x := engine.Array{Shape: []int{1, 1, 4, 4}, Data: make([]float32, 16)}
	all, err := e.ExplainAll(t.Context(), []engine.Array{x}, gradcam.Class(0))
	require.NoError(t, err)
	require.Len(t, all, 2)
	assert.Equal(t, []string{"gradcam", "hirescam"}, []string{all[0][0].Method, all[1][0].Method})
	c.Method = "gradcam,gradcam"
	_, err = c.Options()
	assert.EqualError(t, err, "model card: method gradcam is named twice; name it once")
}

// The committed sample's card is one that its model answers to.
func TestTheSampleModel(t *testing.T) {
	const model = "../../examples/models/mobilenet_v2.pt"
	c, found, err := Find(model)
	require.NoError(t, err)
	require.True(t, found)
	assert.Len(t, c.Labels, 1000)
	assert.Equal(t, "Egyptian cat", c.Labels[285])
	_, err = os.Stat(model)
	require.NoError(t, err)
	require.NoError(t, c.CheckModel(model))
}
