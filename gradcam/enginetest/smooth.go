package enginetest

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/torchlight-go/torchlight/engine"
)

// Smooth is a network without kinks over any number of inputs of any shape, a
// table's rows or integers among them: z = Ux + b over all inputs' numbers x,
// h = tanh(z), y = V(h + h^2/2). Its layers are linear (z), hidden (h) and the
// inputs. The weights are sines, so that another language has the same ones:
// U[i][j] = sin(1 + iF + j)/sqrt(F), b[i] = cos(i)/2, V[c][i] = sin(2 + 3(cH + i)), for
// F numbers in and H hidden ones.
type Smooth struct {
	counters
	// Shapes are those of the inputs, without the batch axis.
	Shapes [][]int
	// Hidden is the shape of both layers, without the batch axis.
	Hidden []int
	// Classes is the number of outputs.
	Classes int
	// Batch is the only batch size that the network takes, as that of a trace may
	// be; 0 is any.
	Batch int
}

var _ engine.Model = (*Smooth)(nil)

// Plan captures layers and inputs.
func (s *Smooth) Plan(_ context.Context, spec engine.Spec) (engine.Plan, error) {
	for _, l := range spec.Layers {
		if l != "linear" && l != "hidden" && s.inputOf(l) < 0 {
			return nil, fmt.Errorf("layer %q: the network has linear, hidden and %d inputs", l, len(s.Shapes))
		}
	}
	s.plans.Add(1)
	s.openPlans.Add(1)
	return &smoothPlan{net: s, layers: spec.Layers}, nil
}

// Predict runs the network.
func (s *Smooth) Predict(_ context.Context, inputs []engine.Array) ([]engine.Output, error) {
	x, err := s.join(inputs)
	if err != nil {
		return nil, err
	}
	s.predicts.Add(1)
	return []engine.Output{{Array: s.output(s.linear(x))}}, nil
}

// Calls lists both layers.
func (s *Smooth) Calls(_ context.Context, inputs []engine.Array) ([]engine.Call, error) {
	s.calls.Add(1)
	shape := append([]int{inputs[0].Shape[0]}, s.Hidden...)
	elements := []engine.Element{{Shape: shape, DType: "float32"}}
	return []engine.Call{
		{Path: "linear", Type: "Conv2d", Method: "forward", Of: 1, TakesInput: true, Elements: elements},
		{Path: "hidden", Type: "Tanh", Method: "forward", Of: 1, Value: 1, Elements: elements},
	}, nil
}

// inputOf is the index of the input that an address names, or -1.
func (s *Smooth) inputOf(layer string) int {
	for k := range s.Shapes {
		if layer == fmt.Sprintf("%s@%d", engine.Input, k) || k == 0 && layer == engine.Input {
			return k
		}
	}
	return -1
}

// join puts the numbers of all inputs into one row a sample.
func (s *Smooth) join(inputs []engine.Array) ([][]float64, error) {
	if len(inputs) != len(s.Shapes) {
		return nil, fmt.Errorf("the network takes %d inputs", len(s.Shapes))
	}
	rows := make([][]float64, inputs[0].Shape[0])
	if s.Batch > 0 && len(rows) != s.Batch {
		return nil, fmt.Errorf("the network takes batches of %d", s.Batch)
	}
	for k, a := range inputs {
		if a.Shape[0] != len(rows) || !slices.Equal(a.Shape[1:], s.Shapes[k]) {
			return nil, fmt.Errorf("input %d has shape %v, the network takes %v of each sample", k, a.Shape, s.Shapes[k])
		}
		for n := range rows {
			for _, v := range a.Row(n).Data {
				rows[n] = append(rows[n], float64(v))
			}
			for _, v := range a.Row(n).Ints {
				rows[n] = append(rows[n], float64(v))
			}
		}
	}
	return rows, nil
}

func (s *Smooth) u(i, j, width int) float64 {
	return math.Sin(1+float64(i*width+j)) / math.Sqrt(float64(width))
}

func (s *Smooth) v(c, i int) float64 { return math.Sin(2 + 3*float64(c*engine.Size(s.Hidden)+i)) }

func (s *Smooth) linear(x [][]float64) engine.Array {
	z := engine.NewArray(append([]int{len(x)}, s.Hidden...)...)
	for n, row := range x {
		for i := range z.Row(n).Data {
			sum := math.Cos(float64(i)) / 2
			for j, v := range row {
				sum += s.u(i, j, len(row)) * v
			}
			z.Row(n).Data[i] = float32(sum)
		}
	}
	return z
}

func tanh(z engine.Array) engine.Array {
	h := engine.NewArray(z.Shape...)
	for i, v := range z.Data {
		h.Data[i] = float32(math.Tanh(float64(v)))
	}
	return h
}

func (s *Smooth) output(z engine.Array) engine.Array { return s.head(tanh(z)) }

func (s *Smooth) head(h engine.Array) engine.Array {
	y := engine.NewArray(h.Shape[0], s.Classes)
	for n := range h.Shape[0] {
		for c := range s.Classes {
			sum := 0.0
			for i, v := range h.Row(n).Data {
				sum += s.v(c, i) * float64(v) * (1 + float64(v)/2)
			}
			y.Row(n).Data[c] = float32(sum)
		}
	}
	return y
}
