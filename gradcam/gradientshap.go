package gradcam

import (
	"context"
	"fmt"
	"slices"

	"github.com/torchlight-go/torchlight/engine"
)

// GradientSHAP is the mean, over noisy inputs, of the difference from a baseline
// times the gradient at a random point between them: integrated gradients over a
// distribution of baselines, which approximate SHAP values (Lundberg and Lee
// 2017, arXiv:1705.07874; Erion et al. 2019, arXiv:1906.10670).
//
// Sample i takes three draws of [Run.Source]: normal draw 3i is the noise,
// uniform draw 3i+1 is how far the point is on the way from the baseline, uniform
// draw 3i+2 times the number of baselines, rounded down, is the baseline's index.
type GradientSHAP struct {
	// Samples is their number; 0 is 5.
	Samples int `default:"5" about:"points between the input and the baseline"`
	// Sigma is the standard deviation of the noise. The default is none.
	Sigma float64 `default:"0" about:"standard deviation of noise on the input"`
	// Baselines are the inputs to draw from, [B, ...] of the input's shape after
	// the first axis. Without any it is one of zeros.
	Baselines engine.Array
}

// Name is the method's name on the command line.
func (GradientSHAP) Name() string { return "gradientshap" }

// Needs are a forward and a backward pass a sample.
func (m GradientSHAP) Needs() Needs { return Noise{Samples: m.Samples}.needs() }

// Map returns one raw map, of the input's shape.
func (m GradientSHAP) Map(ctx context.Context, run *Run) ([]Attribution, error) {
	noise := Noise{Samples: m.Samples, Sigma: m.Sigma}
	if err := noise.check(); err != nil {
		return nil, err
	}
	x := run.Input()
	baselines, err := m.baselines(x)
	if err != nil {
		return nil, err
	}
	way := shapWay{run: run, x: x, baselines: baselines, sigma: float32(m.Sigma)}
	sum, layer := make([]float64, x.Len()), run.InputLayer()
	err = run.inputCopies(ctx, []string{layer}, variants{
		count: noise.samples(),
		fill:  way.point,
		visit: func(i int, p point) error {
			run.noteGradient(layer, p.gradients[0])
			for k, d := range way.length(i) {
				sum[k] += float64(d) * float64(p.gradients[0].Data[k])
			}
			return nil
		},
	})
	if err != nil {
		return nil, err
	}
	out := engine.NewArray(x.Shape...)
	for k, s := range sum {
		out.Data[k] = float32(s / float64(noise.samples()))
	}
	return []Attribution{run.inputAttribution(out)}, nil
}

func (m GradientSHAP) baselines(x engine.Array) (engine.Array, error) {
	b := m.Baselines
	if b.Shape == nil {
		return engine.NewArray(append([]int{1}, x.Shape[1:]...)...), nil
	}
	if err := b.Check(); err != nil {
		return engine.Array{}, fmt.Errorf("baselines: %w", err)
	}
	if b.Len() == 0 || b.Ints != nil || !slices.Equal(b.Shape[1:], x.Shape[1:]) {
		return engine.Array{}, fmt.Errorf("baselines have shape %v, the input %v: give floats [B, ...] that differ in the first axis only", b.Shape, x.Shape)
	}
	return b, finite(b, "baselines")
}

// shapWay are the random ways from baselines to noisy inputs.
type shapWay struct {
	run          *Run
	x, baselines engine.Array
	sigma        float32
}

// ends are both ends of way i of the whole batch.
func (w shapWay) ends(i int) (from, to []float32) {
	to = slices.Clone(w.x.Data)
	if w.sigma > 0 {
		w.run.noisy(to, w.x, 3*i, w.sigma)
	}
	for n := range w.run.Len() {
		of := w.uniform(3*i+2, n) * float32(w.baselines.Shape[0])
		from = append(from, w.baselines.Row(min(int(of), w.baselines.Shape[0]-1)).Data...)
	}
	return from, to
}

func (w shapWay) uniform(draw, sample int) float32 {
	u := []float32{0}
	w.run.Source().Uniform(draw, sample, u)
	return u[0]
}

// point writes a point of way i to dst.
func (w shapWay) point(i int, dst []float32) {
	from, to := w.ends(i)
	size := len(dst) / w.run.Len()
	for n := range w.run.Len() {
		u := w.uniform(3*i+1, n)
		for k := n * size; k < (n+1)*size; k++ {
			dst[k] = float32(u*to[k]) + float32((1-u)*from[k])
		}
	}
}

// length is how far the ends of way i are apart.
func (w shapWay) length(i int) []float32 {
	from, to := w.ends(i)
	for k, v := range from {
		to[k] -= v
	}
	return to
}
