package gradcam

import (
	"fmt"

	"github.com/torchlight-go/torchlight/engine"
)

// offers says which need the engine cannot meet, and which methods would work.
func (b *batch) offers(needs Needs) error {
	lacks := b.lacks(needs)
	if lacks == "" {
		return nil
	}
	return fmt.Errorf("%w: the engine offers no %s here: %s", ErrLayer, lacks, b.instead(func(Needs) bool { return true }))
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
			without := b.instead(func(n Needs) bool { return !n.derivative() })
			return &SampleError{i, markf(ErrTarget, "target %s has no gradient: return one, or %s", targets[i], without)}
		}
	}
	return nil
}

// derivative says that the method differentiates the score.
func (n Needs) derivative() bool { return n.Gradient || n.Input || n.SecondOrder || n.RerunGrad }

// instead names the methods that the engine can serve here, among those that
// would help.
func (b *batch) instead(helps func(Needs) bool) string {
	var work []string
	for _, m := range Methods() {
		if n := m.Needs(); helps(n) && b.lacks(n) == "" {
			work = append(work, m.Name())
		}
	}
	if len(work) == 0 {
		return "no other method would work"
	}
	return "use one of " + list(work)
}
