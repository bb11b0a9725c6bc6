package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/npy"
	"github.com/torchlight-go/torchlight/torch"
)

// limit is how far values of float32 may be apart, relative to the largest: networks
// of a hundred layers amplify rounding.
const limit = 2e-3

// facts say what is checked.
func (c *check) facts(context.Context) (table, error) {
	t := table{header: []string{"what", "found"}}
	info, err := torch.Runtime()
	if err != nil {
		return t, err
	}
	t.add("libtorch", info.Version)
	t.add("processor", info.CPU)
	tf32, err := torch.TF32Allowed()
	if err != nil {
		return t, err
	}
	if c.device.IsCUDA() {
		t.add("TF32", map[bool]string{true: "on", false: "off"}[tf32])
		m, err := torch.DeviceMemory(c.device)
		if err != nil {
			return t, err
		}
		t.add("memory", mega(m.Total))
		if tf32 {
			err = errors.New("TF32 is on without having been asked for")
		}
		if err != nil {
			return t, err
		}
	}
	if c.peer != nil {
		if c.peer.ready.GPU != "" {
			t.add("GPU", c.peer.ready.GPU)
		}
		var words []string
		for name, version := range c.peer.ready.Packages {
			words = append(words, name+" "+version)
		}
		slices.Sort(words)
		t.add("Python", strings.Join(words, ", "))
	}
	return t, nil
}

func mega(bytes int) string { return fmt.Sprintf("%.0f MB", float64(bytes)/(1<<20)) }

// parity compares outputs and raw maps of the CPU, of the device and of Python there.
func (c *check) parity(ctx context.Context) (table, error) {
	t := table{
		note:   fmt.Sprintf("Largest differences relative to the largest value, at most %g; Grad-CAM's raw map of class %d, batch of 2.", limit, class),
		header: []string{"network", "output: CPU", "output: Python", "map: CPU", "map: Python"},
	}
	subjects, failed := c.subjects()
	x := c.noise(2)
	input := filepath.Join(c.out, "x.npy")
	if err := npy.WriteFile(input, x); err != nil {
		return t, err
	}
	for _, s := range subjects {
		row, err := c.compare(ctx, s, x, input)
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s: %w", s.name, err))
			continue
		}
		t.add(append([]any{s.name}, row...)...)
	}
	return t, failed
}

func (c *check) compare(ctx context.Context, s subject, x engine.Array, input string) ([]any, error) {
	values := func(d torch.Device) (output, raw []float32, err error) {
		e, err := s.load(d)
		if err != nil {
			return nil, nil, err
		}
		defer e.close()
		if raw, err = e.raws(ctx, x); err != nil {
			return nil, nil, err
		}
		y, err := e.Predict(ctx, []engine.Array{x})
		if err != nil {
			return nil, nil, err
		}
		return y[0].Array.Data, raw, nil
	}
	hostOutput, hostMap, err := values(torch.CPU)
	if err != nil {
		return nil, err
	}
	output, raw, err := values(c.device)
	if err != nil {
		return nil, err
	}
	row := []any{apart(hostOutput, output), "-", apart(hostMap, raw), "-"}
	if s.python {
		a, err := c.peer.ask(request{Do: "explain", Network: s.name, Layer: s.layer, Target: class, X: input})
		if err != nil {
			return nil, err
		}
		wantOutput, err := npy.ReadFile(a.Output)
		if err != nil {
			return nil, err
		}
		wantMap, err := npy.ReadFile(a.Map)
		if err != nil {
			return nil, err
		}
		row[1], row[3] = apart(wantOutput.Data, output), apart(wantMap.Data, raw)
	}
	for _, v := range row {
		if d, ok := v.(float64); ok && d > limit {
			return nil, fmt.Errorf("values are %.2g apart", d)
		}
	}
	return row, nil
}
