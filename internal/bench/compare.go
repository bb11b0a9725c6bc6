package main

import (
	"context"
	"fmt"
	"math"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/internal/bench/figure"
)

// tolerance bounds the largest difference between our map and a peer's, by the
// largest value. make parity holds them to 1e-5 with the operators of the file; here
// batch norms are folded, which rounds differently, and behind the kink of a ReLU
// single terms of a gradient may move (docs/parity.md). What differs more is not
// the same computation, and is no comparison.
const tolerance = 1e-2

// compare holds the results of the timed calls to each other: a peer that computed
// something else is an error. last are our results.
func (c explanation) compare(ctx context.Context, p *peer, l *loaded, last []gradcam.Result) (map[string]float64, error) {
	found := map[string]float64{}
	for _, what := range c.peers {
		if c.differs[what] != "" {
			continue
		}
		theirs, err := p.result(c.request(what, 0))
		if err != nil {
			return nil, err
		}
		ours, err := c.like(ctx, what, l, last)
		if err != nil {
			return nil, err
		}
		d, err := difference(ours, theirs)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", what, err)
		}
		if d > tolerance {
			return nil, fmt.Errorf("%s computes something else: its result differs by %.1e of the largest value, %.0e is allowed", what, d, tolerance)
		}
		found[what] = figure.Short(d)
	}
	return found, nil
}

// like is our counterpart of a peer's result, by the peer's conventions: a finished
// map, the raw map of captum, the score of a forward pass.
func (c explanation) like(ctx context.Context, what string, l *loaded, last []gradcam.Result) ([][]float32, error) {
	switch what {
	case "forward", "fast_forward":
		return scores(last), nil
	}
	convention := peerOf(what)
	if convention != c.conventions() {
		e, err := l.explainer(c, convention)
		if err != nil {
			return nil, err
		}
		defer e.Close()
		if last, err = e.Explain(ctx, l.x, gradcam.Class(target)); err != nil {
			return nil, err
		}
	}
	var rows [][]float32
	for _, r := range last {
		if convention == gradcam.Captum {
			rows = append(rows, r.Raw[0].Values.Data)
		} else {
			rows = append(rows, r.Map().Data)
		}
	}
	return rows, nil
}

func scores(results []gradcam.Result) [][]float32 {
	var rows [][]float32
	for _, r := range results {
		rows = append(rows, []float32{float32(r.Target.Score)})
	}
	return rows
}

// peerOf is the library behind a name of bench_peers.py.
func peerOf(what string) gradcam.Peer {
	switch what {
	case "torch_cam":
		return gradcam.TorchCAM
	case "captum":
		return gradcam.Captum
	default:
		return gradcam.PytorchGradCAM
	}
}

// difference is the largest of any row, relative to the largest magnitude of that
// row of theirs.
func difference(ours [][]float32, theirs engine.Array) (float64, error) {
	if len(theirs.Shape) == 0 || theirs.Shape[0] != len(ours) {
		return 0, fmt.Errorf("its result has shape %v, ours has %d rows", theirs.Shape, len(ours))
	}
	worst := 0.0
	for i, row := range ours {
		other := theirs.Row(i).Data
		if len(row) != len(other) {
			return 0, fmt.Errorf("its result has shape %v, ours has %d values a row", theirs.Shape, len(row))
		}
		largest, d := 0.0, 0.0
		for k, v := range row {
			largest = max(largest, math.Abs(float64(other[k])))
			d = max(d, math.Abs(float64(v)-float64(other[k])))
		}
		if largest == 0 {
			return 0, fmt.Errorf("row %d of its result is all zeros and proves nothing", i)
		}
		worst = max(worst, d/largest)
	}
	return worst, nil
}
