package gradcam

import (
	"context"
	"fmt"
)

// CAM is a class activation mapping without options: a formula of one layer's
// activation A and gradient G, channel by channel, then summed over the channels
// or projected. Sums are over all positions of a channel, on two spatial axes or
// three.
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
	// EigenCAM projects the activation, positions by channels, on its first
	// principal component (Muhammad and Yeasin 2020, arXiv:2008.00299). It looks at
	// no class. The value of largest magnitude is positive.
	EigenCAM CAM = "eigencam"
	// EigenGradCAM projects G A like EigenCAM (pytorch-grad-cam).
	EigenGradCAM CAM = "eigengradcam"
	// SegEigenCAM projects |G| A like EigenCAM, and turns the result so that its
	// value of largest magnitude is positive (Chung and Ying 2025,
	// doi:10.3390/app15137562).
	SegEigenCAM CAM = "segeigencam"
)

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

// Needs are one forward and one backward pass, but for EigenCAM, which is blind to
// the class.
func (c CAM) Needs() Needs {
	if c == EigenCAM {
		return Needs{Layer: true, Unsigned: true, Cost: Cost{Forward: 1}}
	}
	component := c == EigenGradCAM || c == SegEigenCAM
	return Needs{Layer: true, Gradient: true, Unsigned: component, Cost: Cost{Forward: 1, Backward: 1}}
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
	if run.batch.pooled != nil { // for GradCAM alone
		if maps, err := run.pooledMaps(ctx); maps != nil || err != nil {
			return maps, err
		}
	}
	activations, err := run.Activations()
	if err != nil {
		return nil, err
	}
	var gradients []View
	if c.Needs().Gradient {
		if gradients, err = run.Gradients(ctx); err != nil {
			return nil, err
		}
	}
	return eachLayer(run, activations, func(i int, a View) Attribution {
		if c == XGradCAM || c == GradCAMPlusPlus {
			run.warnOfNegatives(i, a)
		}
		weigh := func(dst []float32, n, c int) {
			if gradients == nil {
				f.weigh(dst, a.Channel(n, c), nil)
				return
			}
			f.weigh(dst, a.Channel(n, c), gradients[i].Channel(n, c))
		}
		if f.project != nil {
			return Attribution{Values: eachSample(a, weigh, f.project), Finish: f.finish}
		}
		return Attribution{Values: run.combine(a, weigh), Finish: f.finish}
	}), nil
}

// warnOfNegatives tells of a layer that is not behind a ReLU, to a method that
// divides by sums of its activation.
func (r *Run) warnOfNegatives(layer int, a View) {
	if low, _ := extremes(a.Data); low < 0 {
		r.batch.explainer.log.Warn("layer has negative values: where a channel's sum is near zero or below, its weight explodes or changes its sign",
			"method", r.method, "layer", r.Layers()[layer], "lowest", low)
	}
}

// eachLayer makes one attribution a layer.
func eachLayer(run *Run, views []View, explain func(i int, v View) Attribution) []Attribution {
	maps := make([]Attribution, len(views))
	for i, v := range views {
		maps[i] = explain(i, v)
		maps[i].Layer = run.Layers()[i]
	}
	return maps
}
