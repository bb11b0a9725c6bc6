package gradcam

import (
	"context"
	"fmt"
)

// FinerCAM explains what sets a class apart from those that the network takes for
// most alike (Zhang et al. 2025, arXiv:2501.11309), as pytorch-grad-cam has it.
// The other classes are ranked by how close their raw outputs are to the class's
// own; the score is the mean of y_c - Alpha y_i over the chosen ranks, weighted by
// their probabilities p_i, plus 1e-9 in the denominator. Gradients flow through p,
// too.
type FinerCAM struct {
	// Base makes the map; nil is [GradCAM].
	Base Method `default:"gradcam" about:"method that maps the comparison"`
	// Alpha is the strength of the comparison, above 0; 0 is 1.
	Alpha float64 `default:"1" about:"strength of the comparison"`
	// Ranks are those of the classes compared with, from 1, the closest; none is
	// 1, 2 and 3. Ranks that the network has no class for are left out.
	Ranks []int `default:"1,2,3" about:"classes compared with, by how close they are, 1 the closest"`
}

// Name is the method's name on the command line.
func (FinerCAM) Name() string { return "finercam" }

// Needs are those of the base.
func (m FinerCAM) Needs() Needs { return m.base().Needs() }

// Map returns the base's maps of the comparison.
func (m FinerCAM) Map(ctx context.Context, run *Run) ([]Attribution, error) {
	return m.base().Map(ctx, run)
}

func (m FinerCAM) base() Method {
	if m.Base == nil {
		return GradCAM
	}
	return m.Base
}

// mapper is the method that makes a method's maps, by whose conventions they are
// finished: FinerCAM's base, of any other method itself.
func mapper(m Method) Method {
	switch m := m.(type) {
	case FinerCAM:
		return mapper(m.base())
	case *FinerCAM:
		return mapper(m.base())
	}
	return m
}

// Retarget compares the class whose raw output t explains. Any other target is an
// [ErrTarget] when it is scored.
func (m FinerCAM) Retarget(t Target) Target {
	if class, ok := t.(classTarget); ok && class.of == logit {
		return finer{class.pick, orDefault(m.Alpha, 1), m.Ranks}
	}
	return incomparable{t}
}

// incomparable is a target that FinerCAM cannot turn into a comparison.
type incomparable struct{ Target }

func (t incomparable) Score(Sample) (Score, error) {
	return Score{}, markf(ErrTarget, "target %s: finercam compares the raw output of a class with those of others: give a class or topK, or explain it by any other method, such as gradcam", t)
}

// finer is FinerCAM's target before its classes are known.
type finer struct {
	pick  picker
	alpha float64
	ranks []int
}

func (t finer) String() string { return "finer:" + t.pick.String() }

func (t finer) Score(y Sample) (Score, error) {
	fixed, err := t.Resolve(y)
	if err != nil {
		return Score{}, err
	}
	return fixed.Score(y)
}

// Resolve fixes the class and those it is compared with.
func (t finer) Resolve(y Sample) (Target, error) {
	if !(t.alpha > 0) {
		return nil, markf(ErrOption, "finercam: alpha is %g: give a number above 0, or 0 for 1", t.alpha)
	}
	z := y.Values()
	c, err := t.pick.index(z)
	if err != nil {
		return nil, err
	}
	ranks := t.ranks
	if len(ranks) == 0 {
		ranks = []int{1, 2, 3}
	}
	order := closest(z, c)
	var others []int
	for _, r := range ranks {
		if r < 1 {
			return nil, markf(ErrOption, "finercam: rank %d: count ranks from 1, the closest class", r)
		}
		if r < len(order) {
			others = append(others, order[r])
		}
	}
	if len(others) == 0 {
		return nil, markf(ErrTarget, "target %s: the model has %d classes, and none of ranks %v to compare with: use gradcam", t, len(z), ranks)
	}
	return comparison{c, others, t.alpha}, nil
}

// closest are all classes by the distance of their output from that of c, which
// comes first; of equal distances the lower index comes first.
func closest(z []float64, c int) []int {
	nearness := make([]float64, len(z))
	for i, v := range z {
		nearness[i] = -max(v-z[c], z[c]-v)
	}
	nearness[c] = 1
	return descending(nearness)
}

// comparison is FinerCAM's target: class c against others.
type comparison struct {
	c      int
	others []int
	alpha  float64
}

func (t comparison) String() string { return fmt.Sprintf("finer:%d", t.c) }

func (t comparison) Score(y Sample) (Score, error) {
	z, p := y.Values(), y.Probabilities()
	total, weighted := 1e-9, 0.0
	for _, i := range t.others {
		total += p[i]
		weighted += p[i] * (z[t.c] - t.alpha*z[i])
	}
	value := weighted / total
	dz, dp := make([]float64, len(z)), make([]float64, len(z))
	for _, i := range t.others {
		dz[t.c] += p[i] / total
		dz[i] -= t.alpha * p[i] / total
		dp[i] += (z[t.c] - t.alpha*z[i] - value) / total
	}
	for i, v := range y.throughProbabilities(p, dp) {
		dz[i] += v
	}
	return Score{Value: value, Index: t.c, Cotangent: y.spread(dz)}, nil
}

// throughProbabilities turns a derivative by the probabilities into one by the
// values that they are made of.
func (y Sample) throughProbabilities(p, dp []float64) []float64 {
	dz := make([]float64, len(p))
	mean := dot(p, dp)
	for i := range dz {
		switch {
		case y.Kind == Probabilities:
			dz[i] = dp[i]
		case y.independent(len(p)):
			dz[i] = p[i] * (1 - p[i]) * dp[i]
		default:
			dz[i] = p[i] * (dp[i] - mean)
		}
	}
	return dz
}
