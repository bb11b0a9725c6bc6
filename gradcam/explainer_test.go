package gradcam_test

import (
	"context"
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
)

func TestResult(t *testing.T) {
	g := readGolden(t)
	r := explain(t, enginetest.NewToyHead(g.Head), enginetest.ToyInput(0, 1), gradcam.TopK(2),
		gradcam.WithLayers("conv1", "relu1"), gradcam.WithLabels([]string{"cat", "dog"}), gradcam.WithTop(3))[1]
	assert.Equal(t, 1, r.Sample)
	assert.Equal(t, "gradcam", r.Method)
	assert.Equal(t, []string{"conv1", "relu1"}, []string{r.Raw[0].Layer, r.Raw[1].Layer})
	assert.Equal(t, "1", r.Target.Target, "top2 has become a class")
	assert.Equal(t, 1, r.Target.Index)
	assert.Equal(t, "dog", r.Target.Label)
	assert.InDelta(t, g.Output[1][1], r.Target.Score, 1e-6)
	// softmax of 5.875, 1.703125, 0, 0
	assert.InDelta(t, 0.0151054813, r.Target.Probability, 1e-9)
	assert.Equal(t, []int{0, 1, 2}, []int{r.Top[0].Index, r.Top[1].Index, r.Top[2].Index})
	assert.Equal(t, "cat", r.Top[0].Label)
	assert.Empty(t, r.Top[2].Label)
	assert.InDelta(t, g.Output[1][0], r.Top[0].Score, 1e-6)
	assert.Equal(t, min(r.Raw[0].Min, r.Raw[1].Min), r.RawMin)
	assert.Equal(t, max(r.Raw[0].Max, r.Raw[1].Max), r.RawMax)
	assert.Greater(t, r.Timings.Total, time.Duration(0))
	assert.Empty(t, r.Choice.Layer)
}

func TestSigmoidProbability(t *testing.T) {
	g := readGolden(t)
	r := explain(t, enginetest.NewToyHead(g.Head), enginetest.ToyInput(0), gradcam.Class(1), gradcam.WithLayer("relu1"), gradcam.WithOutputKind(gradcam.Sigmoid))[0]
	assert.InDelta(t, 1/(1+math.Exp(-1.5625)), r.Target.Probability, 1e-9)
}

// One target an image equals one image at a time.
func TestTargetsPerSample(t *testing.T) {
	head := readGolden(t).Head
	e, err := gradcam.New(enginetest.NewToyHead(head), gradcam.WithLayer("relu1"))
	require.NoError(t, err)
	defer e.Close()
	together, err := e.Explain(ctx, enginetest.ToyInput(0, 1, 2), gradcam.Class(0), gradcam.Class(1), gradcam.Margin(0, 1))
	require.NoError(t, err)
	for i, target := range []gradcam.Target{gradcam.Class(0), gradcam.Class(1), gradcam.Margin(0, 1)} {
		alone, err := e.Explain(ctx, enginetest.ToyInput(float32(i)), target)
		require.NoError(t, err)
		assert.Equal(t, alone[0].Raw, together[i].Raw)
		assert.Equal(t, alone[0].Target, together[i].Target)
	}
	_, err = e.Explain(ctx, enginetest.ToyInput(0, 1, 2), gradcam.Class(0), gradcam.Class(1))
	assert.EqualError(t, err, "gradcam: 2 targets for 3 samples: give one for all or one each")
	none, err := e.Explain(ctx, enginetest.ToyInput(0))
	require.NoError(t, err)
	assert.Equal(t, "0", none[0].Target.Target, "no target is top1")
}

