package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/torchlight-go/torchlight/internal/bench/figure"
)

const (
	sample = "examples/models/mobilenet_v2.pt"
	photo  = "examples/photos/chelsea.png"
)

// processes compare the command with Python scripts that do the same, or less: a
// cold explanation, and the peak memory of mere inference.
func processes() []measurement {
	explain := func(model, out string) []string {
		return []string{"bin/torchlight", "explain", "--model", model, "--threads", "1", "--out", out, photo}
	}
	inference := func(b *bench, model string) []string {
		return []string{b.python, "scripts/rss_peer.py", model, "--runs", "1"}
	}
	return []measurement{
		{"explain one photo, cold", true, func(ctx context.Context, b *bench) (figure.Figure, error) {
			return b.processes(ctx, "mobilenet_v2", func(out string) ([]string, []string) {
				return explain(sample, out), []string{b.python, "scripts/cold_peer.py", inputs + "/mobilenet_v2.pth", photo, out}
			})
		}},
		{"explain mobilenet_v2, against inference in Python", true, func(ctx context.Context, b *bench) (figure.Figure, error) {
			return b.processes(ctx, "mobilenet_v2", func(out string) ([]string, []string) { return explain(sample, out), inference(b, sample) })
		}},
		{"explain resnet50, against inference in Python", true, func(ctx context.Context, b *bench) (figure.Figure, error) {
			model := inputs + "/resnet50.pt"
			return b.processes(ctx, "resnet50", func(out string) ([]string, []string) { return explain(model, out), inference(b, model) })
		}},
	}
}

// processes runs the two commands in turn: every process starts cold, but for the
// files, which the first round brings into the page cache.
func (b *bench) processes(ctx context.Context, model string, commands func(out string) (own, theirs []string)) (figure.Figure, error) {
	f := figure.Figure{Part: partProcesses, Model: model, Method: "gradcam", Batch: 1, Threads: 1, Size: 224, Calls: 1}
	if err := b.peer.write(model, 224); err != nil {
		return f, err
	}
	out, err := os.MkdirTemp("", "bench")
	if err != nil {
		return f, err
	}
	defer os.RemoveAll(out)
	own, theirs := commands(out)
	f.Rounds = 3
	if b.full {
		f.Rounds = 5
	}
	if b.rounds > 0 {
		f.Rounds = b.rounds
	}
	var ours, peers [2][]float64 // milliseconds, megabytes
	for i := -1; i < f.Rounds; i++ {
		a, err := runProcess(ctx, own)
		if err != nil {
			return f, err
		}
		p, err := runProcess(ctx, theirs)
		if err != nil {
			return f, err
		}
		if i < 0 {
			continue
		}
		ours[0], ours[1] = append(ours[0], a.ms), append(ours[1], a.mb)
		peers[0], peers[1] = append(peers[0], p.ms), append(peers[1], p.mb)
	}
	f.Set(figure.Own, ours[0], nil)
	f.Set("torchlight_mb", ours[1], nil)
	f.Set("python_ms", peers[0], ours[0])
	f.Set("python_mb", peers[1], ours[1])
	return f, nil
}

type usage struct {
	ms, mb float64
	out    []byte // what it printed
}

// runProcess runs a command on one thread and reads its time and peak resident
// memory.
func runProcess(ctx context.Context, args []string) (usage, error) {
	c := exec.CommandContext(ctx, args[0], args[1:]...)
	c.Env = append(os.Environ(), "OMP_NUM_THREADS=1")
	start := time.Now()
	out, err := c.CombinedOutput()
	if err != nil {
		return usage{}, fmt.Errorf("%v: %w: %s", args, err, out)
	}
	u := usage{ms: float64(time.Since(start).Microseconds()) / 1e3, out: out}
	if r, ok := c.ProcessState.SysUsage().(*syscall.Rusage); ok {
		u.mb = float64(r.Maxrss) / 1024 // Linux counts in KiB
	}
	return u, nil
}
