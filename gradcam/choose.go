package gradcam

import (
	"context"
	"errors"
	"fmt"

	"github.com/torchlight-go/torchlight/engine"
)

// Choice is the layer that is explained when none is named.
type Choice struct {
	// Layer is its address.
	Layer string
	// Why says in one sentence why it was chosen.
	Why string
	// Candidates are all layers that could have been, best first by shape.
	Candidates []Candidate
}

// Probe returns the gradient of a score by each of the layers.
type Probe func(ctx context.Context, layers []string) ([]engine.Array, error)

// probeSizes are the numbers of candidates probed at once: convolutional nets
// need one, whose plan is then used, class-token nets go back through a block.
func probeSizes(asked int) int { return [...]int{1, 8, 32}[min(asked, 2)] }

// ChooseLayer returns the best of the [Candidates] that the score depends on. A
// network that reads its result from a class token leaves the gradient of all
// other tokens at zero up to the last attention: such layers show nothing.
func ChooseLayer(ctx context.Context, candidates []Candidate, probe Probe) (Choice, error) {
	if len(candidates) == 0 {
		return Choice{}, markf(ErrNoLayer, "no submodule returns anything with space in it; name a layer")
	}
	choice := Choice{Candidates: candidates}
	var refused error
	probed := 0
	for asked := 0; probed < len(candidates); asked++ {
		part := candidates[probed:min(probed+probeSizes(asked), len(candidates))]
		found, err := firstUsed(ctx, part, probe)
		if ctx.Err() != nil {
			return Choice{}, ctx.Err()
		}
		if found >= 0 {
			choice.Layer, choice.Why = part[found].Layer, why(part[found], probed+found)
			return choice, nil
		}
		if refused == nil {
			refused = err
		}
		probed += len(part)
	}
	if errors.Is(refused, ErrOutput) {
		return Choice{}, refused
	}
	if errors.Is(refused, engine.ErrNoDerivative) {
		choice.Layer = candidates[0].Layer
		choice.Why = fmt.Sprintf("%s is the last value with space in it (%s), and no layer has a gradient", choice.Layer, extents(candidates[0].space()))
		return choice, nil
	}
	if refused != nil {
		return Choice{}, fmt.Errorf("%w: none of the %d layers with space in them can be cut at: %w", ErrLayer, len(candidates), refused)
	}
	choice.Layer = candidates[0].Layer
	choice.Why = fmt.Sprintf("%s is the last value with space in it (%s), but no gradient reaches any layer", choice.Layer, extents(candidates[0].space()))
	return choice, nil
}

// firstUsed is the index of the first candidate with a gradient somewhere in
// space, or -1. Where the engine refuses a set of layers it asks for each alone;
// the error is that of the last one refused.
func firstUsed(ctx context.Context, part []Candidate, probe Probe) (int, error) {
	gradients, err := probe(ctx, layersOf(part))
	if err == nil {
		for i, g := range gradients {
			if used(part[i], g) {
				return i, nil
			}
		}
		return -1, nil
	}
	if len(part) == 1 || ctx.Err() != nil {
		return -1, err
	}
	var refused error
	for i := range part {
		found, err := firstUsed(ctx, part[i:i+1], probe)
		if found == 0 {
			return i, nil
		}
		if err != nil {
			refused = err
		}
	}
	return -1, refused
}

// used says that the gradient is not zero everywhere in space. A gradient of
// another shape than the call's is not understood and counts as none.
func used(c Candidate, gradient engine.Array) bool {
	v, err := c.Layout.View(gradient)
	return err == nil && largest(v.Data) > 0
}

func layersOf(candidates []Candidate) []string {
	layers := make([]string, len(candidates))
	for i, c := range candidates {
		layers[i] = c.Layer
	}
	return layers
}

