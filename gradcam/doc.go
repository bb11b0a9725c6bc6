// Package gradcam explains what a network looked at: it turns the activation A
// of a layer and the gradient G = dy/dA of a score y into class activation maps.
//
//	e, err := gradcam.New(model, gradcam.WithLayer("features.18"))
//	defer e.Close()
//	results, err := e.Explain(ctx, batch, gradcam.Class(281))
//	heat := results[0].Map() // 0..1, at the size of the input
//
// Three small values say what is computed:
//
//   - a [Target] turns one sample's output into the number to explain, and says
//     how that number changes with the output ([Top1], [Class], [Probability],
//     [Margin], [Similarity], [Mask], [Boxes], any Go function through [Func]);
//   - a [Method] turns activations and gradients into a raw, signed map
//     ([GradCAM], [IntegratedGradients], [RISE] and all others of [Catalogue],
//     which docs/methods.md describes);
//   - a [Layout] says which axes of an activation are channels and which are
//     space. It is found by shape, so that convolutional networks, Swin and
//     vision transformers need no adapter.
//
// Data flows one way: input, activation and gradient, raw map, map. A [Result]
// keeps the raw map beside the normalised one, because normalising hides how
// strong a map is, and a [Reason] says why a map is blank.
//
// The network is behind package engine, so that everything here is pure Go and
// is tested without libtorch. An [Explainer] is immutable and safe for
// concurrent use; results belong to the caller. No NaN leaves this package: a
// NaN in an input, an output or a gradient is an error that names where.
//
// The numbers follow pytorch-grad-cam 1.5.7 step by step; where peers differ
// the documentation of the symbol says so.
package gradcam
