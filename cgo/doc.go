// Package cgo is the boundary to libtorch: a C header, the C++ behind it and one
// Go wrapper for each of its functions. It is the only package of this module
// with import "C".
//
// The wrappers add three things and nothing else: Go types, Go errors, and
// memory that is not leaked. A handle ([Tensor], [Module], [Plan], [Pass]) is
// freed by Close; a cleanup frees what was forgotten. Each wrapper keeps its
// handle alive until C has returned.
//
// Calls run on a few pinned threads, see [Do].
package cgo
