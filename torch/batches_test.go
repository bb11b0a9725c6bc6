//go:build cgo

package torch_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/torch"
)

// One plan serves batches of any size, in any order; samples do not interact.
func TestBatches(t *testing.T) {
	ctx := context.Background()
	for _, c := range readManifest(t).Cases {
		if len(c.Inputs) != 1 || c.Target == nil || c.Name == "trace_fixed_batch" || c.Name == "samples_interact" {
			continue
		}
		for form := range c.Files {
			layers, addresses := c.hookable(form)
			if len(layers) == 0 || form == "trace_nograd" || layers[0].Fallback {
				continue // a branch that the data of the batch decides
			}
			t.Run(c.Name+"/"+form, func(t *testing.T) {
				h := hook(t, c.load(t, form), addresses[0])
				in, y := readArray(t, c.Inputs[0]), readArray(t, outputFile(t, c))
				cotangent := readArray(t, c.Target.Cotangent)
				a, g := readArray(t, layers[0].Activation), readArray(t, layers[0].Gradient)
				for _, rows := range [][]int{{1}, {0, 1}, {0, 1, 1, 0, 1}, {0}, {1, 0}} {
					p, err := h.Forward(ctx, tensor(t, pick(in, rows)))
					require.NoError(t, err)
					requireClose(t, pick(y, rows), p.Outputs().Get(c.Target.Output), 2*c.Tolerance, "output")
					requireClose(t, pick(a, rows), p.Activation(0), 2*c.Tolerance, "activation")
					grads, err := p.BackwardFrom(ctx, torch.Value{Name: c.Target.Output, Tensor: tensor(t, pick(cotangent, rows))})
					require.NoError(t, err)
					requireClose(t, pick(g, rows), grads[0], 2*c.Tolerance, "gradient")
					require.NoError(t, grads[0].Close())
					require.NoError(t, p.Close())
				}
			})
		}
	}
}

func outputFile(t testing.TB, c testCase) string {
	t.Helper()
	for _, o := range c.Outputs {
		if o.Name == c.Target.Output {
			return o.File
		}
	}
	require.Fail(t, "no output "+c.Target.Output)
	return ""
}

// pick makes a batch of those rows.
func pick(a engine.Array, rows []int) engine.Array {
	out := engine.Array{Shape: append([]int{len(rows)}, a.Shape[1:]...)}
	for _, r := range rows {
		row := a.Row(r)
		out.Data, out.Ints = append(out.Data, row.Data...), append(out.Ints, row.Ints...)
	}
	return out
}
