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

func (c testCase) arrays(t testing.TB) (in []engine.Array) {
	t.Helper()
	for _, f := range c.Inputs {
		in = append(in, readArray(t, f))
	}
	return in
}

// near compares arrays as requireClose compares tensors.
func near(t testing.TB, want, got engine.Array, tolerance float64, what string) {
	t.Helper()
	require.Equal(t, want.Shape, got.Shape, what)
	require.Equal(t, want.Ints, got.Ints, what)
	require.Len(t, got.Data, len(want.Data), what)
	var scale float64
	for _, w := range want.Data {
		scale = max(scale, abs(float64(w)))
	}
	for i, w := range want.Data {
		require.InDelta(t, w, got.Data[i], tolerance*scale, what)
	}
}

// A module as package engine sees it: arrays in, arrays out, on the models whose
// inputs or outputs are special.
func TestEngineModel(t *testing.T) {
	ctx := context.Background()
	for _, name := range []string{"frozen_toy", "two_inputs", "int_input_embedding", "dict_output", "nested_output", "tuple_with_none", "half_model", "float64_model"} {
		t.Run(name, func(t *testing.T) {
			c := readCase(t, name)
			var model engine.Model = c.load(t, "script")
			outputs := func(got []engine.Output) {
				t.Helper()
				require.Len(t, got, len(c.Outputs))
				for i, o := range c.Outputs {
					require.Equal(t, o.Name, got[i].Name)
					near(t, readArray(t, o.File), got[i].Array, c.Tolerance, "output "+o.Name)
				}
			}
			got, err := model.Predict(ctx, c.arrays(t))
			require.NoError(t, err)
			outputs(got)

			plan, err := model.Plan(ctx, engine.Spec{Layers: []string{c.Layers[0].Layer}})
			require.NoError(t, err)
			defer plan.Close()
			assert.Contains(t, plan.Describe(), "cut: ")
			for range 3 {
				pass, err := plan.Forward(ctx, c.arrays(t))
				require.NoError(t, err)
				outputs(pass.Outputs())
				near(t, readArray(t, c.Layers[0].Activation), pass.Activations()[0], c.Tolerance, "activation")
				for range 2 {
					g, err := pass.Backward(ctx, []engine.Cotangent{{Output: c.Target.Output, Array: readArray(t, c.Target.Cotangent)}})
					require.NoError(t, err)
					require.Len(t, g, 1)
					near(t, readArray(t, c.Layers[0].Gradient), g[0], c.Tolerance, "gradient")
				}
				again, err := pass.Rerun(ctx, pass.Activations()[0], nil)
				require.NoError(t, err)
				require.Len(t, again, len(c.Outputs))
				require.NoError(t, pass.Close())
				require.NoError(t, pass.Close())
			}
		})
	}
	assert.Zero(t, torch.Stats().Passes, "a pass frees what it copied out")
}

func TestEngineRefusals(t *testing.T) {
	ctx := context.Background()
	c := readCase(t, "frozen_toy")
	m := c.load(t, "script")
	before := torch.Stats()
	_, err := m.Plan(ctx, engine.Spec{Layers: []string{"conv1"}, Relu: 3})
	requireError(t, err, torch.ErrInvalid, "unknown rule")
	_, err = m.Plan(ctx, engine.Spec{Layers: []string{"conv1"}, InPlace: -1})
	requireError(t, err, torch.ErrInvalid, "unknown rule")
	_, err = m.Plan(ctx, engine.Spec{})
	requireError(t, err, torch.ErrInvalid, "at least one layer")
	_, err = m.Plan(ctx, engine.Spec{Layers: []string{"conv2"}})
	requireError(t, err, torch.ErrUnknownLayer, "did you mean conv1")

	plan, err := m.Plan(ctx, engine.Spec{Layers: []string{engine.Input}})
	require.NoError(t, err)
	for name, bad := range map[string]engine.Array{
		"too short": {Shape: []int{1, 3, 8, 8}, Data: make([]float32, 7)},
		"negative":  {Shape: []int{-1}, Data: make([]float32, 1)},
		"both":      {Shape: []int{1}, Data: make([]float32, 1), Ints: make([]int64, 1)},
	} {
		for _, f := range []func() error{
			func() error { _, err := m.Predict(ctx, []engine.Array{bad}); return err },
			func() error { _, err := m.Calls(ctx, []engine.Array{bad}); return err },
			func() error { _, err := plan.Forward(ctx, []engine.Array{bad}); return err },
		} {
			t.Run(name, func(t *testing.T) { requireError(t, f(), torch.ErrInvalid, "input") })
		}
	}
	_, err = plan.Forward(ctx, nil)
	requireError(t, err, torch.ErrInvalid, "takes 1 input(s)")

	pass, err := plan.Forward(ctx, c.arrays(t))
	require.NoError(t, err)
	x := pass.Activations()[0]
	rows := make([]int, x.Shape[0])
	for i := range rows {
		rows[i] = i
	}
	straight, err := pass.Rerun(ctx, x, rows)
	require.NoError(t, err)
	assert.Equal(t, c.Outputs[0].Name, straight[0].Name)
	_, err = pass.Rerun(ctx, x, append(rows, 0))
	requireError(t, err, torch.ErrInvalid, "row(s)")
	_, err = pass.Backward(ctx, []engine.Cotangent{{Output: "nothing", Array: x}})
	requireError(t, err, torch.ErrInvalid, `no output "nothing"`)

	require.NoError(t, plan.Close())
	require.NoError(t, plan.Close())
	_, err = pass.Rerun(ctx, x, nil)
	require.NoError(t, err, "a pass outlives its plan")
	require.NoError(t, pass.Close())
	_, err = pass.Rerun(ctx, x, nil)
	requireError(t, err, torch.ErrClosed)
	_, err = plan.Forward(ctx, c.arrays(t))
	requireError(t, err, torch.ErrClosed)
	assert.Equal(t, before, torch.Stats())
}
