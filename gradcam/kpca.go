package gradcam

import (
	"context"
	"math"

	"gonum.org/v1/gonum/mat"
)

// KPCACAM projects the positions' channel vectors on the first component of a
// kernel principal component analysis (Karmani et al. 2024, arXiv:2410.00267).
// With x_p the vector of position p, each channel's mean over space subtracted,
// the kernel is tanh(Gamma x_p x_q + 1), centred both ways; the map is its first
// eigenvector times the root of the eigenvalue, as scikit-learn's KernelPCA has
// it. The value of largest magnitude is positive. It looks at no class.
type KPCACAM struct {
	// Gamma scales the products: above 0; 0 is one over the number of channels.
	Gamma float64 `default:"one over the channels" about:"factor of the products in the kernel"`
}

// maxKernel bounds the positions of a layer, whose kernel has their square.
const maxKernel = 1 << 13

// Name is "kpcacam".
func (KPCACAM) Name() string { return "kpcacam" }

// Needs are one forward pass.
func (KPCACAM) Needs() Needs { return Needs{Layer: true, Unsigned: true, Cost: Cost{Forward: 1}} }

// Map returns one raw map a layer. A layer of more than 8192 positions is
// refused.
func (m KPCACAM) Map(_ context.Context, run *Run) ([]Attribution, error) {
	if !(m.Gamma >= 0) {
		return nil, markf(ErrOption, "gamma is %g: give a number above 0, or 0 for one over the number of channels", m.Gamma)
	}
	activations, err := run.Activations()
	if err != nil {
		return nil, err
	}
	for i, a := range activations {
		if p := a.Positions(); p > maxKernel {
			return nil, markf(ErrLayer, "layer %s has %d positions, whose kernel would have their square: name a later layer, of %d at most, or use eigencam",
				run.Layers()[i], p, maxKernel)
		}
	}
	return eachLayer(run, activations, func(_ int, a View) Attribution {
		return Attribution{Values: eachSample(a, a.plain, m.project)}
	}), nil
}

func (m KPCACAM) project(activation []float32, channels int) []float64 {
	x, constant := withoutMeans(activation, channels)
	places := len(activation) / channels
	if constant {
		return make([]float64, places)
	}
	kernel := products(orDefault(m.Gamma, 1/float64(channels)), mat.DenseCopyOf(x.T()))
	centreKernel(kernel)
	lambda, v := leading(kernel)
	r := mat.NewVecDense(places, nil)
	r.ScaleVec(math.Sqrt(max(lambda, 0)), v)
	orient(r.RawVector().Data)
	return r.RawVector().Data
}

// centreKernel replaces products by the sigmoid kernel, tanh(product + 1), and
// subtracts the mean of each row and column, which is to centre the features.
func centreKernel(k *mat.SymDense) {
	n := k.SymmetricDim()
	means, all := make([]float64, n), 0.0
	for i := range n {
		for j := i; j < n; j++ {
			v := math.Tanh(k.At(i, j) + 1)
			k.SetSym(i, j, v)
			means[i] += v / float64(n)
			if j != i {
				means[j] += v / float64(n)
			}
		}
	}
	for _, v := range means {
		all += v / float64(n)
	}
	for i := range n {
		for j := i; j < n; j++ {
			k.SetSym(i, j, k.At(i, j)-means[i]-means[j]+all)
		}
	}
}
