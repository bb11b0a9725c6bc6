package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/internal/bench/figure"
	"github.com/torchlight-go/torchlight/torch"
)

// precisions are the types that the device runs networks in.
func (c *check) precisions() map[string]torch.DType {
	all := map[string]torch.DType{"fp32": torch.Float32, "bf16": torch.BFloat16}
	if c.device.IsCUDA() {
		all["f16"] = torch.Float16
	}
	return all
}

// ratios times explanations against the forward pass of the same precision, both
// from Go's memory to Go's memory, and against the peers.
func (c *check) ratios(ctx context.Context) (table, error) {
	t := table{
		note: fmt.Sprintf("Milliseconds, medians of %d rounds in turns. Forward passes are Torchlight's fused one and Python's eager one; /fused is the goal of at most 1.15, "+
			"pytorch-grad-cam is to take at least 3 times as long.", c.rounds),
		header: []string{"network", "precision", "batch", "Grad-CAM", "fused", "/fused", "eager", "pytorch-grad-cam", "times", "torch-cam", "times"},
	}
	subjects, failed := c.subjects()
	for _, s := range subjects {
		for _, name := range []string{"fp32", "bf16", "f16"} {
			dtype, has := c.precisions()[name]
			if !has {
				continue
			}
			for _, batch := range c.batches {
				row, err := c.ratio(ctx, s, name, dtype, batch)
				if err != nil {
					failed = errors.Join(failed, fmt.Errorf("%s, %s, batch %d: %w", s.name, name, batch, err))
					continue
				}
				t.add(row...)
			}
		}
	}
	return t, failed
}

func (c *check) ratio(ctx context.Context, s subject, name string, dtype torch.DType, batch int) ([]any, error) {
	e, err := s.load(c.device, torch.WithPrecision(dtype))
	if err != nil {
		return nil, err
	}
	defer e.close()
	x := c.noise(batch)
	explain, forward, err := c.inTurns(ctx, e, x)
	if err != nil {
		return nil, err
	}
	row := []any{s.name, name, batch, figure.Median(explain), figure.Median(forward), figure.Median(quotients(explain, forward))}
	eager, _ := c.peerTime(s, "forward", name, batch)
	row = append(row, eager)
	for _, what := range []string{"pytorch_grad_cam", "torch_cam"} {
		cell, ms := c.peerTime(s, what, name, batch)
		if ms == 0 {
			row = append(row, cell, "-")
			continue
		}
		row = append(row, ms, ms/figure.Median(explain))
	}
	return row, nil
}

// inTurns times explanation and forward pass, after both have run thrice.
func (c *check) inTurns(ctx context.Context, e explained, x engine.Array) (explain, forward []float64, err error) {
	for i := range c.rounds + 3 {
		start := time.Now()
		if _, err := e.Explain(ctx, x, gradcam.Class(class)); err != nil {
			return nil, nil, err
		}
		half := time.Now()
		if _, err := e.Predict(ctx, []engine.Array{x}); err != nil {
			return nil, nil, err
		}
		if i >= 3 {
			explain = append(explain, milliseconds(half.Sub(start)))
			forward = append(forward, milliseconds(time.Since(half)))
		}
	}
	return explain, forward, nil
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1e3 }

func quotients(a, b []float64) []float64 {
	q := make([]float64, len(a))
	for i := range a {
		q[i] = a[i] / b[i]
	}
	return q
}

// peerTime is what Python takes, or why there is no time, which is no failure: a
// library may not be installed, or may not run in that precision.
func (c *check) peerTime(s subject, what, precisionName string, batch int) (cell any, ms float64) {
	if !s.python {
		return "-", 0
	}
	a, err := c.peer.ask(request{Do: "time", What: what, Network: s.name, Layer: s.layer, Target: class, Batch: batch, Size: c.size, Precision: precisionName, N: c.rounds})
	if err != nil {
		return err.Error(), 0
	}
	ms = figure.Median(a.MS)
	return ms, ms
}

// choices times what could be chosen otherwise, on the sample and the largest batch
// but one.
func (c *check) choices(ctx context.Context) (table, error) {
	batch := c.batches[max(0, len(c.batches)-2)]
	t := table{
		note:   fmt.Sprintf("Grad-CAM of a batch of %d, milliseconds and the median ratio to the first line.", batch),
		header: []string{"choice", "ms", "ratio"},
	}
	x := c.noise(batch)
	var first []float64
	for _, o := range []struct {
		name    string
		tf32    bool
		options []torch.Option
	}{
		{"default", false, nil},
		{"float32 channels-last", false, []torch.Option{torch.WithChannelsLast(true)}},
		{"maps in Go", false, []torch.Option{torch.WithPooling(false)}},
		{"maps on the device", false, []torch.Option{torch.WithPooling(true)}},
		{"TF32", true, nil},
		{"TF32, not channels-last", true, []torch.Option{torch.WithChannelsLast(false)}},
		{"bfloat16", false, []torch.Option{torch.WithPrecision(torch.BFloat16)}},
		{"bfloat16, not channels-last", false, []torch.Option{torch.WithPrecision(torch.BFloat16), torch.WithChannelsLast(false)}},
	} {
		ms, err := c.choice(ctx, o.tf32, o.options, x)
		if err != nil {
			return t, fmt.Errorf("%s: %w", o.name, err)
		}
		if first == nil {
			first = ms
		}
		t.add(o.name, figure.Median(ms), figure.Median(quotients(ms, first)))
	}
	return t, nil
}

func (c *check) choice(ctx context.Context, tf32 bool, options []torch.Option, x engine.Array) (ms []float64, err error) {
	if err := torch.AllowTF32(tf32); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, torch.AllowTF32(false)) }()
	e, err := c.sample().load(c.device, options...)
	if err != nil {
		return nil, err
	}
	defer e.close()
	ms, _, err = c.inTurns(ctx, e, x)
	return ms, err
}
