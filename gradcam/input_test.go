package gradcam_test

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
)

// smooth is a network of one input for any shape.
func smooth(shapes ...[]int) *enginetest.Smooth {
	return &enginetest.Smooth{Shapes: shapes, Hidden: []int{2, 2, 3}, Classes: 3}
}

// One pass, many maps: methods of the input's gradient share both passes.
func TestInputMethodsSharePasses(t *testing.T) {
	for _, c := range []struct {
		name    string
		methods []gradcam.Method
		layer   string
		want    enginetest.Counts
	}{
		{"saliency alone", []gradcam.Method{gradcam.Saliency{}}, "", enginetest.Counts{Plans: 1, Forwards: 1, Backwards: 1}},
		{"guided alone", []gradcam.Method{gradcam.GuidedBackprop}, "", enginetest.Counts{Plans: 1, Forwards: 1, Backwards: 1}},
		{"three of one gradient", []gradcam.Method{gradcam.Saliency{}, gradcam.InputXGradient, gradcam.Saliency{Signed: true}}, "",
			enginetest.Counts{Plans: 1, Forwards: 1, Backwards: 1}},
		{"three rules", []gradcam.Method{gradcam.Deconvnet, gradcam.InputXGradient, gradcam.GuidedBackprop}, "",
			enginetest.Counts{Plans: 3, Forwards: 3, Backwards: 3}},
		{"with a layer", []gradcam.Method{gradcam.GradCAM, gradcam.Saliency{}, gradcam.InputXGradient}, "relu1",
			enginetest.Counts{Plans: 2, Forwards: 2, Backwards: 2}},
		{"guided Grad-CAM and its parts", []gradcam.Method{gradcam.GuidedGradCAM{}, gradcam.GradCAM, gradcam.GuidedBackprop}, "relu1",
			enginetest.Counts{Plans: 2, Forwards: 2, Backwards: 2}},
		{"a path", []gradcam.Method{gradcam.IntegratedGradients{Steps: 7}}, "",
			enginetest.Counts{Plans: 1, Forwards: 1, Backwards: 1, Predicts: 1}},
		{"a path and the gradient", []gradcam.Method{gradcam.IntegratedGradients{Steps: 7}, gradcam.Saliency{}}, "",
			enginetest.Counts{Plans: 1, Forwards: 2, Backwards: 2}},
		{"a path of the layer", []gradcam.Method{gradcam.LayerIntegratedGradients{Steps: 7}}, "relu1",
			enginetest.Counts{Plans: 1, Forwards: 2, Backwards: 1, Reruns: 1}},
		{"a path to the layer", []gradcam.Method{gradcam.Conductance{Steps: 7}}, "relu1",
			enginetest.Counts{Plans: 1, Forwards: 2, Backwards: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			toy := enginetest.NewToy()
			options := []gradcam.Option{gradcam.WithMethods(c.methods...)}
			if c.layer != "" {
				options = append(options, gradcam.WithLayer(c.layer))
			}
			e, err := gradcam.New(toy, options...)
			require.NoError(t, err)
			_, err = e.ExplainAll(ctx, []engine.Array{enginetest.ToyInput(0, 1)}, gradcam.Class(0))
			require.NoError(t, err)
			got := toy.Counts()
			require.NoError(t, e.Close())
			assert.Zero(t, got.OpenPasses)
			got.OpenPlans = 0
			assert.Equal(t, c.want, got)
			assert.Zero(t, toy.Counts().OpenPlans)
		})
	}
}

// Methods of different targets do not share a gradient.
func TestInputGradientIsOfTheTarget(t *testing.T) {
	e, err := gradcam.New(enginetest.NewToyHead(readGolden(t).Head), gradcam.WithMethod(gradcam.Saliency{Signed: true}))
	require.NoError(t, err)
	defer e.Close()
	results, err := e.Explain(ctx, enginetest.ToyInput(0, 0), gradcam.Class(0), gradcam.Class(1))
	require.NoError(t, err)
	assert.NotEqual(t, results[0].Raw[0].Values, results[1].Raw[0].Values)
}

