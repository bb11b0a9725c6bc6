package gradcam

import (
	"context"
	"math"
)

// LIME fits a sparse linear model to the scores of random subsets of the features
// (Ribeiro et al. 2016, arXiv:1602.04938), as captum's Lime computes it: each
// feature is present with probability 1/2, a subset weighs exp(-d^2/2) with d the
// cosine distance of its input to the whole one, the model is a lasso. The raw map
// is [N, C, H, W], signed, or [N, F] for tables.
//
// Uniform draw i has one number a feature of subset i; below 1/2 it is present.
type LIME struct {
	// Samples is the number of subsets; 0 is 25. The paper's images need hundreds.
	Samples  int `default:"25" about:"subsets of the features"`
	Features Features
	// Baseline is where features are absent; the default is zeros.
	Baseline Baseline `about:"what replaces an absent feature"`
	// Alpha is the lasso's penalty; 0 is 0.01, which little of a score that is a
	// probability exceeds.
	Alpha float64 `default:"0.01" about:"penalty of the lasso, in the unit of the score"`
	// KernelWidth divides the distance; 0 is 1.
	KernelWidth float64 `default:"1" about:"width of the kernel on the cosine distance"`
	// Coalitions are used instead of drawn subsets: the features present in each.
	Coalitions [][]bool
}

func subsetEntries() []Entry {
	return []Entry{
		{FeatureAblation{}, InputAttribution, "what the score loses without one superpixel or column (captum)"},
		{ShapleySampling{}, InputAttribution, "mean gain of a superpixel or column in random orders (Castro et al. 2009)"},
		{KernelSHAP{}, InputAttribution, "Shapley values by a linear fit to random subsets (Lundberg and Lee 2017)"},
		{LIME{}, InputAttribution, "a sparse linear model of random subsets (Ribeiro et al. 2016)"},
	}
}

// Name is "lime".
func (LIME) Name() string { return "lime" }

// Needs are predictions.
func (m LIME) Needs() Needs {
	return Needs{Predict: true, Masks: m.Features.masks(), Random: m.Coalitions == nil, Cost: Cost{Forward: 1 + drawn(m.Coalitions, m.Samples)}}
}

// Map returns one raw map, of the input.
func (m LIME) Map(ctx context.Context, run *Run) ([]Attribution, error) {
	if m.Samples < 0 || !(m.Alpha >= 0) || !(m.KernelWidth >= 0) {
		return nil, markf(ErrOption, "%d subsets, alpha %g, kernel width %g: give numbers above 0", m.Samples, m.Alpha, m.KernelWidth)
	}
	width := orDefault(m.KernelWidth, 1)
	return surrogate{
		features: m.Features, baseline: m.Baseline,
		coalitions: func(sample, features int) ([][]bool, error) {
			if m.Coalitions != nil {
				return given(m.Coalitions, sample, features)
			}
			return halves(run.Source(), sample, features, orDefault(m.Samples, 25)), nil
		},
		weight: func(x, copied []float32, _ []bool) float64 {
			d := 1 - cosineSimilarity(x, copied)
			return math.Exp(-d * d / (2 * width * width))
		},
		fit: func(on [][]bool, scores, weights []float64) ([]float64, error) {
			// The penalty is per copy of weight 1 on average, as in scikit-learn.
			total := 0.0
			for _, w := range weights {
				total += w
			}
			for i := range weights {
				weights[i] *= float64(len(weights)) / total
			}
			return lasso(newRegression(on, scores, weights), orDefault(m.Alpha, 0.01)), nil
		},
	}.explain(ctx, run)
}

// halves draws subsets of half of the features, on average.
func halves(source Source, sample, features, number int) [][]bool {
	subsets, u := make([][]bool, number), make([]float32, features)
	for i := range subsets {
		source.Uniform(i, sample, u)
		subsets[i] = make([]bool, features)
		for k, v := range u {
			subsets[i][k] = v < 0.5
		}
	}
	return subsets
}

// cosineSimilarity is the cosine similarity of two inputs, with torch's epsilon of 1e-8: it
// is 0 where one is all zeros.
func cosineSimilarity(a, b []float32) float64 {
	dot, aa, bb := 0.0, 0.0, 0.0
	for i, v := range a {
		dot += float64(v) * float64(b[i])
		aa += float64(v) * float64(v)
		bb += float64(b[i]) * float64(b[i])
	}
	return dot / (math.Max(math.Sqrt(aa), 1e-8) * math.Max(math.Sqrt(bb), 1e-8))
}
