package gradcam

import (
	"context"
	"fmt"
	"time"

	"github.com/torchlight-go/torchlight/engine"
)

// forward runs the batch, through the layers if any method needs them.
func (b *batch) forward(ctx context.Context, targets []Target) error {
	var err error
	if needsLayer(b.explainer.methods) {
		err = b.capture(ctx)
	} else {
		start := time.Now()
		b.outputs, err = b.explainer.model.Predict(ctx, b.inputs)
		b.timings.Forward = time.Since(start)
	}
	if err != nil {
		return err
	}
	b.output, b.samples, err = b.explainer.scored(b.outputs, b.n, targets)
	return err
}

func (b *batch) capture(ctx context.Context) error {
	e := b.explainer
	b.layers = e.layers
	if len(b.layers) == 0 {
		start := time.Now()
		choice, err := e.choose(ctx, b.inputs)
		if err != nil {
			return err
		}
		b.choice, b.layers = choice, []string{choice.Layer}
		b.timings.Choose = time.Since(start)
	}
	plan, err := e.plan(ctx, engine.Spec{Layers: b.layers})
	if err != nil {
		return err
	}
	start := time.Now()
	if b.pass, err = plan.Forward(ctx, b.inputs); err != nil {
		return err
	}
	b.outputs = b.pass.Outputs()
	b.timings.Forward = time.Since(start)
	return nil
}

func (b *batch) close() {
	if b.pass == nil {
		return
	}
	if err := b.pass.Close(); err != nil {
		b.explainer.log.Warn("pass did not close", "error", err)
	}
}

// explain runs one method and makes its results.
func (b *batch) explain(ctx context.Context, m Method, targets []Target) ([]Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := b.offers(m.Needs()); err != nil {
		return nil, fmt.Errorf("method %s: %w", m.Name(), err)
	}
	run := &Run{method: m.Name(), batch: b}
	var err error
	if run.targets, err = aim(m, targets, b.samples); err != nil {
		return nil, err
	}
	if run.scores, run.cotangents, err = score(b.outputs, b.output, b.samples, run.targets); err != nil {
		return nil, err
	}
	if err := b.differentiable(m.Needs(), run.targets, run.scores); err != nil {
		return nil, fmt.Errorf("method %s: %w", m.Name(), err)
	}
	start, backward := time.Now(), b.timings.Backward
	maps, err := m.Map(ctx, run)
	if err == nil {
		err = checkMaps(maps, b.n)
	}
	if err != nil {
		return nil, fmt.Errorf("method %s: %w", m.Name(), err)
	}
	timings := Timings{Backward: b.timings.Backward - backward}
	timings.Method = time.Since(start) - timings.Backward
	return run.results(m, maps, timings), nil
}

// checkMaps holds a method to its contract.
func checkMaps(maps []Attribution, n int) error {
	if len(maps) == 0 {
		return fmt.Errorf("it returned no map")
	}
	for _, a := range maps {
		if err := a.check(n); err != nil {
			return err
		}
		if a.Finish != maps[0].Finish {
			return fmt.Errorf("it finishes its maps in different ways")
		}
	}
	return nil
}
