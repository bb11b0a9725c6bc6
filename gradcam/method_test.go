package gradcam_test

// Methods to come, in their shortest form: each shows that the interface carries
// its kind, and that what it computes is right on the toy net.

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
)

// own is a method made of parts.
type own struct {
	needs gradcam.Needs
	run   func(context.Context, *gradcam.Run) ([]gradcam.Attribution, error)
}

func (o own) Name() string         { return "own" }
func (o own) Needs() gradcam.Needs { return o.needs }
func (o own) Map(ctx context.Context, run *gradcam.Run) ([]gradcam.Attribution, error) {
	return o.run(ctx, run)
}

// ablation re-runs the tail without one channel at a time (Ablation-CAM).
func ablation(ctx context.Context, run *gradcam.Run) ([]gradcam.Attribution, error) {
	a, err := run.Activations()
	if err != nil {
		return nil, err
	}
	v := a[0]
	without, rows := engine.NewArray(append([]int{v.N * v.C, v.C}, v.Space...)...), []int(nil)
	for n := range v.N {
		for c := range v.C {
			row := without.Row(len(rows)).Data
			copy(row, v.Sample(n))
			clear(row[c*v.Positions() : (c+1)*v.Positions()])
			rows = append(rows, n)
		}
	}
	outputs, err := run.Pass().Rerun(ctx, without, rows)
	if err != nil {
		return nil, err
	}
	scores, _, err := run.Score(outputs, rows)
	if err != nil {
		return nil, err
	}
	m := engine.NewArray(append([]int{v.N}, v.Space...)...)
	for i, n := range rows {
		full := run.Scores()[n].Value
		w := float32((full - scores[i].Value) / full)
		for p, x := range v.Channel(n, i%v.C) {
			m.Row(n).Data[p] += w * x
		}
	}
	return []gradcam.Attribution{{Layer: run.Layers()[0], Values: m}}, nil
}

// saliency is the gradient by the input.
func saliency(rule engine.ReluRule) func(context.Context, *gradcam.Run) ([]gradcam.Attribution, error) {
	return func(ctx context.Context, run *gradcam.Run) ([]gradcam.Attribution, error) {
		g, err := run.InputGradient(ctx, rule)
		return []gradcam.Attribution{{Layer: run.InputLayer(), Values: g, Finish: gradcam.Magnitude}}, err
	}
}

// occlusion predicts with one pixel at a time set to zero.
func occlusion(ctx context.Context, run *gradcam.Run) ([]gradcam.Attribution, error) {
	x := run.Inputs()[0]
	m := engine.NewArray(x.Shape...)
	for n := range run.Len() {
		pixels := engine.Size(x.Shape[1:])
		batch, rows := engine.NewArray(append([]int{pixels}, x.Shape[1:]...)...), make([]int, pixels)
		for i := range pixels {
			rows[i] = n
			copy(batch.Row(i).Data, x.Row(n).Data)
			batch.Row(i).Data[i] = 0
		}
		outputs, err := run.Predict(ctx, []engine.Array{batch})
		if err != nil {
			return nil, err
		}
		scores, _, err := run.Score(outputs, rows)
		if err != nil {
			return nil, err
		}
		for i, s := range scores {
			m.Row(n).Data[i] = float32(run.Scores()[n].Value - s.Value)
		}
	}
	return []gradcam.Attribution{{Layer: engine.Input, Values: m, Finish: gradcam.Magnitude}}, nil
}

// layerIG integrates along the activation's path from zero, ten steps.
func layerIG(ctx context.Context, run *gradcam.Run) ([]gradcam.Attribution, error) {
	a, err := run.Activations()
	if err != nil {
		return nil, err
	}
	v := a[0]
	m := engine.NewArray(append([]int{v.N}, v.Space...)...)
	for step := range 10 {
		scaled := engine.NewArray(append([]int{v.N, v.C}, v.Space...)...)
		for i, x := range v.Data {
			scaled.Data[i] = x * (float32(step) + 0.5) / 10
		}
		pass, err := run.Pass().(engine.RerunGrad).RerunGrad(ctx, scaled, nil)
		if err != nil {
			return nil, err
		}
		_, cotangents, err := run.Score(pass.Outputs(), nil)
		if err != nil {
			return nil, err
		}
		g, err := pass.Backward(ctx, cotangents)
		if err != nil {
			return nil, err
		}
		for i, x := range v.Data {
			p := v.Positions()
			m.Data[i/(v.C*p)*p+i%p] += x * g[0].Data[i] / 10
		}
		if err := pass.Close(); err != nil {
			return nil, err
		}
	}
	return []gradcam.Attribution{{Layer: run.Layers()[0], Values: m}}, nil
}

