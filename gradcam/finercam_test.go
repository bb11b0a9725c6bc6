package gradcam

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
)

// plainFiner is pytorch-grad-cam's FinerWeightedTarget.
func plainFiner(z []float64, c int, others []int, alpha float64) float64 {
	numerator, denominator, exps := 0.0, 0.0, 0.0
	for _, v := range z {
		exps += math.Exp(v)
	}
	for _, i := range others {
		p := math.Exp(z[i]) / exps
		numerator += p * (z[c] - alpha*z[i])
		denominator += p
	}
	return numerator / (denominator + 1e-9)
}

func sampleOf(kind OutputKind, z ...float32) Sample {
	return Sample{Output: engine.Array{Shape: []int{len(z)}, Data: z}, Kind: kind}
}

func TestFinerCAMTarget(t *testing.T) {
	z := []float32{0.5, 3, 2.5, -4, 2, 3.25}
	wide := []float64{0.5, 3, 2.5, -4, 2, 3.25}
	for _, c := range []struct {
		name   string
		method FinerCAM
		target Target
		class  int
		others []int
		alpha  float64
	}{
		{"the defaults, of the best class", FinerCAM{}, Top1(), 5, []int{1, 2, 4}, 1},
		{"a class in the middle", FinerCAM{}, Class(2), 2, []int{1, 4, 5}, 1},
		{"a weaker comparison", FinerCAM{Alpha: 0.6}, Class(5), 5, []int{1, 2, 4}, 0.6},
		{"other ranks, some beyond the classes", FinerCAM{Ranks: []int{2, 9}}, Class(5), 5, []int{2}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			y := sampleOf(Logits, z...)
			targets, err := aim(c.method, []Target{c.target}, []Sample{y})
			require.NoError(t, err)
			s, err := targets[0].Score(y)
			require.NoError(t, err)
			assert.InDelta(t, plainFiner(wide, c.class, c.others, c.alpha), s.Value, 1e-12)
			assert.Equal(t, c.class, s.Index)
			assert.Equal(t, comparison{c.class, c.others, c.alpha}, targets[0])
		})
	}
}

// The gradient is exact, through the probabilities too, for every kind of output.
func TestFinerCAMGradientIsTheDerivative(t *testing.T) {
	for _, kind := range []OutputKind{Logits, Sigmoid, Probabilities} {
		z := []float32{0.25, 0.4, 0.15, 0.2}
		target := comparison{1, []int{0, 3}, 0.8}
		s, err := target.Score(sampleOf(kind, z...))
		require.NoError(t, err)
		for i := range z {
			const step = 1.0 / 256
			at := func(d float32) float64 {
				moved := append([]float32(nil), z...)
				moved[i] += d
				s, err := target.Score(sampleOf(kind, moved...))
				require.NoError(t, err)
				return s.Value
			}
			assert.InDelta(t, (at(step)-at(-step))/(2*step), s.Cotangent[i], 1e-4, "%s, class %d", kind, i)
		}
	}
}

func TestFinerCAMRefuses(t *testing.T) {
	for _, c := range []struct {
		method FinerCAM
		target Target
		z      []float32
		kind   error
		want   string
	}{
		{FinerCAM{}, Probability(1), []float32{1, 2}, ErrTarget, "target prob:1: finercam compares the raw output of a class with those of others: give a class or topK"},
		{FinerCAM{}, Class(0), []float32{1}, ErrTarget, "the model has 1 classes, and none of ranks [1 2 3] to compare with: use gradcam"},
		{FinerCAM{Ranks: []int{0}}, Class(0), []float32{1, 2}, ErrOption, "finercam: rank 0: count ranks from 1, the closest class"},
		{FinerCAM{Alpha: -1}, Class(0), []float32{1, 2}, ErrOption, "finercam: alpha is -1: give a number above 0, or 0 for 1"},
		{FinerCAM{Alpha: math.NaN()}, Class(0), []float32{1, 2}, ErrOption, "finercam: alpha is NaN"},
		{FinerCAM{}, Class(4), []float32{1, 2}, ErrTarget, "class 4 is out of range"},
	} {
		y := sampleOf(Logits, c.z...)
		targets, err := aim(c.method, []Target{c.target}, []Sample{y})
		if err == nil {
			_, err = targets[0].Score(y)
		}
		assert.ErrorIs(t, err, c.kind)
		assert.ErrorContains(t, err, c.want)
	}
}
