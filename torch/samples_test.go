//go:build cgo

package torch_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/torch"
)

// one is sample i of a batch, as a batch.
func one(a engine.Array, i int) engine.Array {
	row := a.Row(i)
	row.Shape = append([]int{1}, row.Shape...)
	return row
}

// A model whose samples affect each other gives each its own values only when it
// runs alone, so a batch is refused; one sample after another is not.
func TestSamplesThatAffectEachOther(t *testing.T) {
	ctx := context.Background()
	c := readCase(t, "samples_interact")
	for _, form := range []string{"script", "trace", "frozen"} {
		t.Run(form, func(t *testing.T) {
			m := c.load(t, form)
			x := c.arrays(t)[0]
			plan, err := m.Plan(ctx, engine.Spec{Layers: []string{c.Layers[0].address(form)}})
			require.NoError(t, err)
			defer plan.Close()
			for range 3 {
				for i := range 2 {
					p, err := plan.Forward(ctx, []engine.Array{one(x, i)})
					require.NoError(t, err)
					require.NoError(t, p.Close())
				}
				_, err = plan.Forward(ctx, []engine.Array{x})
				requireError(t, err, torch.ErrSamplesInteract, c.Files[form], "samples of a batch affect each other", "explain the samples one at a time")
			}
		})
	}
	assert.Zero(t, torch.Stats().Passes, "a pass that is refused is freed")
}

// Predict runs such samples alone.
func TestPredictSamplesAlone(t *testing.T) {
	ctx := context.Background()
	c := readCase(t, "samples_interact")
	m := c.load(t, "script")
	x := c.arrays(t)[0]
	for range 3 {
		y, err := m.Predict(ctx, []engine.Array{x})
		require.NoError(t, err)
		require.Equal(t, []int{2, 3}, y[0].Array.Shape)
		for i := range 2 {
			alone, err := c.load(t, "script").Predict(ctx, []engine.Array{one(x, i)})
			require.NoError(t, err)
			near(t, alone[0].Array, one(y[0].Array, i), 1e-6, "row")
		}
	}
}

// What cannot be compared, or does not differ, is taken as it comes.
func TestSamplesThatDoNot(t *testing.T) {
	ctx := context.Background()
	for _, name := range []string{"trace_fixed_batch", "two_inputs", "int_input_embedding", "half_model", "bfloat16_model", "float64_model", "scalar_output", "in_if", "in_loop"} {
		t.Run(name, func(t *testing.T) {
			c := readCase(t, name)
			form := "script"
			if c.Files[form] == "" {
				form = "trace"
			}
			m := c.load(t, form)
			layer := "conv"
			if name == "in_loop" {
				layer = "conv@0"
			}
			plan, err := m.Plan(ctx, engine.Spec{Layers: []string{layer}})
			require.NoError(t, err)
			defer plan.Close()
			for range 3 {
				p, err := plan.Forward(ctx, c.arrays(t))
				require.NoError(t, err)
				require.NoError(t, p.Close())
				_, err = m.Predict(ctx, c.arrays(t))
				require.NoError(t, err)
			}
		})
	}
}
