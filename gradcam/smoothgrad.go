package gradcam

import (
	"context"

	"github.com/torchlight-go/torchlight/engine"
)

// Noise says how noisy copies of the input are drawn. The defaults are those of
// captum's NoiseTunnel.
type Noise struct {
	// Samples is the number of copies of every input; 0 is 5.
	Samples int `default:"5" about:"noisy copies of the input"`
	// Sigma is the standard deviation in the input's own unit; 0 is 1. The paper
	// advises a tenth to a fifth of the input's range.
	Sigma float64 `default:"1" about:"standard deviation of the noise, in the unit of the input"`
	// Signed takes the gradients with their sign, as the paper does. Without it
	// their magnitudes are taken, as captum's NoiseTunnel of Saliency does.
	Signed bool `default:"false" about:"take gradients with their sign, not their magnitudes"`
}

// SmoothGrad is the mean of the saliency of noisy inputs (Smilkov et al. 2017,
// arXiv:1706.03825). Copy i adds Sigma times the normal draw i of [Run.Source].
type SmoothGrad Noise

// SquareGrad is the mean of its squares (Hooker et al. 2018, arXiv:1806.10758).
type SquareGrad Noise

// VarGrad is its variance, divided by the number of samples (Adebayo et al. 2018,
// arXiv:1810.03307).
type VarGrad Noise

// Name is the method's name on the command line.
func (SmoothGrad) Name() string { return "smoothgrad" }

// Name is the method's name on the command line.
func (SquareGrad) Name() string { return "squaregrad" }

// Name is the method's name on the command line.
func (VarGrad) Name() string { return "vargrad" }

// Needs are a forward and a backward pass a sample.
func (m SmoothGrad) Needs() Needs { return Noise(m).needs() }

// Needs are a forward and a backward pass a sample.
func (m SquareGrad) Needs() Needs { return Noise(m).needs() }

// Needs are a forward and a backward pass a sample.
func (m VarGrad) Needs() Needs { return Noise(m).needs() }

// Map returns one raw map, of the input's shape.
func (m SmoothGrad) Map(ctx context.Context, run *Run) ([]Attribution, error) {
	return Noise(m).attribute(ctx, run, func(s moments) float64 { return s.mean })
}

// Map returns one raw map, of the input's shape.
func (m SquareGrad) Map(ctx context.Context, run *Run) ([]Attribution, error) {
	return Noise(m).attribute(ctx, run, func(s moments) float64 { return s.variance + s.mean*s.mean })
}

// Map returns one raw map, of the input's shape.
func (m VarGrad) Map(ctx context.Context, run *Run) ([]Attribution, error) {
	return Noise(m).attribute(ctx, run, func(s moments) float64 { return s.variance })
}

// moments are mean and variance of one number over the samples so far. Welford's
// update keeps the variance of equal numbers at exactly 0.
type moments struct{ mean, variance float64 }

// add takes the n-th sample in, n from 1.
func (s *moments) add(v float64, n int) {
	d := v - s.mean
	s.mean += d / float64(n)
	s.variance += (d*(v-s.mean) - s.variance) / float64(n)
}

func (n Noise) samples() int { return orDefault(n.Samples, 5) }

func (n Noise) needs() Needs {
	return Needs{Input: true, Elsewhere: true, Random: true, Cost: Cost{
		Forward: 1 + n.samples(), Backward: n.samples(), Note: "one of each for every noisy copy",
	}}
}

func (n Noise) check() error {
	if n.Samples < 0 || !(n.Sigma >= 0) {
		return markf(ErrOption, "%d samples, sigma %g: give numbers from 0, 0 being the default", n.Samples, n.Sigma)
	}
	return nil
}

// attribute makes a map of the moments of every number's saliency.
func (n Noise) attribute(ctx context.Context, run *Run, of func(moments) float64) ([]Attribution, error) {
	if err := n.check(); err != nil {
		return nil, err
	}
	x, sigma := run.Input(), float32(orDefault(n.Sigma, 1))
	sums := make([]moments, x.Len())
	err := run.inputCopies(ctx, []string{run.InputLayer()}, variants{
		count: n.samples(),
		fill:  func(i int, dst []float32) { run.noisy(dst, x, i, sigma) },
		visit: func(i int, p point) error {
			run.noteGradient(run.InputLayer(), p.gradients[0])
			for k, g := range p.gradients[0].Data {
				if g < 0 && !n.Signed {
					g = -g
				}
				sums[k].add(float64(g), i+1)
			}
			return nil
		},
	})
	if err != nil {
		return nil, err
	}
	out := engine.NewArray(x.Shape...)
	for k, s := range sums {
		out.Data[k] = float32(of(s))
	}
	return []Attribution{run.inputAttribution(out)}, nil
}

// noisy writes x with normal noise to dst: that of one draw, for every sample.
func (r *Run) noisy(dst []float32, x engine.Array, draw int, sigma float32) {
	size := x.Len() / r.Len()
	for n := range r.Len() {
		row := dst[n*size : (n+1)*size]
		r.Source().Normal(draw, n, row)
		for k, v := range x.Row(n).Data {
			row[k] = v + float32(row[k]*sigma)
		}
	}
}