// An attribution belongs to whoever gets it: writing to it changes no other method.
func TestAttributionsAreNotTheSharedGradient(t *testing.T) {
	for _, m := range []gradcam.Method{gradcam.Saliency{Signed: true}, gradcam.Saliency{}, gradcam.InputXGradient, gradcam.GuidedBackprop, gradcam.Deconvnet} {
		spoiler := own{m.Needs(), func(ctx context.Context, run *gradcam.Run) ([]gradcam.Attribution, error) {
			maps, err := m.Map(ctx, run)
			for i := range maps[0].Values.Data {
				maps[0].Values.Data[i] = 7
			}
			return maps, err
		}}
		want := explain(t, enginetest.NewToy(), enginetest.ToyInput(1), gradcam.Class(0), gradcam.WithMethod(m))[0]
		e, err := gradcam.New(enginetest.NewToy(), gradcam.WithMethods(spoiler, m))
		require.NoError(t, err)
		all, err := e.ExplainAll(ctx, []engine.Array{enginetest.ToyInput(1)}, gradcam.Class(0))
		require.NoError(t, err)
		assert.Equal(t, want.Raw[0].Values, all[1][0].Raw[0].Values, m.Name())
		require.NoError(t, e.Close())
	}
}

// Images, volumes, sequences and tables: raw maps and finished ones.
func TestShapesOfInputs(t *testing.T) {
	for _, c := range []struct {
		name     string
		shape    []int // of a sample
		order    gradcam.Order
		raw, fin []int
	}{
		{"image", []int{2, 3, 4}, gradcam.ChannelsFirst, []int{2, 3, 4}, []int{3, 4}},
		{"image, channels last", []int{3, 4, 2}, gradcam.ChannelsLast, []int{2, 3, 4}, []int{3, 4}},
		{"volume", []int{2, 2, 3, 2}, gradcam.ChannelsFirst, []int{2, 2, 3, 2}, []int{2, 3, 2}},
		{"signal", []int{2, 12}, gradcam.ChannelsFirst, []int{2, 12}, []int{12}},
		{"tokens", []int{12, 2}, gradcam.ChannelsLast, []int{2, 12}, []int{12}},
		{"table", []int{24}, gradcam.ChannelsFirst, []int{24}, []int{24}},
		{"table, channels last", []int{24}, gradcam.ChannelsLast, []int{24}, []int{24}},
	} {
		for _, m := range []gradcam.Method{gradcam.Saliency{}, gradcam.InputXGradient, gradcam.IntegratedGradients{}, gradcam.SmoothGrad{}, gradcam.GradientSHAP{}} {
			t.Run(c.name+" "+m.Name(), func(t *testing.T) {
				x := wave(append([]int{2}, c.shape...)...)
				for _, r := range explain(t, smooth(c.shape), x, gradcam.Class(0), gradcam.WithMethod(m), gradcam.WithInputOrder(c.order)) {
					assert.Empty(t, r.Reason)
					assert.Equal(t, c.raw, r.Raw[0].Values.Shape)
					assert.Equal(t, engine.Input, r.Raw[0].Layer)
					finished := r.Map()
					assert.Equal(t, c.fin, finished.Shape)
					assert.InDeltaSlice(t, plainMagnitude(r.Raw[0].Values, engine.Size(c.fin)), finished.Data, 5e-6)
				}
			})
		}
	}
}

// plainMagnitude is the sum of magnitudes over channels, stretched to 0..1.
func plainMagnitude(raw engine.Array, places int) []float64 {
	m := make([]float64, places)
	for c := range raw.Len() / places {
		for p := range m {
			m[p] += math.Abs(float64(raw.Data[c*places+p]))
		}
	}
	low, high := m[0], m[0]
	for _, v := range m {
		low, high = math.Min(low, v), math.Max(high, v)
	}
	for p := range m {
		m[p] = (m[p] - low) / (high - low + 1e-7)
	}
	return m
}

// Channels last is the same attribution, moved.
func TestChannelsLastIsMoved(t *testing.T) {
	x := wave(1, 3, 4, 2)
	last := explain(t, smooth([]int{3, 4, 2}), x, gradcam.Class(0), gradcam.WithMethod(gradcam.InputXGradient), gradcam.WithInputOrder(gradcam.ChannelsLast))[0].Raw[0].Values
	first := explain(t, smooth([]int{3, 4, 2}), x, gradcam.Class(0), gradcam.WithMethod(gradcam.InputXGradient))[0].Raw[0].Values
	for y := range 3 {
		for x := range 4 {
			for c := range 2 {
				assert.Equal(t, first.Data[(y*4+x)*2+c], last.Data[(c*3+y)*4+x])
			}
		}
	}
}