func TestKindsOfMethods(t *testing.T) {
	for _, c := range []struct {
		name   string
		method own
		want   []float32
		counts enginetest.Counts
	}{
		// Without channel 0 the toy's last ReLU gives 0, without channel 1 it
		// gives 75: weights 1 and -21/54.
		{"re-runs", own{gradcam.Needs{Layer: true, Rerun: true}, ablation},
			[]float32{0, 4, 31 - 21.0/54*6, 40 - 21.0/54*15}, enginetest.Counts{Plans: 1, Forwards: 1, Reruns: 1}},
		// captum's Saliency with abs=False, by hand: each window adds its sign.
		{"input gradient", own{gradcam.Needs{Input: true}, saliency(engine.ReluPlain)},
			[]float32{0, 1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 0}, enginetest.Counts{Plans: 1, Forwards: 1, Backwards: 1}},
		{"guided", own{gradcam.Needs{Input: true, Relu: engine.ReluGuided}, saliency(engine.ReluGuided)},
			[]float32{0, 1, 1, 1, 1, 3, 3, 2, 1, 3, 3, 2, 1, 2, 2, 1}, enginetest.Counts{Plans: 1, Forwards: 1, Backwards: 1}},
		{"predictions", own{gradcam.Needs{Predict: true}, occlusion}, nil, enginetest.Counts{Predicts: 2}},
		// The tail is linear up to its last ReLU: completeness, 4+25+25 = 54.
		{"path through the tail", own{gradcam.Needs{Layer: true, RerunGrad: true}, layerIG},
			[]float32{0, 4, 25, 25}, enginetest.Counts{Plans: 1, Forwards: 1, Reruns: 10, Backwards: 10}},
	} {
		t.Run(c.name, func(t *testing.T) {
			toy := enginetest.NewToy()
			r := explain(t, toy, enginetest.ToyInput(0), gradcam.Class(0), gradcam.WithLayer("relu1"), gradcam.WithMethod(c.method))[0]
			if c.want != nil {
				assert.InDeltaSlice(t, c.want, r.Raw[0].Values.Data, 1e-5)
			}
			assert.Equal(t, c.counts, toy.Counts())
			assert.Len(t, r.Map().Data, 16)
			assert.Equal(t, "own", r.Method)
		})
	}
}

// Occlusion of one pixel in a net that is linear there is input times gradient.
func TestOcclusionOfALinearPart(t *testing.T) {
	r := explain(t, enginetest.NewToy(), enginetest.ToyInput(0), gradcam.Class(0), gradcam.WithMethod(own{gradcam.Needs{Predict: true}, occlusion}))[0]
	raw := r.Raw[0].Values
	assert.Equal(t, []int{1, 4, 4}, raw.Shape)
	assert.Zero(t, raw.Data[0])
	assert.InDelta(t, 1, raw.Data[1], 1e-5, "pixel 1 holds 1 and is in one open window, of channel 0")
	assert.True(t, r.Normalised)
}

func TestMethodsAreHeldToTheirContract(t *testing.T) {
	returns := func(maps ...gradcam.Attribution) own {
		return own{gradcam.Needs{}, func(context.Context, *gradcam.Run) ([]gradcam.Attribution, error) { return maps, nil }}
	}
	two := engine.NewArray(1, 2, 2)
	for _, c := range []struct {
		method own
		want   string
	}{
		{returns(), "method own: it returned no map"},
		{returns(gradcam.Attribution{Layer: "a", Values: engine.NewArray(2, 2, 2)}), "raw map of a has shape [2 2 2] for 1 samples"},
		{returns(gradcam.Attribution{Layer: "a", Values: engine.NewArray(1), Finish: gradcam.Magnitude}), "raw map of a has shape [1]"},
		{returns(gradcam.Attribution{Layer: "a", Values: engine.NewArray(1, 0)}), "raw map of a is empty"},
		{returns(gradcam.Attribution{Layer: "a", Values: engine.Array{Shape: []int{1, 2}, Data: []float32{1}}}), "wants 2 elements"},
		{returns(gradcam.Attribution{Layer: "a", Values: two}, gradcam.Attribution{Layer: "b", Values: two, Finish: gradcam.Clip}), "different ways"},
		{own{gradcam.Needs{SecondOrder: true, Layer: true}, nil}, "method own: layer cannot be explained: the engine offers no second derivative here: use any method but shapleycam"},
		{own{gradcam.Needs{}, func(ctx context.Context, run *gradcam.Run) ([]gradcam.Attribution, error) {
			_, err := run.Gradients(ctx)
			return nil, err
		}}, "no layer was captured: Needs must say Layer"},
	} {
		e, err := gradcam.New(enginetest.NewToy(), gradcam.WithLayer("relu1"), gradcam.WithMethod(c.method))
		require.NoError(t, err)
		_, err = e.Explain(ctx, enginetest.ToyInput(0))
		assert.ErrorContains(t, err, c.want)
		require.NoError(t, e.Close())
	}
}

