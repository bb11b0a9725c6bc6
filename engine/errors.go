package engine

import "errors"

// Kinds of failure that an explanation can work around, for errors.Is: another
// method may need less of the layer.
var (
	// ErrNoDerivative: what comes after the layer has no derivative, as in quantised
	// networks. [Plan] and [Plan.Forward] do not refuse it, passes do that are asked
	// for a gradient.
	ErrNoDerivative = errors.New("no derivative")
	// ErrNotFloat: the layer returns no floating-point tensor.
	ErrNotFloat = errors.New("layer returns no floating-point tensor")
	// ErrOutOfMemory: the memory of the host or of a GPU is exhausted. A smaller batch
	// may fit.
	ErrOutOfMemory = errors.New("out of memory")
)
