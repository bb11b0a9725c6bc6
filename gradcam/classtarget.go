package gradcam

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
)

// saturation is the distance from 1 below which a probability's float32
// gradient is rounding noise.
const saturation = 1e-6

// Class explains the raw output of class i: the usual target of Grad-CAM, and
// the default for the class with the highest output.
func Class(i int) Target { return classTarget{logit, fixedClass(i)} }

// Top1 explains, for each image, the class with the highest output.
func Top1() Target { return TopK(1) }

// TopK explains, for each image, the class with the k-th highest output. Of
// equal ones the lower index comes first.
func TopK(k int) Target { return classTarget{logit, rank(k)} }

// Probability explains the probability of class i. A confident network
// saturates: near 1 the gradient vanishes ([SaturatedTarget]).
func Probability(i int) Target { return classTarget{probability, fixedClass(i)} }

// LogProbability explains the logarithm of class i's probability.
func LogProbability(i int) Target { return classTarget{logProbability, fixedClass(i)} }

// ReST explains the raw output of class i minus its cross-entropy, the target
// that ShapleyCAM was proposed with (Cai 2025, arXiv:2501.06261).
func ReST(i int) Target { return classTarget{rest, fixedClass(i)} }

// Label explains the class of that name. Names are compared exactly, then
// without case.
func Label(name string, labels []string) (Target, error) {
	i, err := labelIndex(name, labels)
	if err != nil {
		return nil, err
	}
	return Class(i), nil
}

// classTarget is a function of one class, and how that class is chosen. It is
// comparable: equal targets share one backward pass.
type classTarget struct {
	of   classFunction
	pick picker
}

func (t classTarget) String() string {
	if prefix := t.of.prefix(); prefix != "" {
		return prefix + ":" + t.pick.String()
	}
	return t.pick.String()
}

func (t classTarget) Score(y Sample) (Score, error) {
	z := y.Values()
	c, err := t.class(z)
	if err != nil {
		return Score{}, err
	}
	value, dz, err := t.of.derivative(y, z, c)
	if err != nil {
		return Score{}, err
	}
	return Score{
		Value:     value,
		Index:     c,
		Cotangent: y.spread(dz),
		Saturated: t.of.saturates(y.Kind) && 1-y.Probabilities()[c] < saturation,
	}, nil
}

func (t classTarget) Resolve(y Sample) (Target, error) {
	c, err := t.class(y.Values())
	return classTarget{t.of, fixedClass(c)}, err
}

// class is the one that is explained. The plain output of a class needs no further
// name in an error.
func (t classTarget) class(z []float64) (int, error) {
	c, err := t.pick.index(z)
	if err != nil && t.of != logit {
		return 0, fmt.Errorf("target %s: %w", t, err)
	}
	return c, err
}

func (t classTarget) Curvature(y Sample, u []float32) ([]float32, error) {
	if len(u) != y.Output.Len() {
		return nil, fmt.Errorf("target %s: direction has %d values, the output %v has %d", t, len(u), y.Output.Shape, y.Output.Len())
	}
	z := y.Values()
	c, err := t.class(z)
	if err != nil {
		return nil, err
	}
	return y.spread(t.of.curvature(y, z, c, y.pool(u))), nil
}

// picker chooses a class by the values of all classes.
type picker interface {
	fmt.Stringer
	index(z []float64) (int, error)
}

type fixedClass int

func (i fixedClass) String() string { return strconv.Itoa(int(i)) }

func (i fixedClass) index(z []float64) (int, error) {
	if i < 0 || int(i) >= len(z) {
		if len(z) == 1 {
			return 0, markf(ErrTarget, "class %d is out of range: the model has one output: explain class 0, binary:1 or binary:0", int(i))
		}
		return 0, markf(ErrTarget, "class %d is out of range: the model has classes 0 to %d", int(i), len(z)-1)
	}
	return int(i), nil
}

type rank int

func (k rank) String() string { return "top" + strconv.Itoa(int(k)) }

func (k rank) index(z []float64) (int, error) {
	if k < 1 || int(k) > len(z) {
		return 0, markf(ErrTarget, "%s is out of range: the model has %d classes", k, len(z))
	}
	return highest(z, int(k))[k-1], nil
}

// highest are the indices of the k largest values of z, in the order of
// descending.
func highest(z []float64, k int) []int {
	if k > len(z)/8 { // each of the k moves others
		return descending(z)[:k]
	}
	top := make([]int, 0, k+1)
	for i, v := range z {
		if len(top) == k && (k == 0 || cmp.Compare(v, z[top[k-1]]) <= 0) {
			continue
		}
		at, _ := slices.BinarySearchFunc(top, v, func(j int, v float64) int {
			if cmp.Compare(z[j], v) >= 0 {
				return -1
			}
			return 1
		})
		top = slices.Insert(top, at, i)[:min(len(top)+1, k)]
	}
	return top
}

// descending are the indices of z from its largest value to its smallest, equal
// values by index.
func descending(z []float64) []int {
	order := identity(len(z))
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(z[b], z[a]) })
	return order
}
