package gradcam

import (
	"context"
	"math"

	"github.com/torchlight-go/torchlight/engine"
)

// OriginalCAM is class activation mapping as it was first proposed (Zhou et al.
// 2016, arXiv:1512.04150): the channels that a network averages over space, each
// weighted by the class's weight in the one linear layer that follows. It asks for
// that architecture: global average pooling and one linear layer behind the layer,
// and the raw output of a class for a target.
//
// The weights are not read from the file but found: the score is then
// sum_k w_k mean(A_k), whose gradient is w_k/N at every one of the N positions,
// whatever the activation. So the gradient must be constant over space, and the
// same at A and at -A/2, within 1e-4 of its largest magnitude. A rectifier or a
// second layer in between fails one of the two, as does a softmax, whose gradient
// may be the same at A and -A.
type OriginalCAM struct{}

// sameGradient is how far two gradients may differ, relative to the largest.
const sameGradient = 1e-4

// Name is the method's name on the command line.
func (OriginalCAM) Name() string { return "cam" }

// Needs are a forward and a backward pass, and both again from the layer on.
func (OriginalCAM) Needs() Needs {
	return Needs{Layer: true, Gradient: true, RerunGrad: true, Cost: Cost{Forward: 1, Backward: 1, Tail: 1}}
}

// Map returns one raw map a layer, sum_k w_k A_k. Where the score is another
// function of the layer it is an [ErrLayer].
func (m OriginalCAM) Map(ctx context.Context, run *Run) ([]Attribution, error) {
	return weightedMaps(ctx, run, func(i int, g View) (func(n, c int) float64, error) {
		other, err := run.gradientElsewhere(ctx, i)
		if err != nil {
			return nil, err
		}
		if why := notLinear(g, other); why != "" {
			return nil, run.Unfit("layer %s: the score is not global average pooling and one linear layer of it, %s: name the value that is pooled and explain a raw output",
				run.Layers()[i], why)
		}
		return func(n, c int) float64 { return total(g.Channel(n, c)) }, nil // N times the mean
	})
}

// gradientElsewhere is the gradient of the same scores by layer i at -A/2.
func (r *Run) gradientElsewhere(ctx context.Context, i int) (View, error) {
	tail, err := r.tail(ctx, i)
	if err != nil {
		return View{}, err
	}
	defer tail.Close()
	moved := engine.NewArray(tail.activation.Shape...)
	for k, v := range tail.activation.Data {
		moved.Data[k] = -v / 2
	}
	from, ok := tail.Pass.(engine.RerunGrad)
	if !ok {
		return View{}, r.Unfit("layer %s: the engine offers no gradient of a re-run", r.Layers()[i])
	}
	pass, err := from.RerunGrad(ctx, moved, nil)
	if err != nil {
		return View{}, err
	}
	defer pass.Close()
	g, err := r.back(ctx, pass, nil)
	if err != nil {
		return View{}, err
	}
	if g, err = part(g, 0, 1, r.Len()); err != nil {
		return View{}, err
	}
	return tail.layout.View(g[0])
}

// notLinear says how a gradient and that at another activation show that the
// score is no linear function of the channels' means.
func notLinear(g, other View) string {
	for n := range g.N {
		allowed := sameGradient * largest(g.Sample(n))
		for c := range g.C {
			low, high := extremes(g.Channel(n, c))
			if float64(high)-float64(low) > allowed {
				return "its gradient changes over space"
			}
		}
		for i, v := range g.Sample(n) {
			if !(math.Abs(float64(v)-float64(other.Sample(n)[i])) <= allowed) {
				return "its gradient changes with the activation"
			}
		}
	}
	return ""
}
