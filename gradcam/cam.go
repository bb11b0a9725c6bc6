package gradcam

import (
	"context"
	"fmt"

	"github.com/torchlight-go/torchlight/engine"
)

// CAM is a class activation mapping without options: a formula of one layer's
// activation and gradient, channel by channel, summed over the channels.
type CAM string

const (
	// GradCAM weights each channel by the mean of its gradient (Selvaraju et al.
	// 2017, arXiv:1610.02391).
	GradCAM CAM = "gradcam"
	// HiResCAM weights each place of each channel by its own gradient (Draelos
	// and Carin 2020, arXiv:2011.08891).
	HiResCAM CAM = "hirescam"
	// Seed is HiResCAM's formula on the class's probability, not normalised: the
	// recipe this project started from.
	Seed CAM = "seed"
)

// formula is one method of the family.
type formula struct {
	name    CAM
	summary string
	// weigh writes the weighted activation of one channel. a, g and dst have one
	// value a position.
	weigh  func(dst, a, g []float32)
	finish Finish
}

// formulas lists the family in the order in which it is shown.
func formulas() []formula {
	return []formula{
		{GradCAM, "channels weighted by their mean gradient (Selvaraju et al. 2017)", pooledGradient, Normalise},
		{Seed, "gradient times activation, of the class's probability, not normalised", elementwise, Clip},
		{HiResCAM, "gradient times activation, place by place (Draelos and Carin 2020)", elementwise, Normalise},
	}
}

func camEntries() []Entry {
	var all []Entry
	for _, f := range formulas() {
		all = append(all, Entry{f.name, ActivationMaps, f.summary})
	}
	return all
}

func (c CAM) formula() (formula, error) {
	for _, f := range formulas() {
		if f.name == c {
			return f, nil
		}
	}
	return formula{}, fmt.Errorf("method %q is not in the CAM family", string(c))
}

// Name is the method's name on the command line.
func (c CAM) Name() string { return string(c) }

// Needs are one forward and one backward pass.
func (c CAM) Needs() Needs {
	return Needs{Layer: true, Gradient: true, Cost: Cost{Forward: 1, Backward: 1}}
}

// Retarget makes the seed's recipe explain the probability of the class whose
// raw output another target explains. All other targets and methods stay.
func (c CAM) Retarget(t Target) Target {
	if class, ok := t.(classTarget); ok && c == Seed && class.of == logit {
		class.of = probability
		return class
	}
	return t
}

// Map returns one raw map a layer.
func (c CAM) Map(ctx context.Context, run *Run) ([]Attribution, error) {
	f, err := c.formula()
	if err != nil {
		return nil, err
	}
	activations, err := run.Activations()
	if err != nil {
		return nil, err
	}
	gradients, err := run.Gradients(ctx)
	if err != nil {
		return nil, err
	}
	maps := make([]Attribution, len(activations))
	for i, a := range activations {
		maps[i] = Attribution{Layer: run.Layers()[i], Values: channelSum(f.weigh, a, gradients[i]), Finish: f.finish}
	}
	return maps, nil
}

// pooledGradient is w A with w the mean of G.
func pooledGradient(dst, a, g []float32) {
	sum := 0.0
	for _, v := range g {
		sum += float64(v)
	}
	w := float32(sum / float64(len(g)))
	for i, v := range a {
		dst[i] = w * v
	}
}

// elementwise is G A.
func elementwise(dst, a, g []float32) {
	for i, v := range a {
		dst[i] = g[i] * v
	}
}

// channelSum adds the weighted channels up, in float64. The result is
// [N, space...].
func channelSum(weigh func(dst, a, g []float32), a, g View) engine.Array {
	out := engine.NewArray(append([]int{a.N}, a.Space...)...)
	weighted, sum := make([]float32, a.Positions()), make([]float64, a.Positions())
	for n := range a.N {
		clear(sum)
		for c := range a.C {
			weigh(weighted, a.Channel(n, c), g.Channel(n, c))
			for p, v := range weighted {
				sum[p] += float64(v)
			}
		}
		for p, v := range sum {
			out.Row(n).Data[p] = float32(v)
		}
	}
	return out
}
