package gradcam

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
)

func sample(kind OutputKind, values ...float32) Sample {
	return Sample{Output: engine.Array{Shape: []int{len(values)}, Data: values}, Kind: kind}
}

func scoreOf(t *testing.T, target Target, y Sample) Score {
	t.Helper()
	s, err := target.Score(y)
	require.NoError(t, err)
	return s
}

// Scores by hand; log-sum-exp of 1, 2, 3 is 3.4076059.
func TestTargetValues(t *testing.T) {
	const lse = 3.4076059644443806
	for _, c := range []struct {
		target Target
		y      Sample
		name   string
		value  float64
		index  int
	}{
		{Top1(), sample(Logits, 1, 3, 2), "top1", 3, 1},
		{TopK(2), sample(Logits, 1, 3, 2), "top2", 2, 2},
		{TopK(3), sample(Logits, 1, 3, 2), "top3", 1, 0},
		{Top1(), sample(Logits, 5, 5), "top1", 5, 0},
		{Class(0), sample(Logits, 1, 3, 2), "0", 1, 0},
		{Probability(1), sample(Logits, 1, 3, 2), "prob:1", math.Exp(3 - lse), 1},
		{LogProbability(2), sample(Logits, 1, 3, 2), "logprob:2", 2 - lse, 2},
		{ReST(2), sample(Logits, 1, 3, 2), "rest:2", 2 + 2 - lse, 2},
		{Margin(1, 0), sample(Logits, 1, 3, 2), "margin:1-0", 2, 1},
		{Negative(Class(2)), sample(Logits, 1, 3, 2), "neg:2", -2, 2},
		{Probability(0), sample(Logits, 0), "prob:0", 0.5, 0},
		{Probability(1), sample(Sigmoid, 4, 0), "prob:1", 0.5, 1},
		{LogProbability(1), sample(Sigmoid, 4, 0), "logprob:1", -math.Ln2, 1},
		{Probability(1), sample(Probabilities, 0.25, 0.75), "prob:1", 0.75, 1},
		{LogProbability(0), sample(Probabilities, 0.5, 0.5), "logprob:0", -math.Ln2, 0},
		{Class(1), Sample{Output: engine.Array{Shape: []int{2, 1, 2}, Data: []float32{1, 2, 3, 5}}}, "1", 4, 1},
		{Class(1), Sample{Output: engine.Array{Shape: []int{3, 2}, Data: []float32{0, 1, 0, 2, 0, 6}}}, "1", 3, 1},
		{Class(0), Sample{Output: engine.Array{Shape: []int{}, Data: []float32{7}}}, "0", 7, 0},
		{RawOutput(), Sample{Output: engine.Array{Shape: []int{}, Data: []float32{7}}}, "raw", 7, NoClass},
		{Binary(0), Sample{Output: engine.Array{Shape: []int{1, 1, 2}, Data: []float32{7, 8}}}, "binary:0", -7.5, NoClass},
		{Anchor(3, 1), Sample{Output: engine.Array{Shape: []int{2, 2, 2}, Data: []float32{1, 2, 3, 4, 5, 6, 7, 8}}}, "anchor:3:1", 8, 1},
		{Anchor(2, 1), Sample{Output: engine.Array{Shape: []int{3, 2}, Data: []float32{0, 1, 0, 2, 0, 6}}}, "anchor:2:1", 6, 1},
	} {
		s := scoreOf(t, c.target, c.y)
		assert.Equal(t, c.name, c.target.String())
		assert.InDelta(t, c.value, s.Value, 1e-9, c.name)
		assert.Equal(t, c.index, s.Index, c.name)
		assert.Len(t, s.Cotangent, c.y.Output.Len(), c.name)
	}
}

// allTargets at class c of y, and Negative of one.
func allTargets(c int) []Target {
	return []Target{
		Class(c), Top1(), TopK(2), Probability(c), LogProbability(c), ReST(c), Margin(c, 1), Negative(Probability(c)),
		Func("squares", func(y engine.Array) (float64, []float32, error) {
			sum, g := 0.0, make([]float32, y.Len())
			for i, v := range y.Data {
				sum += float64(v) * float64(v)
				g[i] = 2 * v
			}
			return sum, g, nil
		}),
	}
}

