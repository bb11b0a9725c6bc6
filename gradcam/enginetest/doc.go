// Package enginetest has small networks in plain Go that satisfy package engine,
// so that explanations are tested without libtorch.
//
//   - [Toy] is captum's BasicModel_ConvNet_One_Conv, forward and backward written
//     by hand: the net of the published exact values.
//   - [Smooth] has no kinks, and inputs of any number and shape.
//   - [Canned] returns the arrays it was given, for shapes and values that no
//     small network has.
//
// All count what they are asked for, so that a test can hold a method to its
// cost in passes and to closing what it opened.
package enginetest
