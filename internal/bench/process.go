package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"
)

const (
	sample = "examples/models/mobilenet_v2.pt"
	photo  = "examples/photos/chelsea.png"
)

// processFigure compares whole processes.
type processFigure struct {
	Case         string  `json:"case"`
	TorchlightMS float64 `json:"torchlight_ms"`
	PythonMS     float64 `json:"python_ms"`
	TorchlightMB float64 `json:"torchlight_mb"`
	PythonMB     float64 `json:"python_mb"`
	// Ratios are medians over rounds: python/torchlight of the time,
	// torchlight/python of the peak memory.
	Time     float64 `json:"time_ratio"`
	Memory   float64 `json:"memory_ratio"`
	timeGoal float64
}

// measureProcesses compares the command with Python scripts that do the same, or
// less: a cold explanation, and the peak memory of mere inference.
func measureProcesses(ctx context.Context, python string, rounds int) ([]processFigure, error) {
	out, err := os.MkdirTemp("", "bench")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(out)
	own := []string{"bin/torchlight", "explain", "--model", sample, "--threads", "1", "--out", out, photo}
	pairs := []struct {
		name     string
		own      []string
		theirs   []string
		timeGoal float64
	}{
		{"explain one photo, cold", own, []string{python, "scripts/cold_peer.py", "build/bench/mobilenet_v2.pth", photo, out}, 5},
		{"explain, against inference in Python", own, []string{python, "scripts/rss_peer.py", sample, "--runs", "1"}, 0},
	}
	var all []processFigure
	for _, p := range pairs {
		f := processFigure{Case: p.name, timeGoal: p.timeGoal}
		var ms, mb, pms, pmb, times, memories []float64
		for range rounds {
			a, err := runProcess(ctx, p.own)
			if err != nil {
				return nil, err
			}
			b, err := runProcess(ctx, p.theirs)
			if err != nil {
				return nil, err
			}
			ms, mb, pms, pmb = append(ms, a.ms), append(mb, a.mb), append(pms, b.ms), append(pmb, b.mb)
			times, memories = append(times, b.ms/a.ms), append(memories, a.mb/b.mb)
		}
		f.TorchlightMS, f.PythonMS, f.TorchlightMB, f.PythonMB = median(ms), median(pms), median(mb), median(pmb)
		f.Time, f.Memory = median(times), median(memories)
		all = append(all, f)
	}
	return all, nil
}

type usage struct{ ms, mb float64 }

// runProcess runs a command and reads its time and peak resident memory.
func runProcess(ctx context.Context, args []string) (usage, error) {
	c := exec.CommandContext(ctx, args[0], args[1:]...)
	c.Env = append(os.Environ(), "OMP_NUM_THREADS=1")
	start := time.Now()
	out, err := c.CombinedOutput()
	if err != nil {
		return usage{}, fmt.Errorf("%v: %w: %s", args, err, out)
	}
	u := usage{ms: float64(time.Since(start).Microseconds()) / 1e3}
	if r, ok := c.ProcessState.SysUsage().(*syscall.Rusage); ok {
		u.mb = float64(r.Maxrss) / 1024 // Linux counts in KiB
	}
	return u, nil
}

func printProcesses(w io.Writer, all []processFigure) {
	fmt.Fprintf(w, "\n%-40s %13s %11s %9s %14s %10s %9s\n", "whole processes", "torchlight ms", "python ms", "faster", "torchlight MB", "python MB", "memory")
	for _, f := range all {
		fmt.Fprintf(w, "%-40s %13.0f %11.0f %9s %14.0f %10.0f %9s\n", f.Case, f.TorchlightMS, f.PythonMS, atLeast(f.Time, f.timeGoal),
			f.TorchlightMB, f.PythonMB, atMost(f.Memory, 0.6))
	}
}
