package enginetest

import (
	"context"
	"fmt"
	"sync"

	"github.com/torchlight-go/torchlight/engine"
)

// Canned is a network that returns the arrays it was given, whatever it is
// asked. Fields are set before the first call.
type Canned struct {
	counters
	// Out are the outputs.
	Out []engine.Output
	// Values and Gradients are the activation and the gradient of each layer.
	Values, Gradients map[string]engine.Array
	// Table is the table of calls.
	Table []engine.Call
	// Refuse are the layers that cannot be captured together with others.
	Refuse map[string]bool

	mu   sync.Mutex
	seen [][]engine.Cotangent
}

var _ engine.Model = (*Canned)(nil)

// Seen are the cotangents of all backward passes so far.
func (c *Canned) Seen() [][]engine.Cotangent {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([][]engine.Cotangent(nil), c.seen...)
}

// Plan captures the layers that have a value.
func (c *Canned) Plan(_ context.Context, spec engine.Spec) (engine.Plan, error) {
	for _, l := range spec.Layers {
		if _, ok := c.Values[l]; !ok {
			return nil, fmt.Errorf("layer %q: no such layer", l)
		}
		if c.Refuse[l] && len(spec.Layers) > 1 {
			return nil, fmt.Errorf("layer %q: cannot be captured with others", l)
		}
	}
	c.plans.Add(1)
	c.openPlans.Add(1)
	return &cannedPlan{model: c, layers: spec.Layers}, nil
}

// Predict returns the outputs.
func (c *Canned) Predict(context.Context, []engine.Array) ([]engine.Output, error) {
	c.predicts.Add(1)
	return c.Out, nil
}

// Calls returns the table.
func (c *Canned) Calls(context.Context, []engine.Array) ([]engine.Call, error) {
	c.calls.Add(1)
	return c.Table, nil
}

type cannedPlan struct {
	model  *Canned
	layers []string
	once   sync.Once
}

func (p *cannedPlan) Describe() string { return "canned" }

func (p *cannedPlan) Close() error {
	p.once.Do(func() { p.model.openPlans.Add(-1) })
	return nil
}

func (p *cannedPlan) Forward(context.Context, []engine.Array) (engine.Pass, error) {
	p.model.forwards.Add(1)
	p.model.openPasses.Add(1)
	return &cannedPass{plan: p}, nil
}

type cannedPass struct {
	plan *cannedPlan
	once sync.Once
}

func (p *cannedPass) Close() error {
	p.once.Do(func() { p.plan.model.openPasses.Add(-1) })
	return nil
}

func (p *cannedPass) Outputs() []engine.Output { return p.plan.model.Out }

func (p *cannedPass) Activations() []engine.Array { return p.pick(p.plan.model.Values) }

func (p *cannedPass) Backward(_ context.Context, cotangents []engine.Cotangent) ([]engine.Array, error) {
	m := p.plan.model
	m.backwards.Add(1)
	m.mu.Lock()
	m.seen = append(m.seen, cotangents)
	m.mu.Unlock()
	return p.pick(m.Gradients), nil
}

func (p *cannedPass) Rerun(context.Context, engine.Array, []int) ([]engine.Output, error) {
	p.plan.model.reruns.Add(1)
	return p.plan.model.Out, nil
}

func (p *cannedPass) pick(from map[string]engine.Array) []engine.Array {
	var a []engine.Array
	for _, l := range p.plan.layers {
		a = append(a, from[l])
	}
	return a
}
