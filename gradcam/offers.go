package gradcam

import (
	"errors"
	"fmt"

	"github.com/torchlight-go/torchlight/engine"
)

// offers says which need the engine cannot meet, and which methods would work.
func (b *batch) offers(needs Needs) error {
	lacks := b.lacks(needs)
	if lacks == "" {
		return nil
	}
	return unfit("%v: the engine offers no %s here: %s", ErrLayer, lacks, b.instead(func(Method) bool { return true }))
}

// Unfit is the error of a method that cannot explain this network or layer for a
// reason that [Needs] does not tell, such as a head that is not one linear layer. It
// names the methods that the engine can serve here.
func (r *Run) Unfit(format string, args ...any) error {
	return unfit("%s: %s", fmt.Sprintf(format, args...), r.others())
}

// others are what would work here instead of the run's own method.
func (r *Run) others() string {
	return r.batch.instead(func(m Method) bool { return m.Name() != r.method })
}

// unfit is an error about a method that cannot explain this layer.
func unfit(format string, args ...any) error {
	return markf(errors.Join(ErrMethod, ErrLayer), format, args...)
}

// remedy adds the methods that would work to the error of an engine that cannot
// differentiate what comes after a layer, or capture it.
func (b *batch) remedy(err error) error {
	if errors.Is(err, ErrNoLayer) {
		others := b.instead(func(m Method) bool { return !m.Needs().Layer })
		return markf(errors.Join(ErrMethod, ErrNoLayer), "%v, or explain the input: %s", err, others)
	}
	notFloat := errors.Is(err, engine.ErrNotFloat)
	if !notFloat && !errors.Is(err, engine.ErrNoDerivative) {
		return err
	}
	others := b.instead(func(m Method) bool { return !m.Needs().derivative() && !(notFloat && m.Needs().Layer) })
	return markf(errors.Join(ErrMethod, err), "%v; %s", err, others)
}

func (b *batch) lacks(needs Needs) string {
	if _, ok := b.pass.(engine.SecondOrder); needs.SecondOrder && !ok {
		return "second derivative"
	}
	if _, ok := b.pass.(engine.RerunGrad); needs.RerunGrad && !ok {
		return "gradient of a re-run"
	}
	return ""
}

// gradientCheck holds targets to a gradient that a method can go back from; nil for
// methods that use none.
func (b *batch) gradientCheck(needs Needs) func(Target, Score, Sample) error {
	if !needs.derivative() {
		return nil
	}
	return func(t Target, s Score, y Sample) error {
		var wrong string
		switch {
		case s.Cotangent == nil:
			wrong = "has no gradient: return one"
		case len(s.Cotangent) != y.Output.Len():
			wrong = fmt.Sprintf("has a gradient of %d values, and the output %v has %d: return one for each", len(s.Cotangent), y.Output.Shape, y.Output.Len())
		default:
			return finite(engine.Array{Shape: y.Output.Shape, Data: s.Cotangent}, fmt.Sprintf("gradient of target %s", t))
		}
		without := b.instead(func(m Method) bool { return !m.Needs().derivative() })
		return markf(errors.Join(ErrMethod, ErrTarget), "target %s %s, or %s", t, wrong, without)
	}
}

// derivative says that the method differentiates the score.
func (n Needs) derivative() bool { return n.Gradient || n.Input || n.SecondOrder || n.RerunGrad }

// differentiable is the error of a plan that knows that there are no gradients,
// which saves the forward pass.
func differentiable(plan engine.Plan) error {
	if d, ok := plan.(engine.Differentiable); ok {
		return d.Differentiable()
	}
	return nil
}

// instead names the methods that the engine can serve here, for an input and a layer
// like these, among those that would help; or those that it cannot, where they are
// fewer by far.
func (b *batch) instead(helps func(Method) bool) string {
	var work, not []string
	for _, m := range Methods() {
		if n := m.Needs(); helps(m) && (b.pass == nil || b.lacks(n) == "") && b.suits(n) {
			work = append(work, m.Name())
		} else {
			not = append(not, m.Name())
		}
	}
	switch {
	case len(work) == 0:
		return "no other method would work"
	case len(not) == 0:
		return "use any other method"
	case 2*len(not) < len(work):
		return "use any method but " + list(not)
	}
	return "use one of " + list(work)
}

// suits says whether a method can explain an input like the batch's.
func (b *batch) suits(n Needs) bool {
	x := b.explained()
	table := x.Ints == nil && len(x.Shape) == 2
	// A table's layers are units without places. Only methods that give every unit
	// its share, by gradients along a path, have something to show there.
	if units := n.derivative() && !n.Gradient; n.Layer && table && !units {
		return false
	}
	return !((n.Input || n.Elsewhere) && x.Ints != nil) && n.Masks.fit(x, b.explainer.inputOrder)
}
