package gradcam

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/torchlight-go/torchlight/engine"
)

// Saliency is the gradient of the score by every number of the input (Simonyan et
// al. 2013, arXiv:1312.6034): how fast the score changes, not how much it owes.
type Saliency struct {
	// Signed keeps the sign. Without it raw maps are magnitudes, as in captum.
	Signed bool `default:"false" about:"keep the sign of the gradient"`
}

// Name is the method's name on the command line.
func (Saliency) Name() string { return "saliency" }

// Needs are one forward and one backward pass.
func (Saliency) Needs() Needs { return gradientNeeds(engine.ReluPlain) }

// Map returns one raw map, of the input's shape.
func (m Saliency) Map(ctx context.Context, run *Run) ([]Attribution, error) {
	g, err := run.InputGradient(ctx, engine.ReluPlain)
	if err != nil {
		return nil, err
	}
	if m.Signed {
		g = own(g)
	} else {
		g = magnitudes(g)
	}
	return []Attribution{run.inputAttribution(g)}, nil
}

// InputGradient is an input attribution without options: a formula of the
// gradient by the input, or the gradient under another rule for rectifiers.
type InputGradient string

const (
	// InputXGradient is the gradient times the input (Shrikumar et al. 2016,
	// arXiv:1605.01713): what each number adds to the score of a linear model.
	InputXGradient InputGradient = "inputxgradient"
	// GuidedBackprop lets only positive gradients pass through open rectifiers
	// (Springenberg et al. 2014, arXiv:1412.6806). Every rectifier of the graph
	// counts; captum and pytorch-grad-cam see nn.ReLU modules alone.
	GuidedBackprop InputGradient = "guided-backprop"
	// Deconvnet lets only positive gradients pass through rectifiers, open or not
	// (Zeiler and Fergus 2013, arXiv:1311.2901).
	Deconvnet InputGradient = "deconvnet"
)

// Name is the method's name on the command line.
func (m InputGradient) Name() string { return string(m) }

// Needs are one forward and one backward pass.
func (m InputGradient) Needs() Needs { return gradientNeeds(m.rule()) }

func (m InputGradient) rule() engine.ReluRule {
	switch m {
	case GuidedBackprop:
		return engine.ReluGuided
	case Deconvnet:
		return engine.ReluDeconvnet
	default:
		return engine.ReluPlain
	}
}

// Map returns one raw map, of the input's shape.
func (m InputGradient) Map(ctx context.Context, run *Run) ([]Attribution, error) {
	g, err := run.InputGradient(ctx, m.rule())
	if err != nil {
		return nil, err
	}
	switch m {
	case InputXGradient:
		g = product(g, run.Input())
	case GuidedBackprop, Deconvnet:
		g = own(g)
	default:
		return nil, fmt.Errorf("no such attribution: give InputXGradient, GuidedBackprop or Deconvnet")
	}
	return []Attribution{run.inputAttribution(g)}, nil
}

func gradientNeeds(rule engine.ReluRule) Needs {
	return Needs{Input: true, Relu: rule, Cost: Cost{Forward: 1, Backward: 1}}
}

// own is a copy: the run keeps its gradient for other methods, and an attribution
// belongs to whoever gets it.
func own(a engine.Array) engine.Array {
	return engine.Array{Shape: slices.Clone(a.Shape), Data: slices.Clone(a.Data)}
}

// magnitudes are |a|.
func magnitudes(a engine.Array) engine.Array {
	out := engine.NewArray(a.Shape...)
	for i, v := range a.Data {
		out.Data[i] = float32(math.Abs(float64(v)))
	}
	return out
}

// product is a times b, number by number.
func product(a, b engine.Array) engine.Array {
	out := engine.NewArray(a.Shape...)
	for i, v := range a.Data {
		out.Data[i] = v * b.Data[i]
	}
	return out
}
