package gradcam

import (
	"context"
)

// SmoothGradCAMPlusPlus is Grad-CAM++ with powers of the gradient averaged over
// noisy copies of the input (Omeiza et al. 2019, arXiv:1908.01224), as torch-cam
// has it: w_k is the sum of alpha max(G, 0), alpha = m2 / (2 m2 + sum(m3 A) + 1e-8),
// where m2 and m3 are the means of G^2 and G^3 over the copies, A is the activation
// of the input without noise, and G the gradient of the last copy. The map is the
// sum of w_k A_k; torch-cam slips there and takes the activation of the last copy,
// which [WithCompat] of [TorchCAM] follows.
type SmoothGradCAMPlusPlus struct {
	// Samples is the number of noisy copies; 0 is 4.
	Samples int `default:"4" about:"noisy copies of the input"`
	// Sigma is the standard deviation of the noise in the input's own unit; 0 is
	// 0.3. Copy i adds Sigma times the normal draw i of [Run.Source].
	Sigma float64 `default:"0.3" about:"standard deviation of the noise, in the unit of the input"`
}

// Name is the method's name on the command line.
func (SmoothGradCAMPlusPlus) Name() string { return "smoothgradcam++" }

// Needs are a forward and a backward pass a copy.
func (m SmoothGradCAMPlusPlus) Needs() Needs {
	n := orDefault(m.Samples, 4)
	return Needs{Layer: true, Gradient: true, Elsewhere: true, Random: true, Cost: Cost{
		Forward: 1 + n, Backward: n, Note: "one of each for every noisy copy",
	}}
}

// Map returns one raw map a layer.
func (m SmoothGradCAMPlusPlus) Map(ctx context.Context, run *Run) ([]Attribution, error) {
	if m.Samples < 0 || !(m.Sigma >= 0) {
		return nil, markf(ErrOption, "%d samples, sigma %g: give numbers from 0, 0 being the default", m.Samples, m.Sigma)
	}
	activations, err := run.Activations()
	if err != nil {
		return nil, err
	}
	all := make([]powers, len(activations))
	for i, a := range activations {
		all[i] = powers{second: make([]float64, len(a.Data)), third: make([]float64, len(a.Data))}
	}
	x, sigma := run.Input(), float32(orDefault(m.Sigma, 0.3))
	err = run.inputCopies(ctx, run.Layers(), variants{
		count: orDefault(m.Samples, 4),
		fill:  func(i int, dst []float32) { run.noisy(dst, x, i, sigma) },
		visit: func(_ int, p point) error {
			for i, g := range p.gradients {
				v, err := run.batch.layouts[i].View(g)
				if err != nil {
					return markf(ErrLayer, "gradient of layer %s: %v", run.Layers()[i], err)
				}
				run.noteLayerGradient(i, g)
				all[i].add(v)
				if all[i].activation, err = run.batch.layouts[i].View(p.activations[i]); err != nil {
					return markf(ErrLayer, "activation of layer %s: %v", run.Layers()[i], err)
				}
			}
			return nil
		},
	})
	if err != nil {
		return nil, err
	}
	maps := make([]Attribution, len(activations))
	for i, a := range activations {
		weights := all[i].weights(a)
		if run.batch.explainer.compat == TorchCAM {
			a = all[i].activation
		}
		maps[i] = weightedMap(run, i, a, weights)
	}
	return maps, nil
}

// powers are sums of powers of the gradient over the copies so far.
type powers struct {
	second, third []float64
	copies        int
	// last and activation are gradient and activation of the last copy.
	last, activation View
}

func (s *powers) add(g View) {
	for i, v := range g.Data {
		d := float64(v)
		s.second[i] += d * d
		s.third[i] += d * d * d
	}
	s.copies++
	s.last = g
}

// weights are one a channel, [N, C].
func (s *powers) weights(a View) []float64 {
	places, n := a.Positions(), float64(s.copies)
	weights := make([]float64, a.N*a.C)
	for k := range weights {
		at := k * places
		cubes := 0.0
		for p := range places {
			cubes += s.third[at+p] / n * float64(a.Data[at+p])
		}
		for p := range places {
			m2 := s.second[at+p] / n
			weights[k] += m2 / (2*m2 + cubes + 1e-8) * max(float64(s.last.Data[at+p]), 0)
		}
	}
	return weights
}
