//go:build cgo

package torch_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
)

// With folding, reruns repeat each other bit for bit and the output to rounding.
func TestRerunRepeats(t *testing.T) {
	for _, c := range readManifest(t).Cases {
		for form := range c.Files {
			layers, addresses := c.hookable(form)
			for i, l := range layers {
				if l.Fallback {
					continue
				}
				p := forward(t, hook(t, c.load(t, form), addresses[i]), c.inputs(t)...)
				want := bitsOf(t, p.Outputs().Get(c.Target.Output))
				first := rerun(t, p, c.Target.Output, p.Activation(0))
				var scale float64
				for _, w := range want {
					scale = max(scale, abs(w))
				}
				require.InDeltaSlice(t, want, first, c.Tolerance*scale, "%s/%s %s", c.Name, form, addresses[i])
				for range 2 {
					require.Equal(t, first, rerun(t, p, c.Target.Output, p.Activation(0)), "%s/%s %s", c.Name, form, addresses[i])
				}
			}
		}
	}
}

// An activation that another input made gives that input's output, wherever
// nothing else crosses the cut.
func TestRerunAgainstForward(t *testing.T) {
	for _, name := range []string{"inplace_relu_after", "multi_layer", "frozen_toy", "half_model", "memory_efficient_if", "volume3d"} {
		c := readCase(t, name)
		for form := range c.Files {
			m := c.load(t, form)
			x := readArray(t, c.Inputs[0])
			other := engine.Array{Shape: x.Shape, Data: slices.Clone(x.Data)}
			slices.Reverse(other.Data)
			layers, addresses := c.hookable(form)
			for i := range append(layers, testLayer{}) {
				address := "input"
				if i < len(addresses) {
					address = addresses[i]
				}
				h := hook(t, m, address)
				if h.Plan().Crossing > 0 {
					continue
				}
				p, q := forward(t, h, tensor(t, x)), forward(t, h, tensor(t, other))
				want := bitsOf(t, q.Outputs().Get(c.Target.Output))
				got := rerun(t, p, c.Target.Output, q.Activation(0))
				require.InDeltaSlice(t, want, got, c.Tolerance*10, "%s/%s %s", name, form, address)
				require.NotEqual(t, bitsOf(t, p.Outputs().Get(c.Target.Output)), want)
			}
		}
	}
}