func TestExplainAllSharesPasses(t *testing.T) {
	toy := enginetest.NewToyHead(readGolden(t).Head)
	e, err := gradcam.New(toy, gradcam.WithLayer("conv1"), gradcam.WithMethods(gradcam.GradCAM, gradcam.HiResCAM, gradcam.Seed))
	require.NoError(t, err)
	all, err := e.ExplainAll(ctx, []engine.Array{enginetest.ToyInput(0, 1)})
	require.NoError(t, err)
	counts := toy.Counts()
	assert.Equal(t, 1, counts.Forwards)
	assert.Equal(t, 2, counts.Backwards, "one for the logit, one for the seed's probability")
	assert.Zero(t, counts.Predicts)
	assert.Zero(t, counts.OpenPasses)
	for i, m := range []gradcam.Method{gradcam.GradCAM, gradcam.HiResCAM, gradcam.Seed} {
		alone := explain(t, enginetest.NewToyHead(readGolden(t).Head), enginetest.ToyInput(0, 1), gradcam.Top1(), gradcam.WithLayer("conv1"), gradcam.WithMethod(m))
		for s := range alone {
			assert.Equal(t, alone[s].Raw, all[i][s].Raw)
			assert.Equal(t, alone[s].Target, all[i][s].Target)
		}
	}
	assert.Equal(t, "prob:0", all[2][0].Target.Target)
	_, err = e.Explain(ctx, enginetest.ToyInput(0))
	assert.ErrorContains(t, err, "3 methods: call ExplainAll")
	require.NoError(t, e.Close())
	assert.Zero(t, toy.Counts().OpenPlans)
}

func TestNewErrors(t *testing.T) {
	for _, c := range []struct {
		option gradcam.Option
		want   string
	}{
		{gradcam.WithLayers(), "gradcam: no layer named"},
		{gradcam.WithLayer(""), "gradcam: a layer's name is empty"},
		{gradcam.WithLayers("a", "b", "a"), "gradcam: layer a is named twice"},
		{gradcam.WithMethods(), "gradcam: no method given"},
		{gradcam.WithMethod(nil), "gradcam: method 0 is nil"},
		{gradcam.WithMethod(gradcam.CAM("gradcma")), `gradcam: method "gradcma" is not in the CAM family`},
		{gradcam.WithFusion(7), "gradcam: unknown fusion 7"},
		{gradcam.WithLayout(), "gradcam: no layout given"},
		{gradcam.WithLayout(gradcam.Layout{}, gradcam.Layout{}), "gradcam: 2 layouts for 1 layers"},
		{gradcam.WithOutputKind(9), "gradcam: unknown output kind 9"},
		{gradcam.WithTop(-1), "gradcam: cannot list -1 classes"},
		{gradcam.WithLogger(nil), "gradcam: logger is nil"},
	} {
		_, err := gradcam.New(enginetest.NewToy(), c.option)
		assert.ErrorContains(t, err, c.want)
	}
	_, err := gradcam.New(nil)
	assert.EqualError(t, err, "gradcam: model is nil")
}

