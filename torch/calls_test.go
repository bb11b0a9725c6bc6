//go:build cgo

package torch_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/torch"
)

func calls(t testing.TB, c testCase, form string) []engine.Call {
	t.Helper()
	var in []engine.Array
	for _, f := range c.Inputs {
		in = append(in, readArray(t, f))
	}
	m := c.load(t, form)
	list, err := m.Calls(context.Background(), in)
	require.NoError(t, err)
	again, err := m.Calls(context.Background(), in)
	require.NoError(t, err)
	require.Equal(t, list, again, "listing the calls changes nothing")
	return list
}

// float is the one tensor that most layers return.
func float(shape ...int) []engine.Element {
	return []engine.Element{{Shape: shape, DType: "float32"}}
}

// Calls come in the order in which they return: members before their container,
// which shares its value with the last of them.
func TestCalls(t *testing.T) {
	head := func(value int, channels int) []engine.Call {
		return []engine.Call{
			{Path: "head.0", Type: "AdaptiveAvgPool2d", Method: "forward", Of: 1, Elements: float(2, channels, 1, 1), Value: value},
			{Path: "head.1", Type: "Flatten", Method: "forward", Of: 1, Elements: float(2, channels), Value: value + 1},
			{Path: "head.2", Type: "Linear", Method: "forward", Of: 1, Elements: float(2, 3), Value: value + 2},
			{Path: "head", Type: "Sequential", Method: "forward", Of: 1, Elements: float(2, 3), Value: value + 2},
		}
	}
	for _, c := range []struct {
		model, form string
		want        []engine.Call
	}{
		{"multi_layer", "script", append([]engine.Call{
			{Path: "left", Type: "Conv2d", Method: "forward", Of: 1, Elements: float(2, 2, 8, 8), Value: 0, TakesInput: true},
			{Path: "right.0", Type: "Conv2d", Method: "forward", Of: 1, Elements: float(2, 3, 8, 8), Value: 1, TakesInput: true},
			{Path: "right.1", Type: "ReLU", Method: "forward", Of: 1, Elements: float(2, 3, 8, 8), Value: 2},
			{Path: "right.2", Type: "Conv2d", Method: "forward", Of: 1, Elements: float(2, 2, 8, 8), Value: 3},
			{Path: "right", Type: "Sequential", Method: "forward", Of: 1, Elements: float(2, 2, 8, 8), Value: 3, TakesInput: true},
			{Path: "merge", Type: "Conv2d", Method: "forward", Of: 1, Elements: float(2, 4, 8, 8), Value: 4},
		}, head(5, 4)...)},
		{"called_twice", "trace", append([]engine.Call{
			{Path: "stem", Type: "Conv2d", Method: "forward", Of: 1, Elements: float(2, 4, 8, 8), Value: 0, TakesInput: true},
			{Path: "conv", Type: "Conv2d", Method: "forward", Index: 0, Of: 2, Elements: float(2, 4, 8, 8), Value: 1},
			{Path: "conv", Type: "Conv2d", Method: "forward1", Index: 1, Of: 2, Elements: float(2, 4, 8, 8), Value: 2},
		}, head(3, 4)...)},
		// An identity returns the value of the convolution before it.
		{"identity_plain", "script", append([]engine.Call{
			{Path: "conv", Type: "Conv2d", Method: "forward", Of: 1, Elements: float(2, 4, 6, 6), Value: 0, TakesInput: true},
			{Path: "drop", Type: "Identity", Method: "forward", Of: 1, Elements: float(2, 4, 6, 6), Value: 0},
			{Path: "dropout", Type: "Dropout", Method: "forward", Of: 1, Elements: float(2, 4, 6, 6), Value: 1},
		}, head(2, 4)...)},
		// The model's call of its own method is none of a submodule.
		{"memory_efficient_if", "script", append([]engine.Call{
			{Path: "norm", Type: "BatchNorm2d", Method: "forward", Of: 1, Elements: float(2, 3, 8, 8), Value: 0},
			{Path: "conv1", Type: "Conv2d", Method: "forward", Of: 1, Elements: float(2, 4, 8, 8), Value: 1},
			{Path: "conv2", Type: "Conv2d", Method: "forward", Of: 1, Elements: float(2, 2, 8, 8), Value: 2},
		}, head(3, 5)...)},
		// What never runs is not listed.
		{"layer_never_called", "trace", append([]engine.Call{
			{Path: "conv", Type: "Conv2d", Method: "forward", Of: 1, Elements: float(2, 4, 6, 6), Value: 0, TakesInput: true},
		}, head(1, 4)...)},
		// A frozen file has nodes, under the addresses that a hook takes.
		{"inplace_relu_after", "frozen", []engine.Call{
			{Path: "#conv2d:0", Type: "conv2d", Of: 1, Elements: float(2, 4, 8, 8), Value: 0, TakesInput: true},
			{Path: "#relu:0", Type: "relu", Of: 1, Elements: float(2, 4, 8, 8), Value: 1},
			{Path: "#adaptive_avg_pool2d:0", Type: "adaptive_avg_pool2d", Of: 1, Elements: float(2, 4, 1, 1), Value: 2},
			{Path: "#flatten:0", Type: "flatten", Of: 1, Elements: float(2, 4), Value: 3},
			{Path: "#linear:0", Type: "linear", Of: 1, Elements: float(2, 3), Value: 4},
		}},
	} {
		t.Run(c.model+"/"+c.form, func(t *testing.T) {
			assert.Equal(t, c.want, calls(t, readCase(t, c.model), c.form))
		})
	}
}

