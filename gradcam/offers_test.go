package gradcam_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
)

// refusing is a network whose layers cannot be cut at, for a reason.
type refusing struct {
	*enginetest.Toy
	reason error
}

func (r refusing) Plan(ctx context.Context, spec engine.Spec) (engine.Plan, error) {
	return nil, fmt.Errorf("layer %s: %w", spec.Layers[0], r.reason)
}

// underivable runs, and has no gradients. It knows so in advance, or not.
type underivable struct {
	*enginetest.Toy
	knows    bool
	forwards *int
}

type underivablePlan struct {
	engine.Plan
	model underivable
}

type knowingPlan struct{ underivablePlan }

type underivablePass struct{ engine.Pass }

func (u underivable) Plan(ctx context.Context, spec engine.Spec) (engine.Plan, error) {
	p, err := u.Toy.Plan(ctx, spec)
	if err == nil && u.knows {
		return knowingPlan{underivablePlan{p, u}}, nil
	}
	return underivablePlan{p, u}, err
}

func (p underivablePlan) Forward(ctx context.Context, inputs []engine.Array) (engine.Pass, error) {
	*p.model.forwards++
	pass, err := p.Plan.Forward(ctx, inputs)
	return underivablePass{pass}, err
}

func (knowingPlan) Differentiable() error { return engine.ErrNoDerivative }

func (underivablePass) Backward(context.Context, []engine.Cotangent) ([]engine.Array, error) {
	return nil, engine.ErrNoDerivative
}

// Only what asks for a gradient is refused, before the forward pass where the
// engine knows.
func TestMethodsWithoutGradients(t *testing.T) {
	for _, knows := range []bool{false, true} {
		for _, entry := range gradcam.Catalogue() {
			needs := entry.Method.Needs()
			if needs.SecondOrder || needs.RerunGrad || needs.Biases {
				continue // the wrapped passes offer none
			}
			forwards := 0
			e, err := gradcam.New(underivable{enginetest.NewToy(), knows, &forwards}, gradcam.WithLayer("relu1"), gradcam.WithMethod(entry.Method))
			require.NoError(t, err)
			_, err = e.Explain(ctx, enginetest.ToyInput(0), gradcam.Class(0))
			if needs.Gradient || needs.Input {
				require.ErrorIs(t, err, engine.ErrNoDerivative, entry.Method.Name())
				require.ErrorIs(t, err, gradcam.ErrMethod)
				assert.Regexp(t, "use one of .*eigencam, .*reciprocam, .*rise", err.Error())
				assert.Equal(t, knows, forwards == 0, entry.Method.Name())
			} else {
				assert.NotErrorIs(t, err, engine.ErrNoDerivative, entry.Method.Name())
			}
			require.NoError(t, e.Close())
		}
	}
}

// An error about a method says which ones would work here.
func TestErrorsNameWhatWouldWork(t *testing.T) {
	whole := canned([]float32{1, 0}, nil)
	whole.Values["ints"] = engine.Array{Shape: []int{1, 1, 2, 2}, Ints: []int64{1, 2, 3, 4}}
	headless := own{gradcam.Needs{Layer: true}, func(_ context.Context, run *gradcam.Run) ([]gradcam.Attribution, error) {
		return nil, run.Unfit("the head has %d layers", 2)
	}}
	for _, c := range []struct {
		name     string
		model    engine.Model
		x        engine.Array
		layer    string
		method   gradcam.Method
		want     string
		with     []string
		without  []string
		sentinel error
	}{
		{"no derivative", refusing{enginetest.NewToy(), engine.ErrNoDerivative}, enginetest.ToyInput(0), "relu1", gradcam.GradCAM,
			"layer relu1: no derivative; use one of ", []string{"rise", "eigencam", "fem", "ablationcam", "reciprocam", "dff"}, []string{"gradcam", "saliency"}, engine.ErrNoDerivative},
		{"quantised", refusing{enginetest.NewToy(), engine.ErrNotFloat}, enginetest.ToyInput(0), "relu1", gradcam.HiResCAM,
			"layer returns no floating-point tensor; use one of ", []string{"rise"}, []string{"gradcam"}, engine.ErrNotFloat},
		{"integers", whole, image(1), "ints", gradcam.GradCAM,
			"activation of layer ints holds integers, which have no gradient: use one of ", []string{"rise", "saliency"}, []string{"gradcam", "reciprocam"}, gradcam.ErrLayer},
		{"its own reason", enginetest.NewToy(), enginetest.ToyInput(0), "relu1", headless,
			"method own: the head has 2 layers: use any method but shapleycam", nil, []string{"own"}, gradcam.ErrLayer},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, err := gradcam.New(c.model, gradcam.WithLayer(c.layer), gradcam.WithMethod(c.method))
			require.NoError(t, err)
			defer e.Close()
			_, err = e.Explain(ctx, c.x)
			require.ErrorContains(t, err, c.want)
			assert.ErrorIs(t, err, gradcam.ErrMethod)
			assert.ErrorIs(t, err, c.sentinel)
			for _, name := range c.with {
				assert.Regexp(t, `use one of .*\b`+name+`\b`, err.Error())
			}
			for _, name := range c.without {
				assert.NotRegexp(t, `use one of (.*, )?`+name+`(,|$)`, err.Error())
			}
		})
	}
	e, err := gradcam.New(refusing{enginetest.NewToy(), fmt.Errorf("no such layer")}, gradcam.WithLayer("relu9"))
	require.NoError(t, err)
	defer e.Close()
	_, err = e.Explain(ctx, enginetest.ToyInput(0))
	assert.EqualError(t, err, "gradcam: layer relu9: no such layer", "no method would find it")
}
