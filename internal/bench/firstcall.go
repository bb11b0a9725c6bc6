package main

import (
	"context"
	"time"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/internal/bench/figure"
	"github.com/torchlight-go/torchlight/torch"
)

// firstCalls are what a model costs before it costs what the other tables say:
// loading, the first explanation, which cuts and compiles, and the first of another
// size of image.
func firstCalls() []measurement {
	var cases []measurement
	for _, l := range []struct{ model, layer string }{
		{"mobilenet_v2", "features.18"}, {"resnet18", "layer4"}, {"resnet50", "layer4"}, {"densenet121", "features"},
	} {
		c := common(partFirst, l.model, l.layer)
		cases = append(cases, measurement{"first call " + l.model, false, c.measureFirst})
	}
	return cases
}

// steps of a first call, by the names of their values.
func firstSteps() []string {
	return []string{"torchlight_load_ms", "torchlight_first_ms", figure.Own, "torchlight_first_of_size_ms", "torchlight_size_ms"}
}

func (c explanation) measureFirst(ctx context.Context, b *bench) (figure.Figure, error) {
	f := figure.Figure{Part: c.part, Model: c.model, Layer: c.layer, Method: c.method, Batch: c.batch, Threads: c.threads, Size: c.size, Calls: 1}
	if err := b.peer.write(c.model, c.size); err != nil {
		return f, err
	}
	x, err := c.images()
	if err != nil {
		return f, err
	}
	defer pin(c.threads)()
	samples := map[string][]float64{}
	for f.Rounds = 0; f.Rounds < b.turns(false).minRounds; f.Rounds++ {
		ms, err := c.first(ctx, x)
		if err != nil {
			return f, err
		}
		for i, step := range firstSteps() {
			samples[step] = append(samples[step], ms[i])
		}
	}
	for _, step := range firstSteps() {
		f.Set(step, samples[step], nil)
	}
	return f, nil
}

// first loads the model anew and times the steps.
func (c explanation) first(ctx context.Context, x engine.Array) ([]float64, error) {
	start := time.Now()
	m, err := torch.Load(c.file())
	if err != nil {
		return nil, err
	}
	defer m.Close()
	e, err := (&loaded{m, x}).explainer(c, "")
	if err != nil {
		return nil, err
	}
	defer e.Close()
	ms := []float64{float64(time.Since(start).Nanoseconds()) / 1e6}
	larger := engine.NewArray(c.batch, 3, c.size+64, c.size+64)
	for i := range larger.Data {
		larger.Data[i] = x.Data[i%len(x.Data)]
	}
	for _, x := range []engine.Array{x, larger} {
		explain := timed(func() error {
			_, err := e.Explain(ctx, x, gradcam.Class(c.target))
			return err
		})
		first, err := explain(1)
		if err != nil {
			return nil, err
		}
		later, err := explain(5)
		if err != nil {
			return nil, err
		}
		ms = append(ms, first[0], figure.Median(later))
	}
	return ms, nil
}
