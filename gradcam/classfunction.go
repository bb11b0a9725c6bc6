package gradcam

import "math"

// classFunction is a scalar function of the classes' values and one class.
type classFunction int

const (
	logit classFunction = iota
	probability
	logProbability
	rest
)

func (f classFunction) prefix() string {
	return [...]string{logit: "", probability: "prob", logProbability: "logprob", rest: "rest"}[f]
}

// saturates says that the function flattens out as the probability nears 1. The
// raw output of a model that ends in a softmax does, too.
func (f classFunction) saturates(k OutputKind) bool {
	return f == probability || f == logProbability || f == logit && k == Probabilities
}

// derivative returns f(z, c) and df/dz.
func (f classFunction) derivative(y Sample, z []float64, c int) (float64, []float64, error) {
	switch f {
	case probability:
		p := y.Probabilities()
		return p[c], probabilityGradient(y, p, c), nil
	case logProbability:
		return logGradient(y, z, c)
	case rest:
		// Minus the cross-entropy is the log-probability.
		v, d, err := logGradient(y, z, c)
		if err != nil {
			return 0, nil, err
		}
		d[c]++
		return z[c] + v, d, nil
	default:
		return z[c], oneHot(len(z), c, 1), nil
	}
}

// probabilityGradient is p_c (e_c - p) under a softmax.
func probabilityGradient(y Sample, p []float64, c int) []float64 {
	switch {
	case y.Kind == Probabilities:
		return oneHot(len(p), c, 1)
	case y.independent(len(p)):
		return oneHot(len(p), c, p[c]*(1-p[c]))
	}
	d := make([]float64, len(p))
	others := 0.0
	for i, q := range p {
		d[i] = -p[c] * q
		if i != c {
			others += q
		}
	}
	d[c] = p[c] * others // 1-p_c without cancellation
	return d
}

// logGradient returns log p_c and its gradient, e_c - p under a softmax.
func logGradient(y Sample, z []float64, c int) (float64, []float64, error) {
	switch {
	case y.Kind == Probabilities:
		if z[c] <= 0 {
			return 0, nil, markf(ErrTarget, "class %d has probability %g, which has no logarithm: explain prob:%d", c, z[c], c)
		}
		return math.Log(z[c]), oneHot(len(z), c, 1/z[c]), nil
	case y.independent(len(z)):
		return logLogistic(z[c]), oneHot(len(z), c, logistic(-z[c])), nil
	}
	p := y.Probabilities()
	d := make([]float64, len(p))
	others := 0.0
	for i, q := range p {
		d[i] = -q
		if i != c {
			others += q
		}
	}
	d[c] = others
	return z[c] - logSumExp(z), d, nil
}

// curvature returns H v for the Hessian H of f by z.
func (f classFunction) curvature(y Sample, z []float64, c int, v []float64) []float64 {
	p := y.Probabilities()
	switch f {
	case probability:
		return probabilityCurvature(y, p, c, v)
	case logProbability, rest: // rest differs by a linear term
		return logCurvature(y, z, p, c, v)
	default:
		return make([]float64, len(z))
	}
}

// probabilityCurvature applies p_c [(e_c-p)(e_c-p)' - diag(p) + pp'].
func probabilityCurvature(y Sample, p []float64, c int, v []float64) []float64 {
	out := make([]float64, len(p))
	switch {
	case y.Kind == Probabilities:
	case y.independent(len(p)):
		out[c] = p[c] * (1 - p[c]) * (1 - 2*p[c]) * v[c]
	default:
		mean := dot(p, v)
		for i := range out {
			e := -p[i]
			if i == c {
				e++
			}
			out[i] = p[c] * (e*(v[c]-mean) - p[i]*(v[i]-mean))
		}
	}
	return out
}

// logCurvature applies -(diag(p) - pp').
func logCurvature(y Sample, z, p []float64, c int, v []float64) []float64 {
	out := make([]float64, len(p))
	switch {
	case y.Kind == Probabilities:
		out[c] = -v[c] / (z[c] * z[c])
	case y.independent(len(p)):
		out[c] = -p[c] * (1 - p[c]) * v[c]
	default:
		mean := dot(p, v)
		for i := range out {
			out[i] = -p[i] * (v[i] - mean)
		}
	}
	return out
}

func dot(a, b []float64) float64 {
	s := 0.0
	for i := range a {
		s += a[i] * b[i]
	}
	return s
}

// oneHot is the gradient of one value.
func oneHot(n, c int, v float64) []float64 {
	d := make([]float64, n)
	d[c] = v
	return d
}
