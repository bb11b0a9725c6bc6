package main

import "fmt"

// throughput is how many images a second go through with several in a batch and
// several threads in an operator.
func throughput() []measurement {
	peers := []string{"fast_forward", "torch_cam", "pytorch_grad_cam"}
	var cases []measurement
	for _, l := range []struct {
		model, layer string
		peers        []string
	}{
		{"mobilenet_v2", "features.18", peers},
		{"resnet18", "layer4", peers[:2]}, // the third takes five times as long: minutes
	} {
		for _, threads := range []int{1, 2} {
			for _, batch := range []int{1, 8, 32} {
				c := common(partThroughput, l.model, l.layer, l.peers...)
				c.batch, c.threads = batch, threads
				cases = append(cases, c.as(fmt.Sprintf("throughput %s, batch %d, threads %d", l.model, batch, threads), false))
			}
		}
	}
	return cases
}
