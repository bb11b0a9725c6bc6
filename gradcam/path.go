package gradcam

import (
	"math"
)

// PathRule says at which points of the way from a baseline to the input gradients
// are taken, and how they weigh. The rules are captum 0.9's.
type PathRule int

const (
	// GaussLegendre integrates polynomials of a degree up to twice the steps
	// exactly.
	GaussLegendre PathRule = iota
	// RiemannLeft stands for equal intervals by the gradient at their beginning.
	RiemannLeft
	// RiemannRight takes it at their end.
	RiemannRight
	// RiemannMiddle takes it in their middle.
	RiemannMiddle
	// RiemannTrapezoid takes both ends of the path at half weight. As in captum
	// the weights of n points add up to (n-1)/n, not to 1.
	RiemannTrapezoid
)

// pathSteps is the default number of points.
const pathSteps = 50

// points returns n positions along the path, 0 at the baseline and 1 at the
// input, and the weight of each.
func (r PathRule) points(n int) (alphas, weights []float32, err error) {
	least := 2
	if r == GaussLegendre {
		least = 1
	}
	if n < least {
		return nil, nil, markf(ErrOption, "%d steps along a path: give %d or more, or 0 for %d", n, least, pathSteps)
	}
	step := 1 / float64(n)
	switch r {
	case GaussLegendre:
		alphas, weights = gaussLegendre(n)
		return alphas, weights, nil
	case RiemannLeft:
		alphas = linspace(0, 1-step, n)
	case RiemannRight:
		alphas = linspace(step, 1, n)
	case RiemannMiddle:
		alphas = linspace(step/2, 1-step/2, n)
	case RiemannTrapezoid:
		alphas = linspace(0, 1, n)
	default:
		return nil, nil, markf(ErrOption, "unknown path rule %d: give GaussLegendre or a Riemann rule", r)
	}
	weights = make([]float32, n)
	for i := range weights {
		weights[i] = float32(step)
	}
	if r == RiemannTrapezoid {
		weights[0], weights[n-1] = float32(step/2), float32(step/2)
	}
	return alphas, weights, nil
}

// linspace are n numbers at equal distances, both ends included.
func linspace(from, to float64, n int) []float32 {
	all := make([]float32, n)
	for i := range all {
		all[i] = float32(from + (to-from)*float64(i)/float64(n-1))
	}
	return all
}

// gaussLegendre are the nodes and weights of the rule on 0..1, by Newton's method
// from Tricomi's approximation of the roots of the n-th Legendre polynomial.
func gaussLegendre(n int) (nodes, weights []float32) {
	nodes, weights = make([]float32, n), make([]float32, n)
	for i := range n {
		x := -math.Cos(math.Pi * (float64(i) + 0.75) / (float64(n) + 0.5))
		var slope float64
		for range 20 {
			var value float64
			value, slope = legendre(n, x)
			change := value / slope
			x -= change
			if math.Abs(change) < 1e-15 {
				break
			}
		}
		_, slope = legendre(n, x)
		nodes[i] = float32((1 + x) / 2)
		weights[i] = float32(1 / ((1 - x*x) * slope * slope))
	}
	return nodes, weights
}

// legendre is the n-th Legendre polynomial and its derivative at x, by Bonnet's
// recursion.
func legendre(n int, x float64) (value, slope float64) {
	before, value := 1.0, x
	for k := 2; k <= n; k++ {
		before, value = value, ((2*float64(k)-1)*x*value-(float64(k)-1)*before)/float64(k)
	}
	return value, float64(n) * (x*value - before) / (x*x - 1)
}