// why explains a choice that passed over some candidates.
func why(c Candidate, skipped int) string {
	s := fmt.Sprintf("%s is the last value with space in it (%s)", c.Layer, extents(c.space()))
	if c.Layout.Order == Tokens {
		s += fmt.Sprintf(", its %d tokens after %d without a place", engine.Size(c.Layout.Grid), c.Layout.Prefix)
	}
	if skipped > 0 {
		s += fmt.Sprintf(", and the score depends on it, unlike %d later values", skipped)
	}
	return s
}

func extents(space []int) string {
	s := ""
	for i, n := range space {
		if i > 0 {
			s += "x"
		}
		s += fmt.Sprint(n)
	}
	return s
}

// Choose returns the layer that is explained when none is named. It runs the
// model a few times on the inputs; the answer is remembered for inputs of the
// same size.
func (e *Explainer) Choose(ctx context.Context, inputs []engine.Array) (Choice, error) {
	return guarded(e, func() (Choice, error) {
		if _, err := checkInputs(inputs); err != nil {
			return Choice{}, err
		}
		if err := e.checkExplained(inputs); err != nil {
			return Choice{}, err
		}
		return e.choose(ctx, inputs)
	})
}

func (e *Explainer) choose(ctx context.Context, inputs []engine.Array) (Choice, error) {
	// At 32 pixels the last layer of a ResNet is 1 x 1: the choice depends on
	// the input's size, not on its contents or the batch.
	key := ""
	for _, a := range inputs {
		key += fmt.Sprint(a.Shape[1:])
	}
	return e.choices.get(ctx, key, func() (Choice, error) {
		calls, err := e.model.Calls(ctx, inputs)
		if err != nil {
			return Choice{}, err
		}
		outputs, err := e.likelyOutputs(ctx, inputs, calls)
		if err != nil {
			return Choice{}, err
		}
		output, err := chooseOutput(outputs, e.outputName)
		if err != nil {
			return Choice{}, fmt.Errorf("%w, or name the layer to explain", err)
		}
		candidates := Candidates(calls, inputs[e.input].Shape, outputs[output].Array.Shape)
		choice, err := ChooseLayer(ctx, candidates, e.probe(inputs))
		if err == nil {
			e.log.Info("layer chosen", "layer", choice.Layer, "why", choice.Why)
		}
		return choice, err
	})
}

// likelyOutputs runs the plan that will most likely be used: the whole model would
// have to be compiled beside it.
func (e *Explainer) likelyOutputs(ctx context.Context, inputs []engine.Array, calls []engine.Call) ([]engine.Output, error) {
	likely := Candidates(calls, inputs[e.input].Shape, nil)
	if len(likely) > 0 {
		if pass, err := e.forward(ctx, layersOf(likely[:1]), inputs); err == nil {
			defer pass.Close()
			return pass.Outputs(), nil
		}
	}
	return e.model.Predict(ctx, inputs)
}

// forward runs the inputs through a plan of the layers.
func (e *Explainer) forward(ctx context.Context, layers []string, inputs []engine.Array) (engine.Pass, error) {
	plan, err := e.plan(ctx, engine.Spec{Layers: layers})
	if err != nil {
		return nil, err
	}
	return plan.Forward(ctx, inputs)
}

// probe is a Probe with the gradient of the highest output.
func (e *Explainer) probe(inputs []engine.Array) Probe {
	return func(ctx context.Context, layers []string) ([]engine.Array, error) {
		plan, err := e.plan(ctx, engine.Spec{Layers: layers})
		if err != nil {
			return nil, err
		}
		if err := differentiable(plan); err != nil {
			return nil, err
		}
		pass, err := plan.Forward(ctx, inputs)
		if err != nil {
			return nil, err
		}
		defer pass.Close()
		outputs := pass.Outputs()
		output, ys, err := e.split(outputs, e.outputName, inputs[0].Shape[0])
		if err != nil {
			return nil, err
		}
		targets, err := perSample(nil, len(ys))
		if err != nil {
			return nil, err
		}
		_, cotangents, err := score(outputs, output, ys, targets, nil)
		if err != nil {
			return nil, err
		}
		return pass.Backward(ctx, cotangents)
	}
}
