package gradcam

import (
	"context"
	"fmt"
	"math"

	"github.com/torchlight-go/torchlight/engine"
)

// Similarity explains what makes a sample's embedding like that of a reference:
// the cosine of the angle between them. Embeddings come from [Explainer.Embed];
// of an output with positions it is the mean over them. name is what results
// show, as "similar:name".
func Similarity(name string, reference []float32) Target {
	return newSimilarity("similar:"+name, reference, cosine)
}

// DotProduct explains the inner product with a reference's embedding. It grows
// with the embedding's length, which [Similarity] ignores.
func DotProduct(name string, reference []float32) Target {
	return newSimilarity("dot:"+name, reference, inner)
}

// similarity is used by its address, so that methods that get the same one share
// a backward pass.
type similarity struct {
	name      string
	reference []float64
	of        alike
}

// alike measures how alike two vectors are; it returns the gradient by z and the
// product of the Hessian with u as well.
type alike func(z, reference, u []float64) (value float64, gradient, curvature []float64, err error)

func newSimilarity(name string, reference []float32, of alike) Target {
	wide := make([]float64, len(reference))
	for i, v := range reference {
		wide[i] = float64(v)
	}
	return &similarity{name, wide, of}
}

func (s *similarity) String() string { return s.name }

func (s *similarity) Score(y Sample) (Score, error) {
	value, gradient, _, err := s.compare(y, nil)
	if err != nil {
		return Score{}, err
	}
	return Score{Value: value, Index: NoClass, Cotangent: y.spread(gradient)}, nil
}

// Curvature implements [Curved].
func (s *similarity) Curvature(y Sample, u []float32) ([]float32, error) {
	_, _, h, err := s.compare(y, y.pool(u))
	if err != nil {
		return nil, err
	}
	return y.spread(h), nil
}

func (s *similarity) compare(y Sample, u []float64) (value float64, gradient, curvature []float64, err error) {
	z := y.Values()
	if len(z) != len(s.reference) {
		return 0, nil, nil, markf(ErrTarget, "target %s: the reference has %d numbers, the embedding %d: take both from the same output of the same model", s, len(s.reference), len(z))
	}
	if u == nil {
		u = make([]float64, len(z))
	}
	value, gradient, curvature, err = s.of(z, s.reference, u)
	if err != nil {
		err = markf(ErrTarget, "target %s: %v", s, err)
	}
	return value, gradient, curvature, err
}

func inner(z, reference, _ []float64) (float64, []float64, []float64, error) {
	return dot(z, reference), reference, make([]float64, len(z)), nil
}

// cosine is s = z'r / (|z| |r|). With e = z/|z| its gradient is g = (r/|r| - s e) / |z|,
// its Hessian -(e g' + g e')/|z| - s (I - ee')/|z|^2.
func cosine(z, reference, u []float64) (float64, []float64, []float64, error) {
	nz, nr := math.Sqrt(dot(z, z)), math.Sqrt(dot(reference, reference))
	if nz == 0 || nr == 0 {
		return 0, nil, nil, fmt.Errorf("an embedding of zeros makes no angle: compare by the dot product, or choose another output")
	}
	s := dot(z, reference) / (nz * nr)
	g, h := make([]float64, len(z)), make([]float64, len(z))
	for i := range g {
		g[i] = (reference[i]/nr - s*z[i]/nz) / nz
	}
	gu, eu := dot(g, u), dot(z, u)/nz
	for i := range h {
		e := z[i] / nz
		h[i] = -(e*gu+g[i]*eu)/nz - s*(u[i]-e*eu)/(nz*nz)
	}
	return s, g, h, nil
}

// Embed returns the explained output of every sample, one number a class or
// feature, as references for [Similarity]. Positions are averaged.
func (e *Explainer) Embed(ctx context.Context, inputs []engine.Array) ([][]float32, error) {
	return guarded(e, func() ([][]float32, error) { return e.embed(ctx, inputs) })
}

func (e *Explainer) embed(ctx context.Context, inputs []engine.Array) ([][]float32, error) {
	n, err := checkInputs(inputs)
	if err != nil {
		return nil, err
	}
	outputs, err := e.model.Predict(ctx, inputs)
	if err != nil {
		return nil, err
	}
	_, ys, err := e.split(outputs, e.outputName, n)
	if err != nil {
		return nil, err
	}
	embeddings := make([][]float32, n)
	for k, y := range ys {
		for _, v := range y.Values() {
			embeddings[k] = append(embeddings[k], float32(v))
		}
	}
	return embeddings, nil
}
