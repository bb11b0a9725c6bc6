//go:build cgo

package torch_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/torch"
)

// double is float64_model on a float64 input: precise enough for differences.
func double(t *testing.T, layer string) (h *torch.Hook, x *torch.Tensor) {
	t.Helper()
	c := readCase(t, "float64_model")
	x, err := c.inputs(t)[0].To(torch.Float64, torch.CPU)
	require.NoError(t, err)
	t.Cleanup(func() { x.Close() })
	return hook(t, c.load(t, "script"), layer), x
}

// The slow, plain twin of Backward: every element moved up and down a little.
// score is <cotangent, y(activation)>.
func differences(t *testing.T, at []float64, score func([]float64) float64) []float64 {
	t.Helper()
	const step = 1e-5
	g := make([]float64, len(at))
	for i := range at {
		moved := slices.Clone(at)
		moved[i] = at[i] + step
		up := score(moved)
		moved[i] = at[i] - step
		g[i] = (up - score(moved)) / (2 * step)
	}
	return g
}

// A gradient is what the score changes by, for the input of the model and for a
// layer in the middle, through a rerun and through the whole model.
func TestGradientAgainstDifferences(t *testing.T) {
	ctx := context.Background()
	cotangent := []float64{1, -2, 0.5, 0.25, 3, -1}
	weigh := func(y []float64) (s float64) {
		for i := range y {
			s += cotangent[i] * y[i]
		}
		return s
	}
	for _, layer := range []string{"input", "conv", "bn", "relu"} {
		t.Run(layer, func(t *testing.T) {
			h, x := double(t, layer)
			p := forward(t, h, x)
			v, err := torch.FromSlice(cotangent, 2, 3)
			require.NoError(t, err)
			defer v.Close()
			grads, err := p.Backward(ctx, v)
			require.NoError(t, err)
			defer grads[0].Close()
			got := bitsOf(t, grads[0])
			a := p.Activation(0)
			want := differences(t, bitsOf(t, a), func(moved []float64) float64 {
				m, err := torch.FromSlice(moved, a.Shape()...)
				require.NoError(t, err)
				defer m.Close()
				return weigh(rerun(t, p, "", m))
			})
			require.InDeltaSlice(t, want, got, 1e-8)
			assert.Greater(t, norm(got), 0.01, "a gradient of zero proves nothing")

			if layer != "input" {
				return
			}
			assert.Equal(t, bitsOf(t, x), bitsOf(t, a), "the activation of the input is the input")
			want = differences(t, bitsOf(t, x), func(moved []float64) float64 {
				m, err := torch.FromSlice(moved, x.Shape()...)
				require.NoError(t, err)
				defer m.Close()
				q, err := h.Forward(ctx, m)
				require.NoError(t, err)
				defer q.Close()
				return weigh(bitsOf(t, q.Outputs()[0].Tensor))
			})
			require.InDeltaSlice(t, want, got, 1e-8)
		})
	}
}

func norm(v []float64) (s float64) {
	for _, x := range v {
		s += x * x
	}
	return math.Sqrt(s)
}

// Different addresses of one value have one activation and one gradient.
func TestAddresses(t *testing.T) {
	for _, c := range []struct{ model, form, a, b string }{
		{"called_twice", "script", "conv@0", "#conv2d:1"},
		{"called_twice", "script", "conv@1", "#conv2d:-1"},
		{"called_twice", "trace", "conv@0", "#conv:-2"},
		{"called_twice", "frozen", "#conv2d:1", "#conv2d:-2"},
		{"shared_module", "script", "first", "#conv2d:1"},
		{"shared_module", "script", "second", "#conv2d:2"},
		{"tuple_output_module", "script", "split:0", "#mul:0"},
		{"tuple_output_module", "trace", "split:1", "#add:0"},
		{"multi_layer", "script", "right", "right.2"},
		{"multi_layer", "script", "right.0", "right.0@0"},
		{"inplace_relu_after", "trace", "relu", "#relu:0"}, // relu_ and relu are one
		{"mha_scripted", "script", "after", "after:0"},
	} {
		t.Run(c.model+"/"+c.form+"/"+c.a, func(t *testing.T) {
			tc := readCase(t, c.model)
			m := tc.load(t, c.form)
			p, q := forward(t, hook(t, m, c.a), tc.inputs(t)...), forward(t, hook(t, m, c.b), tc.inputs(t)...)
			assert.Equal(t, floats(t, p.Activation(0)), floats(t, q.Activation(0)))
			v := readTensor(t, tc.Target.Cotangent)
			assert.InDeltaSlice(t, gradients(t, p, tc.Target.Output, v)[0], gradients(t, q, tc.Target.Output, v)[0], 1e-6)
		})
	}
}

// The calls of one module are different layers.
func TestCallIndex(t *testing.T) {
	c := readCase(t, "called_twice")
	h := hook(t, c.load(t, "script"), "conv@1", "conv@0")
	p := forward(t, h, c.inputs(t)...)
	assert.NotEqual(t, floats(t, p.Activation(0)), floats(t, p.Activation(1)))
	g := gradients(t, p, "", readTensor(t, c.Target.Cotangent))
	assert.NotEqual(t, g[0], g[1])

	// In a loop, the execution counts.
	c = readCase(t, "in_loop")
	p = forward(t, hook(t, c.load(t, "script"), "conv@1", "conv@0"), c.inputs(t)...)
	assert.NotEqual(t, floats(t, p.Activation(0)), floats(t, p.Activation(1)))

	// Also beside a layer that the graph is cut at, in any order.
	first := forward(t, hook(t, c.load(t, "script"), "input", "conv@1"), c.inputs(t)...)
	last := forward(t, hook(t, c.load(t, "script"), "conv@1", "input"), c.inputs(t)...)
	assert.Equal(t, floats(t, p.Activation(0)), floats(t, first.Activation(1)))
	assert.Equal(t, floats(t, p.Activation(0)), floats(t, last.Activation(0)))
}
