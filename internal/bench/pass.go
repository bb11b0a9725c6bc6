package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"time"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/npy"
	"github.com/torchlight-go/torchlight/torch"
)

const (
	target = 281 // the class that all sides explain
	calls  = 3   // calls of each side in a round
)

// passCase is one explanation to measure, with what it should reach.
type passCase struct {
	Name, Model, Layer string
	Batch, Threads     int
	goals              map[string]float64 // at least this many times faster than the peer
	limit              float64            // at most this many times the fast forward
	informative        map[string]float64 // goals of batch 1, printed beside a ratio that has none
}

func cases() []passCase {
	late := []struct {
		model, layer      string
		limit             float64
		torchCAM, gradCAM float64
	}{
		{"mobilenet_v2", "features.18", 1.15, 2.2, 5},
		{"resnet18", "layer4", 1.15, 1.2, 3.8},
		{"resnet50", "layer4", 1.15, 1.5, 4.5},
		{"densenet121", "features", 1.25, 1.25, 3.5},
	}
	var all []passCase
	for _, batch := range []int{1, 8} {
		for _, l := range late {
			c := passCase{
				Name:  fmt.Sprintf("gradcam %s %s batch %d", l.model, l.layer, batch),
				Model: l.model, Layer: l.layer, Batch: batch, Threads: 1, limit: l.limit,
			}
			c.informative = map[string]float64{"pytorch_grad_cam": l.gradCAM}
			if batch == 1 {
				c.goals = map[string]float64{"torch_cam": l.torchCAM, "pytorch_grad_cam": l.gradCAM}
			}
			all = append(all, c)
		}
	}
	all[4].goals = map[string]float64{"torch_cam": 3}
	all[5].goals = map[string]float64{"torch_cam": 1.25}
	return append(all, passCase{Name: "gradcam resnet50 layer3 batch 1", Model: "resnet50", Layer: "layer3", Batch: 1, Threads: 1,
		goals: map[string]float64{"torch_cam": 1.5}})
}

// passFigure is one element of build/bench.json.
type passFigure struct {
	Case        string             `json:"case"`
	Model       string             `json:"model"`
	Layer       string             `json:"layer"`
	Method      string             `json:"method"`
	Batch       int                `json:"batch"`
	Threads     int                `json:"threads"`
	Torchlight  float64            `json:"torchlight_ms"`
	Forward     float64            `json:"forward_ms"`
	FastForward float64            `json:"fast_forward_ms"`
	GradCAM     float64            `json:"pytorch_grad_cam_ms"`
	TorchCAM    float64            `json:"torch_cam_ms"`
	Captum      float64            `json:"captum_ms"`
	Ratios      map[string]float64 `json:"ratios"` // peer / torchlight, medians of rounds
	Spread      float64            `json:"spread"` // interquartile range / median of torchlight
	of          passCase
}

func measurePass(ctx context.Context, c passCase, p *peer, rounds int) (passFigure, error) {
	f := passFigure{Case: c.Name, Model: c.Model, Layer: c.Layer, Method: "gradcam", Batch: c.Batch, Threads: c.Threads, Ratios: map[string]float64{}, of: c}
	explain, done, err := prepare(ctx, c, gradcam.GradCAM)
	if err != nil {
		return f, err
	}
	defer done()
	// The first pass checks the cut, the next warm the caches.
	t, err := turns{rounds: rounds, calls: calls, warmUps: 3}.take(c, explain, p, "forward", "fast_forward", "pytorch_grad_cam", "torch_cam", "captum")
	if err != nil {
		return f, err
	}
	f.Torchlight, f.Spread = median(t.own), spread(t.own)
	f.Forward, f.FastForward = median(t.theirs["forward"]), median(t.theirs["fast_forward"])
	f.GradCAM, f.TorchCAM, f.Captum = median(t.theirs["pytorch_grad_cam"]), median(t.theirs["torch_cam"]), median(t.theirs["captum"])
	for what, r := range t.ratios {
		f.Ratios[what] = median(r)
	}
	return f, nil
}

// prepare loads the model and returns a call that explains the batch and makes
// its maps at the size of the input, in milliseconds.
func prepare(ctx context.Context, c passCase, m gradcam.Method) (explain func() (float64, error), done func(), err error) {
	run, done, err := load(ctx, c, m)
	if err != nil {
		return nil, nil, err
	}
	return func() (float64, error) {
		start := time.Now()
		results, err := run()
		for _, r := range results {
			runtime.KeepAlive(r.Map())
		}
		return float64(time.Since(start).Microseconds()) / 1e3, err
	}, done, nil
}

// load returns a call that explains the batch.
func load(ctx context.Context, c passCase, method gradcam.Method) (run func() ([]gradcam.Result, error), done func(), err error) {
	if err := torch.SetNumThreads(c.Threads); err != nil {
		return nil, nil, err
	}
	images, err := npy.ReadFile(filepath.Join("build/bench", c.Model+".npy"))
	if err != nil {
		return nil, nil, err
	}
	size := images.Len() / images.Shape[0]
	x := engine.Array{Shape: append([]int{c.Batch}, images.Shape[1:]...), Data: images.Data[:c.Batch*size]}
	m, err := torch.Load(filepath.Join("build/bench", c.Model+".pt"))
	if err != nil {
		return nil, nil, err
	}
	e, err := gradcam.New(m, gradcam.WithLayer(c.Layer), gradcam.WithMethod(method))
	if err != nil {
		m.Close()
		return nil, nil, err
	}
	run = func() ([]gradcam.Result, error) { return e.Explain(ctx, x, gradcam.Class(target)) }
	return run, func() { e.Close(); m.Close() }, nil
}

// beside prints a ratio with the verdict on its goal, or with the goal of batch 1
// for information: "4.81x/3.8".
func (c passCase) beside(peer string, ratio float64) string {
	if inform := c.informative[peer]; c.goals[peer] == 0 && inform > 0 {
		return fmt.Sprintf("%.2fx/%g", ratio, inform)
	}
	return atLeast(ratio, c.goals[peer])
}

// printPasses prints a line a case: times, ratios and whether goals are met.
func printPasses(w io.Writer, rows []passFigure) {
	if len(rows) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%-42s %10s %8s %8s | %9s | %9s %9s %9s\n", "milliseconds, 1 thread", "torchlight", "fast fwd", "forward",
		"/fast fwd", "grad-cam", "torch-cam", "captum")
	for _, r := range rows {
		fmt.Fprintf(w, "%-42s %10.1f %8.1f %8.1f | %9s | %9s %9s %8.2fx\n", r.Case, r.Torchlight, r.FastForward, r.Forward,
			atMost(1/r.Ratios["fast_forward"], r.of.limit),
			r.of.beside("pytorch_grad_cam", r.Ratios["pytorch_grad_cam"]),
			atLeast(r.Ratios["torch_cam"], r.of.goals["torch_cam"]), r.Ratios["captum"])
	}
	fmt.Fprintln(w, "/fast fwd: torchlight / torch.jit.optimize_for_inference forward; others: how many times slower the peer is. + meets its goal, ! misses it, /N is the goal of batch 1.")
}
