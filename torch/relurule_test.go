//go:build cgo

package torch_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
)

// rectified are the rectifiers of model "rectifiers": the layer before each, the
// node that it is, and the value above which it is closed again.
func rectified() []struct {
	before, node string
	cap          float64
} {
	open := math.Inf(1)
	return []struct {
		before, node string
		cap          float64
	}{
		{"convs.0", "#relu:0", open},
		{"convs.1", "#hardtanh:0", 6}, // nn.ReLU6(inplace=True)
		{"convs.2", "#hardtanh:1", 0.8},
		{"convs.3", "#clamp:0", open},
		{"convs.4", "#clamp:1", 1}, // clamp_
		{"convs.5", "#threshold:0", open},
		{"convs.6", "#clamp_min:0", open},
		{"convs.7", "#relu:1", open}, // relu_
	}
}

// Every form of rectifier follows the rule of the paper, one by one: what goes in
// is computed from what comes out and the value before. In between, gradients are
// true derivatives, and outputs are those of the plain network.
func TestReluRules(t *testing.T) {
	ctx := context.Background()
	c := readCase(t, "rectifiers")
	for _, rule := range []engine.ReluRule{engine.ReluPlain, engine.ReluGuided, engine.ReluDeconvnet} {
		pass := func(g, x, top float64) float64 {
			open := 0.0
			if x > 0 && x < top {
				open = 1
			}
			switch rule {
			case engine.ReluGuided:
				return max(g, 0) * open
			case engine.ReluDeconvnet:
				return max(g, 0)
			}
			return g * open
		}
		for form := range c.Files {
			t.Run(fmt.Sprintf("%d/%s", rule, form), func(t *testing.T) {
				m := c.load(t, form)
				spec := engine.Spec{Relu: rule}
				for _, r := range rectified() {
					spec.Layers = append(spec.Layers, r.before, r.node)
				}
				spec.Layers = append(spec.Layers, "convs.8", "head.1") // around the branch with a relu, and a pooling
				for range 3 {
					p := enginePass(t, m, spec, c.arrays(t)...)
					near(t, readArray(t, c.Outputs[0].File), p.Outputs()[0].Array, c.Tolerance, "output")
					acts := p.Activations()
					for range 2 {
						g, err := p.Backward(ctx, []engine.Cotangent{{Array: readArray(t, c.Target.Cotangent)}})
						require.NoError(t, err)
						blocked := 0
						for k, r := range rectified() {
							in, out := g[2*k], g[2*k+1]
							for i, x := range acts[2*k].Data {
								want := pass(float64(out.Data[i]), float64(x), r.cap)
								require.Equal(t, want, float64(in.Data[i]), r.node)
								if want != pass(float64(out.Data[i]), 1, math.Inf(1)) {
									blocked++
								}
							}
						}
						if rule != engine.ReluDeconvnet {
							require.Positive(t, blocked, "nothing was closed")
						}
						last := len(g) - 2
						for i, x := range acts[last].Data {
							want := pass(float64(g[last+1].Data[i/64])/64, float64(x), math.Inf(1))
							require.InDelta(t, want, g[last].Data[i], 1e-9, "the relu in the branch")
						}
					}
				}
			})
		}
	}
}

// A rule changes its own plan only, names itself, and reaches layers in the
// middle: on a network with one rectifier it is that rectifier's rule.
func TestReluRuleOfOnePlan(t *testing.T) {
	ctx := context.Background()
	c := readCase(t, "inplace_relu_after")
	cotangent := []engine.Cotangent{{Array: readArray(t, c.Target.Cotangent)}}
	for i := range cotangent[0].Array.Data {
		cotangent[0].Array.Data[i] = float32(i%3) - 1 // of both signs
	}
	for form := range c.Files {
		m := c.load(t, form)
		_, addresses := c.hookable(form)
		gradient := func(rule engine.ReluRule, address string) engine.Array {
			p := enginePass(t, m, engine.Spec{Layers: []string{address}, Relu: rule}, c.arrays(t)...)
			g, err := p.Backward(ctx, cotangent)
			require.NoError(t, err)
			return g[0]
		}
		x := enginePass(t, m, engine.Spec{Layers: addresses[:1]}, c.arrays(t)...).Activations()[0]
		for range 3 {
			plain := gradient(engine.ReluPlain, addresses[0])
			after := gradient(engine.ReluPlain, addresses[1])
			guided, deconv := gradient(engine.ReluGuided, addresses[0]), gradient(engine.ReluDeconvnet, addresses[0])
			for i, g := range after.Data {
				open := x.Data[i] > 0
				want := [3]float32{0, 0, max(g, 0)}
				if open {
					want = [3]float32{g, max(g, 0), max(g, 0)}
				}
				require.Equal(t, want, [3]float32{plain.Data[i], guided.Data[i], deconv.Data[i]})
			}
			assert.Equal(t, after.Data, gradient(engine.ReluGuided, addresses[1]).Data, "no rectifier behind it")
		}
		plan, err := m.Plan(ctx, engine.Spec{Layers: addresses[:1], Relu: engine.ReluGuided})
		require.NoError(t, err)
		assert.Contains(t, plan.Describe(), "1 rectifier(s)")
		require.NoError(t, plan.Close())
	}
}
