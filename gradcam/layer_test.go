package gradcam

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
)

// table is one file of testdata/calls, written by scripts/golden/calls.py.
type table struct {
	Input, Output []int
	Calls         []engine.Call
	Gradient      [][]float32
}

func readTable(t *testing.T, model string) table {
	t.Helper()
	data, err := os.ReadFile("testdata/calls/" + model + ".json")
	require.NoError(t, err)
	var tab table
	require.NoError(t, json.Unmarshal(data, &tab))
	require.Len(t, tab.Gradient, len(tab.Calls))
	return tab
}

// probe answers with the recorded magnitudes: the first token's and the others'
// for tokens, one for every other shape.
func (tab table) probe(asked *[]string) Probe {
	return func(_ context.Context, layers []string) ([]engine.Array, error) {
		var gradients []engine.Array
		for _, l := range layers {
			*asked = append(*asked, l)
			g, err := tab.gradient(l)
			if err != nil {
				return nil, err
			}
			gradients = append(gradients, g)
		}
		return gradients, nil
	}
}

func (tab table) gradient(layer string) (engine.Array, error) {
	for i, c := range tab.Calls {
		for _, e := range c.Elements {
			if address(c, e) != layer {
				continue
			}
			g := engine.NewArray(e.Shape...)
			for j := range g.Data {
				switch magnitude := tab.Gradient[i]; {
				case len(magnitude) == 0:
				case len(e.Shape) == 3 && j >= e.Shape[2]:
					g.Data[j] = magnitude[1]
				default:
					g.Data[j] = magnitude[0]
				}
			}
			return g, nil
		}
	}
	return engine.Array{}, fmt.Errorf("no call has the address %q", layer)
}

func TestDefaultLayer(t *testing.T) {
	for _, c := range []struct {
		model, layer, why string
		probed            int
	}{
		{"resnet18", "layer4", "layer4 is the last value with space in it (7x7)", 1},
		{"mobilenet_v2", "features.18", "features.18 is the last value with space in it (7x7)", 1},
		{"vgg11", "features.19", "features.19 is the last value with space in it (14x14)", 1},
		{"densenet121", "features.norm5", "features.norm5 is the last value with space in it (7x7)", 1},
		{"shufflenet_v2_x1_0", "conv5", "conv5 is the last value with space in it (7x7)", 1},
		{"convnext_tiny", "features.7", "features.7 is the last value with space in it (7x7)", 1},
		{"googlenet", "inception5b", "inception5b is the last value with space in it (7x7)", 1},
		{"squeezenet1_1", "classifier.2", "classifier.2 is the last value with space in it (13x13)", 1},
		{"swin_t", "norm", "norm is the last value with space in it (7x7)", 1},
		{"vit_b_16", "encoder.layers.encoder_layer_11.ln_1", "encoder.layers.encoder_layer_11.ln_1 is the last value with space in it (14x14), its 196 tokens after 1 without a place, and the score depends on it, unlike 5 later values", 9},
		{"fcn_resnet50", "classifier", "classifier is the last value with space in it (12x16), and the score depends on it, unlike 4 later values", 9},
		{"toy", "relu1", "relu1 is the last value with space in it (2x2)", 1},
	} {
		t.Run(c.model, func(t *testing.T) {
			tab := readTable(t, c.model)
			candidates := Candidates(tab.Calls, tab.Input, tab.Output)
			var asked []string
			choice, err := ChooseLayer(context.Background(), candidates, tab.probe(&asked))
			require.NoError(t, err)
			assert.Equal(t, c.layer, choice.Layer)
			assert.Equal(t, c.why, choice.Why)
			assert.Len(t, asked, c.probed)
			assert.Equal(t, candidates, choice.Candidates)
		})
	}
}

// The rule once more, in the plainest form: from the end, the first value of two
// places or more that no pooling, moving or dropout made.
func TestFirstCandidateByThePlainRule(t *testing.T) {
	nothing := map[string]bool{"AdaptiveAvgPool2d": true, "MaxPool2d": true, "Permute": true, "Dropout": true, "Flatten": true}
	for _, model := range []string{"resnet18", "mobilenet_v2", "vgg11", "densenet121", "shufflenet_v2_x1_0", "convnext_tiny", "googlenet", "squeezenet1_1", "swin_t"} {
		tab := readTable(t, model)
		made := map[int]engine.Call{}
		for i := len(tab.Calls) - 1; i >= 0; i-- {
			made[tab.Calls[i].Value] = tab.Calls[i]
		}
		want := -1
		for _, c := range made {
			shape := c.Elements[0].Shape
			if len(shape) == 4 && engine.Size(shape)/max(shape[1], shape[3]) > 1 && !nothing[c.Type] {
				want = max(want, c.Value)
			}
		}
		first := Candidates(tab.Calls, tab.Input, tab.Output)[0]
		values := map[string]int{}
		for _, c := range tab.Calls {
			values[address(c, c.Elements[0])] = c.Value
		}
		assert.Equal(t, want, values[first.Layer], model)
	}
}

