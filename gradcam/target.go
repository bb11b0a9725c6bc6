package gradcam

import (
	"github.com/torchlight-go/torchlight/engine"
)

// NoClass is the Index of a score that is not about one class.
const NoClass = -1

// Target turns one sample's output into the number to explain. Targets are
// small immutable values; Score is called from many goroutines.
//
// A target may also implement [Resolver], [Curved] or [Joint].
type Target interface {
	// String is the target in the grammar of [ParseTarget], or a short name.
	String() string
	// Score returns the number and its derivative by every element of the
	// output. An error says why the target does not fit this output.
	Score(y Sample) (Score, error)
}

// Score is the number that is explained.
type Score struct {
	// Value is the number itself.
	Value float64
	// Index is the class it is about, or [NoClass].
	Index int
	// Cotangent is dValue/dOutput, in the order of the output's elements; nil where
	// there is no derivative, so that only methods without gradients can explain it.
	Cotangent []float32
	// Saturated says that Value is a probability so close to 1 that its float32
	// gradient is rounding noise: the map is blank, with [SaturatedTarget].
	Saturated bool
}

// Resolver is a Target that depends on what the model said, such as [TopK].
// Resolve fixes that choice, so that perturbed copies of the sample are scored
// for the same class.
type Resolver interface {
	Target
	Resolve(y Sample) (Target, error)
}

// Curved is a Target that knows its second derivative. Methods that need it
// (ShapleyCAM) take the curvature of any other target for zero.
type Curved interface {
	Target
	// Curvature returns H u, where H is the Hessian of the score by the output.
	Curvature(y Sample, u []float32) ([]float32, error)
}

// Joint is a Target that reads several outputs, such as the boxes, labels and
// scores of a detector. ScoreOutputs is called instead of Score. Cotangents have
// the whole output's shape, zero outside the sample; those of all samples are
// added up.
type Joint interface {
	Target
	ScoreOutputs(outputs []engine.Output, sample int) (Score, []engine.Cotangent, error)
}

// Func is a target of your own: fn gets one sample's output, without the batch
// axis, and returns the score and its derivative by every element of y. name is
// what results show. fn must be safe for concurrent use.
//
// A score that cannot be differentiated comes with a nil gradient: methods that
// only compare scores, such as ScoreCAM or occlusion, can explain it.
func Func(name string, fn func(y engine.Array) (score float64, gradient []float32, err error)) Target {
	return &function{name, fn}
}

// function is used by its address, as Go functions cannot be compared.
type function struct {
	name string
	fn   func(engine.Array) (float64, []float32, error)
}

func (f *function) String() string { return f.name }

func (f *function) Score(y Sample) (Score, error) {
	value, gradient, err := f.fn(y.Output)
	if err != nil {
		return Score{}, markf(ErrTarget, "target %s: %v", f.name, err)
	}
	return Score{Value: value, Index: NoClass, Cotangent: gradient}, nil
}

// resolve fixes a target's choice, if it makes one.
func resolve(t Target, y Sample) (Target, error) {
	if r, ok := t.(Resolver); ok {
		return r.Resolve(y)
	}
	return t, nil
}