// The address of the second input is in the result, the others stay as they are.
func TestSecondInput(t *testing.T) {
	net := smooth([]int{5}, []int{2, 3, 3})
	e, err := gradcam.New(net, gradcam.WithMethod(gradcam.IntegratedGradients{}), gradcam.WithInput(1))
	require.NoError(t, err)
	defer e.Close()
	all, err := e.ExplainAll(ctx, []engine.Array{wave(2, 5), wave(2, 2, 3, 3)}, gradcam.Class(2))
	require.NoError(t, err)
	r := all[0][1]
	assert.Equal(t, "input@1", r.Raw[0].Layer)
	assert.Equal(t, []int{2, 3, 3}, r.Raw[0].Values.Shape)
	assert.Equal(t, []int{3, 3}, r.Map().Shape)
}

func TestInputErrors(t *testing.T) {
	ids := engine.Array{Shape: []int{1, 4}, Ints: []int64{1, 2, 3, 4}}
	for _, c := range []struct {
		inputs  []engine.Array
		options []gradcam.Option
		want    string
	}{
		{[]engine.Array{wave(1, 4)}, []gradcam.Option{gradcam.WithInput(1)}, "input 1 is to be explained, but 1 given: count from 0"},
		{[]engine.Array{wave(1, 4)}, []gradcam.Option{gradcam.WithInput(-1)}, "there is no input -1"},
		{[]engine.Array{wave(1, 4)}, []gradcam.Option{gradcam.WithInputOrder(gradcam.Tokens)}, "unknown order 3 of an input"},
		{[]engine.Array{ids}, nil, "method saliency: input 0 holds integers, which have no gradient: explain a layer, such as the embedding, with layer-integrated-gradients"},
		{[]engine.Array{ids}, []gradcam.Option{gradcam.WithMethod(gradcam.Conductance{}), gradcam.WithLayer("hidden")}, "method conductance: input 0 holds integers"},
		{[]engine.Array{ids}, []gradcam.Option{gradcam.WithMethod(gradcam.SmoothGradCAMPlusPlus{}), gradcam.WithLayer("hidden")}, "method smoothgradcam++: input 0 holds integers, which take no noise"},
		{[]engine.Array{wave(1, 4)}, []gradcam.Option{gradcam.WithMethod(gradcam.InputGradient("lrp"))}, "method lrp: no such attribution"},
		{[]engine.Array{wave(1, 4)}, []gradcam.Option{gradcam.WithMethod(gradcam.SmoothGrad{Samples: -1})}, "-1 samples"},
		{[]engine.Array{wave(1, 4)}, []gradcam.Option{gradcam.WithMethod(gradcam.VarGrad{Sigma: math.NaN()})}, "sigma NaN"},
		{[]engine.Array{wave(1, 4)}, []gradcam.Option{gradcam.WithMethod(gradcam.IntegratedGradients{Steps: -2})}, "-2 steps along a path"},
		{[]engine.Array{wave(1, 4)}, []gradcam.Option{gradcam.WithMethod(gradcam.IntegratedGradients{Rule: 9})}, "unknown path rule 9"},
		{[]engine.Array{wave(1, 4)}, []gradcam.Option{gradcam.WithMethod(gradcam.IntegratedGradients{Baseline: gradcam.Baseline{Array: wave(3)}})},
			"baseline has shape [3], the input [1 4]: give [4] or one a sample"},
		{[]engine.Array{wave(1, 4)}, []gradcam.Option{gradcam.WithMethod(gradcam.IntegratedGradients{Baseline: gradcam.Baseline{Array: ids}})}, "one holds integers"},
		{[]engine.Array{wave(1, 4)}, []gradcam.Option{gradcam.WithMethod(gradcam.IntegratedGradients{Baseline: gradcam.Baseline{Value: math.Inf(1)}})}, "baseline is +Inf"},
		{[]engine.Array{wave(1, 4)}, []gradcam.Option{gradcam.WithMethod(gradcam.GradientSHAP{Baselines: wave(2, 3)})}, "baselines have shape [2 3], the input [1 4]"},
		{[]engine.Array{wave(1, 4)}, []gradcam.Option{gradcam.WithMethod(gradcam.GuidedGradCAM{}), gradcam.WithLayer("hidden")}, "use guided-backprop"},
	} {
		options := append([]gradcam.Option{gradcam.WithMethod(gradcam.Saliency{})}, c.options...)
		e, err := gradcam.New(smooth([]int{4}), options...)
		if err == nil {
			_, err = e.ExplainAll(ctx, c.inputs, gradcam.Class(0))
			require.NoError(t, e.Close())
		}
		assert.ErrorContains(t, err, c.want)
		if err != nil {
			assert.NotContains(t, err.Error(), "\n")
		}
	}
}
