package gradcam

import (
	"context"
	"errors"
	"fmt"
	"math"
)

// surrogate explains by a linear model of the score over which features are
// present: what LIME and KernelSHAP share.
type surrogate struct {
	features Features
	baseline Baseline
	// coalitions are the features present in every copy of one sample.
	coalitions func(sample, features int) ([][]bool, error)
	// weight is that of a copy in the fit, as captum's similarity.
	weight func(x, copied []float32, on []bool) float64
	// fit returns a coefficient a feature.
	fit func(on [][]bool, scores, weights []float64) ([]float64, error)
}

// explain returns one raw map, of the input.
func (s surrogate) explain(ctx context.Context, run *Run) ([]Attribution, error) {
	p, err := newPresence(run, s.features, s.baseline)
	if err != nil {
		return nil, err
	}
	coalitions, weights := make([][][]bool, run.Len()), make([][]float64, run.Len())
	for n, g := range p.groups {
		if coalitions[n], err = s.coalitions(n, g.count); err != nil {
			return nil, err
		}
		weights[n] = make([]float64, len(coalitions[n]))
	}
	each := p.every(func(n int) int { return len(coalitions[n]) })
	scores, err := run.scoreCopies(ctx, copies{of: p.x, each: each, write: func(n, k int, row []float32) {
		on := coalitions[n][k]
		p.write(n, on, row)
		weights[n][k] = s.weight(p.x.Row(n).Data, row, on)
	}})
	if err != nil {
		return nil, err
	}
	values := make([][]float64, run.Len())
	for n := range values {
		if values[n], err = s.fit(coalitions[n], scores[n], weights[n]); err != nil {
			return nil, &SampleError{n, err}
		}
	}
	return p.attribution(values), nil
}

// given checks coalitions that the caller chose, for every sample alike.
func given(coalitions [][]bool, sample, features int) ([][]bool, error) {
	if len(coalitions) == 0 {
		return nil, errors.New("no coalition given: leave Coalitions nil to draw them")
	}
	for _, on := range coalitions {
		if len(on) != features {
			return nil, &SampleError{sample, fmt.Errorf("a coalition is about %d features, there are %d: give as many", len(on), features)}
		}
	}
	return coalitions, nil
}

// regression is a weighted linear fit made ready to be solved without weights and
// without an intercept: rows less their weighted mean, times the root of their
// weight.
type regression struct {
	x [][]float64 // [copies][features]
	y []float64
}

func newRegression(on [][]bool, scores, weights []float64) regression {
	features, sum := len(on[0]), 0.0
	meanX, meanY := make([]float64, features), 0.0
	for i, w := range weights {
		sum += w
		meanY += w * scores[i]
		for k, present := range on[i] {
			if present {
				meanX[k] += w
			}
		}
	}
	c := regression{make([][]float64, len(on)), make([]float64, len(on))}
	for i, w := range weights {
		root := math.Sqrt(w)
		c.y[i] = root * (scores[i] - meanY/sum)
		c.x[i] = make([]float64, features)
		for k, present := range on[i] {
			if present {
				c.x[i][k] = root
			}
			c.x[i][k] -= root * meanX[k] / sum
		}
	}
	return c
}

// drawn is how many orders or subsets are tried: those given, or as many as asked for.
func drawn[T any](given []T, samples int) int {
	if given != nil {
		return len(given)
	}
	return orDefault(samples, 25)
}
