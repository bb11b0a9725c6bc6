// Package cgotorch is the C++ side of the stand-in: it makes, changes, reads and
// frees an at::Tensor on its own, with nothing of torchlight. What the two know
// of each other is a pointer.
package cgotorch
