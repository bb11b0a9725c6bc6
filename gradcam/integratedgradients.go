package gradcam

import (
	"context"

	"github.com/torchlight-go/torchlight/engine"
)

// IntegratedGradients is the input's difference from a baseline times the mean
// gradient on the straight way between them (Sundararajan et al. 2017,
// arXiv:1703.01365). The parts add up to the difference of the two scores, up to
// the error of the rule.
type IntegratedGradients struct {
	// Steps are the points on the way; 0 is 50.
	Steps int      `default:"50" about:"points of the path"`
	Rule  PathRule `default:"gauss-legendre" about:"where the points are, and their weights"`
	// Baseline is where the way starts.
	Baseline Baseline `about:"where the path starts"`
}

// Name is the method's name on the command line.
func (IntegratedGradients) Name() string { return "integrated-gradients" }

// Needs are a forward and a backward pass a step.
func (m IntegratedGradients) Needs() Needs {
	steps := orDefault(m.Steps, pathSteps)
	return Needs{Input: true, Elsewhere: true, Cost: Cost{
		Forward: 1 + steps, Backward: steps, Note: "one of each for every step along the path",
	}}
}

// Map returns one raw map, of the input's shape.
func (m IntegratedGradients) Map(ctx context.Context, run *Run) ([]Attribution, error) {
	x := run.Input()
	base, err := m.Baseline.of(x)
	if err != nil {
		return nil, err
	}
	integral, err := newIntegral(m.Rule, m.Steps, base, x)
	if err != nil {
		return nil, err
	}
	layer := run.InputLayer()
	v := integral.variants(func(g engine.Array) { run.noteGradient(layer, g) })
	if err := run.inputCopies(ctx, []string{layer}, v); err != nil {
		return nil, err
	}
	return []Attribution{run.inputAttribution(integral.attribution())}, nil
}

// integral adds up the gradient on the way from one array to another.
type integral struct {
	alphas, weights []float32
	from, to        engine.Array
	sum             []float64
}

func newIntegral(rule PathRule, steps int, from, to engine.Array) (*integral, error) {
	alphas, weights, err := rule.points(orDefault(steps, pathSteps))
	if err != nil {
		return nil, err
	}
	return &integral{alphas, weights, from, to, make([]float64, to.Len())}, nil
}

// variants are the points of the way. note sees every gradient.
func (s *integral) variants(note func(gradient engine.Array)) variants {
	return variants{
		count: len(s.alphas),
		like:  s.to,
		fill:  func(i int, dst []float32) { toward(dst, s.from.Data, s.to.Data, s.alphas[i]) },
		visit: func(i int, p point) error {
			note(p.gradients[0])
			for k, g := range p.gradients[0].Data {
				s.sum[k] += float64(s.weights[i]) * float64(g)
			}
			return nil
		},
	}
}

// attribution is the mean gradient times the way.
func (s *integral) attribution() engine.Array {
	out := engine.NewArray(s.to.Shape...)
	for k, mean := range s.sum {
		out.Data[k] = float32(mean * float64(s.to.Data[k]-s.from.Data[k]))
	}
	return out
}
