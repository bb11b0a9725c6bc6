package gradcam

import "context"

// FeatureAblation gives every number of the input what the score loses when its
// feature is replaced by the baseline: captum's FeatureAblation, with superpixels
// where captum takes single numbers unless a mask is given. The raw map is
// [N, C, H, W], signed, or [N, F] for tables.
type FeatureAblation struct {
	Features Features
	// Baseline replaces the feature; the default is zeros.
	Baseline Baseline `about:"what replaces an absent feature"`
}

// Name is "feature-ablation".
func (FeatureAblation) Name() string { return "feature-ablation" }

// Needs are predictions.
func (m FeatureAblation) Needs() Needs {
	return Needs{Predict: true, Masks: m.Features.masks(), Cost: Cost{Forward: 1, ForwardPerFeature: 1}}
}

// Map returns one raw map, of the input.
func (m FeatureAblation) Map(ctx context.Context, run *Run) ([]Attribution, error) {
	p, err := newPresence(run, m.Features, m.Baseline)
	if err != nil {
		return nil, err
	}
	each := p.every(func(n int) int { return p.groups[n].count })
	var on []bool
	values, err := run.scoreCopies(ctx, copies{of: p.x, each: each, write: func(n, k int, row []float32) {
		on = allOn(on, p.groups[n].count)
		on[k] = false
		p.write(n, on, row)
	}})
	if err != nil {
		return nil, err
	}
	for n, s := range run.Scores() {
		for k := range values[n] {
			values[n][k] = s.Value - values[n][k]
		}
	}
	return p.attribution(values), nil
}

// allOn returns n times true, in the memory of on if it has room.
func allOn(on []bool, n int) []bool {
	on = on[:0]
	for range n {
		on = append(on, true)
	}
	return on
}
