package enginetest

import (
	"context"
	"math"
	"sync/atomic"

	"github.com/torchlight-go/torchlight/engine"
)

// Pooling is a network that makes Grad-CAM's maps itself, by the plain sum, rounded
// as package gradcam rounds.
type Pooling struct {
	engine.Model

	pools, copies atomic.Int64
}

var _ engine.Pooling = poolingPlan{}

// Pools counts the maps made.
func (p *Pooling) Pools() int { return int(p.pools.Load()) }

// Copies counts the passes whose activations were copied out after all.
func (p *Pooling) Copies() int { return int(p.copies.Load()) }

// Plan is the network's.
func (p *Pooling) Plan(ctx context.Context, spec engine.Spec) (engine.Plan, error) {
	plan, err := p.Model.Plan(ctx, spec)
	if err != nil {
		return nil, err
	}
	return poolingPlan{plan, p}, nil
}

type poolingPlan struct {
	engine.Plan
	of *Pooling
}

func (p poolingPlan) Pools() bool { return true }

func (p poolingPlan) ForwardPooled(ctx context.Context, inputs []engine.Array) (engine.PooledPass, error) {
	pass, err := p.Forward(ctx, inputs)
	if err != nil {
		return nil, err
	}
	return &poolingPass{pass, p.of}, nil
}

type poolingPass struct {
	engine.Pass
	of *Pooling
}

func (p *poolingPass) Shapes() [][]int {
	var shapes [][]int
	for _, a := range p.Activations() {
		shapes = append(shapes, a.Shape)
	}
	return shapes
}

func (p *poolingPass) Full() (engine.Pass, error) {
	p.of.copies.Add(1)
	return p.Pass, nil
}

func (p *poolingPass) Pool(ctx context.Context, cotangents []engine.Cotangent) ([]engine.Pooled, error) {
	gradients, err := p.Backward(ctx, cotangents)
	if err != nil {
		return nil, err
	}
	p.of.pools.Add(1)
	var layers []engine.Pooled
	for i, a := range p.Activations() {
		layers = append(layers, pool(a, gradients[i]))
	}
	return layers, nil
}

// pool sums over the channels of [N, C, space...].
func pool(a, g engine.Array) engine.Pooled {
	places := engine.Size(a.Shape[2:])
	out := engine.Pooled{Map: engine.NewArray(append([]int{a.Shape[0]}, a.Shape[2:]...)...)}
	for n := range a.Shape[0] {
		row, gradient, sums := a.Row(n).Data, g.Row(n).Data, make([]float64, places)
		for c := range a.Shape[1] {
			weight := 0.0
			for k := range places {
				weight += float64(gradient[c*places+k])
			}
			for k := range places {
				sums[k] += float64(float32(weight / float64(places) * float64(row[c*places+k])))
			}
		}
		for k, s := range sums {
			out.Map.Row(n).Data[k] = float32(s)
		}
		out.Gradient = append(out.Gradient, magnitude(gradient))
		out.Activation = append(out.Activation, magnitude(row))
	}
	return out
}

// magnitude is the largest; NaN if one of them is.
func magnitude(values []float32) float32 {
	largest := 0.0
	for _, v := range values {
		largest = math.Max(largest, math.Abs(float64(v))) // which keeps NaN
	}
	return float32(largest)
}
