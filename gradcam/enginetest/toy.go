package enginetest

import (
	"context"
	"fmt"

	"github.com/torchlight-go/torchlight/engine"
)

// stages are the toy's values in the order in which they are computed.
var stages = [...]string{engine.Input, "conv1", "relu1", "fc1", "relu2"} //nolint:gochecknoglobals // a constant: Go has no constant arrays

// shapes are the shapes of the stages, without the batch axis.
var shapes = [...][]int{{1, 4, 4}, {2, 2, 2}, {2, 2, 2}, {4}, {4}} //nolint:gochecknoglobals // likewise

// last is the stage that is the output.
const last = len(stages) - 1

// Toy is captum's BasicModel_ConvNet_One_Conv: a 3x3 convolution from one to two
// channels (all weights 1, biases -50 and -75), ReLU, a linear layer from 8 to 4
// (each row 1,1,1,1,1,-1,-1,-1, no bias), ReLU. It takes [N, 1, 4, 4] and returns
// [N, 4]. Its layers are conv1, relu1, fc1, relu2 and [engine.Input].
type Toy struct {
	counters
	head    Head
	inPlace bool // relu1 overwrites conv1's value
}

// Head are the weights of the linear layer, a row an output.
type Head [4][8]float32

// NewToy returns captum's network.
func NewToy() *Toy {
	row := [8]float32{1, 1, 1, 1, 1, -1, -1, -1}
	return NewToyHead(Head{row, row, row, row})
}

// NewToyHead returns the network with another head: captum's has four equal
// outputs, whose softmax has no gradient.
func NewToyHead(h Head) *Toy { return &Toy{head: h} }

// ToyInput is the input of the exact values, 0 to 15 plus an offset for each
// sample.
func ToyInput(offsets ...float32) engine.Array {
	x := engine.NewArray(len(offsets), 1, 4, 4)
	for n, o := range offsets {
		for i := range 16 {
			x.Row(n).Data[i] = float32(i) + o
		}
	}
	return x
}

var _ engine.Model = (*Toy)(nil)

// Plan captures any of the stages.
func (t *Toy) Plan(ctx context.Context, spec engine.Spec) (engine.Plan, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	p := &toyPlan{toy: t, relu: spec.Relu, inPlace: spec.InPlace}
	for _, l := range spec.Layers {
		s, err := stage(l)
		if err != nil {
			return nil, err
		}
		p.captured = append(p.captured, s)
	}
	t.plans.Add(1)
	t.openPlans.Add(1)
	return p, nil
}

// Predict runs the network.
func (t *Toy) Predict(ctx context.Context, inputs []engine.Array) ([]engine.Output, error) {
	values, err := t.run(ctx, inputs)
	if err != nil {
		return nil, err
	}
	t.predicts.Add(1)
	return []engine.Output{{Array: values[last]}}, nil
}

// Calls lists the four submodules.
func (t *Toy) Calls(ctx context.Context, inputs []engine.Array) ([]engine.Call, error) {
	values, err := t.run(ctx, inputs)
	if err != nil {
		return nil, err
	}
	t.calls.Add(1)
	var calls []engine.Call
	for s, kind := range []string{"", "Conv2d", "ReLU", "Linear", "ReLU"} {
		if kind == "" {
			continue
		}
		calls = append(calls, engine.Call{
			Path: stages[s], Type: kind, Method: "forward", Of: 1, Value: s, TakesInput: s == 1,
			Elements: []engine.Element{{Shape: values[s].Shape, DType: "float32"}},
		})
	}
	return calls, nil
}

func stage(layer string) (int, error) {
	for s, name := range stages {
		if name == layer {
			return s, nil
		}
	}
	return 0, fmt.Errorf("layer %q: the network has %v", layer, stages)
}

func (t *Toy) run(ctx context.Context, inputs []engine.Array) ([]engine.Array, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(inputs) != 1 || len(inputs[0].Shape) != 4 || engine.Size(inputs[0].Shape[1:]) != 16 || inputs[0].Check() != nil {
		return nil, fmt.Errorf("the network takes one input [N, 1, 4, 4]")
	}
	return t.forwardFrom(0, inputs[0]), nil
}

// forwardFrom computes the stages after s; those before stay absent.
func (t *Toy) forwardFrom(s int, value engine.Array) []engine.Array {
	values := make([]engine.Array, len(stages))
	values[s] = value
	n := value.Shape[0]
	for ; s < last; s++ {
		values[s+1] = engine.NewArray(append([]int{n}, shapes[s+1]...)...)
		for i := range n {
			t.forward(s+1, values[s].Row(i).Data, values[s+1].Row(i).Data)
		}
	}
	return values
}

// forward computes one stage of one sample.
func (t *Toy) forward(s int, x, y []float32) {
	switch stages[s] {
	case "conv1":
		for c, bias := range []float32{-50, -75} {
			for p := range 4 {
				y[c*4+p] = bias
				for k := range 9 {
					y[c*4+p] += x[(p/2+k/3)*4+p%2+k%3]
				}
			}
		}
	case "fc1":
		for r := range y {
			for i, v := range x {
				y[r] += t.head[r][i] * v
			}
		}
	default:
		for i, v := range x {
			y[i] = max(v, 0)
		}
	}
}

// backward turns the gradient of one stage into that of the one before it. x is
// the value of the one before.
func (t *Toy) backward(s int, rule engine.ReluRule, x, gy, gx []float32) {
	switch stages[s] {
	case "conv1":
		for c := range 2 {
			for p := range 4 {
				for k := range 9 {
					gx[(p/2+k/3)*4+p%2+k%3] += gy[c*4+p]
				}
			}
		}
	case "fc1":
		for r, g := range gy {
			for i := range gx {
				gx[i] += t.head[r][i] * g
			}
		}
	default:
		for i, g := range gy {
			if passes(rule, x[i], g) {
				gx[i] = g
			}
		}
	}
}

func passes(rule engine.ReluRule, x, g float32) bool {
	switch rule {
	case engine.ReluGuided:
		return x > 0 && g > 0
	case engine.ReluDeconvnet:
		return g > 0
	default:
		return x > 0
	}
}
