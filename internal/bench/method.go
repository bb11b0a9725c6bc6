package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/torchlight-go/torchlight/gradcam"
)

// methodCase compares a method with pytorch-grad-cam's, which takes seconds
// where it tries every channel: such a case has few rounds of one call.
type methodCase struct {
	passCase

	method string  // by our name
	peer   string  // by its class
	goal   float64 // at least this many times faster
	few    bool
	// alone times the decomposition without the passes, by the timings of the
	// result.
	alone bool
}

func methodCases() []methodCase {
	resnet := passCase{Model: "resnet18", Layer: "layer4", Batch: 1, Threads: 1}
	mobilenet := passCase{Model: "mobilenet_v2", Layer: "features.18", Batch: 1, Threads: 1}
	all := []methodCase{
		{passCase: resnet, method: "eigencam", peer: "EigenCAM", goal: 1.4},
		{passCase: mobilenet, method: "eigencam", peer: "EigenCAM", goal: 5},
		{passCase: resnet, method: "eigencam", peer: "projection", goal: 20, alone: true},
		{passCase: mobilenet, method: "eigencam", peer: "projection", goal: 20, alone: true},
		{passCase: resnet, method: "ablationcam", peer: "AblationCAM", goal: 200, few: true},
		{passCase: mobilenet, method: "ablationcam", peer: "AblationCAM", goal: 100, few: true},
		{passCase: resnet, method: "scorecam", peer: "ScoreCAM", goal: 1.4, few: true},
		{passCase: mobilenet, method: "scorecam", peer: "ScoreCAM", goal: 2, few: true},
	}
	for i, c := range all {
		all[i].Name = fmt.Sprintf("%s %s %s", c.method, c.Model, c.Layer)
		if c.alone {
			all[i].Name += ", decomposition alone"
		}
	}
	return all
}

// methodFigure is one element of build/bench.json.
type methodFigure struct {
	Case       string  `json:"case"`
	Model      string  `json:"model"`
	Layer      string  `json:"layer"`
	Method     string  `json:"method"`
	Batch      int     `json:"batch"`
	Threads    int     `json:"threads"`
	Torchlight float64 `json:"torchlight_ms"`
	GradCAM    float64 `json:"pytorch_grad_cam_ms"`
	Ratio      float64 `json:"ratio"` // peer / torchlight, median of rounds
	goal       float64
}

func measureMethods(ctx context.Context, only string, p *peer, rounds int) ([]methodFigure, error) {
	var all []methodFigure
	for _, c := range methodCases() {
		if !strings.Contains(c.Name, only) {
			continue
		}
		f, err := measureMethod(ctx, c, p, rounds)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.Name, err)
		}
		fmt.Fprintf(os.Stderr, "bench: %s done\n", c.Name)
		all = append(all, f)
	}
	return all, nil
}

func measureMethod(ctx context.Context, c methodCase, p *peer, rounds int) (methodFigure, error) {
	f := methodFigure{Case: c.Name, Model: c.Model, Layer: c.Layer, Method: c.method, Batch: c.Batch, Threads: c.Threads, goal: c.goal}
	call, done, err := c.call(ctx)
	if err != nil {
		return f, err
	}
	defer done()
	how := turns{rounds: rounds, calls: calls, warmUps: 3}
	if c.few {
		how = turns{rounds: min(rounds, 3), calls: 1, warmUps: 1}
	}
	t, err := how.take(c.passCase, call, p, c.peer)
	if err != nil {
		return f, err
	}
	f.Torchlight, f.GradCAM, f.Ratio = median(t.own), median(t.theirs[c.peer]), median(t.ratios[c.peer])
	return f, nil
}

// call returns what is timed, in milliseconds.
func (c methodCase) call(ctx context.Context) (call func() (float64, error), done func(), err error) {
	m, err := gradcam.ByName(c.method)
	if err != nil {
		return nil, nil, err
	}
	if !c.alone {
		return prepare(ctx, c.passCase, m)
	}
	run, done, err := load(ctx, c.passCase, m)
	if err != nil {
		return nil, nil, err
	}
	return func() (float64, error) {
		results, err := run()
		if err != nil {
			return 0, err
		}
		return float64(results[0].Timings.Method.Nanoseconds()) / 1e6, nil
	}, done, nil
}

func printMethods(w io.Writer, all []methodFigure) {
	if len(all) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%-56s %13s %19s %9s\n", "milliseconds, 1 thread", "torchlight", "pytorch-grad-cam", "faster")
	for _, f := range all {
		fmt.Fprintf(w, "%-56s %13.2f %19.1f %9s\n", f.Case, f.Torchlight, f.GradCAM, atLeast(f.Ratio, f.goal))
	}
}
