package explain

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/card"
)

// Submodule is a member of a model's tree of modules.
type Submodule struct{ Path, Type string }

// LayerTable lists what can be explained in a model, and what is explained when
// nothing is named.
type LayerTable struct {
	Model string `json:"model"`
	// Input is the shape of the input that the shapes below belong to; null when
	// the model could not be run.
	Input []int `json:"input"`
	// Default is the address of the layer explained when none is named, "" if there
	// is none; Why says why.
	Default string     `json:"default"`
	Why     string     `json:"why"`
	Layers  []LayerRow `json:"layers"`
}

// LayerRow is one call of a submodule, a submodule that is never called, or a node
// of a frozen file.
type LayerRow struct {
	// Address is what to name to explain it: "path", "path@call" or "#op:index".
	Address string `json:"address"`
	Type    string `json:"type"`
	// Method is the one called, usually "forward".
	Method string `json:"method,omitempty"`
	// Calls is how often the submodule is called in one pass, 0 if never.
	Calls int `json:"calls"`
	// Conditional says that the call sits in a branch or loop that only the run
	// decides.
	Conditional bool `json:"conditional,omitempty"`
	// Outputs are the tensors returned; one of several is addressed with its name,
	// "path:name".
	Outputs []Tensor `json:"outputs"`
	Default bool     `json:"default,omitempty"`
}

// Tensor describes a tensor that a layer returned.
type Tensor struct {
	Name  string `json:"name,omitempty"`
	Shape []int  `json:"shape"`
	DType string `json:"dtype"`
	// Layout is how its axes are read unless told otherwise, in the grammar of
	// gradcam.ParseLayout; "" for what cannot be explained.
	Layout string `json:"layout,omitempty"`
}

// InputSize is the input to run a model with: what is 0 comes from the card.
// Without a card, the size is 224 x 224 and the channels are found by trying.
type InputSize struct {
	Channels, Height, Width int
	// With are files of the model's further inputs.
	With []string
}

// Layers runs the model once and lists its layers in the order of the tree of
// modules, nodes of a frozen file in the order of their run. When the model cannot
// be run with that input the table still has the tree, beside the error.
func Layers(ctx context.Context, path string, model engine.Model, tree []Submodule, size InputSize) (LayerTable, error) {
	table := LayerTable{Model: path}
	c, _, err := card.Find(path)
	if err != nil {
		return table, err
	}
	with, err := readFurther(size.With)
	if err != nil {
		return table, err
	}
	var calls []engine.Call
	var x engine.Array
	for _, shape := range inputShapes(c, size) {
		x = trial(shape...)
		var refused error
		if calls, refused = model.Calls(ctx, with.beside(x)); refused == nil {
			err = nil
			break
		} else if err == nil { // the first shape is the likeliest
			err = refused
		}
	}
	if err != nil {
		table.Layers = rowsOfTree(tree, nil)
		return table, fmt.Errorf("%w; give the input's --size and --channels, and --with for further inputs", err)
	}
	table.Input = x.Shape
	if table.Default, table.Why, err = defaultLayer(ctx, model, c, with.beside(x)); err != nil {
		return table, err
	}
	table.Layers = rowsOfTree(tree, calls)
	for i := range table.Layers {
		table.Layers[i].findLayouts(x.Shape)
		table.Layers[i].Default = table.Layers[i].has(table.Default)
	}
	return table, nil
}

func inputShapes(c card.Card, size InputSize) [][]int {
	h, w := c.Input.Height, c.Input.Width
	if size.Height > 0 {
		h, w = size.Height, size.Width
	}
	if h == 0 {
		h, w = 224, 224
	}
	n := size.Channels
	if n == 0 {
		n = c.Input.Channels
	}
	if n > 0 {
		return [][]int{{1, n, h, w}}
	}
	return [][]int{{1, 3, h, w}, {1, 1, h, w}}
}

// rowsOfTree puts calls in the order of the tree. Calls of what the tree does not
// have, such as the nodes of a frozen file, stay in the order of the run.
func rowsOfTree(tree []Submodule, calls []engine.Call) []LayerRow {
	byPath := map[string][]engine.Call{}
	var paths []string
	for _, c := range calls {
		if byPath[c.Path] == nil {
			paths = append(paths, c.Path)
		}
		byPath[c.Path] = append(byPath[c.Path], c)
	}
	var rows []LayerRow
	for _, m := range tree {
		if byPath[m.Path] == nil {
			rows = append(rows, LayerRow{Address: m.Path, Type: m.Type, Outputs: []Tensor{}})
		}
		for _, c := range byPath[m.Path] {
			rows = append(rows, rowOfCall(c))
		}
		delete(byPath, m.Path)
	}
	for _, p := range paths {
		for _, c := range byPath[p] {
			rows = append(rows, rowOfCall(c))
		}
	}
	return rows
}

func rowOfCall(c engine.Call) LayerRow {
	r := LayerRow{Address: c.Path, Type: c.Type, Method: c.Method, Calls: max(c.Of, 1), Conditional: c.Conditional, Outputs: []Tensor{}}
	if c.Of > 1 {
		r.Address += fmt.Sprintf("@%d", c.Index)
	}
	for _, e := range c.Elements {
		r.Outputs = append(r.Outputs, Tensor{Name: e.Name, Shape: e.Shape, DType: e.DType})
	}
	return r
}

// findLayouts says how the tensors are read beside an input of that shape.
func (r *LayerRow) findLayouts(input []int) {
	for i, o := range r.Outputs {
		if len(o.Shape) < 3 || o.Shape[0] != input[0] || !strings.Contains(o.DType, "float") {
			continue
		}
		if l, err := gradcam.FindLayout(o.Shape, input); err == nil {
			r.Outputs[i].Layout = l.String()
		}
	}
}

// has says whether an address is that of the row or of one of its tensors.
func (r LayerRow) has(address string) bool {
	return address == r.Address || slices.ContainsFunc(r.Outputs, func(t Tensor) bool {
		return t.Name != "" && address == r.Address+":"+t.Name
	})
}

// defaultLayer is what an explanation would choose. That there is none is no
// error: then a list of layers is wanted most.
func defaultLayer(ctx context.Context, model engine.Model, c card.Card, inputs []engine.Array) (layer, why string, err error) {
	if c.Layer != "" {
		return c.Layer, "the model card names it", nil
	}
	e, err := gradcam.New(model, gradcam.WithOutputKind(c.Output), gradcam.WithOutput(c.OutputName))
	if err != nil {
		return "", "", err
	}
	defer func() { _ = e.Close() }() // plans that do not close cannot be helped
	choice, err := e.Choose(ctx, inputs)
	if err != nil {
		return "", err.Error(), ctx.Err()
	}
	return choice.Layer, choice.Why, nil
}
