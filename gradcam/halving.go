package gradcam

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/torchlight-go/torchlight/engine"
)

// room remembers how many samples fitted into memory, by the numbers of one
// sample, so that a batch that did not is not tried again. The zero value knows
// nothing.
type room struct {
	mu   sync.Mutex
	most map[int]int
}

// fits says whether nothing is known against a batch of n such samples.
func (r *room) fits(values, n int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	most, known := r.most[values]
	return !known || n <= most
}

// refused notes that n samples did not fit.
func (r *room) refused(values, n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.most == nil {
		r.most = map[int]int{}
	}
	if most, known := r.most[values]; !known || n-1 < most {
		r.most[values] = max(1, n-1)
	}
}

// divide explains a share of a batch, and its halves where it does not fit into
// memory, down to single samples.
func (e *Explainer) divide(ctx context.Context, s share) ([][]Result, error) {
	values := s.values()
	if s.n == 1 || e.room.fits(values, s.n) {
		all, err := e.whole(ctx, s)
		if !errors.Is(err, engine.ErrOutOfMemory) {
			return all, err
		}
		e.reclaim()
		if s.n == 1 {
			return nil, fmt.Errorf("there is no memory for even one sample of %s; use smaller inputs, a smaller model or another device: %w", s.shapes(), err)
		}
		if why := e.indivisible(); why != "" {
			return nil, fmt.Errorf("there is no memory for %d samples of %s, and %s; use a smaller batch: %w", s.n, s.shapes(), why, err)
		}
		e.room.refused(values, s.n)
		e.log.Warn("out of memory: the batch is halved", "samples", s.n, "sample", s.shapes())
	}
	return e.halves(ctx, s)
}

func (e *Explainer) halves(ctx context.Context, s share) ([][]Result, error) {
	var parts [][][]Result
	for _, half := range s.split(2) {
		all, err := e.divide(ctx, half)
		if err != nil {
			return nil, err
		}
		parts = append(parts, all)
	}
	return join(parts), nil
}

// reclaim has the engine give back what it keeps for later.
func (e *Explainer) reclaim() {
	if r, ok := e.model.(engine.Reclaimer); ok {
		if err := r.Reclaim(); err != nil {
			e.log.Warn("memory was not given back", "error", err)
		}
	}
}

// indivisible says why the samples of a batch must stay together, "" if they need
// not.
func (e *Explainer) indivisible() string {
	for _, m := range e.methods {
		if m.Needs().Together {
			return fmt.Sprintf("method %s explains the samples of a batch together", m.Name())
		}
	}
	if e.observer != nil {
		return "an observer sees whole batches"
	}
	return ""
}
