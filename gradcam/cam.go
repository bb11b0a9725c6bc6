package gradcam

import (
	"context"
	"fmt"
)

// CAM is a class activation mapping without options: a formula of one layer's
// activation A and gradient G, channel by channel, summed over the channels.
// Sums are over all positions of a channel, on two spatial axes or three.
type CAM string

const (
	// GradCAM weights each channel by the mean of its gradient (Selvaraju et al.
	// 2017, arXiv:1610.02391).
	GradCAM CAM = "gradcam"
	// GradCAMPlusPlus weights each channel by the sum of alpha max(G, 0), where
	// alpha = G^2 / (2 G^2 + sum(A) G^3 + 1e-6), and 0 where G is 0 (Chattopadhay
	// et al. 2018, arXiv:1710.11063, for the raw score as pytorch-grad-cam has
	// it). Gradients of a late layer are often so small that 1e-6 decides. Where A
	// is negative in sum the denominator may cross zero, and weights explode.
	GradCAMPlusPlus CAM = "gradcam++"
	// XGradCAM weights each channel by the sum of G A / (sum(A) + 1e-7) (Fu et al.
	// 2020, arXiv:2008.02312). It wants an activation behind a ReLU: where A
	// cancels in sum, weights explode or change their sign.
	XGradCAM CAM = "xgradcam"
	// HiResCAM weights each place of each channel by its own gradient (Draelos
	// and Carin 2020, arXiv:2011.08891).
	HiResCAM CAM = "hirescam"
	// ElementWise is HiResCAM without what speaks against the class: the sum of
	// max(G A, 0) (pytorch-grad-cam's GradCAMElementWise).
	ElementWise CAM = "elementwise"
	// LayerCAM weights each place of each channel by its own gradient where that
	// is positive (Jiang et al. 2021, doi:10.1109/TIP.2021.3089943).
	LayerCAM CAM = "layercam"
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
		{Seed, "gradient times activation, of the class's probability, not normalised", gradientTimesActivation, Clip},
		{HiResCAM, "gradient times activation, place by place (Draelos and Carin 2020)", gradientTimesActivation, Normalise},
		{GradCAMPlusPlus, "channels weighted by their positive gradients, each by its curvature (Chattopadhay et al. 2018)", curvedGradient, Normalise},
		{XGradCAM, "channels weighted by gradient times their share of activation (Fu et al. 2020)", sharedGradient, Normalise},
		{LayerCAM, "positive gradient times activation, place by place (Jiang et al. 2021)", positiveGradient, Normalise},
		{ElementWise, "gradient times activation where that is positive (pytorch-grad-cam)", positiveProduct, Normalise},
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
		weigh := func(dst []float32, n, c int) { f.weigh(dst, a.Channel(n, c), gradients[i].Channel(n, c)) }
		maps[i] = Attribution{Layer: run.Layers()[i], Values: run.combine(a, weigh), Finish: f.finish}
	}
	return maps, nil
}