// Whatever is listed with a tensor can be hooked under its name, in each model,
// or is refused for a reason of the model's.
func TestCallsCanBeHooked(t *testing.T) {
	ctx := context.Background()
	hooked, refused := 0, 0
	for _, c := range readManifest(t).Cases {
		if len(c.Outputs) == 0 || c.Name == "batchnorm_train" {
			continue // refused as a whole
		}
		for form := range c.Files {
			m := c.load(t, form)
			in := c.inputs(t)
			for _, l := range calls(t, c, form) {
				require.NotEmpty(t, l.Path, c.Name)
				require.Less(t, l.Index, l.Of)
				if l.Of > 1 || len(l.Elements) != 1 || l.Elements[0].Name != "" {
					continue
				}
				h, err := m.Hook(l.Path)
				if err == nil {
					var p *torch.Pass
					if p, err = h.Forward(ctx, in...); err == nil {
						assert.Equal(t, l.Elements[0].Shape, p.Activation(0).Shape(), "%s/%s %s", c.Name, form, l.Path)
						assert.Equal(t, l.Elements[0].DType, p.Activation(0).DType().String())
						require.NoError(t, p.Close())
						hooked++
					}
					require.NoError(t, h.Close())
				}
				if err != nil {
					oneOf(t, err, torch.ErrAliasing, torch.ErrLayerNotTensor)
					refused++
				}
			}
		}
	}
	require.Greater(t, hooked, 500)
	require.Less(t, refused, hooked/20)
}

func TestCallDetails(t *testing.T) {
	find := func(list []engine.Call, path string) engine.Call {
		for _, c := range list {
			if c.Path == path {
				return c
			}
		}
		require.Fail(t, "no call of "+path)
		return engine.Call{}
	}
	split := find(calls(t, readCase(t, "tuple_output_module"), "script"), "split")
	assert.Equal(t, []engine.Element{{Name: "0", Shape: []int{2, 4, 6, 6}, DType: "float32"}, {Name: "1", Shape: []int{2, 2, 6, 6}, DType: "float32"}}, split.Elements)
	assert.Empty(t, find(calls(t, readCase(t, "no_tensor_output"), "script"), "shape").Elements, "a list of integers is no tensor")
	assert.Equal(t, "encode", find(calls(t, readCase(t, "other_method"), "script"), "encoder").Method)
	assert.True(t, find(calls(t, readCase(t, "in_if"), "script"), "conv").Conditional)
	assert.Empty(t, find(calls(t, readCase(t, "in_if"), "script"), "other").Elements, "the branch that is not taken")
	// One place in a loop is a call each time round, with a value of its own.
	var loop []engine.Call
	for _, l := range calls(t, readCase(t, "in_loop"), "script") {
		if l.Path == "conv" {
			loop = append(loop, l)
		}
	}
	require.Len(t, loop, 2)
	assert.Equal(t, []int{0, 2, 1, 2}, []int{loop[0].Index, loop[0].Of, loop[1].Index, loop[1].Of})
	assert.NotEqual(t, loop[0].Value, loop[1].Value)
	assert.Equal(t, loop[0].Elements, loop[1].Elements)
	assert.False(t, find(calls(t, readCase(t, "in_if"), "script"), "stem").Conditional)
	assert.Equal(t, "float16", find(calls(t, readCase(t, "half_model"), "trace"), "conv").Elements[0].DType)
	assert.True(t, find(calls(t, readCase(t, "traced_identity"), "trace"), "drop").Value == find(calls(t, readCase(t, "traced_identity"), "trace"), "conv").Value,
		"a traced identity stands for its input")
}
