package main

import "fmt"

// curves are cases that differ in one number only.
func curves() []measurement {
	var cases []measurement
	for _, l := range []struct{ model, layer string }{{"mobilenet_v2", "features.18"}, {"resnet18", "layer4"}} {
		for _, size := range []int{224, 320, 448, 640, 832, 1024} {
			c := common(partSize, l.model, l.layer, "fast_forward", "torch_cam")
			c.size = size
			cases = append(cases, c.as(fmt.Sprintf("size %s, %d pixels", l.model, size), false))
		}
	}
	for batch := 1; batch <= 64; batch *= 2 {
		c := common(partBatch, "mobilenet_v2", "features.18", "fast_forward", "torch_cam")
		c.batch = batch
		cases = append(cases, c.as(fmt.Sprintf("batch mobilenet_v2, %d images", batch), false))
	}
	for channels := 64; channels <= 1024; channels *= 2 {
		for _, method := range []string{"eigencam", "kpcacam", "ablationcam", "scorecam"} {
			c := common(partChannels, fmt.Sprintf("wide-%d", channels), "wide", "pytorch_grad_cam")
			c.method, c.channels = method, channels
			c.slow = method == "ablationcam" || method == "scorecam"
			name := fmt.Sprintf("channels %s, %d channels", method, channels)
			if method == "eigencam" { // its forward pass would hide the rest
				cases = append(cases, decomposition(name, false, c))
			} else {
				cases = append(cases, c.as(name, false))
			}
		}
	}
	return cases
}
