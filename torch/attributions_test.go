//go:build cgo

package torch_test

import (
	"context"
	"math"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
	"github.com/torchlight-go/torchlight/torch"
)

// attribute explains a batch three times and returns the last raw values.
func attribute(t *testing.T, m engine.Model, inputs []engine.Array, target gradcam.Target, options ...gradcam.Option) [][]float32 {
	t.Helper()
	e, err := gradcam.New(m, options...)
	require.NoError(t, err)
	defer func() { require.NoError(t, e.Close()) }()
	var raw [][]float32
	for range 3 {
		all, err := e.ExplainAll(context.Background(), inputs, target)
		require.NoError(t, err)
		raw = nil
		for _, r := range all[0] {
			raw = append(raw, r.Raw[0].Values.Data)
		}
	}
	return raw
}

// The toy's file gives what the toy in Go gives, and guided Grad-CAM what captum's
// own tests hold it to.
func TestAttributionsOfTheToy(t *testing.T) {
	x := []engine.Array{enginetest.ToyInput(0, 1)}
	for _, form := range []string{"script", "trace", "reloaded"} {
		m, err := torch.Load(filepath.Join("..", "testdata", "golden", "toy", form+".pt"))
		require.NoError(t, err)
		for _, c := range []struct {
			method gradcam.Method
			layer  string
		}{
			{gradcam.Saliency{Signed: true}, ""},
			{gradcam.InputXGradient, ""},
			{gradcam.IntegratedGradients{Steps: 9}, ""},
			{gradcam.SmoothGrad{}, ""},
			{gradcam.VarGrad{Samples: 8, Sigma: 4}, ""},
			{gradcam.GradientSHAP{Sigma: 0.5}, ""},
			{gradcam.GuidedBackprop, ""},
			{gradcam.Deconvnet, ""},
			{gradcam.GuidedGradCAM{}, "conv1"},
			{gradcam.GuidedGradCAM{}, "relu1"},
			{gradcam.LayerIntegratedGradients{Steps: 9}, "conv1"},
			{gradcam.LayerIntegratedGradients{Steps: 9}, "relu1"},
			{gradcam.Conductance{Steps: 9}, "conv1"},
			{gradcam.DFF{Concepts: 2}, "relu1"},
		} {
			options := []gradcam.Option{gradcam.WithMethod(c.method)}
			if c.layer != "" {
				options = append(options, gradcam.WithLayer(c.layer))
			}
			want := attribute(t, enginetest.NewToy(), x, gradcam.Class(0), options...)
			got := attribute(t, m, x, gradcam.Class(0), options...)
			for n := range want {
				assert.InDeltaSlice(t, want[n], got[n], 1e-4, "%s, %s at %s", form, c.method.Name(), c.layer)
			}
			if c.method.Name() == "guided-gradcam" && c.layer == "relu1" {
				assert.Equal(t, []float32{0, 0, 4, 4, 0, 0, 12, 8, 28, 84, 97.5, 65, 28, 56, 65, 32.5}, got[0], form)
			}
		}
		require.NoError(t, m.Close())
	}
}

// complete holds shares to the difference of two inputs' scores.
func complete(t *testing.T, m engine.Model, class int, shares [][]float32, here, there []engine.Array, tolerance float64) {
	t.Helper()
	up, err := m.Predict(context.Background(), here)
	require.NoError(t, err)
	down, err := m.Predict(context.Background(), there)
	require.NoError(t, err)
	for n, share := range shares {
		sum := 0.0
		for _, v := range share {
			sum += float64(v)
		}
		want := float64(up[0].Array.Row(n).Data[class]) - float64(down[0].Array.Row(n).Data[class])
		require.Greater(t, math.Abs(want), 1e-3)
		assert.InDelta(t, want, sum, tolerance, "sample %d", n)
	}
}

// Each of two inputs has shares of its own.
func TestAttributionsOfTwoInputs(t *testing.T) {
	c := readCase(t, "two_inputs")
	m := c.load(t, "script")
	for k := range 2 {
		in, base := c.arrays(t), c.arrays(t)
		clear(base[k].Data)
		shares := attribute(t, m, in, gradcam.Class(1), gradcam.WithInput(k),
			gradcam.WithMethod(gradcam.IntegratedGradients{Steps: 2000, Rule: gradcam.RiemannMiddle}))
		assert.Len(t, shares[0], in[k].Row(0).Len())
		complete(t, m, 1, shares, in, base, 2e-3)
	}
}

// Token ids are explained by their embedding, a share a token.
func TestAttributionsOfTokens(t *testing.T) {
	c := readCase(t, "int_input_embedding")
	m := c.load(t, "script")
	in, base := c.arrays(t), c.arrays(t)
	clear(base[0].Ints)
	shares := attribute(t, m, in, gradcam.Class(1), gradcam.WithLayer("embedding"),
		gradcam.WithMethod(gradcam.LayerIntegratedGradients{Steps: 2000, Rule: gradcam.RiemannMiddle}))
	assert.Len(t, shares[0], in[0].Shape[1])
	complete(t, m, 1, shares, in, base, 2e-3)
}

// A trace that bakes its batch size in takes copies of the batch one at a time.
func TestAttributionsOfAFixedBatch(t *testing.T) {
	c := readCase(t, "trace_fixed_batch")
	m := c.load(t, "trace")
	in, base := c.arrays(t), c.arrays(t)
	clear(base[0].Data)
	shares := attribute(t, m, in, gradcam.Class(1), gradcam.WithMethod(gradcam.IntegratedGradients{Steps: 500, Rule: gradcam.RiemannMiddle}))
	complete(t, m, 1, shares, in, base, 5e-3)
}
