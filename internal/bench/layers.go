package main

import "fmt"

// The parts of the page that figures belong to.
const (
	partLayers     = "layers"
	partMethods    = "methods"
	partThroughput = "throughput"
	partProcesses  = "processes"
	partFirst      = "first"
	partFolder     = "folder"
	// The curves, by what they are drawn over.
	partSize, partBatch, partChannels = "size", "batch", "channels"
)

// lateLayers are the cases that the goals are about.
func lateLayers() []measurement {
	late := []struct{ model, layer string }{
		{"mobilenet_v2", "features.18"},
		{"resnet18", "layer4"},
		{"resnet50", "layer4"},
		{"densenet121", "features"},
	}
	var cases []measurement
	for _, l := range late {
		c := common(partLayers, l.model, l.layer, "forward", "fast_forward", "pytorch_grad_cam", "torch_cam", "captum")
		cases = append(cases, c.named(true))
	}
	for _, l := range late {
		c := common(partLayers, l.model, l.layer, "fast_forward", "torch_cam")
		c.batch = 8
		cases = append(cases, c.named(l.model == "mobilenet_v2" || l.model == "resnet18"))
	}
	return cases
}

// otherLayers are the late layers of further networks, and those in the middle and
// at the front of the four. Of the transformers the peers need to be told how an
// activation is laid out, so that only the forward passes are there.
func otherLayers() []measurement {
	peers := []string{"forward", "fast_forward", "pytorch_grad_cam", "torch_cam"}
	var cases []measurement
	for _, l := range []struct {
		model, layer string
		short        bool
		peers        []string
	}{
		{"vgg11", "features.20", false, peers},
		{"shufflenet_v2_x1_0", "conv5", false, peers},
		{"googlenet", "inception5b", false, peers},
		{"swin_t", "features.7", false, peers[:2]},
		{"vit_b_16", "encoder.layers.encoder_layer_11.ln_1", false, peers[:2]},
		{"resnet50", "layer3", true, peers},
		{"resnet50", "layer2", true, peers},
		{"resnet50", "layer1", false, peers},
		{"resnet18", "layer3", false, peers},
		{"resnet18", "layer2", false, peers},
		{"mobilenet_v2", "features.14", false, peers},
		{"mobilenet_v2", "features.7", false, peers},
		{"mobilenet_v2", "features.3", false, peers},
		{"densenet121", "features.denseblock3", false, peers},
		{"densenet121", "features.denseblock2", false, peers},
		{"densenet121", "features.denseblock1", false, peers},
	} {
		cases = append(cases, common(partLayers, l.model, l.layer, l.peers...).named(l.short))
	}
	return cases
}

// named makes a measurement named by method, model, layer and batch.
func (c explanation) named(short bool) measurement {
	return c.as(fmt.Sprintf("%s %s %s batch %d", c.method, c.model, c.layer, c.batch), short)
}
