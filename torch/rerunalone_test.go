//go:build cgo

package torch_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/torch"
)

// Rows that run one by one, each with its own sample's values, give what they
// give together, on every model.
func TestRerunAlone(t *testing.T) {
	ctx := context.Background()
	rerunCases(t, func(t *testing.T, c testCase, m *torch.Module, address string) {
		if c.Name == "trace_fixed_batch" || c.Name == "samples_interact" {
			return // TestRerunFixedBatch, TestSamplesThatAffectEachOther
		}
		plan, err := m.PlanAlone(engine.Spec{Layers: []string{address}})
		require.NoError(t, err)
		defer plan.Close()
		in := c.arrays(t)
		for range 3 {
			p, err := plan.Forward(ctx, in)
			require.NoError(t, err)
			a, n := p.Activations()[0], in[0].Shape[0]
			for range 2 { // the second time, the samples' values are there
				rows := []int{1, 0, 1}
				got, err := p.Rerun(ctx, pickEach(a, rows, n), rows)
				require.NoError(t, err)
				nearOutputs(t, pickOutputs(p.Outputs(), rows, n), got, 2*c.Tolerance)

				q, err := p.(engine.RerunGrad).RerunGrad(ctx, pickEach(a, rows, n), rows)
				require.NoError(t, err)
				nearOutputs(t, pickOutputs(p.Outputs(), rows, n), q.Outputs(), 2*c.Tolerance)
				requireGradient(t, c, q, address, rows)
				got, err = q.Rerun(ctx, pickEach(a, []int{0, 1, 1, 0}, n), []int{1, 0, 2, 1})
				require.NoError(t, err)
				nearOutputs(t, pickOutputs(p.Outputs(), []int{0, 1, 1, 0}, n), got, 2*c.Tolerance)
				require.NoError(t, q.Close())
			}
			require.NoError(t, p.Close())
		}
	})
}

// requireGradient compares with eager Python's gradient for those rows.
func requireGradient(t *testing.T, c testCase, p engine.Pass, address string, rows []int) {
	t.Helper()
	for form := range c.Files {
		for _, l := range c.Layers {
			if l.address(form) != address || l.Gradient == "" {
				continue
			}
			cotangent := pick(readArray(t, c.Target.Cotangent), rows)
			for range 3 {
				g, err := p.Backward(context.Background(), []engine.Cotangent{{Output: c.Target.Output, Array: cotangent}})
				require.NoError(t, err)
				near(t, pickEach(readArray(t, l.Gradient), rows, 2), g[0], 2*c.Tolerance, "gradient")
			}
			return
		}
	}
}

// A pass from other rows has their outputs, activations and gradients, and goes
// on like any other.
func TestRerunGrad(t *testing.T) {
	ctx := context.Background()
	rerunCases(t, func(t *testing.T, c testCase, m *torch.Module, address string) {
		if c.Name == "trace_fixed_batch" || c.Name == "samples_interact" {
			return // TestRerunFixedBatch, TestSamplesThatAffectEachOther
		}
		in := c.arrays(t)
		p := enginePass(t, m, engine.Spec{Layers: []string{address}}, in...)
		a, n := p.Activations()[0], in[0].Shape[0]
		for _, rows := range [][]int{nil, {0, 1}, {1}, {1, 0, 1, 1}} {
			all := rows
			if rows == nil {
				all = []int{0, 1}
			}
			q, err := p.(engine.RerunGrad).RerunGrad(ctx, pickEach(a, all, n), rows)
			require.NoError(t, err)
			nearOutputs(t, pickOutputs(p.Outputs(), all, n), q.Outputs(), 2*c.Tolerance)
			near(t, pickEach(a, all, n), q.Activations()[0], 0, "activation")
			requireGradient(t, c, q, address, all)
			last := []int{len(all) - 1, 0}
			again, err := q.Rerun(ctx, pickEach(q.Activations()[0], last, len(all)), last)
			require.NoError(t, err)
			nearOutputs(t, pickOutputs(q.Outputs(), last, len(all)), again, 2*c.Tolerance)
			require.NoError(t, q.Close())
		}
	})
}

// The gradient of a pass from another activation is the slope there.
func TestRerunGradAgainstDifferences(t *testing.T) {
	ctx := context.Background()
	cotangent := []float64{1, -2, 0.5}
	c := readCase(t, "smooth")
	x, err := c.inputs(t)[0].To(torch.Float64, torch.CPU)
	require.NoError(t, err)
	defer x.Close()
	for _, layer := range []string{"norm", "mix", "after"} {
		p := forward(t, hook(t, c.load(t, "script"), layer), x)
		a := p.Activation(0)
		point := bitsOf(t, a)[:len(bitsOf(t, a))/2]
		for i := range point {
			point[i] = 0.5*point[i] + 0.01*float64(i%7)
		}
		shape := append([]int{1}, a.Shape()[1:]...)
		at, err := torch.FromSlice(point, shape...)
		require.NoError(t, err)
		defer at.Close()
		q, err := p.RerunGrad(ctx, at, []int{1})
		require.NoError(t, err)
		defer q.Close()
		v, err := torch.FromSlice(cotangent, 1, 3)
		require.NoError(t, err)
		defer v.Close()
		want := differences(t, point, func(moved []float64) float64 {
			m, err := torch.FromSlice(moved, shape...)
			require.NoError(t, err)
			defer m.Close()
			out, err := p.RerunRows(ctx, m, []int{1})
			require.NoError(t, err)
			defer out.Close()
			y := bitsOf(t, out[0].Tensor)
			return cotangent[0]*y[0] + cotangent[1]*y[1] + cotangent[2]*y[2]
		})
		for range 3 {
			g, err := q.Backward(ctx, v)
			require.NoError(t, err)
			require.InDeltaSlice(t, want, bitsOf(t, g[0]), 1e-8, layer)
			require.Greater(t, norm(want), 0.01)
			require.NoError(t, g[0].Close())
		}
	}
}