// both adds the first class's output to that of another head.
type both struct{}

func (both) String() string { return "both heads" }
func (both) Score(gradcam.Sample) (gradcam.Score, error) {
	panic("a joint target is scored by ScoreOutputs")
}
func (both) ScoreOutputs(outputs []engine.Output, sample int) (gradcam.Score, []engine.Cotangent, error) {
	s := gradcam.Score{Index: gradcam.NoClass}
	var cs []engine.Cotangent
	for _, o := range outputs {
		c := engine.NewArray(o.Array.Shape...)
		c.Row(sample).Data[0] = 1
		s.Value += float64(o.Array.Row(sample).Data[0])
		cs = append(cs, engine.Cotangent{Output: o.Name, Array: c})
	}
	return s, cs, nil
}

func TestJointTarget(t *testing.T) {
	c := canned(nil, layersOfEveryReason)
	c.Out = []engine.Output{
		{Name: "0", Array: engine.Array{Shape: []int{2, 2}, Data: []float32{1, 2, 3, 4}}},
		{Name: "1", Array: engine.Array{Shape: []int{2, 1}, Data: []float32{10, 20}}},
	}
	two := []float32{1, 2, 3, 4, 5, 6, 7, 9}
	c.Values["lit"], c.Gradients["lit"] = engine.Array{Shape: []int{2, 1, 2, 2}, Data: two}, engine.Array{Shape: []int{2, 1, 2, 2}, Data: two}
	results := explain(t, c, image(2), both{}, gradcam.WithLayer("lit"))
	assert.Equal(t, 11.0, results[0].Target.Score)
	assert.Equal(t, 23.0, results[1].Target.Score)
	assert.Equal(t, gradcam.NoClass, results[1].Target.Index)
	assert.Zero(t, results[1].Target.Probability)
	require.Len(t, c.Seen(), 1)
	sums := map[string][]float32{}
	for _, cotangent := range c.Seen()[0] {
		sums[cotangent.Output] = cotangent.Array.Data
	}
	assert.Equal(t, map[string][]float32{"0": {1, 0, 1, 0}, "1": {1, 1}}, sums)
}

// Swin's and ViT's layouts through the whole pipeline give the same map as the
// plain layout of the same numbers.
func TestLayoutsGiveTheSameMap(t *testing.T) {
	c := canned([]float32{1, 0}, nil)
	first := engine.NewArray(1, 3, 2, 2)
	last, tokens := engine.NewArray(1, 2, 2, 3), engine.NewArray(1, 5, 3)
	for i := range first.Data {
		v := float32((i*5)%7) - 2
		first.Data[i] = v
		last.Data[i%4*3+i/4] = v
		tokens.Data[3+i%4*3+i/4] = v
	}
	tokens.Data[0] = 100 // the class token counts for nothing
	for name, a := range map[string]engine.Array{"first": first, "last": last, "tokens": tokens} {
		c.Values[name], c.Gradients[name] = a, a
	}
	want := explain(t, c, image(1), gradcam.Top1(), gradcam.WithLayer("first"))[0]
	assert.Empty(t, want.Reason)
	given := map[string]gradcam.Layout{
		"last":   {Order: gradcam.ChannelsLast}, // 2 channels of 2x3 by shape alone
		"tokens": {},
	}
	for name, layout := range given {
		got := explain(t, c, image(1), gradcam.Top1(), gradcam.WithLayer(name), gradcam.WithLayout(layout))[0]
		assert.Equal(t, want.Raw[0].Values, got.Raw[0].Values, name)
		assert.Equal(t, want.Map(), got.Map(), name)
	}
}

func TestVolume(t *testing.T) {
	c := canned([]float32{1, 0}, nil)
	a := engine.NewArray(1, 2, 2, 2, 2)
	for i := range a.Data {
		a.Data[i] = float32(i)
	}
	c.Values["deep"], c.Gradients["deep"] = a, a
	r := explain(t, c, engine.NewArray(1, 1, 4, 4, 4), gradcam.Top1(), gradcam.WithLayer("deep"))[0]
	assert.Equal(t, []int{2, 2, 2}, r.Raw[0].Values.Shape)
	// Grad-CAM pools over all three axes: weights 3.5 and 11.5.
	assert.Equal(t, []float32{92, 107, 122, 137, 152, 167, 182, 197}, r.Raw[0].Values.Data)
	assert.Equal(t, []int{4, 4, 4}, r.Map().Shape)
}
