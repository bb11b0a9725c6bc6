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
	others := r.batch.instead(func(m Method) bool { return m.Name() != r.method })
	return unfit("%s: %s", fmt.Sprintf(format, args...), others)
}

// unfit is an error about a method that cannot explain this layer.
func unfit(format string, args ...any) error {
	return markf(errors.Join(ErrMethod, ErrLayer), format, args...)
}

// remedy adds the methods that would work to the error of an engine that cannot
// differentiate what comes after a layer, or capture it.
func (b *batch) remedy(err error) error {
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

// differentiable says that a method differentiates a score that has no derivative.
func (b *batch) differentiable(needs Needs, targets []Target, scores []Score) error {
	if !needs.derivative() {
		return nil
	}
	for i, s := range scores {
		if _, joint := targets[i].(Joint); s.Cotangent == nil && !joint {
			without := b.instead(func(m Method) bool { return !m.Needs().derivative() })
			return &SampleError{i, markf(ErrTarget, "target %s has no gradient: return one, or %s", targets[i], without)}
		}
	}
	return nil
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

// instead names the methods that the engine can serve here, among those that
// would help.
func (b *batch) instead(helps func(Method) bool) string {
	var work []string
	for _, m := range Methods() {
		if helps(m) && b.lacks(m.Needs()) == "" {
			work = append(work, m.Name())
		}
	}
	if len(work) == 0 {
		return "no other method would work"
	}
	return "use one of " + list(work)
}
