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

// Every input is a layer, with the gradient that the output changes by.
func TestInputsAsLayers(t *testing.T) {
	ctx := context.Background()
	c := readCase(t, "two_inputs")
	const step = 1e-2
	for form := range c.Files {
		m := c.load(t, form)
		cotangent := readArray(t, c.Target.Cotangent)
		score := func(in []engine.Array) (s float64) {
			y, err := m.Predict(ctx, in)
			require.NoError(t, err)
			for i, v := range y[0].Array.Data {
				s += float64(v * cotangent.Data[i])
			}
			return s
		}
		for _, layers := range [][]string{{"input@1"}, {"input@0"}, {"input", "input@1"}, {"input@1", "input"}} {
			for range 3 {
				p := enginePass(t, m, engine.Spec{Layers: layers}, c.arrays(t)...)
				g, err := p.Backward(ctx, []engine.Cotangent{{Array: cotangent}})
				require.NoError(t, err)
				for k, layer := range layers {
					which := map[string]int{"input": 0, "input@0": 0, "input@1": 1}[layer]
					assert.Equal(t, c.arrays(t)[which], p.Activations()[k])
					right := 0
					for i := range min(8, g[k].Len()) {
						up, down := c.arrays(t), c.arrays(t)
						up[which].Data[i] += step
						down[which].Data[i] -= step
						if want := (score(up) - score(down)) / (2 * step); abs(want-float64(g[k].Data[i])) < 1e-3 {
							right++
						}
					}
					assert.GreaterOrEqual(t, right, min(8, g[k].Len())-1, "%s: a rectifier may open or close on the way", layer)
				}
			}
		}
	}
}

func TestInputsRefused(t *testing.T) {
	c := readCase(t, "two_inputs")
	m := c.load(t, "script")
	_, err := m.Hook("input@2")
	requireError(t, err, torch.ErrUnknownLayer, "no input 2; the model has 2")
	_, err = m.Hook("input@-1")
	requireError(t, err, torch.ErrUnknownLayer, "no input -1")
	_, err = m.Hook("input@first")
	requireError(t, err, torch.ErrInvalid, "no number")
	c = readCase(t, "int_input_embedding")
	h := hook(t, c.load(t, "script"), "input@0")
	_, err = h.Forward(context.Background(), c.inputs(t)...)
	requireError(t, err, torch.ErrLayerNotTensor, "input@0", "Long", "no gradient")
}
