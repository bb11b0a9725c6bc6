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

// doubles makes a float64 tensor of values that differ from each other.
func doubles(t *testing.T, shape []int, f func(i int) float64) *torch.Tensor {
	t.Helper()
	data := make([]float64, engine.Size(shape))
	for i := range data {
		data[i] = f(i)
	}
	x, err := torch.FromSlice(data, shape...)
	require.NoError(t, err)
	t.Cleanup(func() { x.Close() })
	return x
}

// moved is a + step*v.
func moved(t *testing.T, a, v *torch.Tensor, step float64) *torch.Tensor {
	at, along := bitsOf(t, a), bitsOf(t, v)
	return doubles(t, a.Shape(), func(i int) float64 { return at[i] + step*along[i] })
}

// slope is the central difference of two results.
func slope(up, down []float64, step float64) []float64 {
	out := make([]float64, len(up))
	for i := range up {
		out[i] = (up[i] - down[i]) / (2 * step)
	}
	return out
}

func dot(a, b []float64) (s float64) {
	for i := range a {
		s += a[i] * b[i]
	}
	return s
}

// H v is how the gradient changes along v, J v how the outputs do: in float64, on
// networks with operators whose fused forms have one derivative only.
func TestSecondOrderAgainstDifferences(t *testing.T) {
	for _, name := range []string{"smooth", "gated"} {
		c := readCase(t, name)
		x, err := c.inputs(t)[0].To(torch.Float64, torch.CPU)
		require.NoError(t, err)
		t.Cleanup(func() { x.Close() })
		for form := range c.Files {
			_, addresses := c.hookable(form)
			for _, layer := range append(addresses, "input") {
				t.Run(name+"/"+form+"/"+layer, func(t *testing.T) { secondOrderAgainstDifferences(t, c.load(t, form), layer, x) })
			}
		}
	}
}

func secondOrderAgainstDifferences(t *testing.T, m *torch.Module, layer string, x *torch.Tensor) {
	ctx := context.Background()
	const step = 1e-5

	p := forward(t, hook(t, m, layer), x)
	a := p.Activation(0)
	v := doubles(t, a.Shape(), func(i int) float64 { return float64(i%5) - 1.5 })
	u := doubles(t, a.Shape(), func(i int) float64 { return 1 - float64(i%3) })
	cotangent := torch.Value{Tensor: doubles(t, []int{2, 3}, func(i int) float64 { return float64(i) - 2.5 })}

	up, down := moved(t, a, v, step), moved(t, a, v, -step)
	wantJ := slope(rerun(t, p, "", up), rerun(t, p, "", down), step)
	gradient := func(at *torch.Tensor) []float64 {
		q, err := p.RerunGrad(ctx, at, nil)
		require.NoError(t, err)
		defer q.Close()
		g, err := q.BackwardFrom(ctx, cotangent)
		require.NoError(t, err)
		defer g[0].Close()
		return bitsOf(t, g[0])
	}
	wantH := slope(gradient(up), gradient(down), step)

	var first []float64
	for range 3 {
		hv, jv, err := p.SecondOrder(ctx, []torch.Value{cotangent}, []*torch.Tensor{v})
		require.NoError(t, err)
		require.InDeltaSlice(t, wantH, bitsOf(t, hv[0]), 1e-8)
		require.InDeltaSlice(t, wantJ, bitsOf(t, jv[0].Tensor), 1e-8)
		require.Greater(t, norm(wantH), 1e-3)
		require.Greater(t, norm(wantJ), 1e-3)
		if first == nil {
			first = bitsOf(t, hv[0])
		}
		require.Equal(t, first, bitsOf(t, hv[0]))
		require.NoError(t, hv[0].Close())
		require.NoError(t, jv.Close())
	}
	// The Hessian is symmetric.
	hu, jv, err := p.SecondOrder(ctx, []torch.Value{cotangent}, []*torch.Tensor{u})
	require.NoError(t, err)
	require.InDelta(t, dot(bitsOf(t, u), first), dot(bitsOf(t, v), bitsOf(t, hu[0])), 1e-10)
	require.NoError(t, hu[0].Close())
	require.NoError(t, jv.Close())
}

