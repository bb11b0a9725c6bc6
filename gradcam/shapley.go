package gradcam

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// ShapleySampling adds the features to the baseline in random orders. A feature
// gets the mean of what the score gains when it comes: an estimate of its Shapley
// value (Castro et al. 2009, doi:10.1016/j.cor.2008.04.004), as captum's
// ShapleyValueSampling computes it. The values add up to the score less that of
// the baseline. The raw map is [N, C, H, W], signed, or [N, F] for tables.
//
// Permutation draw i is order i.
type ShapleySampling struct {
	// Samples is the number of orders; 0 is 25.
	Samples  int `default:"25" about:"orders of the features"`
	Features Features
	// Baseline is where features are absent; the default is zeros.
	Baseline Baseline `about:"what replaces an absent feature"`
	// Orders are used instead of drawn ones: each lists all features.
	Orders [][]int
}

// Name is "shapley-sampling".
func (ShapleySampling) Name() string { return "shapley-sampling" }

// Needs are predictions.
func (m ShapleySampling) Needs() Needs {
	return Needs{Predict: true, Masks: m.Features.masks(), Random: m.Orders == nil, Cost: Cost{Forward: 2, ForwardPerFeature: drawn(m.Orders, m.Samples)}}
}

// Map returns one raw map, of the input.
func (m ShapleySampling) Map(ctx context.Context, run *Run) ([]Attribution, error) {
	p, err := newPresence(run, m.Features, m.Baseline)
	if err != nil {
		return nil, err
	}
	orders := make([][][]int, run.Len())
	for n := range orders {
		if orders[n], err = m.orders(run.Source(), n, p.groups[n].count); err != nil {
			return nil, err
		}
	}
	// The baseline, then one copy for every feature of every order.
	each := p.every(func(n int) int { return 1 + len(orders[n])*p.groups[n].count })
	var on []bool
	scores, err := run.scoreCopies(ctx, copies{of: p.x, each: each, write: func(n, k int, row []float32) {
		features := p.groups[n].count
		on = slices.Grow(on[:0], features)[:features]
		clear(on)
		if k > 0 {
			for _, f := range orders[n][(k-1)/features][:(k-1)%features+1] {
				on[f] = true
			}
		}
		p.write(n, on, row)
	}})
	if err != nil {
		return nil, err
	}
	values := make([][]float64, run.Len())
	for n := range values {
		values[n] = gains(scores[n], orders[n], p.groups[n].count)
	}
	return p.attribution(values), nil
}

// gains are the features' mean gains. scores[0] is the baseline's, those of the
// orders follow.
func gains(scores []float64, orders [][]int, features int) []float64 {
	values := make([]float64, features)
	for j, order := range orders {
		before := scores[0]
		for i, f := range order {
			after := scores[1+j*features+i]
			values[f] += (after - before) / float64(len(orders))
			before = after
		}
	}
	return values
}

// orders are those of one sample.
func (m ShapleySampling) orders(source Source, sample, features int) ([][]int, error) {
	if m.Orders != nil {
		if len(m.Orders) == 0 {
			return nil, errors.New("no order given: leave Orders nil to draw them")
		}
		for _, order := range m.Orders {
			if sorted := slices.Sorted(slices.Values(order)); !slices.Equal(sorted, identity(features)) {
				return nil, &SampleError{sample, fmt.Errorf("order %v is no order of the features 0 to %d", order, features-1)}
			}
		}
		return m.Orders, nil
	}
	if m.Samples < 0 {
		return nil, markf(ErrOption, "%d orders: give a number above 0", m.Samples)
	}
	orders := make([][]int, orDefault(m.Samples, 25))
	for i := range orders {
		orders[i] = source.Permutation(i, sample, features)
	}
	return orders, nil
}
