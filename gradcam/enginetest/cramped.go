package enginetest

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/torchlight-go/torchlight/engine"
)

// Cramped is a network on a device whose memory holds only so many samples: passes
// and predictions of more end in [engine.ErrOutOfMemory].
type Cramped struct {
	engine.Model
	// Most is how many samples fit.
	Most atomic.Int64

	refused, reclaimed atomic.Int64
}

var (
	_ engine.Reclaimer = (*Cramped)(nil)
	_ engine.Biases    = crampedPlan{}
)

// NewCramped puts the network where that many samples fit.
func NewCramped(m engine.Model, most int) *Cramped {
	c := &Cramped{Model: m}
	c.Most.Store(int64(most))
	return c
}

// Refused counts the calls that ran out of memory.
func (c *Cramped) Refused() int { return int(c.refused.Load()) }

// Reclaimed counts the calls of Reclaim.
func (c *Cramped) Reclaimed() int { return int(c.reclaimed.Load()) }

// Reclaim counts.
func (c *Cramped) Reclaim() error {
	c.reclaimed.Add(1)
	return nil
}

// Plan is the network's.
func (c *Cramped) Plan(ctx context.Context, spec engine.Spec) (engine.Plan, error) {
	p, err := c.Model.Plan(ctx, spec)
	if err != nil {
		return nil, err
	}
	return crampedPlan{p, c}, nil
}

// Predict is the network's, of few samples.
func (c *Cramped) Predict(ctx context.Context, inputs []engine.Array) ([]engine.Output, error) {
	if err := c.fits(inputs); err != nil {
		return nil, err
	}
	return c.Model.Predict(ctx, inputs)
}

func (c *Cramped) fits(inputs []engine.Array) error {
	if n := inputs[0].Shape[0]; n > int(c.Most.Load()) {
		c.refused.Add(1)
		return fmt.Errorf("cramped: %w: %d samples", engine.ErrOutOfMemory, n)
	}
	return nil
}

type crampedPlan struct {
	engine.Plan
	of *Cramped
}

func (p crampedPlan) Forward(ctx context.Context, inputs []engine.Array) (engine.Pass, error) {
	if err := p.of.fits(inputs); err != nil {
		return nil, err
	}
	return p.Plan.Forward(ctx, inputs)
}

func (p crampedPlan) Biases(ctx context.Context) ([]engine.Bias, error) {
	b, ok := p.Plan.(engine.Biases)
	if !ok {
		return nil, fmt.Errorf("cramped: the network lists no biases")
	}
	return b.Biases(ctx)
}