// Several layers: a direction for one of them alone gives that layer's block.
func TestSecondOrderOfSeveralLayers(t *testing.T) {
	ctx := context.Background()
	c := readCase(t, "smooth")
	m := c.load(t, "script")
	x, err := c.inputs(t)[0].To(torch.Float64, torch.CPU)
	require.NoError(t, err)
	defer x.Close()
	p := forward(t, hook(t, m, "norm", "after"), x)
	cotangent := torch.Value{Tensor: doubles(t, []int{2, 3}, func(i int) float64 { return float64(i%3) - 1 })}
	for i, layer := range []string{"norm", "after"} {
		v := doubles(t, p.Activation(i).Shape(), func(i int) float64 { return float64(i%4) - 1 })
		directions := make([]*torch.Tensor, 2)
		directions[i] = v
		hv, jv, err := p.SecondOrder(ctx, []torch.Value{cotangent}, directions)
		require.NoError(t, err)
		require.Len(t, hv, 2)
		q := forward(t, hook(t, m, layer), x)
		alone, alongAlone, err := q.SecondOrder(ctx, []torch.Value{cotangent}, []*torch.Tensor{v})
		require.NoError(t, err)
		require.InDeltaSlice(t, bitsOf(t, alone[0]), bitsOf(t, hv[i]), 1e-12)
		require.InDeltaSlice(t, bitsOf(t, alongAlone[0].Tensor), bitsOf(t, jv[0].Tensor), 1e-12)
		for _, h := range append(hv, alone...) {
			require.NoError(t, h.Close())
		}
		require.NoError(t, jv.Close())
		require.NoError(t, alongAlone.Close())
	}
}

// A network of rectifiers is linear around a point: H is zero, J v is not.
func TestSecondOrderOfRectifiers(t *testing.T) {
	ctx := context.Background()
	for _, name := range []string{"inplace_relu_after", "residual_inplace", "in_loop_once", "dict_output"} {
		c := readCase(t, name)
		_, addresses := c.hookable("script")
		p := enginePass(t, c.load(t, "script"), engine.Spec{Layers: addresses[:1]}, c.arrays(t)...)
		a := p.Activations()[0]
		c1 := []engine.Cotangent{{Output: c.Target.Output, Array: readArray(t, c.Target.Cotangent)}}
		for range 3 {
			hv, jv, err := p.(engine.SecondOrder).SecondOrder(ctx, c1, []engine.Array{a})
			require.NoError(t, err, name)
			assert.Equal(t, make([]float32, a.Len()), hv[0].Data, name)
			require.Len(t, jv, len(p.Outputs()))
			// J v is the same product as the gradient's: <c, J v> = <G, v>.
			g, err := p.Backward(ctx, c1)
			require.NoError(t, err)
			var left, right float64
			for _, j := range jv {
				if j.Name == c.Target.Output {
					for i, x := range j.Array.Data {
						left += float64(x * c1[0].Array.Data[i])
					}
				}
			}
			for i, x := range g[0].Data {
				right += float64(x * a.Data[i])
			}
			require.NotZero(t, right)
			require.InDelta(t, right, left, 1e-5*abs(right)+1e-7, name)

			hv, jv, err = p.(engine.SecondOrder).SecondOrder(ctx, c1, []engine.Array{{}})
			require.NoError(t, err)
			assert.Equal(t, make([]float32, a.Len()), hv[0].Data)
			assert.Equal(t, make([]float32, jv[0].Array.Len()), jv[0].Array.Data)
		}
	}
}

func TestSecondOrderRefusals(t *testing.T) {
	ctx := context.Background()
	c := readCase(t, "frozen_toy")
	p := forward(t, hook(t, c.load(t, "script"), "conv1"), c.inputs(t)...)
	v := p.Activation(0)
	y := p.Outputs()[0]
	_, _, err := p.SecondOrder(ctx, []torch.Value{y}, nil)
	requireError(t, err, torch.ErrInvalid, "0 directions for 1 layers")
	_, _, err = p.SecondOrder(ctx, []torch.Value{y}, []*torch.Tensor{y.Tensor})
	requireError(t, err, torch.ErrInvalid, "direction for layer conv1")
	_, _, err = p.SecondOrder(ctx, []torch.Value{{Tensor: v}}, []*torch.Tensor{v})
	requireError(t, err, torch.ErrInvalid, "cotangent")
	_, _, err = p.SecondOrder(ctx, []torch.Value{{Name: "none", Tensor: v}}, []*torch.Tensor{v})
	requireError(t, err, torch.ErrInvalid, `no output "none"`)
	done, stop := context.WithCancel(ctx)
	stop()
	_, _, err = p.SecondOrder(done, []torch.Value{y}, []*torch.Tensor{v})
	require.ErrorIs(t, err, context.Canceled)
}
