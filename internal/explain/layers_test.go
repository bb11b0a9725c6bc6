package explain

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
)

func toyTree() []Submodule {
	return []Submodule{{"conv1", "Conv2d"}, {"unused", "Conv2d"}, {"relu1", "ReLU"}, {"fc1", "Linear"}, {"relu2", "ReLU"}}
}

func TestLayers(t *testing.T) {
	t.Chdir(t.TempDir())
	model := &picky{Toy: enginetest.NewToy()}
	table, err := Layers(t.Context(), "toy.pt", model, toyTree(), InputSize{Height: 4, Width: 4})
	require.NoError(t, err)
	assert.Equal(t, []int{1, 1, 4, 4}, table.Input, "three channels are refused")
	assert.Equal(t, "relu1", table.Default)
	assert.Contains(t, table.Why, "the last value with space in it (2x2)")
	require.Len(t, table.Layers, 5)
	assert.Equal(t, LayerRow{Address: "unused", Type: "Conv2d", Outputs: []Tensor{}}, table.Layers[1])
	relu := table.Layers[2]
	assert.Equal(t, []any{"relu1", 1, true}, []any{relu.Address, relu.Calls, relu.Default})
	assert.Equal(t, []Tensor{{Shape: []int{1, 2, 2, 2}, DType: "float32", Layout: "channels-first"}}, relu.Outputs)
	assert.Empty(t, table.Layers[3].Outputs[0].Layout, "nothing in space")

	require.NoError(t, os.WriteFile("toy.yaml", []byte(toyCard), 0o666))
	table, err = Layers(t.Context(), "toy.pt", model, nil, InputSize{})
	require.NoError(t, err)
	assert.Equal(t, []string{"conv1", "the model card names it"}, []string{table.Default, table.Why})
	assert.True(t, table.Layers[0].Default)
}

func TestLayersOfAModelThatDoesNotRun(t *testing.T) {
	t.Chdir(t.TempDir())
	model := &picky{Toy: enginetest.NewToy()}
	table, err := Layers(t.Context(), "toy.pt", model, toyTree(), InputSize{Channels: 3})
	require.ErrorContains(t, err, "give the input's --size and --channels")
	assert.Nil(t, table.Input)
	assert.Len(t, table.Layers, 5)

	// One that runs, but has nothing with space in it.
	flat := &enginetest.Canned{
		Out:   []engine.Output{{Array: engine.NewArray(1, 4)}},
		Table: []engine.Call{{Path: "fc", Type: "Linear", Of: 1, Elements: []engine.Element{{Shape: []int{1, 4}, DType: "float32"}}}},
	}
	table, err = Layers(t.Context(), "flat.pt", flat, nil, InputSize{})
	require.NoError(t, err)
	assert.Empty(t, table.Default)
	assert.Contains(t, table.Why, "name a layer")
	assert.Equal(t, []int{1, 3, 224, 224}, table.Input)
}

// Layouts are told as --layout takes them.
func TestLayouts(t *testing.T) {
	row := LayerRow{Outputs: []Tensor{
		{Shape: []int{1, 197, 768}, DType: "float32"}, {Shape: []int{1, 7, 7, 768}, DType: "float16"}, {Shape: []int{1, 768, 7, 7}, DType: "float32"},
		{Shape: []int{1, 768}, DType: "float32"}, {Shape: []int{1, 7, 7}, DType: "int64"}, {Shape: []int{2, 7, 7, 3}, DType: "float32"}, {Shape: []int{1, 23, 7}, DType: "float32"},
	}}
	row.findLayouts([]int{1, 3, 224, 224})
	var got []string
	for _, o := range row.Outputs {
		got = append(got, o.Layout)
	}
	assert.Equal(t, []string{"tokens:1:14x14", "channels-last", "channels-first", "", "", "", ""}, got)
}

func TestRowsOfTree(t *testing.T) {
	element := func(name string) engine.Element { return engine.Element{Name: name, Shape: []int{1}, DType: "float32"} }
	rows := rowsOfTree([]Submodule{{"outer", "Sequential"}, {"outer.twice", "Conv2d"}}, []engine.Call{
		{Path: "#relu:0", Type: "relu", Of: 1},
		{Path: "outer.twice", Type: "Conv2d", Index: 0, Of: 2, Conditional: true},
		{Path: "outer.twice", Type: "Conv2d", Index: 1, Of: 2, Method: "encode"},
		{Path: "outer", Type: "Sequential", Of: 1, Elements: []engine.Element{element("0"), element("1")}},
	})
	var addresses []string
	for _, r := range rows {
		addresses = append(addresses, r.Address)
	}
	assert.Equal(t, []string{"outer", "outer.twice@0", "outer.twice@1", "#relu:0"}, addresses)
	assert.True(t, rows[1].Conditional)
	assert.Equal(t, "encode", rows[2].Method)
	assert.True(t, rows[0].has("outer:1"))
	assert.False(t, rows[0].has("outer:2"))
	assert.True(t, rows[2].has("outer.twice@1"))
}
