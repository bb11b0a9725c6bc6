// Package engine is the contract between an explanation and whatever runs the
// network. It is pure Go: package torch satisfies it with libtorch, tests
// satisfy it with a few lines of arithmetic, and package gradcam asks for
// nothing else.
//
// A [Model] makes a [Plan] for the layers one wants to look at. A plan is
// immutable and safe for concurrent use. Running it gives a [Pass], which holds
// the outputs and the activations of one batch and can be asked, as often as
// one likes, for the gradient of any function of the outputs:
//
//	plan, err := model.Plan(ctx, engine.Spec{Layers: []string{"features.18"}})
//	pass, err := plan.Forward(ctx, []engine.Array{x})
//	defer pass.Close()
//	grads, err := pass.Backward(ctx, []engine.Cotangent{{Array: dScore}})
//
// The gradient is a vector-Jacobian product: the caller computes the cotangent
// dscore/doutput in Go, so a new kind of target needs no change down here.
//
// Capabilities that only some methods need are separate interfaces, found by
// type assertion on a pass, [SecondOrder] and [RerunGrad], or on a plan, [Biases] and
// [Differentiable]. So are what only some devices need: [Pooling], of a plan, and
// [Reclaimer], of a model.
package engine
