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
	cases = append(cases, decomposition("resnet18", "layer4"), decomposition("mobilenet_v2", "features.18"),
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
func decomposition(model, layer string) measurement {
	c := byMethod(model, layer, "eigencam")
	measure := func(ctx context.Context, b *bench) (figure.Figure, error) {
		f := figure.Figure{Part: partMethods, Model: model, Layer: layer, Method: "eigencam, decomposition alone", Batch: 1, Threads: 1, Size: c.size}
		if err := b.peer.write(model, c.size); err != nil {
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
	}
	return measurement{fmt.Sprintf("eigencam %s %s, decomposition alone", model, layer), true, measure}
}
