package main

import "fmt"

// throughput is how many images a second go through with several in a batch and
// several threads in an operator.
func throughput() []measurement {
	var cases []measurement
	for _, l := range []struct{ model, layer string }{{"mobilenet_v2", "features.18"}, {"resnet18", "layer4"}} {
		for _, threads := range []int{1, 2} {
			for _, batch := range []int{1, 8, 32} {
				c := common(partThroughput, l.model, l.layer, "fast_forward", "torch_cam", "pytorch_grad_cam")
				c.batch, c.threads = batch, threads
				cases = append(cases, c.as(fmt.Sprintf("throughput %s, batch %d, threads %d", l.model, batch, threads), false))
			}
		}
	}
	return cases
}
