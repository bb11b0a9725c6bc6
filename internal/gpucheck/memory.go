package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/torch"
)

// used is the memory of live tensors on a GPU, or that of the process.
func (c *check) used() (int, error) {
	if c.device.IsCUDA() {
		m, err := torch.DeviceMemory(c.device)
		return m.Allocated, err
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	var kilobytes int
	_, err = fmt.Sscan(rest, &kilobytes)
	return kilobytes << 10, err
}

// leaks looks at memory before and after many explanations.
func (c *check) leaks(ctx context.Context) (table, error) {
	t := table{header: []string{"after", "in use"}}
	e, err := c.sample().load(c.device)
	if err != nil {
		return t, err
	}
	defer e.close()
	x := c.noise(2)
	warm := min(10, c.explanations)
	var before, after int
	for i := 1; i <= warm+c.explanations; i++ {
		if _, err := e.Explain(ctx, x, gradcam.Class(class)); err != nil {
			return t, err
		}
		if i == warm {
			if before, err = c.used(); err != nil {
				return t, err
			}
			t.add(fmt.Sprintf("%d explanations", warm), mega(before))
		}
	}
	if after, err = c.used(); err != nil {
		return t, err
	}
	t.add(fmt.Sprintf("%d more", c.explanations), mega(after))
	const slack = 64 << 20 // of the process; a GPU's is counted exactly
	if after > before && (c.device.IsCUDA() || after-before > slack) {
		return t, fmt.Errorf("memory grew by %s", mega(after-before))
	}
	return t, nil
}

// shortages explains a batch that does not fit, which must give the results of one
// that does, and leave memory as it was.
func (c *check) shortages(ctx context.Context) (table, error) {
	t := table{header: []string{"what", "found"}}
	x := c.noise(c.shortage)
	roomy, err := c.sample().load(c.device)
	if err != nil {
		return t, err
	}
	want, err := roomy.raws(ctx, x)
	roomy.close()
	if err != nil {
		return t, fmt.Errorf("the batch in one piece: %w", err)
	}
	before, err := c.used()
	if err != nil {
		return t, err
	}
	got, halvings, err := c.cramped(ctx, x)
	if err != nil {
		return t, err
	}
	t.add("samples", c.shortage)
	t.add("halvings", halvings)
	t.add("difference to the batch in one piece", apart(want, got))
	after, err := c.used()
	if err != nil {
		return t, err
	}
	t.add("in use before and after", mega(before)+", "+mega(after))
	switch {
	case halvings == 0:
		return t, errors.New("the batch fitted after all: give a larger --shortage")
	case apart(want, got) > limit:
		return t, errors.New("the halves' maps differ")
	case c.device.IsCUDA() && after > before:
		return t, fmt.Errorf("memory grew by %s", mega(after-before))
	}
	return t, nil
}

// cramped explains the batch where it does not fit: on a GPU that is nearly full, on
// the CPU under a limit that one sample fits into.
func (c *check) cramped(ctx context.Context, x engine.Array) (raws []float32, halvings int, err error) {
	var options []torch.Option
	if c.device.IsCUDA() {
		ballast, err := c.fill()
		defer func() {
			for _, b := range ballast {
				_ = b.Close()
			}
		}()
		if err != nil {
			return nil, 0, err
		}
	} else {
		bytes, err := c.tight(ctx)
		if err != nil {
			return nil, 0, err
		}
		options = append(options, torch.WithMemoryLimit(bytes))
	}
	m, err := torch.Load(c.sample().file, append(options, torch.OnDevice(c.device))...)
	if err != nil {
		return nil, 0, err
	}
	defer m.Close()
	counted := &counter{}
	e, err := gradcam.New(m, gradcam.WithLayer(c.sample().layer), gradcam.WithLogger(slog.New(counted)))
	if err != nil {
		return nil, 0, err
	}
	defer e.Close()
	one := explained{m, e}
	for range 3 { // what a sample takes is learnt
		if _, err := one.raws(ctx, c.noise(1)); err != nil {
			return nil, 0, err
		}
	}
	raws, err = one.raws(ctx, x)
	if err == nil {
		err = m.Reclaim()
	}
	return raws, counted.n, err
}

// fill takes all but a gigabyte of the GPU's memory.
func (c *check) fill() (ballast []*torch.Tensor, err error) {
	const spare = 1 << 30
	for chunk := 1 << 28; chunk > 1<<22; chunk /= 2 { // float32 values
		host, err := torch.FromSlice(make([]float32, chunk), chunk)
		if err != nil {
			return ballast, err
		}
		for {
			m, err := torch.DeviceMemory(c.device)
			if err != nil {
				return ballast, errors.Join(err, host.Close())
			}
			if m.Available < spare+4*chunk {
				break
			}
			b, err := host.To(torch.Float32, c.device)
			if err != nil {
				return ballast, errors.Join(err, host.Close())
			}
			ballast = append(ballast, b)
		}
		if err := host.Close(); err != nil {
			return ballast, err
		}
	}
	return ballast, nil
}

// tight is a limit into which one sample fits and two do not.
func (c *check) tight(ctx context.Context) (int64, error) {
	for bytes := int64(1 << 16); ; bytes *= 2 {
		e, err := c.sample().load(c.device, torch.WithMemoryLimit(bytes))
		if err != nil {
			return 0, err
		}
		for range 3 {
			if _, err = e.raws(ctx, c.noise(1)); err != nil {
				break
			}
		}
		e.close()
		if err == nil {
			return bytes, nil
		}
		if !errors.Is(err, engine.ErrOutOfMemory) {
			return 0, err
		}
	}
}

// counter counts the warnings that a batch is halved.
type counter struct {
	mu sync.Mutex
	n  int
}

func (c *counter) Enabled(context.Context, slog.Level) bool { return true }
func (c *counter) WithAttrs([]slog.Attr) slog.Handler       { return c }
func (c *counter) WithGroup(string) slog.Handler            { return c }

func (c *counter) Handle(_ context.Context, r slog.Record) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if strings.Contains(r.Message, "halved") {
		c.n++
	}
	return nil
}
