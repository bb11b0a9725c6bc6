package gradcam

import (
	"context"
	"fmt"

	"github.com/torchlight-go/torchlight/engine"
)

// ShapleyCAM weights each channel by the mean of G - H A / 2, with H the Hessian of
// the score by the activation A: the Shapley value of the channels to second
// order (Cai 2025, arXiv:2501.06261). It was proposed for the target [ReST]. For
// a raw output and a network of rectifiers H is zero, and the map is Grad-CAM's.
//
// H A has two parts: J'(H_s (J A)), from the curvature of the target, and H_c A,
// from that of the network. The first is taken for zero where the target is not
// [Curved].
type ShapleyCAM struct{}

// Name is the method's name on the command line.
func (ShapleyCAM) Name() string { return "shapleycam" }

// Needs are a double backward pass a layer.
func (ShapleyCAM) Needs() Needs {
	return Needs{Layer: true, Gradient: true, SecondOrder: true, Cost: Cost{
		Forward: 1, Backward: 2, Note: "and one double backward; both for every layer",
	}}
}

// Map returns one raw map a layer.
func (ShapleyCAM) Map(ctx context.Context, run *Run) ([]Attribution, error) {
	return weightedMaps(ctx, run, func(i int, g View) (func(n, c int) float64, error) {
		v, err := run.hessianTimesActivation(ctx, i)
		if err != nil {
			return nil, fmt.Errorf("second derivative of layer %s: %w", run.Layers()[i], err)
		}
		return func(n, c int) float64 {
			return (total(g.Channel(n, c)) - total(v.Channel(n, c))/2) / float64(g.Positions())
		}, nil
	})
}

// hessianTimesActivation is H A of one layer, the others held still.
func (r *Run) hessianTimesActivation(ctx context.Context, layer int) (View, error) {
	pass := r.Pass()
	along := make([]engine.Array, len(r.Layers()))
	for i, a := range pass.Activations() {
		if along[i] = a; i != layer {
			along[i] = engine.NewArray(a.Shape...)
		}
	}
	hv, jv, err := pass.(engine.SecondOrder).SecondOrder(ctx, r.cotangents, along)
	if err != nil {
		return View{}, err
	}
	if len(hv) != len(along) || hv[layer].Len() != along[layer].Len() {
		return View{}, fmt.Errorf("the engine returned %d arrays for %d layers", len(hv), len(along))
	}
	sum := engine.NewArray(hv[layer].Shape...)
	copy(sum.Data, hv[layer].Data)
	curved, err := r.curvature(jv)
	if err != nil {
		return View{}, err
	}
	if largest(curved.Array.Data) > 0 {
		more, err := pass.Backward(ctx, []engine.Cotangent{curved})
		if err != nil {
			return View{}, err
		}
		for i, v := range more[layer].Data {
			sum.Data[i] += v
		}
	}
	if err := finiteRows(sum, "second derivative"); err != nil {
		return View{}, err
	}
	return r.batch.layouts[layer].View(sum)
}

// curvature is H_s (J A), the second derivative of the targets along the change of
// the scored output. It is empty where no target has one.
func (r *Run) curvature(jv []engine.Output) (engine.Cotangent, error) {
	b := r.batch
	if b.output == noOutput {
		return engine.Cotangent{}, nil
	}
	scored := b.outputs[b.output]
	for _, change := range jv {
		if change.Name != scored.Name {
			continue
		}
		out := engine.Cotangent{Output: scored.Name, Array: engine.NewArray(scored.Array.Shape...)}
		for n, t := range r.targets {
			c, ok := t.(Curved)
			if !ok {
				continue
			}
			h, err := c.Curvature(b.samples[n], change.Array.Row(n).Data)
			if err != nil {
				return engine.Cotangent{}, &SampleError{n, err}
			}
			copy(out.Array.Row(n).Data, h)
		}
		return out, nil
	}
	return engine.Cotangent{}, fmt.Errorf("the engine returned no change of output %q", scored.Name)
}