func TestExplainErrors(t *testing.T) {
	nan := engine.NewArray(2, 1, 4, 4)
	nan.Data[20] = float32(math.NaN())
	gone, cancel := context.WithCancel(ctx)
	cancel()
	broken := canned([]float32{1, 0}, map[string][]float32{"a": {1, 2, 3, float32(math.Inf(1))}, "g": {1, 2, 3, 4}, "big": {1, 2, 3, 4}})
	broken.Gradients["g"].Data[2] = float32(math.NaN())
	broken.Values["big"].Data[1], broken.Gradients["big"].Data[1] = math.MaxFloat32, 3
	broken.Values["odd"], broken.Gradients["odd"] = engine.NewArray(1, 23, 7), engine.NewArray(1, 23, 7)
	broken.Values["other"], broken.Gradients["other"] = engine.NewArray(4, 1, 2, 2), engine.NewArray(4, 1, 2, 2)
	for _, c := range []struct {
		name   string
		ctx    context.Context
		model  engine.Model
		x      engine.Array
		layer  string
		target gradcam.Target
		want   string
		kind   error
	}{
		{"NaN in the input", ctx, enginetest.NewToy(), nan, "relu1", gradcam.Top1(), "gradcam: sample 1: input 0 holds NaN at [0 1 0]", gradcam.ErrNotFinite},
		{"unknown layer", ctx, enginetest.NewToy(), enginetest.ToyInput(0), "relu9", gradcam.Top1(), `gradcam: layer "relu9"`, nil},
		{"wrong channels", ctx, enginetest.NewToy(), engine.NewArray(1, 3, 4, 4), "relu1", gradcam.Top1(), "one input [N, 1, 4, 4]", nil},
		{"class out of range", ctx, enginetest.NewToy(), enginetest.ToyInput(0), "relu1", gradcam.Class(4), "gradcam: sample 0: class 4 is out of range: the model has classes 0 to 3", gradcam.ErrTarget},
		{"rank out of range", ctx, enginetest.NewToy(), enginetest.ToyInput(0), "relu1", gradcam.TopK(5), "top5 is out of range", gradcam.ErrTarget},
		{"cancelled", gone, enginetest.NewToy(), enginetest.ToyInput(0), "relu1", gradcam.Top1(), "context canceled", context.Canceled},
		{"NaN in the output", ctx, canned([]float32{0, float32(math.NaN())}, layersOfEveryReason), image(1), "lit", gradcam.Top1(), "sample 0: the output holds NaN at [1]", gradcam.ErrNotFinite},
		{"argmax", ctx, &enginetest.Canned{Out: []engine.Output{{Array: engine.Array{Shape: []int{1}, Ints: []int64{3}}}}, Values: map[string]engine.Array{"lit": engine.NewArray(1, 1, 2, 2)}}, image(1), "lit", gradcam.Top1(), "does the model end in argmax?", gradcam.ErrOutput},
		{"infinite activation", ctx, broken, image(1), "a", gradcam.Top1(), "sample 0: activation of layer a holds +Inf at [0 1 1]", gradcam.ErrNotFinite},
		{"NaN in the gradient", ctx, broken, image(1), "g", gradcam.Top1(), "sample 0: gradient of layer g holds NaN at [0 1 0]", gradcam.ErrNotFinite},
		{"overflow", ctx, broken, image(1), "big", gradcam.Top1(), "sample 0: raw map of big holds +Inf at [0 1]", gradcam.ErrNotFinite},
		{"no layout", ctx, broken, engine.NewArray(1, 3, 224, 224), "odd", gradcam.Top1(), "layer odd: shape [1 23 7]: 23 tokens make no grid", gradcam.ErrLayer},
		{"no batch axis", ctx, broken, image(1), "other", gradcam.Top1(), "activation of layer other has shape [4 1 2 2] for a batch of 1", gradcam.ErrLayer},
		{"score overflow", ctx, enginetest.NewToy(), enginetest.ToyInput(0), "relu1", gradcam.Func("mine", func(y engine.Array) (float64, []float32, error) { return math.Inf(1), make([]float32, 4), nil }), "score of target mine is +Inf", gradcam.ErrNotFinite},
		{"NaN in the cotangent", ctx, enginetest.NewToy(), enginetest.ToyInput(0), "relu1", gradcam.Func("mine", func(y engine.Array) (float64, []float32, error) {
			return 1, []float32{0, 0, float32(math.NaN()), 0}, nil
		}), "gradient of target mine holds NaN at [2]", gradcam.ErrNotFinite},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, err := gradcam.New(c.model, gradcam.WithLayer(c.layer))
			require.NoError(t, err)
			_, err = e.Explain(c.ctx, c.x, c.target)
			assert.ErrorContains(t, err, c.want)
			assert.NotContains(t, err.Error(), "\n")
			if c.kind != nil {
				assert.ErrorIs(t, err, c.kind)
			}
			require.NoError(t, e.Close())
			if counted, ok := c.model.(interface{ Counts() enginetest.Counts }); ok {
				assert.Zero(t, counted.Counts().OpenPasses)
				assert.Zero(t, counted.Counts().OpenPlans)
			}
		})
	}
}

func TestClose(t *testing.T) {
	toy := enginetest.NewToy()
	e, err := gradcam.New(toy, gradcam.WithLayer("relu1"))
	require.NoError(t, err)
	_, err = e.Explain(ctx, enginetest.ToyInput(0))
	require.NoError(t, err)
	assert.Equal(t, 1, toy.Counts().OpenPlans)
	require.NoError(t, e.Close())
	require.NoError(t, e.Close(), "twice")
	assert.Zero(t, toy.Counts().OpenPlans)
	_, err = e.Explain(ctx, enginetest.ToyInput(0))
	assert.ErrorIs(t, err, gradcam.ErrClosed)
	_, err = e.Choose(ctx, []engine.Array{enginetest.ToyInput(0)})
	assert.ErrorIs(t, err, gradcam.ErrClosed)
}

