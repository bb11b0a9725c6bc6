package gradcam_test

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
)

// weighed is a network that has measured what its rows take, once some have run.
type weighed struct {
	*enginetest.Composed
	each int64
}

func (w weighed) RowBytes(...[]int) int64 {
	if len(w.Batches()) == 0 {
		return 0
	}
	return w.each
}

func (w weighed) Plan(ctx context.Context, spec engine.Spec) (engine.Plan, error) {
	p, err := w.Composed.Plan(ctx, spec)
	return weighedPlan{p, w}, err
}

type weighedPlan struct {
	engine.Plan
	model weighed
}

func (p weighedPlan) Forward(ctx context.Context, inputs []engine.Array) (engine.Pass, error) {
	pass, err := p.Plan.Forward(ctx, inputs)
	return weighedPass{pass, p.model}, err
}

type weighedPass struct {
	engine.Pass
	model weighed
}

func (p weighedPass) RowBytes(row ...[]int) int64 { return p.model.RowBytes(row...) }

// Where the engine has measured its rows, copies keep the budget by that number: one
// until it is known, then as many as fit, and never more than without it.
func TestChunksKeepTheMeasuredBudget(t *testing.T) {
	for name, c := range map[string]struct {
		method      gradcam.Method
		own, values int64 // bytes of a row in Go and in the engine, values of a row
	}{
		"the whole network": {gradcam.ScoreCAM, 2 * 96 * 4, 96},
		"what comes after":  {gradcam.AblationCAM, 2 * 48 * 4, 48},
	} {
		t.Run(name, func(t *testing.T) {
			in := pair()
			want := raws(t, channelsFirst(), in, c.method)
			budget := 16 * 4 * c.values * 6 // six rows by the factor
			for _, s := range []struct{ each, rows int64 }{
				{1, 6},                        // it would take more
				{budget/3 - c.own, 3},         // exactly three
				{budget/3 - c.own + 1, 2},     // not quite
				{budget * 10, 1},              // one must do
				{budget/2 - c.own, 2}, {1, 6}, // and again
			} {
				net := weighed{channelsFirst(), s.each}
				assert.Equal(t, want, raws(t, net, in, c.method, gradcam.WithMemory(budget)))
				assert.Equal(t, 1, net.Batches()[0], "which tells")
				assert.EqualValues(t, s.rows, slices.Max(net.Batches()), "%d bytes a row", s.each)
			}
		})
	}
}
