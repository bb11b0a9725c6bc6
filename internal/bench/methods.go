package main

import (
	"context"
	"fmt"

	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/internal/bench/figure"
)

// methods are all that a peer has and that take seconds at most, and those that
// the goals are about.
func methods() []measurement {
	var cases []measurement
	for _, short := range []explanation{
		byMethod("resnet18", "layer4", "eigencam", "pytorch_grad_cam"),
		byMethod("mobilenet_v2", "features.18", "eigencam", "pytorch_grad_cam"),
		slowly(byMethod("resnet18", "layer4", "ablationcam", "pytorch_grad_cam")),
		slowly(byMethod("mobilenet_v2", "features.18", "ablationcam", "pytorch_grad_cam")),
		slowly(byMethod("mobilenet_v2", "features.18", "scorecam", "pytorch_grad_cam")),
	} {
		cases = append(cases, short.namedMethod(true))
	}
	for _, c := range []explanation{byMethod("resnet18", "layer4", "eigencam"), byMethod("mobilenet_v2", "features.18", "eigencam")} {
		cases = append(cases, decomposition(fmt.Sprintf("eigencam %s %s, decomposition alone", c.model, c.layer), true, c))
	}
	cases = append(cases,
		slowly(byMethod("resnet18", "layer4", "scorecam", "pytorch_grad_cam")).namedMethod(false))
	for _, m := range []struct {
		name  string
		peers []string
	}{
		{"gradcam", []string{"pytorch_grad_cam", "torch_cam", "captum"}},
		{"hirescam", []string{"pytorch_grad_cam"}},
		{"gradcam++", []string{"pytorch_grad_cam", "torch_cam"}},
		{"xgradcam", []string{"pytorch_grad_cam", "torch_cam"}},
		{"layercam", []string{"pytorch_grad_cam", "torch_cam"}},
		{"elementwise", []string{"pytorch_grad_cam"}},
		{"eigengradcam", []string{"pytorch_grad_cam"}},
		{"segeigencam", []string{"pytorch_grad_cam"}},
		{"kpcacam", []string{"pytorch_grad_cam"}},
		{"fem", []string{"pytorch_grad_cam"}},
		{"randomcam", []string{"pytorch_grad_cam"}},
		{"fullgrad", []string{"pytorch_grad_cam"}},
		{"shapleycam", []string{"pytorch_grad_cam"}},
		{"smoothgradcam++", []string{"torch_cam"}},
		{"saliency", []string{"captum"}},
		{"inputxgradient", []string{"captum"}},
		{"integrated-gradients", []string{"captum"}},
	} {
		cases = append(cases, byMethod("mobilenet_v2", "features.18", m.name, m.peers...).namedMethod(false))
	}
	return cases
}

func byMethod(model, layer, method string, peers ...string) explanation {
	c := common(partMethods, model, layer, append([]string{"fast_forward"}, peers...)...)
	c.method, c.differs = method, differing(method)
	return c
}

// differing are the peers of a method whose maps are not compared, and why.
func differing(method string) map[string]string {
	switch method {
	case "randomcam":
		return map[string]string{"pytorch_grad_cam": "other random numbers"}
	case "smoothgradcam++":
		return map[string]string{"torch_cam": "other random numbers"}
	case "gradcam++":
		return map[string]string{"torch_cam": "its formula has a slip (gradcam.Peer)"}
	}
	return nil
}

// slowly makes it a method of so many passes that a call takes seconds.
func slowly(c explanation) explanation {
	c.slow = true
	c.peers = c.peers[1:] // without the forward pass
	return c
}

func (c explanation) namedMethod(short bool) measurement {
	return c.as(fmt.Sprintf("%s %s %s", c.method, c.model, c.layer), short)
}

// decomposition times EigenCAM's without the passes, by the timings of the result.
func decomposition(name string, short bool, c explanation) measurement {
	return measurement{name, short, func(ctx context.Context, b *bench) (figure.Figure, error) {
		f := figure.Figure{Part: c.part, Model: c.model, Layer: c.layer, Method: "eigencam, decomposition alone", Batch: c.batch,
			Threads: c.threads, Size: c.size, Channels: c.channels}
		if err := b.peer.write(c.model, c.size); err != nil {
			return f, err
		}
		l, err := c.load()
		if err != nil {
			return f, err
		}
		defer l.close()
		defer pin(c.threads)()
		e, err := l.explainer(c, "")
		if err != nil {
			return f, err
		}
		defer e.Close()
		ours := func(n int) ([]float64, error) {
			ms := make([]float64, n)
			for i := range ms {
				results, err := e.Explain(ctx, l.x, gradcam.Class(c.target))
				if err != nil {
					return nil, err
				}
				ms[i] = float64(results[0].Timings.Method.Nanoseconds()) / 1e6
			}
			return ms, nil
		}
		theirs := func(n int) ([]float64, error) { return b.peer.time(c.request("projection", n)) }
		return f, b.turns(false).take([]side{{figure.Own, ours}, {"pytorch_grad_cam_ms", theirs}}, &f)
	}}
}
