// Package torch runs TorchScript files from Go and hooks their submodules.
//
//	m, err := torch.Load("model.pt")
//	h, err := m.Hook("features.18")
//	p, err := h.Forward(ctx, x)
//	g, err := p.Backward(ctx, cotangent)
//
// A [Module] is a loaded file. A [Hook] is the model cut at one or more layers,
// immutable and safe for concurrent use. A [Pass] is one batch on its way: it has
// the outputs and the activations, and gives the gradient for any cotangent, as
// often as one asks, until it is closed.
//
// # Ownership
//
// Tensors, modules, hooks and passes hold memory that Go's garbage collector
// cannot see. Close them; closing twice, or a nil value, is harmless, and later
// use returns [ErrClosed]. What is forgotten is freed some time after it becomes
// unreachable. [Stats] counts what is alive.
//
// # Concurrency
//
// Modules, hooks and tensors may be used from any number of goroutines; a pass
// belongs to one at a time. A call into libtorch cannot be interrupted: a context
// is looked at before and after it.
//
// # Trust
//
// A TorchScript file is a program. Load only what you would run.
package torch
