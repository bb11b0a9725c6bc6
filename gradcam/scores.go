package gradcam

import (
	"fmt"
	"math"
	"reflect"

	"github.com/torchlight-go/torchlight/engine"
)

// perSample hands out one target for all samples or one each.
func perSample(targets []Target, n int) ([]Target, error) {
	switch len(targets) {
	case 0:
		targets = []Target{Top1()}
	case 1, n:
	default:
		return nil, markf(ErrTarget, "%d targets for %d samples: give one for all or one each", len(targets), n)
	}
	each := make([]Target, n)
	for i := range each {
		each[i] = targets[i%len(targets)]
		if each[i] == nil {
			return nil, markf(ErrTarget, "target %d is nil", i%len(targets))
		}
	}
	return each, nil
}

// aim makes a method's targets out of the user's: what the method makes of
// them, with every choice made.
func aim(m Method, targets []Target, samples []Sample) ([]Target, error) {
	aimed := make([]Target, len(targets))
	for i, t := range targets {
		if r, ok := m.(Retargeter); ok {
			t = r.Retarget(t)
		}
		var err error
		if aimed[i], err = resolve(t, samples[i]); err != nil {
			return nil, &SampleError{i, err}
		}
	}
	return aimed, nil
}

// score scores every sample and gathers the cotangents of the batch. Without a
// chosen output all targets are Joint. check, if any, holds gradients to their
// contract; without one those that do not fit are left out.
func score(outputs []engine.Output, chosen int, samples []Sample, targets []Target, check func(Target, Score, Sample) error) ([]Score, []engine.Cotangent, error) {
	scores := make([]Score, len(samples))
	var sums cotangentSum
	var own engine.Array
	if chosen != noOutput {
		own = engine.NewArray(outputs[chosen].Array.Shape...)
		sums = cotangentSum{{Output: outputs[chosen].Name, Array: own}}
	}
	for i, y := range samples {
		var err error
		if joint, ok := targets[i].(Joint); ok {
			var parts []engine.Cotangent
			if scores[i], parts, err = joint.ScoreOutputs(outputs, i); err == nil {
				err = sums.add(parts)
			}
		} else if scores[i], err = targets[i].Score(y); err == nil {
			if check != nil {
				err = check(targets[i], scores[i], y)
			}
			if row := own.Row(i).Data; len(row) == len(scores[i].Cotangent) {
				copy(row, scores[i].Cotangent)
			}
		}
		if err == nil && (math.IsNaN(scores[i].Value) || math.IsInf(scores[i].Value, 0)) {
			err = markf(ErrNotFinite, "score of target %s is %g", targets[i], scores[i].Value)
		}
		if err != nil {
			return nil, nil, &SampleError{i, err}
		}
	}
	return scores, sums, nil
}

// cotangentSum has one cotangent an output.
type cotangentSum []engine.Cotangent

func (sum *cotangentSum) add(parts []engine.Cotangent) error {
	for _, p := range parts {
		if err := sum.addOne(p); err != nil {
			return err
		}
	}
	return nil
}

func (sum *cotangentSum) addOne(p engine.Cotangent) error {
	if err := p.Array.Check(); err != nil {
		return fmt.Errorf("cotangent of output %q: %w", p.Output, err)
	}
	if err := finite(p.Array, fmt.Sprintf("cotangent of output %q", p.Output)); err != nil {
		return err
	}
	for _, have := range *sum {
		if have.Output != p.Output {
			continue
		}
		if have.Array.Len() != p.Array.Len() {
			return markf(ErrTarget, "cotangent of output %q has shape %v, the output %v", p.Output, p.Array.Shape, have.Array.Shape)
		}
		for i, v := range p.Array.Data {
			have.Array.Data[i] += v
		}
		return nil
	}
	own := engine.NewArray(p.Array.Shape...)
	copy(own.Data, p.Array.Data)
	*sum = append(*sum, engine.Cotangent{Output: p.Output, Array: own})
	return nil
}

// sameTargets says that two lists of targets are surely equal. Targets that
// cannot be compared, such as Go functions, never are.
func sameTargets(a, b []Target) bool {
	for i := range a {
		if !reflect.ValueOf(a[i]).Comparable() || !reflect.ValueOf(b[i]).Comparable() || a[i] != b[i] {
			return false
		}
	}
	return true
}