// 16 goroutines, three layers, against single-threaded values.
func TestConcurrentExplanations(t *testing.T) {
	toy := enginetest.NewToyHead(readGolden(t).Head)
	layers := []string{"conv1", "relu1", ""}
	var explainers []*gradcam.Explainer
	for _, l := range layers {
		var options []gradcam.Option
		if l != "" {
			options = append(options, gradcam.WithLayer(l))
		}
		e, err := gradcam.New(toy, options...)
		require.NoError(t, err)
		explainers = append(explainers, e)
	}
	want := map[string]gradcam.Result{}
	key := func(l, offset int) string { return fmt.Sprint(l, " ", offset) }
	for l, layer := range []string{"conv1", "relu1", "relu1"} {
		for offset := range 5 {
			want[key(l, offset)] = explain(t, enginetest.NewToyHead(readGolden(t).Head), enginetest.ToyInput(float32(offset)), gradcam.Top1(), gradcam.WithLayer(layer))[0]
		}
	}
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for i := range 60 {
				l, offset := i%3, i%5
				r, err := explainers[l].Explain(ctx, enginetest.ToyInput(float32(offset)), gradcam.Top1())
				if !assert.NoError(t, err) {
					return
				}
				assert.Equal(t, want[key(l, offset)].Raw, r[0].Raw)
				assert.Equal(t, want[key(l, offset)].Map(), r[0].Map())
			}
		})
	}
	all.Wait()
	for _, e := range explainers {
		require.NoError(t, e.Close())
	}
	assert.Equal(t, 3, toy.Counts().Plans, "one for each explainer")
	assert.Zero(t, toy.Counts().OpenPlans)
	assert.Zero(t, toy.Counts().OpenPasses)
}

// Closing waits for explanations that are running.
func TestCloseWhileExplaining(t *testing.T) {
	toy := enginetest.NewToy()
	e, err := gradcam.New(toy, gradcam.WithLayer("relu1"))
	require.NoError(t, err)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for {
				if _, err := e.Explain(ctx, enginetest.ToyInput(0)); err != nil {
					assert.ErrorIs(t, err, gradcam.ErrClosed)
					return
				}
			}
		})
	}
	require.NoError(t, e.Close())
	all.Wait()
	assert.Zero(t, toy.Counts().OpenPasses)
	assert.Zero(t, toy.Counts().OpenPlans)
}

func TestNamedOutput(t *testing.T) {
	c := canned(nil, layersOfEveryReason)
	c.Out = []engine.Output{
		{Name: "main", Array: engine.Array{Shape: []int{1, 2}, Data: []float32{1, 2}}},
		{Name: "aux", Array: engine.Array{Shape: []int{1, 3}, Data: []float32{1, 9, 2}}},
	}
	r := explain(t, c, image(1), gradcam.Top1(), gradcam.WithLayer("lit"), gradcam.WithOutput("aux"))[0]
	assert.Equal(t, 9.0, r.Target.Score)
	assert.Equal(t, "aux", c.Seen()[0][0].Output)
	assert.Equal(t, []float32{0, 1, 0}, c.Seen()[0][0].Array.Data)
	e, err := gradcam.New(c, gradcam.WithLayer("lit"))
	require.NoError(t, err)
	_, err = e.Explain(ctx, image(1))
	assert.EqualError(t, err, `gradcam: the model has several outputs: name one of "main", "aux"`)
	require.NoError(t, e.Close())
}

// A method without a gradient is not blank because the target's would be noise.
func TestSaturationConcernsGradients(t *testing.T) {
	plain := own{gradcam.Needs{Layer: true}, func(_ context.Context, run *gradcam.Run) ([]gradcam.Attribution, error) {
		a, err := run.Activations()
		return []gradcam.Attribution{{Layer: run.Layers()[0], Values: engine.Array{Shape: []int{1, 2, 2}, Data: a[0].Data}}}, err
	}}
	r := explain(t, canned([]float32{30, 0}, layersOfEveryReason), image(1), gradcam.Probability(0), gradcam.WithLayer("lit"), gradcam.WithMethod(plain))[0]
	assert.Empty(t, r.Reason)
	assert.True(t, r.Target.Probability > 1-1e-6)
}