// At 32 pixels ResNet's last block is 1 x 1, which shows nothing.
func TestDefaultLayerOfASmallImage(t *testing.T) {
	tab := readTable(t, "resnet18")
	for i := range tab.Calls {
		for _, e := range tab.Calls[i].Elements {
			for d := 2; d < len(e.Shape); d++ {
				e.Shape[d] = (e.Shape[d] + 6) / 7
			}
		}
	}
	got := Candidates(tab.Calls, []int{1, 3, 32, 32}, tab.Output)
	assert.Equal(t, "layer3", got[0].Layer)
	assert.Equal(t, []int{1, 256, 2, 2}, got[0].Shape)
}

func call(path, kind string, value int, shape ...int) engine.Call {
	return engine.Call{Path: path, Type: kind, Value: value, Of: 1, Elements: []engine.Element{{Shape: shape, DType: "float32"}}}
}

func layersIn(calls ...engine.Call) []string {
	return layersOf(Candidates(calls, []int{1, 3, 224, 224}, []int{1, 10}))
}

func TestCandidates(t *testing.T) {
	again := call("act", "ReLU", 1, 1, 8, 7, 7)
	again.Index, again.Of = 1, 2
	pair := call("attention", "Attention", 2, 1, 8, 7, 7)
	pair.Elements[0].Name = "0"
	pair.Elements = append(pair.Elements, engine.Element{Name: "1", Shape: []int{1, 7, 7}, DType: "float32"})
	ints := call("index", "Index", 3, 1, 8, 7, 7)
	ints.Elements[0].DType = "int64"
	half := call("conv", "Conv2d", 4, 1, 8, 7, 7)
	half.Elements[0].DType = "float16"
	first := call("conv", "Conv2d", 5, 1, 8, 7, 7)
	first.TakesInput = true
	whole := call("net", "Sequential", 5, 1, 8, 7, 7)
	whole.TakesInput = true
	single := call("attention", "Attention", 18, 1, 8, 7, 7)
	single.Elements[0].Name = "0"
	none := engine.Call{Path: "identity", Type: "Identity", Of: 1, Value: 6}

	assert.Equal(t, []string{"act@1"}, layersIn(again), "a module called twice needs its index")
	assert.Equal(t, []string{"attention:0"}, layersIn(pair), "a tuple needs its element")
	assert.Equal(t, []string{"attention:0"}, layersIn(single), "so does a tuple of a tensor and None")
	assert.Empty(t, layersIn(ints), "integers have no gradient")
	assert.Equal(t, []string{"conv"}, layersIn(half))
	assert.Equal(t, []string{"conv"}, layersIn(first, whole), "all take the input: the innermost")
	assert.Empty(t, layersIn(none), "a call without a tensor")
	assert.Empty(t, layersIn(call("windows", "Softmax2", 7, 64, 12, 49, 49)), "the first axis is not the batch")
	assert.Empty(t, layersIn(call("pool", "AdaptiveAvgPool2d", 8, 1, 8, 7, 7), call("head", "Sequential", 8, 1, 8, 7, 7)), "a block that ends in pooling")
	assert.Equal(t, []string{"stage"}, layersIn(call("stage.conv", "Conv2d", 9, 1, 8, 7, 7), call("stage", "Stage", 9, 1, 8, 7, 7), call("drop", "Dropout", 9, 1, 8, 7, 7)), "dropout hands on its input")
	assert.Equal(t, []string{"block", "norm1"}, layersIn(call("norm1", "LayerNorm", 10, 1, 197, 8), call("attn.qkv", "Linear", 11, 1, 197, 24), call("block", "Block", 12, 1, 197, 8)), "projections are passed over")
	assert.Equal(t, []string{"#relu:1", "#conv2d:0"}, layersIn(call("#conv2d:0", "conv2d", 13, 1, 8, 14, 14), call("#max_pool2d:0", "max_pool2d", 14, 1, 8, 7, 7),
		call("#relu:1", "relu", 15, 1, 8, 7, 7), call("#adaptive_avg_pool2d:0", "adaptive_avg_pool2d", 16, 1, 8, 2, 2), call("#flatten:0", "flatten", 17, 1, 8)), "a frozen file")
}

