package gradcam

import "github.com/torchlight-go/torchlight/engine"

// Negative is the counterfactual of a target: what speaks against it. Score and
// gradient change their sign. For a network with one logit it explains the
// second class.
func Negative(t Target) Target {
	if joint, ok := t.(Joint); ok {
		return negativeJoint{negative{t}, joint}
	}
	return negative{t}
}

type negative struct{ of Target }

func (n negative) String() string { return "neg:" + n.of.String() }

func (n negative) Score(y Sample) (Score, error) {
	s, err := n.of.Score(y)
	if err != nil {
		return Score{}, err
	}
	s.Value = -s.Value
	s.Cotangent = negated(s.Cotangent)
	return s, nil
}

func (n negative) Resolve(y Sample) (Target, error) {
	t, err := resolve(n.of, y)
	if err != nil {
		return nil, err
	}
	return negative{t}, nil
}

func (n negative) Curvature(y Sample, u []float32) ([]float32, error) {
	c, ok := n.of.(Curved)
	if !ok {
		return make([]float32, len(u)), nil
	}
	h, err := c.Curvature(y, u)
	return negated(h), err
}

// negativeJoint is the counterfactual of a target that reads several outputs.
type negativeJoint struct {
	negative
	joint Joint
}

func (n negativeJoint) ScoreOutputs(outputs []engine.Output, sample int) (Score, []engine.Cotangent, error) {
	s, cotangents, err := n.joint.ScoreOutputs(outputs, sample)
	if err != nil {
		return Score{}, nil, err
	}
	s.Value = -s.Value
	opposite := make([]engine.Cotangent, len(cotangents))
	for i, c := range cotangents {
		opposite[i] = engine.Cotangent{Output: c.Output, Array: engine.Array{Shape: c.Array.Shape, Data: negated(c.Array.Data)}}
	}
	return s, opposite, nil
}

// Resolve leaves it as it is.
func (n negativeJoint) Resolve(Sample) (Target, error) { return n, nil }

// negated keeps nil, which is no derivative.
func negated(v []float32) []float32 {
	if v == nil {
		return nil
	}
	out := make([]float32, len(v))
	for i, x := range v {
		out[i] = -x
	}
	return out
}