// targetsFor adds those that fit the shape of y only.
func targetsFor(y Sample) []Target {
	reference := make([]float32, len(y.Values()))
	for i := range reference {
		reference[i] = float32(i) - 1.25
	}
	all := append(allTargets(2), Anchor(0, 2), Similarity("r", reference), DotProduct("r", reference), Negative(Similarity("r", reference)))
	if len(y.Output.Shape) == 3 {
		all = append(all, Mask("m", engine.Array{Shape: []int{2, 2}, Data: []float32{1, 0, 0.5, 0}}, 2))
	}
	if y.Output.Len() == 1 {
		all = []Target{RawOutput(), Binary(0), Binary(1), Negative(RawOutput())}
	}
	return all
}

// outputs of every kind and shape, values away from ties.
func allSamples() []Sample {
	rng := rand.New(rand.NewPCG(7, 8))
	var all []Sample
	for _, kind := range []OutputKind{Logits, Probabilities, Sigmoid} {
		for _, shape := range [][]int{{5}, {3, 4}, {3, 2, 2}, {1}, {}} {
			a := engine.NewArray(shape...)
			for i := range a.Data {
				a.Data[i] = float32(rng.NormFloat64())
				if kind == Probabilities {
					a.Data[i] = float32(0.05 + 0.9*rng.Float64())
				}
			}
			all = append(all, Sample{Output: a, Kind: kind})
		}
	}
	return all
}

// nudged is y with element i moved by d.
func nudged(y Sample, i int, d float32) Sample {
	a := engine.NewArray(y.Output.Shape...)
	copy(a.Data, y.Output.Data)
	a.Data[i] += d
	return Sample{Output: a, Kind: y.Kind}
}

func TestCotangentsAreDerivatives(t *testing.T) {
	const step = 1.0 / 256 // exact in float32
	for _, y := range allSamples() {
		for _, target := range targetsFor(y) {
			s := scoreOf(t, target, y)
			for i := range y.Output.Data {
				up, down := nudged(y, i, step), nudged(y, i, -step)
				width := float64(up.Output.Data[i]) - float64(down.Output.Data[i])
				want := (scoreOf(t, target, up).Value - scoreOf(t, target, down).Value) / width
				assert.InDelta(t, want, s.Cotangent[i], 2e-4*(1+math.Abs(want)), "%s of %s %v at %d", target, y.Kind, y.Output.Shape, i)
			}
		}
	}
}

func TestCurvatureIsTheDerivativeOfTheCotangent(t *testing.T) {
	const step = 1.0 / 256
	for _, y := range allSamples() {
		u := make([]float32, y.Output.Len())
		for i := range u {
			u[i] = float32(i%3) - 1
		}
		for _, target := range targetsFor(y) {
			curved, ok := target.(Curved)
			if !ok {
				assert.Equal(t, "squares", target.String(), "only Go functions have no curvature")
				continue
			}
			got, err := curved.Curvature(y, u)
			require.NoError(t, err)
			up, down := y, y
			for i := range u {
				up, down = nudged(up, i, step*u[i]), nudged(down, i, -step*u[i])
			}
			a, b := scoreOf(t, target, up).Cotangent, scoreOf(t, target, down).Cotangent
			for i := range got {
				want := float64(a[i]-b[i]) / (2 * step)
				assert.InDelta(t, want, got[i], 1e-3*(1+math.Abs(want)), "%s of %s %v at %d", target, y.Kind, y.Output.Shape, i)
			}
		}
	}
}

// Logits of any finite size give finite probabilities and derivatives.
func TestTargetsAtTheLimits(t *testing.T) {
	for _, kind := range []OutputKind{Logits, Sigmoid} {
		y := sample(kind, math.MaxFloat32, -math.MaxFloat32, 0)
		for _, target := range allTargets(2)[:8] {
			s := scoreOf(t, target, y)
			assert.False(t, math.IsNaN(s.Value) || math.IsInf(s.Value, 0), "%s", target)
			require.NoError(t, finite(engine.Array{Shape: []int{3}, Data: s.Cotangent}, "cotangent"))
		}
	}
}

