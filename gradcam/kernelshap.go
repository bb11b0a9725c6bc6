package gradcam

import (
	"context"
	"errors"

	"gonum.org/v1/gonum/mat"
)

// KernelSHAP fits a linear model to the scores of random subsets of the features,
// whose coefficients approach Shapley values (Lundberg and Lee 2017,
// arXiv:1705.07874), as captum's KernelShap computes it: all features and none
// come first, with a weight of a million; the sizes of all other subsets are drawn
// with the Shapley kernel's probabilities, (M-1)/(k(M-k)) for k of M features, and
// weigh 1. With fewer subsets than features the smallest of all solutions is
// taken. The raw map is [N, C, H, W], signed, or [N, F] for tables.
//
// Uniform draw 2i is the size of subset i, counted from 2; it has those features
// whose numbers in normal draw 2i+1 are the largest.
type KernelSHAP struct {
	// Samples is the number of subsets, the first two included; 0 is 25.
	Samples  int `default:"25" about:"subsets, all features and none included"`
	Features Features
	// Baseline is where features are absent; the default is zeros.
	Baseline Baseline `about:"what replaces an absent feature"`
	// Coalitions are used instead of drawn subsets, the first two included: the
	// features present in each.
	Coalitions [][]bool
}

// endPoint is the weight of all features and of none, for which the Shapley
// kernel is infinite.
const endPoint = 1e6

// Name is "kernelshap".
func (KernelSHAP) Name() string { return "kernelshap" }

// Needs are predictions.
func (m KernelSHAP) Needs() Needs {
	return Needs{Predict: true, Masks: m.Features.masks(), Random: m.Coalitions == nil, Cost: Cost{Forward: 1 + drawn(m.Coalitions, m.Samples)}}
}

// Map returns one raw map, of the input.
func (m KernelSHAP) Map(ctx context.Context, run *Run) ([]Attribution, error) {
	if m.Samples < 0 {
		return nil, markf(ErrOption, "%d subsets: give a number above 0", m.Samples)
	}
	return surrogate{
		features: m.Features, baseline: m.Baseline,
		coalitions: func(sample, features int) ([][]bool, error) {
			if m.Coalitions != nil {
				return given(m.Coalitions, sample, features)
			}
			return shapleySubsets(run.Source(), sample, features, orDefault(m.Samples, 25)), nil
		},
		weight: func(_, _ []float32, on []bool) float64 {
			if k := present(on); k == 0 || k == len(on) {
				return endPoint
			}
			return 1
		},
		fit: leastSquares,
	}.explain(ctx, run)
}

// shapleySubsets draws the subsets of one sample.
func shapleySubsets(source Source, sample, features, number int) [][]bool {
	subsets := [][]bool{allOn(nil, features), make([]bool, features)}
	if features == 1 {
		return subsets // there are no others
	}
	u, z := make([]float32, 1), make([]float32, features)
	for i := 2; i < number; i++ {
		source.Uniform(2*i, sample, u)
		source.Normal(2*i+1, sample, z)
		subsets = append(subsets, largestOf(z, kernelSize(float64(u[0]), features)))
	}
	return subsets[:max(1, min(len(subsets), number))]
}

// kernelSize is the size, from 1 to features-1, at the share u of the Shapley
// kernel's distribution.
func kernelSize(u float64, features int) int {
	sum := 0.0
	for k := 1; k < features; k++ {
		sum += 1 / float64(k*(features-k))
	}
	for k := 1; k < features-1; k++ {
		if u -= 1 / float64(k*(features-k)) / sum; u < 0 {
			return k
		}
	}
	return features - 1
}

// largestOf switches on the k largest numbers, of equal ones the first.
func largestOf(z []float32, k int) []bool {
	wide := make([]float64, len(z))
	for i, v := range z {
		wide[i] = float64(v)
	}
	on := make([]bool, len(z))
	for _, i := range descending(wide)[:k] {
		on[i] = true
	}
	return on
}

func present(on []bool) int {
	n := 0
	for _, o := range on {
		if o {
			n++
		}
	}
	return n
}

// leastSquares is weighted linear regression with an intercept. Of many solutions
// it is the smallest one: singular values below float32's resolution of the
// largest one count as 0, as in captum's fit, which is in float32.
func leastSquares(on [][]bool, scores, weights []float64) ([]float64, error) {
	c := newRegression(on, scores, weights)
	features := len(on[0])
	x := mat.NewDense(len(c.x), features, nil)
	for i, row := range c.x {
		x.SetRow(i, row)
	}
	var svd mat.SVD
	if !svd.Factorize(x, mat.SVDThin) {
		return nil, errors.New("the linear fit has no singular value decomposition")
	}
	coefficients := make([]float64, features)
	values := svd.Values(nil)
	rank := 0
	for rank < len(values) && values[rank] > 0x1p-23*values[0] {
		rank++
	}
	if rank == 0 {
		return coefficients, nil // every copy has the same features
	}
	svd.SolveVecTo(mat.NewVecDense(features, coefficients), mat.NewVecDense(len(c.y), c.y), rank)
	return coefficients, nil
}
