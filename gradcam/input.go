package gradcam

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/torchlight-go/torchlight/engine"
)

// WithInput chooses which of the model's inputs is explained, counted from 0: input
// attributions are of its numbers, and every map has its size. The others are
// passed on as they are. The default is 0.
func WithInput(k int) Option {
	return func(e *Explainer) error {
		if k < 0 {
			return fmt.Errorf("there is no input %d: count from 0", k)
		}
		e.input = k
		return nil
	}
}

// WithInputOrder says where the explained input keeps its channels, for a sum over
// the right axis: [ChannelsLast] is [N, L, C] of embedded tokens or [N, H, W, C].
// Raw maps have channels first all the same. The default is [ChannelsFirst].
func WithInputOrder(o Order) Option {
	return func(e *Explainer) error {
		if o != ChannelsFirst && o != ChannelsLast {
			return fmt.Errorf("unknown order %d of an input: give ChannelsFirst or ChannelsLast", o)
		}
		e.inputOrder = o
		return nil
	}
}

// inputLayer is the address of input k.
func inputLayer(k int) string {
	if k == 0 {
		return engine.Input
	}
	return fmt.Sprintf("%s@%d", engine.Input, k)
}

// Input is the input that is explained, [N, ...].
func (r *Run) Input() engine.Array { return r.batch.explained() }

// InputLayer is its address, [engine.Input] or "input@K".
func (r *Run) InputLayer() string { return inputLayer(r.batch.explainer.input) }

// With are the model's inputs with another one in place of the explained one.
// Row i stands for sample rows[i], from which all other inputs are taken; nil
// rows mean one row a sample, and share the memory of the caller's inputs.
func (r *Run) With(x engine.Array, rows []int) []engine.Array {
	return r.with(make([]engine.Array, len(r.batch.inputs)), x, rows)
}

// with is With in the memory of an earlier call's result, which nil rows must not
// have made: theirs is the caller's.
func (r *Run) with(into []engine.Array, x engine.Array, rows []int) []engine.Array {
	for k, a := range r.batch.inputs {
		switch {
		case k == r.batch.explainer.input:
			into[k] = x
		case rows == nil:
			into[k] = a
		default:
			into[k] = gather(into[k], a, rows)
		}
	}
	return into
}

// InputGradient is the gradient of the scores by the explained input, of its
// shape, with rectifiers under a rule. Methods with equal targets share it; a
// method that says so by Needs.Input finds its forward pass made.
func (r *Run) InputGradient(ctx context.Context, rule engine.ReluRule) (engine.Array, error) {
	b := r.batch
	for _, known := range b.inputGradients {
		if known.rule == rule && sameTargets(r.targets, known.targets) {
			r.noteGradient(r.InputLayer(), known.gradient)
			return known.gradient, nil
		}
	}
	pass, err := b.inputPass(ctx, rule)
	if err != nil {
		return engine.Array{}, err
	}
	start := time.Now()
	g, err := pass.Backward(ctx, r.cotangents)
	b.timings.Backward += time.Since(start)
	if err != nil {
		return engine.Array{}, fmt.Errorf("backward: %w", err)
	}
	if err := b.checkLike(b.explained(), g, "gradient of "+r.InputLayer()); err != nil {
		return engine.Array{}, err
	}
	b.inputGradients = append(b.inputGradients, inputGradient{rule, r.targets, g[0]})
	r.noteGradient(r.InputLayer(), g[0])
	return g[0], nil
}

type inputGradient struct {
	rule     engine.ReluRule
	targets  []Target
	gradient engine.Array
}

// explained is the input that is explained.
func (b *batch) explained() engine.Array { return b.inputs[b.explainer.input] }

// inputPass is a pass of the batch that captured the explained input.
func (b *batch) inputPass(ctx context.Context, rule engine.ReluRule) (engine.Pass, error) {
	if pass, ok := b.inputPasses[rule]; ok {
		return pass, nil
	}
	plan, err := b.explainer.plan(ctx, engine.Spec{Layers: []string{inputLayer(b.explainer.input)}, Relu: rule})
	if err != nil {
		return nil, err
	}
	if err := differentiable(plan); err != nil {
		return nil, err
	}
	start := time.Now()
	pass, err := plan.Forward(ctx, b.inputs)
	if err != nil {
		return nil, err
	}
	b.timings.Forward += time.Since(start)
	if b.inputPasses == nil {
		b.inputPasses = map[engine.ReluRule]engine.Pass{}
	}
	b.inputPasses[rule] = pass
	return pass, nil
}

// checkLike holds the engine to one finite array of a shape.
func (b *batch) checkLike(like engine.Array, arrays []engine.Array, what string) error {
	if len(arrays) != 1 || !slices.Equal(arrays[0].Shape, like.Shape) || arrays[0].Data == nil {
		return fmt.Errorf("the engine returned %d arrays as %s, of shape %v", len(arrays), what, like.Shape)
	}
	return finiteRows(arrays[0], what)
}

// checkExplained refuses an input that a method cannot be about.
func (e *Explainer) checkExplained(inputs []engine.Array) error {
	if e.input >= len(inputs) {
		return fmt.Errorf("input %d is to be explained, but %d given: count from 0", e.input, len(inputs))
	}
	if inputs[e.input].Ints == nil {
		return nil
	}
	for _, m := range e.methods {
		var lack string
		switch n := m.Needs(); {
		case n.Input:
			lack = "have no gradient"
		case n.Elsewhere:
			lack = "take no noise"
		default:
			continue
		}
		return fmt.Errorf("method %s: input %d holds integers, which %s: explain a layer, such as the embedding, with layer-integrated-gradients, or another input",
			m.Name(), e.input, lack)
	}
	return nil
}

// inputAttribution is a raw map of the explained input, with its channels first.
func (r *Run) inputAttribution(values engine.Array) Attribution {
	if n := len(values.Shape); r.batch.explainer.inputOrder == ChannelsLast && n > 2 {
		shape := append([]int{values.Shape[0], values.Shape[n-1]}, values.Shape[1:n-1]...)
		out := engine.NewArray(shape...)
		for i := range values.Shape[0] {
			channelsFirst(out.Row(i).Data, values.Row(i).Data, shape[1])
		}
		values = out
	}
	return Attribution{Layer: r.InputLayer(), Values: values, Finish: Magnitude}
}