func TestSaturated(t *testing.T) {
	sure, unsure := sample(Logits, 20, 0), sample(Logits, 2, 0) // 1-p = 2e-9 and 0.12
	assert.True(t, scoreOf(t, Probability(0), sure).Saturated)
	assert.True(t, scoreOf(t, LogProbability(0), sure).Saturated)
	assert.True(t, scoreOf(t, Negative(Probability(0)), sure).Saturated)
	assert.False(t, scoreOf(t, Probability(1), sure).Saturated, "p near 0 has a gradient as small, but it is what was asked for")
	assert.False(t, scoreOf(t, Class(0), sure).Saturated, "a logit does not saturate")
	assert.False(t, scoreOf(t, Probability(0), unsure).Saturated)
	assert.True(t, scoreOf(t, Class(0), sample(Probabilities, 1, 0)).Saturated, "the model ends in a softmax")
}

func TestResolve(t *testing.T) {
	y := sample(Logits, 1, 3, 2)
	for target, want := range map[Target]Target{
		Top1():                 Class(1),
		TopK(3):                Class(0),
		Class(2):               Class(2),
		Negative(Top1()):       Negative(Class(1)),
		Margin(0, 1):           Margin(0, 1),
		Seed.Retarget(TopK(2)): Probability(2),
	} {
		got, err := resolve(target, y)
		require.NoError(t, err)
		assert.Equal(t, want, got, "%s", target)
	}
}

func TestTargetErrors(t *testing.T) {
	y := sample(Logits, 1, 3, 2)
	for _, c := range []struct {
		target Target
		want   string
	}{
		{Class(3), "class 3 is out of range: the model has classes 0 to 2"},
		{Class(-1), "class -1 is out of range"},
		{TopK(4), "top4 is out of range: the model has 3 classes"},
		{TopK(0), "top0 is out of range"},
		{Probability(3), "target prob:3: class 3 is out of range"},
		{LogProbability(-1), "target logprob:-1: class -1 is out of range"},
		{Negative(ReST(3)), "target rest:3: class 3 is out of range"},
		{Margin(0, 9), "target margin:0-9: class 9 is out of range"},
		{Negative(Class(3)), "class 3 is out of range"},
		{Binary(2), "target binary:2: the categories are 0 and 1"},
		{Binary(1), "target binary:1: the model has 3 classes, not one output: explain class 1"},
		{RawOutput(), "target raw: the output [3] has 3 numbers for each sample: choose one"},
		{Anchor(1, 0), "target anchor:1:0: position 1 is out of range: the output [3] has positions 0 to 0"},
		{Anchor(0, 3), "class 3 is out of range: the output [3] has classes 0 to 2"},
		{Func("mine", func(engine.Array) (float64, []float32, error) { return 0, nil, errors.New("no face found") }), "target mine: no face found"},
	} {
		_, err := c.target.Score(y)
		assert.ErrorContains(t, err, c.want)
		assert.ErrorIs(t, err, ErrTarget)
	}
	_, err := Probability(1).Score(sample(Sigmoid, 4))
	assert.EqualError(t, err, "target prob:1: class 1 is out of range: the model has one output: explain class 0, binary:1 or binary:0")
	_, err = resolve(Probability(1), sample(Sigmoid, 4))
	assert.ErrorContains(t, err, "target prob:1: ")
	_, err = Probability(1).(Curved).Curvature(sample(Sigmoid, 4), make([]float32, 1))
	assert.ErrorContains(t, err, "target prob:1: ")
	_, err = LogProbability(1).Score(sample(Probabilities, 1, 0))
	assert.ErrorContains(t, err, "probability 0, which has no logarithm")
	_, err = Probability(0).(Curved).Curvature(y, make([]float32, 2))
	assert.ErrorContains(t, err, "direction has 2 values")
}

func TestPerSample(t *testing.T) {
	each, err := perSample([]Target{Class(1)}, 3)
	require.NoError(t, err)
	assert.Equal(t, []Target{Class(1), Class(1), Class(1)}, each)
	each, err = perSample(nil, 2)
	require.NoError(t, err)
	assert.Equal(t, []Target{Top1(), Top1()}, each)
	_, err = perSample([]Target{Class(0), Class(1)}, 3)
	assert.ErrorContains(t, err, "2 targets for 3 samples: give one for all or one each")
	_, err = perSample([]Target{nil}, 3)
	assert.ErrorContains(t, err, "target 0 is nil")
}
