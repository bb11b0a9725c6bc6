// Package figure holds what the benchmark measures, as build/bench.json has it.
//
// A figure is one case: the milliseconds (or megabytes) of every side that took
// part, median and quartiles over rounds, and how many times longer than ours
// every other side took. Sides are "torchlight", "forward" (the eager model in
// Python), "fast_forward" (torch.jit.optimize_for_inference in Python) and the
// peers.
package figure
