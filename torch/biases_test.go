//go:build cgo

package torch_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/torch"
)

func biasesOf(t *testing.T, m *torch.Module) []engine.Bias {
	t.Helper()
	plan, err := m.Plan(context.Background(), engine.Spec{Layers: []string{engine.Input}})
	require.NoError(t, err)
	defer plan.Close()
	b, err := plan.(engine.Biases).Biases(context.Background())
	require.NoError(t, err)
	return b
}

// A network of convolutions, batch norms and rectifiers is its input and its
// biases, each times its gradient (arXiv:1905.00780, proposition 1). What is left
// over is the classifier's bias: the same for every sample and any input.
func TestBiasesAreComplete(t *testing.T) {
	ctx := context.Background()
	for _, name := range []string{"inplace_relu_after", "residual_inplace", "memory_efficient_if", "multi_layer", "float64_model", "called_twice"} {
		c := readCase(t, name)
		for form := range c.Files {
			t.Run(name+"/"+form, func(t *testing.T) {
				m := c.load(t, form)
				biases := biasesOf(t, m)
				require.NotEmpty(t, biases)
				spec := engine.Spec{Layers: []string{engine.Input}}
				for _, b := range biases {
					spec.Layers = append(spec.Layers, b.Layer)
				}
				var left []float64
				for _, factor := range []float32{1, 0.5, -2} {
					x := readArray(t, c.Inputs[0])
					for i := range x.Data {
						x.Data[i] *= factor
					}
					p := enginePass(t, m, spec, x)
					g, err := p.Backward(ctx, []engine.Cotangent{{Output: c.Target.Output, Array: readArray(t, c.Target.Cotangent)}})
					require.NoError(t, err)
					y := p.Outputs()[0].Array
					for sample := range x.Shape[0] {
						rest := float64(y.Row(sample).Data[c.Target.Index])
						for i, v := range x.Row(sample).Data {
							rest -= float64(v) * float64(g[0].Row(sample).Data[i])
						}
						for k, b := range biases {
							row := g[k+1].Row(sample)
							require.Len(t, b.Values, row.Shape[0], b.Layer)
							each := len(row.Data) / row.Shape[0]
							for i, d := range row.Data {
								rest -= float64(b.Values[i/each]) * float64(d)
							}
						}
						left = append(left, rest)
					}
				}
				for _, rest := range left {
					require.InDelta(t, left[0], rest, 1e-5)
				}
			})
		}
	}
}

// A tap between a convolution and its batch norm keeps them apart: values and
// gradients are those that eager Python has at the same places.
func TestBiasesBetweenConvolutionAndNorm(t *testing.T) {
	ctx := context.Background()
	c := readCase(t, "residual_inplace")
	for _, form := range []string{"script", "trace"} {
		m := c.load(t, form)
		var nodes []string
		for _, b := range biasesOf(t, m) {
			nodes = append(nodes, b.Layer)
		}
		require.Equal(t, []string{"#batch_norm:0", "#batch_norm:1", "#batch_norm:2"}, nodes, "convolutions without a bias")
		conv := "#conv2d:"
		if form == "trace" {
			conv = "#convolution:"
		}
		at := map[string]string{conv + "0": "conv1", "#batch_norm:0": "bn1", conv + "1": "conv2", "#batch_norm:1": "bn2", conv + "2": "downsample.0", "#batch_norm:2": "downsample"}
		spec := engine.Spec{Layers: []string{engine.Input}}
		for node := range at {
			spec.Layers = append(spec.Layers, node)
		}
		slices.Sort(spec.Layers)
		for range 3 {
			p := enginePass(t, m, spec, c.arrays(t)...)
			near(t, readArray(t, c.Outputs[0].File), p.Outputs()[0].Array, c.Tolerance, "output")
			for range 2 {
				g, err := p.Backward(ctx, []engine.Cotangent{{Array: readArray(t, c.Target.Cotangent)}})
				require.NoError(t, err)
				for i, node := range spec.Layers {
					k := slices.IndexFunc(c.Layers, func(l testLayer) bool { return l.Layer == at[node] })
					if k < 0 {
						continue // the input
					}
					near(t, readArray(t, c.Layers[k].Activation), p.Activations()[i], c.Tolerance, node)
					near(t, readArray(t, c.Layers[k].Gradient), g[i], c.Tolerance, node)
				}
			}
		}
	}
}

// A convolution's bias is what it gives for zeros; a batch norm's is what is left
// of its output when the slope is taken off, which two points give.
func TestBiasValues(t *testing.T) {
	for _, name := range []string{"inplace_relu_after", "memory_efficient_if", "residual_inplace", "volume3d"} {
		c := readCase(t, name)
		for form := range c.Files {
			m := c.load(t, form)
			for _, b := range biasesOf(t, m) {
				norm := strings.HasPrefix(b.Layer, "#batch_norm")
				if norm && name != "residual_inplace" || !norm && name == "memory_efficient_if" {
					continue // its input is not a single node, or not zero
				}
				in := readArray(t, c.Inputs[0])
				if !norm {
					clear(in.Data)
					if form == "frozen" && name == "residual_inplace" && b.Layer != "#conv2d:0" && b.Layer != "#conv2d:2" {
						continue // behind other convolutions
					}
				}
				spec := engine.Spec{Layers: []string{b.Layer}}
				if norm {
					conv := "#conv2d:"
					if form == "trace" {
						conv = "#convolution:"
					}
					spec.Layers = append(spec.Layers, conv+b.Layer[len("#batch_norm:"):])
				}
				p := enginePass(t, m, spec, in)
				a := p.Activations()[0].Row(0)
				each := a.Len() / a.Shape[0]
				for channel, want := range b.Values {
					got := float64(a.Data[channel*each])
					if norm {
						z := p.Activations()[1].Row(0).Data[channel*each:]
						steep := (float64(a.Data[channel*each+1]) - got) / float64(z[1]-z[0])
						got -= steep * float64(z[0])
					}
					assert.InDelta(t, got, want, 2e-5, "%s/%s %s channel %d", name, form, b.Layer, channel)
				}
			}
		}
	}
	assert.Empty(t, biasesOf(t, readCase(t, "smooth").load(t, "script")))
}
