package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/torch"
)

// class is what every explanation is of.
const class = 7

// subject is a network to check.
type subject struct {
	name, file, layer string
	python            bool // the Python side has it, too
}

// sample is the network that is shipped.
func (c *check) sample() subject {
	return subject{name: "mobilenet_v2 (shipped)", file: filepath.Join(c.models, "sample", "mobilenet_v2.pt"), layer: "features.18"}
}

// subjects are the sample and the networks of the Python side, which writes them.
func (c *check) subjects() ([]subject, error) {
	all := []subject{c.sample()}
	if c.peer == nil {
		return all, nil
	}
	for _, n := range c.peer.ready.Networks {
		a, err := c.peer.ask(request{Do: "write", Network: n.Name})
		if err != nil {
			return all, fmt.Errorf("%s: %w", n.Name, err)
		}
		all = append(all, subject{n.Name, a.File, n.Layer, true})
	}
	return all, nil
}

// explained is a loaded network with its explainer.
type explained struct {
	*torch.Module
	*gradcam.Explainer
}

func (s subject) load(d torch.Device, options ...torch.Option) (explained, error) {
	m, err := torch.Load(s.file, append([]torch.Option{torch.OnDevice(d)}, options...)...)
	if err != nil {
		return explained{}, err
	}
	e, err := gradcam.New(m, gradcam.WithLayer(s.layer))
	if err != nil {
		_ = m.Close()
		return explained{}, err
	}
	return explained{m, e}, nil
}

func (e explained) close() {
	_ = e.Explainer.Close()
	_ = e.Module.Close()
}

// noise is a batch of standard normal numbers, always the same.
func (c *check) noise(n int) engine.Array {
	x := engine.NewArray(n, 3, c.size, c.size)
	g := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // reproducible on purpose
	for i := range x.Data {
		x.Data[i] = float32(g.NormFloat64())
	}
	return x
}

// raws are the raw maps of a batch.
func (e explained) raws(ctx context.Context, x engine.Array) ([]float32, error) {
	results, err := e.Explain(ctx, x, gradcam.Class(class))
	if err != nil {
		return nil, err
	}
	var all []float32
	for _, r := range results {
		all = append(all, r.Raw[0].Values.Data...)
	}
	return all, nil
}

// apart is the largest difference of two lists, relative to the largest value of the
// first; infinite where they have not the same length, or hold NaN.
func apart(want, got []float32) float64 {
	if len(want) != len(got) {
		return math.Inf(1)
	}
	var worst, scale float64
	for i, v := range want {
		d := math.Abs(float64(v) - float64(got[i]))
		if math.IsNaN(d) {
			return math.Inf(1)
		}
		worst, scale = max(worst, d), max(scale, math.Abs(float64(v)))
	}
	if scale == 0 {
		return worst
	}
	return worst / scale
}
