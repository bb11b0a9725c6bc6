//go:build cgo

package torch_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
)

// A layer whose value the next operator writes in place: by pytorch-grad-cam's
// rule the activation is what was written, which the writing node returns, and
// the gradient that of the value before; by torch-cam's rule both are that node's.
func TestInPlaceRules(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct{ model, form, layer, written string }{
		{"inplace_relu_after", "script", "conv", "#relu:0"},
		{"inplace_relu_after", "trace", "conv", "#relu:0"},
		{"inplace_relu_after", "frozen", "#conv2d:0", "#relu:0"},
		{"residual_inplace", "script", "bn1", "#relu:0"},
		{"residual_inplace", "trace", "bn1", "#relu:0"},
		{"residual_inplace", "script", "bn2", "#relu:1"}, // after += and relu_
		{"residual_inplace", "trace", "bn2", "#relu:1"},
		{"residual_inplace", "frozen", "#conv2d:1", "#relu:1"},
		{"residual_inplace", "script", "downsample", ""}, // only read
		{"rectifiers", "script", "convs.1", "#hardtanh:0"},
		{"rectifiers", "script", "convs.0", ""},
	} {
		t.Run(c.model+"/"+c.form+"/"+c.layer, func(t *testing.T) {
			tc := readCase(t, c.model)
			m := tc.load(t, c.form)
			cotangent := []engine.Cotangent{{Output: tc.Target.Output, Array: readArray(t, tc.Target.Cotangent)}}
			run := func(rule engine.InPlaceRule, layers ...string) (a, g engine.Array) {
				p := enginePass(t, m, engine.Spec{Layers: layers, InPlace: rule}, tc.arrays(t)...)
				near(t, readArray(t, tc.Outputs[0].File), p.Outputs()[0].Array, tc.Tolerance, "output")
				var all []engine.Array
				for range 3 {
					var err error
					all, err = p.Backward(ctx, cotangent)
					require.NoError(t, err)
				}
				return p.Activations()[len(layers)-1], all[len(layers)-1]
			}
			written := c.written
			if written == "" {
				written = c.layer
			}
			a, g := run(engine.AsReturned, c.layer)
			after, gAfter := run(engine.AsReturned, written)
			if c.written != "" {
				require.NotEqual(t, a.Data, after.Data)
				require.NotEqual(t, g.Data, gAfter.Data)
			}
			for range 3 {
				for _, before := range [][]string{{c.layer}, {engine.Input, c.layer}} { // cut at, and tapped
					gotA, gotG := run(engine.ActivationAfter, before...)
					near(t, after, gotA, tc.Tolerance, "activation")
					near(t, g, gotG, tc.Tolerance, "gradient before")
					gotA, gotG = run(engine.BothAfter, before...)
					near(t, after, gotA, tc.Tolerance, "activation")
					near(t, gAfter, gotG, tc.Tolerance, "gradient after")
				}
			}
		})
	}
}

// On every golden model, activation and gradient differ from one rule to the next
// only where the layer is written to; pytorch-grad-cam's gradient nowhere.
func TestInPlaceRulesElsewhere(t *testing.T) {
	ctx := context.Background()
	for _, c := range readManifest(t).Cases {
		for form := range c.Files {
			layers, addresses := c.hookable(form)
			if len(layers) == 0 || c.Name == "samples_interact" {
				continue
			}
			for i, l := range layers {
				p := enginePass(t, c.load(t, form), engine.Spec{Layers: addresses[i : i+1], InPlace: engine.ActivationAfter}, c.arrays(t)...)
				g, err := p.Backward(ctx, []engine.Cotangent{{Output: c.Target.Output, Array: readArray(t, c.Target.Cotangent)}})
				require.NoError(t, err)
				near(t, readArray(t, l.Gradient), g[0], c.Tolerance, c.Name+" "+addresses[i])
				if !l.Fallback {
					_, err = p.Rerun(ctx, p.Activations()[0], nil)
					require.NoError(t, err)
				}
			}
		}
	}
}
