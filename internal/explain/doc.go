// Package explain carries files through an explainer: photos and arrays in,
// pictures, maps and records out. It is what `torchlight explain` and
// `torchlight layers` do, without their flags and without printing.
//
//	inputs, err := explain.Inputs(args)
//	s, err := explain.New(config, load)       // choices are settled, the model begins to load
//	summary, err := s.Run(ctx, inputs, watch) // watch hears of every sample and every failure
//
// A [Session] reads ahead, explains batches of samples of one shape, and writes
// behind. The files of an input appear whole or not at all, its record last: where
// x.json is, everything else of x is. An input that cannot be explained is named
// and left out, and what was in its batch is explained without it.
//
// The network is behind package engine, so that all of this is tested without
// libtorch.
package explain
