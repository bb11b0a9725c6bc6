package main

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"time"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/internal/bench/figure"
	"github.com/torchlight-go/torchlight/npy"
	"github.com/torchlight-go/torchlight/torch"
)

// inputs holds models and images.
const inputs = "build/bench"

// explanation is a case in which an explanation is timed, and the peers.
type explanation struct {
	part                 string
	model, layer, method string
	target               int // the class that all sides explain
	batch, threads, size int
	channels             int
	peers                []string // by what bench_peers.py calls them
	// slow methods take many passes: few rounds of one call.
	slow bool
	// differs says why maps of a peer are not compared.
	differs map[string]string
}

// common is an explanation of one image by Grad-CAM on one thread.
func common(part, model, layer string, peers ...string) explanation {
	class := 281
	if model == "vgg11" {
		class = 2 // it has ten, and blank maps for some
	}
	return explanation{part: part, model: model, layer: layer, method: "gradcam", target: class, batch: 1, threads: 1, size: 224, peers: peers}
}

// as makes a measurement of it.
func (c explanation) as(name string, short bool) measurement {
	return measurement{name: name, short: short, measure: c.measure}
}

func (c explanation) measure(ctx context.Context, b *bench) (figure.Figure, error) {
	f := figure.Figure{Part: c.part, Model: c.model, Layer: c.layer, Method: c.method, Batch: c.batch, Threads: c.threads,
		Size: c.size, Channels: c.channels}
	if err := b.peer.write(c.model, c.size); err != nil {
		return f, err
	}
	l, err := c.load()
	if err != nil {
		return f, err
	}
	defer l.close()
	defer pin(c.threads)()
	explain, err := l.explainer(c, c.conventions())
	if err != nil {
		return f, err
	}
	defer explain.Close()
	var last []gradcam.Result
	sides := []side{{figure.Own, timed(func() (err error) {
		last, err = explain.Explain(ctx, l.x, gradcam.Class(c.target))
		for _, r := range last {
			runtime.KeepAlive(r.Map())
		}
		return err
	})}}
	if !c.slow {
		sides = append(sides, side{"predict_ms", timed(func() error {
			_, err := l.model.Predict(ctx, []engine.Array{l.x})
			return err
		})})
	}
	for _, what := range c.peers {
		sides = append(sides, side{what + "_ms", func(n int) ([]float64, error) { return b.peer.time(c.request(what, n)) }})
	}
	if err := b.turns(c.slow).take(sides, &f); err != nil {
		return f, err
	}
	f.Differences, err = c.compare(ctx, b.peer, l, last)
	return f, err
}

// conventions are the library's own, but for a method too slow to be run once more
// to compare its map: they are the peer's then, which cost the same.
func (c explanation) conventions() gradcam.Peer {
	if c.slow {
		return gradcam.PytorchGradCAM
	}
	return ""
}

func (c explanation) request(what string, n int) request {
	return request{What: what, Model: c.model, Layer: c.layer, Method: c.method, Target: c.target, Batch: c.batch, Size: c.size, Threads: c.threads, N: n}
}

// loaded is a model with its input.
type loaded struct {
	model *torch.Module
	x     engine.Array
}

func (c explanation) load() (*loaded, error) {
	x, err := c.images()
	if err != nil {
		return nil, err
	}
	m, err := torch.Load(c.file())
	return &loaded{m, x}, err
}

// file is that of the model.
func (c explanation) file() string { return filepath.Join(inputs, c.model+".pt") }

// images are the first of the file that the peer reads, too.
func (c explanation) images() (engine.Array, error) {
	all, err := npy.ReadFile(filepath.Join(inputs, fmt.Sprintf("images-%d.npy", c.size)))
	if err != nil {
		return all, err
	}
	if all.Shape[0] < c.batch {
		return all, fmt.Errorf("images-%d.npy has %d images, not %d: remove it, it is written anew", c.size, all.Shape[0], c.batch)
	}
	one := engine.Size(all.Shape[1:])
	return engine.Array{Shape: append([]int{c.batch}, all.Shape[1:]...), Data: all.Data[:c.batch*one]}, nil
}

func (l *loaded) close() { _ = l.model.Close() }

// explainer makes one that follows a peer's conventions, or none's.
func (l *loaded) explainer(c explanation, p gradcam.Peer) (*gradcam.Explainer, error) {
	m, err := gradcam.ByName(c.method)
	if err != nil {
		return nil, err
	}
	options := []gradcam.Option{gradcam.WithMethod(m), gradcam.WithCompat(p)}
	if c.layer != "" {
		options = append(options, gradcam.WithLayer(c.layer))
	}
	return gradcam.New(l.model, options...)
}

// pin holds libtorch's operators and Go's own loops to so many threads; the peers
// pin theirs.
func pin(threads int) (release func()) {
	before := runtime.GOMAXPROCS(threads)
	_ = torch.SetNumThreads(threads) // 1 and up are accepted
	return func() { runtime.GOMAXPROCS(before) }
}

// timed times single calls.
func timed(call func() error) func(n int) ([]float64, error) {
	return func(n int) ([]float64, error) {
		ms := make([]float64, n)
		for i := range ms {
			start := time.Now()
			if err := call(); err != nil {
				return nil, err
			}
			ms[i] = float64(time.Since(start).Nanoseconds()) / 1e6
		}
		return ms, nil
	}
}