func TestCandidatesOfDenseOutputs(t *testing.T) {
	calls := []engine.Call{call("backbone", "Backbone", 0, 1, 8, 28, 28), call("head", "Head", 1, 1, 5, 224, 224)}
	image := []int{1, 3, 224, 224}
	assert.Equal(t, []string{"backbone"}, layersOf(Candidates(calls, image, []int{1, 5, 224, 224})), "smaller than the output")
	assert.Equal(t, []string{"head", "backbone"}, layersOf(Candidates(calls, image, []int{1, 5, 1, 1})), "one pixel is no space")
}

func TestTypesPassedOver(t *testing.T) {
	known := newTypes()
	for _, kind := range []string{"MaxPool2d", "AdaptiveAvgPool2d", "AvgPool1d", "LPPool2d", "FractionalMaxPool2d", "SelectAdaptivePool2d", "GlobalAvgPool", "adaptive_avg_pool2d", "max_pool2d", "Permute", "Flatten", "Dropout", "Dropout2d", "AlphaDropout", "FeatureAlphaDropout", "feature_dropout", "DropPath", "StochasticDepth", "Identity", "Softmax", "mean", "permute"} {
		assert.True(t, known.passOver(kind, Layout{}), kind)
	}
	for _, kind := range []string{"Conv2d", "ReLU", "PoolFormerBlock", "PoolingAttention", "BatchNorm2d", "Sequential", "LayerNorm", "Dropblocks", "Linear", "conv2d", "relu", "add", "cat"} {
		assert.False(t, known.passOver(kind, Layout{Order: ChannelsFirst}), kind)
	}
	assert.True(t, known.passOver("NonDynamicallyQuantizableLinear", Layout{Order: Tokens}))
}

func someCandidates(n int) []Candidate {
	all := make([]Candidate, n)
	for i := range all {
		all[i] = Candidate{Layer: fmt.Sprintf("l%d", i), Shape: []int{1, 1, 2, 2}, Layout: Layout{Order: ChannelsFirst}}
	}
	return all
}

// lit is a probe whose gradient is zero before layer l.
func lit(l string, refuse func(layers []string) error) Probe {
	found := false
	return func(_ context.Context, layers []string) ([]engine.Array, error) {
		if err := refuse(layers); err != nil {
			return nil, err
		}
		var gradients []engine.Array
		for _, name := range layers {
			found = found || name == l
			g := engine.NewArray(1, 1, 2, 2)
			if found {
				g.Data[3] = -1
			}
			gradients = append(gradients, g)
		}
		return gradients, nil
	}
}

func TestChooseLayer(t *testing.T) {
	ctx := context.Background()
	never := func([]string) error { return nil }
	choice, err := ChooseLayer(ctx, someCandidates(60), lit("l45", never))
	require.NoError(t, err)
	assert.Equal(t, "l45", choice.Layer)

	together := func(layers []string) error {
		if len(layers) > 1 {
			return errors.New("cannot be captured together")
		}
		return nil
	}
	choice, err = ChooseLayer(ctx, someCandidates(5), lit("l3", together))
	require.NoError(t, err)
	assert.Equal(t, "l3", choice.Layer, "asked for one by one")

	choice, err = ChooseLayer(ctx, someCandidates(5), lit("", never))
	require.NoError(t, err)
	assert.Equal(t, "l0", choice.Layer)
	assert.Contains(t, choice.Why, "no gradient reaches any layer")

	choice, err = ChooseLayer(ctx, someCandidates(5), lit("l0", func([]string) error { return engine.ErrNoDerivative }))
	require.NoError(t, err, "methods without gradients can explain it")
	assert.Equal(t, "l0", choice.Layer)
	assert.Contains(t, choice.Why, "no layer has a gradient")

	_, err = ChooseLayer(ctx, someCandidates(5), lit("l0", func([]string) error { return errors.New("inside a loop") }))
	assert.ErrorContains(t, err, "none of the 5 layers with space in them can be cut at: inside a loop")
	assert.ErrorIs(t, err, ErrLayer)
	assert.NotContains(t, err.Error(), "\n")

	_, err = ChooseLayer(ctx, nil, lit("", never))
	assert.ErrorIs(t, err, ErrLayer)

	gone, cancel := context.WithCancel(ctx)
	cancel()
	_, err = ChooseLayer(gone, someCandidates(5), lit("", func([]string) error { return context.Canceled }))
	assert.ErrorIs(t, err, context.Canceled)
}
