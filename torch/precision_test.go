//go:build cgo

package torch_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/torch"
)

// explainedAt runs a case's first layer thrice and returns what it gives: outputs,
// activation, gradient.
func explainedAt(t *testing.T, c testCase, m *torch.Module, layer string) [3]engine.Array {
	t.Helper()
	ctx := context.Background()
	plan, err := m.Plan(ctx, engine.Spec{Layers: []string{layer}})
	require.NoError(t, err)
	defer plan.Close()
	var first [3]engine.Array
	for i := range 3 {
		p, err := plan.Forward(ctx, c.arrays(t))
		require.NoError(t, err)
		g, err := p.Backward(ctx, []engine.Cotangent{{Output: c.Target.Output, Array: readArray(t, c.Target.Cotangent)}})
		require.NoError(t, err)
		got := [3]engine.Array{p.Outputs()[0].Array, p.Activations()[0], g[0]}
		require.NoError(t, p.Close())
		if i == 0 {
			first = got
		}
		assert.Equal(t, first, got, "pass %d", i)
	}
	return first
}

// TestPrecisionExact: captum's network has small integers everywhere, which bfloat16
// holds exactly. Its view of memory behind the convolution is refused channels-last.
func TestPrecisionExact(t *testing.T) {
	c := readCase(t, "frozen_toy")
	for _, layer := range []string{"conv1", "relu1", "fc1", "relu2", "input"} {
		want := explainedAt(t, c, c.load(t, "script"), layer)
		for _, form := range []string{"script", "trace"} {
			for name, options := range map[string][]torch.Option{
				"bfloat16":                      {torch.WithPrecision(torch.BFloat16)},
				"bfloat16, the usual order":     {torch.WithPrecision(torch.BFloat16), torch.WithChannelsLast(false)},
				"channels-last":                 {torch.WithChannelsLast(true)},
				"bfloat16, nothing folded":      {torch.WithPrecision(torch.BFloat16), torch.WithoutFolding()},
				"float32, which is the default": {torch.WithPrecision(torch.Float32)},
			} {
				assert.Equal(t, want, explainedAt(t, c, c.load(t, form, options...), layer), "%s %s %s", layer, form, name)
			}
		}
	}
}

// TestPrecisionModels: every network whose samples stand in the manifest either runs
// in bfloat16, near its float32 values, or says that it does not.
func TestPrecisionModels(t *testing.T) {
	ran := 0
	for _, c := range readManifest(t).Cases {
		if c.DType != "float32" || c.Target == nil {
			continue
		}
		for form := range c.Files {
			t.Run(c.Name+"/"+form, func(t *testing.T) {
				m := c.load(t, form, torch.WithPrecision(torch.BFloat16))
				layers, addresses := c.hookable(form)
				for i, l := range layers {
					if nearInBFloat16(t, c, m, l, addresses[i]) {
						ran++
					}
				}
			})
		}
	}
	assert.Greater(t, ran, 150, "layers that ran")
}

// nearInBFloat16 reports whether the model runs up to the layer; then its activation
// is near float32's.
func nearInBFloat16(t *testing.T, c testCase, m *torch.Module, l testLayer, address string) bool {
	t.Helper()
	h, err := m.Hook(address)
	if err != nil {
		requireTold(t, err)
		return false
	}
	defer h.Close()
	p, err := h.Forward(context.Background(), c.inputs(t)...)
	if err != nil {
		requireTold(t, err)
		return false
	}
	defer p.Close()
	x := p.Activation(0)
	assert.NotEqual(t, torch.BFloat16, x.DType(), l.Layer)
	a, err := torch.ToSlice[float32](x)
	require.NoError(t, err)
	near(t, readArray(t, l.Activation), engine.Array{Shape: x.Shape(), Data: a}, 0.05, l.Layer)
	return true
}

// TestPrecisionSample: a network of fifty layers keeps the class and the order of
// magnitude, and does not give float32's very numbers.
func TestPrecisionSample(t *testing.T) {
	ctx := context.Background()
	x := engine.NewArray(2, 3, 64, 64)
	for i := range x.Data {
		x.Data[i] = float32(i%251)/125 - 1
	}
	own, err := torch.Load(sampleModel)
	require.NoError(t, err)
	defer own.Close()
	reduced, err := torch.Load(sampleModel, torch.WithPrecision(torch.BFloat16))
	require.NoError(t, err)
	defer reduced.Close()
	assert.Equal(t, "float32", own.PrecisionName())
	assert.Equal(t, "bfloat16", reduced.PrecisionName())
	assert.Equal(t, "float32", reduced.DTypeName())
	want, err := own.Predict(ctx, []engine.Array{x})
	require.NoError(t, err)
	for range 3 {
		got, err := reduced.Predict(ctx, []engine.Array{x})
		require.NoError(t, err)
		near(t, want[0].Array, got[0].Array, 0.05, "output")
		assert.NotEqual(t, want[0].Array.Data, got[0].Array.Data)
		_, err = reduced.Predict(ctx, []engine.Array{engine.NewArray(1, 5, 64, 64)})
		requireError(t, err, torch.ErrModel, "refused float32[1 5 64 64]", "channels")
	}
}

func TestMemoryLimitRefused(t *testing.T) {
	m, err := torch.Load(sampleModel, torch.WithMemoryLimit(-1))
	require.Nil(t, m)
	requireError(t, err, torch.ErrInvalid, sampleModel, "a memory limit of -1 bytes; give 1 or more, or 0 for what the machine has")
}

func TestPrecisionRefused(t *testing.T) {
	toy, half := filepath.Join(models, "frozen_toy", "script.pt"), filepath.Join(models, readCase(t, "half_model").Files["script"])
	for name, c := range map[string]struct {
		path   string
		option torch.DType
		says   string
	}{
		"float16 on a CPU":    {toy, torch.Float16, "use bfloat16 there"},
		"integers":            {toy, torch.Int64, "a network does not run in int64; use torch.Float32, torch.BFloat16 or torch.Float16"},
		"float64":             {toy, torch.Float64, "a network does not run in float64"},
		"no type":             {toy, torch.DType(99), "a network does not run in scalar type 99"},
		"a float16 file":      {half, torch.BFloat16, "the model is of type Half already"},
		"a float16 file, too": {half, torch.Float32, "the model is of type Half already"},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := torch.Load(c.path, torch.WithPrecision(c.option))
			require.Nil(t, m)
			requireError(t, err, torch.ErrInvalid, c.path, c.says)
		})
	}
}
