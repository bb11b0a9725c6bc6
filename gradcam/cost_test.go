package gradcam_test

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
)

// tally counts the samples that went through a network, on each way.
type tally struct{ forward, backward, tail, tailBackward, second int }

// counting is a network with a tally. It can do what the network can.
type counting struct {
	engine.Model
	*tally
}

type countingPlan struct {
	engine.Plan
	*tally
}

type countingPass struct {
	engine.Pass
	*tally
	tailOnly bool
}

func (c counting) Plan(ctx context.Context, spec engine.Spec) (engine.Plan, error) {
	p, err := c.Model.Plan(ctx, spec)
	return countingPlan{p, c.tally}, err
}

func (c counting) Predict(ctx context.Context, inputs []engine.Array) ([]engine.Output, error) {
	c.forward += inputs[0].Shape[0]
	return c.Model.Predict(ctx, inputs)
}

func (p countingPlan) Forward(ctx context.Context, inputs []engine.Array) (engine.Pass, error) {
	p.forward += inputs[0].Shape[0]
	pass, err := p.Plan.Forward(ctx, inputs)
	return countingPass{pass, p.tally, false}, err
}

func (p countingPlan) Biases(ctx context.Context) ([]engine.Bias, error) {
	return p.Plan.(engine.Biases).Biases(ctx)
}

func (p countingPass) Backward(ctx context.Context, c []engine.Cotangent) ([]engine.Array, error) {
	if p.tailOnly {
		p.tailBackward += c[0].Array.Shape[0]
	} else {
		p.backward += c[0].Array.Shape[0]
	}
	return p.Pass.Backward(ctx, c)
}

func (p countingPass) Rerun(ctx context.Context, a engine.Array, rows []int) ([]engine.Output, error) {
	p.tail += a.Shape[0]
	return p.Pass.Rerun(ctx, a, rows)
}

func (p countingPass) RerunGrad(ctx context.Context, a engine.Array, rows []int) (engine.Pass, error) {
	p.tail += a.Shape[0]
	pass, err := p.Pass.(engine.RerunGrad).RerunGrad(ctx, a, rows)
	return countingPass{pass, p.tally, true}, err
}

func (p countingPass) SecondOrder(ctx context.Context, c []engine.Cotangent, v []engine.Array) ([]engine.Array, []engine.Output, error) {
	p.second += c[0].Array.Shape[0]
	return p.Pass.(engine.SecondOrder).SecondOrder(ctx, c, v)
}

// The cost that a method tells is what it takes, counted sample by sample on a
// network whose layer has 2 channels of 6 places, or 4 of the toy, and whose table
// has 5 columns.
func TestCostsAreTrue(t *testing.T) {
	const channels, columns = 2, 5
	for _, m := range slices.Concat(gradcam.Methods(), []gradcam.Method{
		gradcam.SSCAM{Samples: 2}, gradcam.ISCAM{Samples: 3}, gradcam.RISE{Masks: 11}, gradcam.ShapleySampling{Samples: 3},
		gradcam.ShapleySampling{Orders: [][]int{{4, 3, 2, 1, 0}}}, gradcam.KernelSHAP{Samples: 9},
		gradcam.LIME{Samples: 9}, gradcam.SmoothGrad{Samples: 2}, gradcam.SquareGrad{Samples: 3},
		gradcam.VarGrad{Samples: 4}, gradcam.GradientSHAP{Samples: 2}, gradcam.SmoothGradCAMPlusPlus{Samples: 2},
		gradcam.IntegratedGradients{Steps: 7}, gradcam.LayerIntegratedGradients{Steps: 7}, gradcam.Conductance{Steps: 7},
	}) {
		needs := m.Needs()
		var model engine.Model = &enginetest.Smooth{Shapes: [][]int{{2, 3, 4}}, Hidden: []int{channels, 2, 3}, Classes: 3}
		x, layer, places := wave(1, 2, 3, 4), "hidden", 6
		switch {
		case m.Name() == "cam":
			model, x, layer = &enginetest.Pooled{Weights: [][]float64{{1, 2}, {3, -1}}}, wave(1, channels, 2, 3), enginetest.Layer
		case needs.Biases:
			model, x, layer, places = enginetest.NewToy(), enginetest.ToyInput(0), "relu1", 4
		case needs.Cost.ForwardPerFeature > 0:
			model, x = &enginetest.Smooth{Shapes: [][]int{{columns}}, Hidden: []int{channels, 2, 3}, Classes: 3}, wave(1, columns)
		}
		counted := counting{model, &tally{}}
		e, err := gradcam.New(counted, gradcam.WithLayer(layer), gradcam.WithMethod(m))
		require.NoError(t, err)
		target := gradcam.Class(1)
		if needs.SecondOrder { // a raw output has no curvature, which saves the second backward pass
			target = gradcam.Probability(1)
		}
		_, err = e.Explain(ctx, x, target)
		require.NoError(t, err, m.Name())
		require.NoError(t, e.Close())

		c := needs.Cost
		want := tally{
			forward:      c.Forward + channels*c.ForwardPerChannel + columns*c.ForwardPerFeature,
			backward:     c.Backward,
			tail:         c.Tail + channels*c.PerChannel + places*c.PerPosition,
			tailBackward: c.Tail,
		}
		if needs.SecondOrder {
			want.second = 1
		}
		assert.Equal(t, want, *counted.tally, m.Name())
	}
}
