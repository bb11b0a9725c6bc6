package gradcam

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/torchlight-go/torchlight/engine"
)

// Spread explains batches on several devices: it has an explainer for each copy of
// a model, and cuts every batch into as many parts, which run at the same time. It
// is safe for concurrent use: a device has one part at a time, others wait.
//
//	var models []engine.Model
//	for i := range gpus {
//		m, err := torch.Load(path, torch.OnDevice(torch.CUDA(i)))
//		models = append(models, m)
//	}
//	s, err := gradcam.NewSpread(models, gradcam.WithLayer("layer4"))
type Spread struct {
	all  []*Explainer
	idle chan *Explainer
}

// NewSpread builds an explainer for each model; they must be copies of one.
func NewSpread(models []engine.Model, options ...Option) (*Spread, error) {
	if len(models) == 0 {
		return nil, errors.New("gradcam: no model to spread over: give one a device")
	}
	s := &Spread{idle: make(chan *Explainer, len(models))}
	for _, m := range models {
		e, err := New(m, options...)
		if err != nil {
			return nil, errors.Join(err, s.Close())
		}
		s.all = append(s.all, e)
		s.idle <- e
	}
	return s, nil
}

// ExplainAll is [Explainer.ExplainAll]. Results are the same, whatever the number
// of devices, up to what rounding depends on the size of a batch. Of several errors
// it returns one: the first of a device, not of a part that was given up for it.
// Methods that explain the samples of a batch together run on one device.
func (s *Spread) ExplainAll(ctx context.Context, inputs []engine.Array, targets ...Target) ([][]Result, error) {
	whole, err := s.all[0].newShare(inputs, targets)
	if err != nil {
		return nil, fmt.Errorf("gradcam: %w", err)
	}
	count := len(s.all)
	if s.all[0].indivisible() != "" {
		count = 1
	}
	shares := whole.split(count)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	parts := make([][][]Result, len(shares))
	var running sync.WaitGroup
	for i, share := range shares {
		running.Go(func() {
			var err error
			if parts[i], err = s.explain(ctx, share); err != nil {
				cancel(err)
			}
		})
	}
	running.Wait()
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	return join(parts), nil
}

// explain has the next idle device explain one part.
func (s *Spread) explain(ctx context.Context, part share) ([][]Result, error) {
	select {
	case e := <-s.idle:
		defer func() { s.idle <- e }()
		return guarded(e, func() ([][]Result, error) { return e.divide(ctx, part) })
	case <-ctx.Done():
		return nil, fmt.Errorf("gradcam: waiting for a device: %w", ctx.Err())
	}
}

// Close releases the plans of all explainers; the models belong to the caller.
func (s *Spread) Close() error {
	var errs []error
	for _, e := range s.all {
		errs = append(errs, e.Close())
	}
	return errors.Join(errs...)
}
