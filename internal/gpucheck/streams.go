package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/torchlight-go/torchlight/internal/bench/figure"
)

// atOnce explains two batches one after the other and at the same time, on streams of
// their own, and compares results and times.
func (c *check) atOnce(ctx context.Context) (table, error) {
	t := table{header: []string{"what", "found"}}
	e, err := c.sample().load(c.device)
	if err != nil {
		return t, err
	}
	defer e.close()
	x := c.noise(c.batches[0])
	want, err := e.raws(ctx, x)
	if err != nil {
		return t, err
	}
	var apartBy float64
	var alone, together []float64
	for range c.rounds + 3 {
		start := time.Now()
		for range 2 {
			got, err := e.raws(ctx, x)
			if err != nil {
				return t, err
			}
			apartBy = max(apartBy, apart(want, got))
		}
		half := time.Now()
		d, err := c.pair(ctx, e, want)
		if err != nil {
			return t, err
		}
		apartBy = max(apartBy, d)
		alone, together = append(alone, milliseconds(half.Sub(start))), append(together, milliseconds(time.Since(half)))
	}
	t.add("two calls one after the other", fmt.Sprintf("%.2f ms", figure.Median(alone[3:])))
	t.add("two calls at once", fmt.Sprintf("%.2f ms", figure.Median(together[3:])))
	t.add("difference", apartBy)
	if apartBy > 1e-5 {
		return t, errors.New("calls at the same time disturb each other")
	}
	return t, nil
}

// pair makes two calls at once and returns how far their maps are from those wanted.
func (c *check) pair(ctx context.Context, e explained, want []float32) (float64, error) {
	var both sync.WaitGroup
	var errs [2]error
	var maps [2][]float32
	x := c.noise(c.batches[0])
	for i := range maps {
		both.Go(func() { maps[i], errs[i] = e.raws(ctx, x) })
	}
	both.Wait()
	return max(apart(want, maps[0]), apart(want, maps[1])), errors.Join(errs[0], errs[1])
}
