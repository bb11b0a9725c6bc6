package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/internal/bench/figure"
	"github.com/torchlight-go/torchlight/torch"
)

// Largest differences between our map and a peer's, by the largest value.
const (
	// tolerance is that of what is timed. Batch norms are folded there, which rounds
	// differently, and behind the kink of a ReLU single terms of a gradient move.
	tolerance = 1e-2
	// exact is that with the operators of the file, which a map that is beyond
	// tolerance must keep. make parity holds more maps to closer bounds.
	exact = 1e-3
)

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
		d, err := c.off(ctx, what, l, last, theirs)
		if err != nil {
			return nil, err
		}
		found[what] = figure.Short(d)
		if d <= tolerance {
			continue
		}
		if d, err = c.offExactly(ctx, what, l, theirs); err != nil {
			return nil, err
		}
		if err := refused(what, found[what], d); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// refused is the error about a peer whose result is beyond tolerance, if it is
// beyond the exact one as well.
func refused(what string, folded, unfolded float64) error {
	if unfolded <= exact {
		return nil
	}
	return fmt.Errorf("%s computes something else: its result differs by %.1e of the largest value, and by %.1e without folding; %.0e and %.0e are allowed",
		what, folded, unfolded, tolerance, exact)
}

// off is how far ours is from a peer's. The sign of a principal component is
// arbitrary, and LAPACK's is that of its rounding: the nearer one counts.
func (c explanation) off(ctx context.Context, what string, l *loaded, last []gradcam.Result, theirs engine.Array) (float64, error) {
	ours, err := c.like(ctx, what, l, last)
	if err != nil {
		return 0, err
	}
	d, err := difference(rows(what, ours), theirs)
	if component := strings.Contains(c.method, "eigen") || c.method == "kpcacam"; err == nil && component {
		var other float64
		other, err = difference(rows(what, negated(ours)), theirs)
		d = min(d, other)
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", what, err)
	}
	return d, err
}

// negated are the results with the other sign.
func negated(results []gradcam.Result) []gradcam.Result {
	out := slices.Clone(results)
	for i := range out {
		out[i].Reason, out[i].Raw = "", slices.Clone(out[i].Raw)
		for k, raw := range out[i].Raw {
			values := engine.NewArray(raw.Values.Shape...)
			for j, v := range raw.Values.Data {
				values.Data[j] = -v
			}
			out[i].Raw[k] = gradcam.Raw{Layer: raw.Layer, Values: values, Min: -raw.Max, Max: -raw.Min}
		}
	}
	return out
}

// offExactly is the same with the operators of the file.
func (c explanation) offExactly(ctx context.Context, what string, l *loaded, theirs engine.Array) (float64, error) {
	m, err := torch.Load(c.file(), torch.WithoutFolding())
	if err != nil {
		return 0, err
	}
	defer m.Close()
	return c.off(ctx, what, &loaded{m, l.x}, nil, theirs)
}

// like are our results by a peer's conventions: the last timed ones, where that is
// possible.
func (c explanation) like(ctx context.Context, what string, l *loaded, last []gradcam.Result) ([]gradcam.Result, error) {
	convention := peerOf(what)
	if last != nil && (convention == c.conventions() || passOnly(what)) {
		return last, nil
	}
	e, err := l.explainer(c, convention)
	if err != nil {
		return nil, err
	}
	defer e.Close()
	return e.Explain(ctx, l.x, gradcam.Class(c.target))
}

// rows are what is compared of each sample: the finished map, the raw map of captum,
// the score of a forward pass.
func rows(what string, results []gradcam.Result) [][]float32 {
	var all [][]float32
	for _, r := range results {
		switch {
		case passOnly(what):
			all = append(all, []float32{float32(r.Target.Score)})
		case peerOf(what) == gradcam.Captum:
			all = append(all, r.Raw[0].Values.Data)
		default:
			all = append(all, r.Map().Data)
		}
	}
	return all
}

// passOnly says that a side makes no map: its scores are compared.
func passOnly(what string) bool { return what == "forward" || what == "fast_forward" }

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
// row of theirs, or of all of them where it is blank.
func difference(ours [][]float32, theirs engine.Array) (float64, error) {
	if len(theirs.Shape) == 0 || theirs.Shape[0] != len(ours) {
		return 0, fmt.Errorf("its result has shape %v, ours has %d rows", theirs.Shape, len(ours))
	}
	all := magnitude(theirs.Data)
	if all == 0 {
		return 0, errors.New("its result is all zeros and proves nothing: explain another class")
	}
	worst := 0.0
	for i, row := range ours {
		other := theirs.Row(i).Data
		if len(row) != len(other) {
			return 0, fmt.Errorf("its result has shape %v, ours has %d values a row", theirs.Shape, len(row))
		}
		by := magnitude(other)
		if by == 0 {
			by = all
		}
		for k, v := range row {
			worst = max(worst, math.Abs(float64(v)-float64(other[k]))/by)
		}
	}
	return worst, nil
}

// magnitude is the largest.
func magnitude(v []float32) float64 {
	largest := 0.0
	for _, x := range v {
		largest = max(largest, math.Abs(float64(x)))
	}
	return largest
}
