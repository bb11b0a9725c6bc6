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

// pooledSlowly is what [torch.Pass.Pool] makes, one number at a time.
func pooledSlowly(a, g engine.Array) engine.Pooled {
	places := engine.Size(a.Shape[2:])
	p := engine.Pooled{
		Map:      engine.NewArray(append([]int{a.Shape[0]}, a.Shape[2:]...)...),
		Gradient: make([]float32, a.Shape[0]), Activation: make([]float32, a.Shape[0]),
	}
	for n := range a.Shape[0] {
		sum := make([]float64, places)
		for c := range a.Shape[1] {
			mean := 0.0
			for k := range places {
				i := (n*a.Shape[1]+c)*places + k
				mean += float64(g.Data[i]) / float64(places)
				p.Gradient[n] = max(p.Gradient[n], g.Data[i], -g.Data[i])
				p.Activation[n] = max(p.Activation[n], a.Data[i], -a.Data[i])
			}
			for k := range sum {
				sum[k] += mean * float64(a.Data[(n*a.Shape[1]+c)*places+k])
			}
		}
		for k, v := range sum {
			p.Map.Row(n).Data[k] = float32(v)
		}
	}
	return p
}

// TestPoolTwin: the CPU runs the very code that a GPU would.
func TestPoolTwin(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct {
		name, layer string
	}{{"frozen_toy", "relu1"}, {"residual_inplace", ""}, {"half_model", ""}, {"float64_model", ""}, {"dict_output", ""}} {
		t.Run(c.name, func(t *testing.T) {
			tc := readCase(t, c.name)
			layer := c.layer
			if layer == "" {
				layer = tc.Layers[0].Layer
			}
			m := tc.load(t, "script", torch.WithPooling(true))
			plan, err := m.Plan(ctx, engine.Spec{Layers: []string{layer}})
			require.NoError(t, err)
			defer plan.Close()
			pools := plan.(engine.Pooling)
			require.True(t, pools.Pools())
			cotangent := []engine.Cotangent{{Output: tc.Target.Output, Array: readArray(t, tc.Target.Cotangent)}}
			for range 3 {
				p, err := pools.ForwardPooled(ctx, tc.arrays(t))
				require.NoError(t, err)
				got, err := p.Pool(ctx, cotangent)
				require.NoError(t, err)
				again, err := p.Pool(ctx, cotangent)
				require.NoError(t, err)
				assert.Equal(t, got, again)

				full, err := p.Full()
				require.NoError(t, err)
				assert.Equal(t, p.Outputs(), full.Outputs())
				assert.Equal(t, [][]int{full.Activations()[0].Shape}, p.Shapes())
				g, err := full.Backward(ctx, cotangent)
				require.NoError(t, err)
				want := pooledSlowly(full.Activations()[0], g[0])
				near(t, want.Map, got[0].Map, 1e-5, "map")
				assert.Equal(t, want.Gradient, got[0].Gradient)
				assert.Equal(t, want.Activation, got[0].Activation)
				require.NoError(t, full.Close())
				_, err = p.Pool(ctx, cotangent)
				requireError(t, err, torch.ErrClosed)
			}
		})
	}
}

// A plan pools where that is asked for, and by default not on the CPU; the first
// batch of several samples is compared with its samples either way.
func TestPools(t *testing.T) {
	ctx := context.Background()
	c := readCase(t, "frozen_toy")
	for _, m := range []*torch.Module{c.load(t, "script"), c.load(t, "script", torch.WithPooling(false))} {
		plan, err := m.Plan(ctx, engine.Spec{Layers: []string{"relu1"}})
		require.NoError(t, err)
		assert.False(t, plan.(engine.Pooling).Pools())
		require.NoError(t, plan.Close())
	}
	mixed := readCase(t, "samples_interact")
	plan, err := mixed.load(t, "script", torch.WithPooling(true)).Plan(ctx, engine.Spec{Layers: []string{mixed.Layers[0].Layer}})
	require.NoError(t, err)
	defer plan.Close()
	_, err = plan.(engine.Pooling).ForwardPooled(ctx, mixed.arrays(t))
	requireError(t, err, torch.ErrSamplesInteract)
	_, err = plan.(engine.Pooling).ForwardPooled(ctx, nil)
	requireError(t, err, torch.ErrInvalid)
}

// A layer without space cannot be pooled.
func TestPoolShape(t *testing.T) {
	ctx := context.Background()
	c := readCase(t, "frozen_toy")
	p := forward(t, hook(t, c.load(t, "script"), "fc1"), c.inputs(t)...)
	_, err := p.Pool(ctx, torch.Value{Tensor: readTensor(t, c.Target.Cotangent)})
	requireError(t, err, torch.ErrInvalid, "fc1", "only values with channels and space can be pooled")
}
