package gradcam

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/torchlight-go/torchlight/engine"
)

// run explains the batch with every method, and releases what that took.
func (b *batch) run(ctx context.Context, targets []Target) ([][]Result, error) {
	start := time.Now()
	defer b.close()
	if err := b.forward(ctx, targets); err != nil {
		return nil, err
	}
	all := make([][]Result, len(b.explainer.methods))
	for i := range all {
		var err error
		if all[i], err = b.explain(ctx, i, targets); err != nil {
			return nil, err
		}
	}
	b.timings.Total = time.Since(start)
	for _, results := range all {
		for i := range results {
			results[i].Timings.Forward = b.timings.Forward
			results[i].Timings.Choose = b.timings.Choose
			results[i].Timings.Total = b.timings.Total
		}
	}
	return all, nil
}

// forward runs the batch, through the layers if any method needs them.
func (b *batch) forward(ctx context.Context, targets []Target) error {
	err := b.first(ctx)
	if err != nil {
		return b.remedy(err)
	}
	b.output, b.samples, err = b.explainer.scored(b.outputs, b.n, targets)
	return err
}

// first is the pass that the scores are of. It captures what most methods can
// use: the layers, else the input, whose gradient then needs no pass of its own.
func (b *batch) first(ctx context.Context) error {
	methods := b.explainer.methods
	if needsLayer(methods) {
		return b.capture(ctx)
	}
	for _, m := range methods {
		if n := m.Needs(); n.Input && !n.Elsewhere && !n.Biases { // FullGrad has a pass of its own
			pass, err := b.inputPass(ctx, n.Relu)
			if err == nil {
				b.outputs = pass.Outputs()
			}
			return err
		}
	}
	start := time.Now()
	var err error
	b.outputs, err = b.explainer.model.Predict(ctx, b.inputs)
	b.timings.Forward = time.Since(start)
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
	if slices.ContainsFunc(e.methods, func(m Method) bool { return m.Needs().Layer && m.Needs().derivative() }) {
		if err := differentiable(plan); err != nil {
			return err
		}
	}
	start := time.Now()
	if pooling, ok := plan.(engine.Pooling); ok && pooling.Pools() && b.explainer.pools() {
		err = b.capturePooled(ctx, pooling)
	} else if b.pass, err = plan.Forward(ctx, b.inputs); err == nil {
		b.outputs = b.pass.Outputs()
	}
	b.timings.Forward = time.Since(start)
	return err
}

func (b *batch) close() {
	passes := slices.Collect(maps.Values(b.inputPasses))
	if b.pass != nil {
		passes = append(passes, b.pass)
	}
	if b.pooled != nil {
		if err := b.pooled.Close(); err != nil {
			b.explainer.log.Warn("pass did not close", "error", err)
		}
	}
	for _, p := range passes {
		if err := p.Close(); err != nil {
			b.explainer.log.Warn("pass did not close", "error", err)
		}
	}
}

// explain runs method i and makes its results.
func (b *batch) explain(ctx context.Context, i int, targets []Target) ([]Result, error) {
	m := b.explainer.methods[i]
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := b.offers(m.Needs()); err != nil {
		return nil, fmt.Errorf("method %s: %w", m.Name(), err)
	}
	run := &Run{method: m.Name(), mapper: mapper(m).Name(), batch: b, check: b.gradientCheck(m.Needs())}
	var err error
	if run.targets, err = b.aim(i, targets); err != nil {
		return nil, err
	}
	if run.scores, run.cotangents, err = score(b.outputs, b.output, b.samples, run.targets, run.check); err != nil {
		if errors.Is(err, ErrMethod) {
			err = fmt.Errorf("method %s: %w", m.Name(), err)
		}
		return nil, err
	}
	start, before := time.Now(), b.timings
	raw, err := m.Map(ctx, run)
	if err == nil {
		err = checkMaps(raw, b.n)
	}
	if observe := b.explainer.observer; err == nil && observe != nil && !b.augmented {
		err = observe(ctx, run)
	}
	if err != nil {
		return nil, fmt.Errorf("method %s: %w", m.Name(), b.remedy(err))
	}
	timings := Timings{Backward: b.timings.Backward - before.Backward}
	timings.Method = time.Since(start) - timings.Backward - (b.timings.Forward - before.Forward)
	return run.results(m, raw, timings), nil
}

// aim makes method i's targets out of the user's, unless they are made already.
func (b *batch) aim(i int, targets []Target) ([]Target, error) {
	if i == len(b.aimed) {
		aimed, err := aim(b.explainer.methods[i], targets, b.samples)
		if err != nil {
			return nil, err
		}
		b.aimed = append(b.aimed, aimed)
	}
	return b.aimed[i], nil
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
