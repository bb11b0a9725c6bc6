// Package exchange hands tensors between torchlight and gotorch without a copy.
//
// It is a module of its own, because the root module must not need gotorch. A
// program that uses both copies adapter.go, which is all there is to it; both
// must be linked against the same libtorch. docs/interop.md says more, also
// about gotch.
package exchange
