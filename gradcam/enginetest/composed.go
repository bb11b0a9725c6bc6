package enginetest

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/torchlight-go/torchlight/engine"
)

// Layer is the only layer of a [Composed].
const Layer = "layer"

// Composed is a network made of two Go functions of one sample, without the
// batch axis: what comes before its [Layer] and what comes after. It has no
// gradients. Fields are set before the first call.
type Composed struct {
	counters
	// Head makes the layer's activation of the model's inputs.
	Head func(inputs []engine.Array) engine.Array
	// Tail makes the output of the activation and the model's inputs.
	Tail func(activation engine.Array, inputs []engine.Array) engine.Array
	// After, if set, is called at the end of every Predict and Rerun.
	After func()

	mu      sync.Mutex
	batches []int
}

var _ engine.Model = (*Composed)(nil)

// Batches are the rows of every Predict and Rerun so far.
func (c *Composed) Batches() []int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]int(nil), c.batches...)
}

// Plan captures the layer, as often as it is named.
func (c *Composed) Plan(_ context.Context, spec engine.Spec) (engine.Plan, error) {
	for _, l := range spec.Layers {
		if l != Layer {
			return nil, fmt.Errorf("layer %q: the network has %q only", l, Layer)
		}
	}
	c.plans.Add(1)
	c.openPlans.Add(1)
	return &composedPlan{model: c}, nil
}

// Predict runs the network.
func (c *Composed) Predict(ctx context.Context, inputs []engine.Array) ([]engine.Output, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c.predicts.Add(1)
	_, outputs := c.run(inputs)
	c.ran(inputs[0].Shape[0])
	return outputs, nil
}

// Calls knows no submodules.
func (c *Composed) Calls(context.Context, []engine.Array) ([]engine.Call, error) {
	return nil, errors.New("the network has no table of calls: name its layer")
}

func (c *Composed) ran(rows int) {
	c.mu.Lock()
	c.batches = append(c.batches, rows)
	c.mu.Unlock()
	if c.After != nil {
		c.After()
	}
}

func (c *Composed) run(inputs []engine.Array) (engine.Array, []engine.Output) {
	var as, ys []engine.Array
	for n := range inputs[0].Shape[0] {
		as = append(as, c.Head(rowsOf(inputs, n)))
		ys = append(ys, c.Tail(as[n], rowsOf(inputs, n)))
	}
	return stack(as), []engine.Output{{Array: stack(ys)}}
}

func rowsOf(inputs []engine.Array, n int) []engine.Array {
	rows := make([]engine.Array, len(inputs))
	for i, a := range inputs {
		rows[i] = a.Row(n)
	}
	return rows
}

func stack(samples []engine.Array) engine.Array {
	all := engine.Array{Shape: append([]int{len(samples)}, samples[0].Shape...)}
	for _, a := range samples {
		all.Data = append(all.Data, a.Data...)
	}
	return all
}

type composedPlan struct {
	model *Composed
	once  sync.Once
}

func (p *composedPlan) Describe() string { return "two functions" }

func (p *composedPlan) Close() error {
	p.once.Do(func() { p.model.openPlans.Add(-1) })
	return nil
}

func (p *composedPlan) Forward(_ context.Context, inputs []engine.Array) (engine.Pass, error) {
	p.model.forwards.Add(1)
	p.model.openPasses.Add(1)
	a, y := p.model.run(inputs)
	return &composedPass{plan: p, inputs: inputs, activation: a, outputs: y}, nil
}

type composedPass struct {
	plan       *composedPlan
	inputs     []engine.Array
	activation engine.Array
	outputs    []engine.Output
	once       sync.Once
}

func (p *composedPass) Close() error {
	p.once.Do(func() { p.plan.model.openPasses.Add(-1) })
	return nil
}

func (p *composedPass) Outputs() []engine.Output { return p.outputs }

func (p *composedPass) Activations() []engine.Array { return []engine.Array{p.activation} }

func (p *composedPass) Backward(context.Context, []engine.Cotangent) ([]engine.Array, error) {
	return nil, errors.New("the network has no gradients")
}

func (p *composedPass) Rerun(ctx context.Context, activation engine.Array, rows []int) ([]engine.Output, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m := p.plan.model
	m.reruns.Add(1)
	var ys []engine.Array
	for i := range activation.Shape[0] {
		sample := i
		if rows != nil {
			sample = rows[i]
		}
		ys = append(ys, m.Tail(activation.Row(i), rowsOf(p.inputs, sample)))
	}
	m.ran(activation.Shape[0])
	return []engine.Output{{Array: stack(ys)}}, nil
}
