package gradcam_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
)

// slow is a network whose forward passes take a while.
type slow struct{ engine.Model }

type slowPlan struct{ engine.Plan }

const while = 20 * time.Millisecond

func (s slow) Plan(ctx context.Context, spec engine.Spec) (engine.Plan, error) {
	p, err := s.Model.Plan(ctx, spec)
	return slowPlan{p}, err
}

func (p slowPlan) Forward(ctx context.Context, inputs []engine.Array) (engine.Pass, error) {
	time.Sleep(while)
	return p.Plan.Forward(ctx, inputs)
}

// What is timed is timed once: the second method makes the pass through the input
// while it runs, and a third one finds it made.
func TestTimingsAddUp(t *testing.T) {
	e, err := gradcam.New(slow{enginetest.NewToy()}, gradcam.WithLayer("relu1"),
		gradcam.WithMethods(gradcam.GradCAM, gradcam.Saliency{}, gradcam.InputXGradient))
	require.NoError(t, err)
	defer e.Close()
	for range 3 {
		all, err := e.ExplainAll(ctx, []engine.Array{enginetest.ToyInput(0)}, gradcam.Class(0))
		require.NoError(t, err)
		batch := all[0][0].Timings
		assert.GreaterOrEqual(t, batch.Forward, 2*while, "the layer's pass and the input's")
		sum := batch.Choose + batch.Forward
		for _, results := range all {
			own := results[0].Timings
			assert.Equal(t, batch.Forward, own.Forward)
			assert.GreaterOrEqual(t, own.Method, time.Duration(0))
			sum += own.Backward + own.Method
		}
		assert.LessOrEqual(t, sum, batch.Total)
	}
}
