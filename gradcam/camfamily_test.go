package gradcam_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
)

// Five methods that are formulas of one activation and one gradient cost one
// forward and one backward pass; a method without a gradient costs no backward.
func TestOnePassManyMaps(t *testing.T) {
	for _, c := range []struct {
		name    string
		methods []gradcam.Method
		want    enginetest.Counts
	}{
		{"five", []gradcam.Method{gradcam.GradCAM, gradcam.GradCAMPlusPlus, gradcam.XGradCAM, gradcam.LayerCAM, gradcam.SegEigenCAM},
			enginetest.Counts{Plans: 1, Forwards: 1, Backwards: 1}},
		{"with the class-blind and the product", []gradcam.Method{gradcam.EigenCAM, gradcam.FEM{}, gradcam.KPCACAM{}, gradcam.RefineCAM{}, gradcam.ElementWise},
			enginetest.Counts{Plans: 1, Forwards: 1, Backwards: 1}},
		{"class-blind only", []gradcam.Method{gradcam.EigenCAM, gradcam.FEM{}, gradcam.KPCACAM{}}, enginetest.Counts{Plans: 1, Forwards: 1}},
		{"FinerCAM asks for another score", []gradcam.Method{gradcam.GradCAM, gradcam.FinerCAM{}}, enginetest.Counts{Plans: 1, Forwards: 1, Backwards: 2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			toy := enginetest.NewToy()
			e, err := gradcam.New(toy, gradcam.WithLayer("relu1"), gradcam.WithMethods(c.methods...))
			require.NoError(t, err)
			all, err := e.ExplainAll(ctx, []engine.Array{enginetest.ToyInput(0, 1)}, gradcam.Class(0))
			require.NoError(t, err)
			require.Len(t, all, len(c.methods))
			assert.Equal(t, c.want.Forwards, toy.Counts().Forwards)
			assert.Equal(t, c.want.Backwards, toy.Counts().Backwards)
			assert.Zero(t, toy.Counts().Predicts)
			require.NoError(t, e.Close())
			assert.Zero(t, toy.Counts().OpenPlans+toy.Counts().OpenPasses)
		})
	}
}

// replayed are the same normal numbers for every draw and sample.
type replayed struct {
	gradcam.Source
	draws [][]float32
}

func (r replayed) Normal(draw, _ int, dst []float32) { copy(dst, r.draws[draw]) }

// Smooth Grad-CAM++ step by step, as torch-cam takes them, each noisy copy
// explained on its own.
func TestSmoothGradCAMPlusPlusEqualsItsPlainTwin(t *testing.T) {
	net := &enginetest.Smooth{Shapes: [][]int{{1, 2, 3}}, Hidden: []int{4, 2, 2}, Classes: 3}
	x := engine.Array{Shape: []int{1, 1, 2, 3}, Data: []float32{0.1, -0.4, 0.9, 0.3, -1, 0.6}}
	draws := gradcam.SeededSource(5)
	source := replayed{Source: draws, draws: make([][]float32, 4)}
	for i := range source.draws {
		source.draws[i] = make([]float32, 6)
		draws.Normal(i, 0, source.draws[i])
	}
	gradientAt := func(x engine.Array) (a, g []float32) {
		plan, err := net.Plan(ctx, engine.Spec{Layers: []string{"hidden"}})
		require.NoError(t, err)
		pass, err := plan.Forward(ctx, []engine.Array{x})
		require.NoError(t, err)
		gs, err := pass.Backward(ctx, []engine.Cotangent{{Array: engine.Array{Shape: []int{1, 3}, Data: []float32{0, 1, 0}}}})
		require.NoError(t, err)
		return pass.Activations()[0].Data, gs[0].Data
	}
	a, _ := gradientAt(x)
	m2, m3, last := make([]float64, 16), make([]float64, 16), []float32(nil)
	for _, d := range source.draws {
		noisy := engine.NewArray(1, 1, 2, 3)
		for i, v := range x.Data {
			noisy.Data[i] = v + float32(0.3)*d[i]
		}
		_, last = gradientAt(noisy)
		for i, g := range last {
			m2[i] += math.Pow(float64(g), 2) / 4
			m3[i] += math.Pow(float64(g), 3) / 4
		}
	}
	want := make([]float64, 4)
	for k := range 4 {
		cubes, w := 0.0, 0.0
		for p := range 4 {
			cubes += m3[4*k+p] * float64(a[4*k+p])
		}
		for p := range 4 {
			w += m2[4*k+p] / (2*m2[4*k+p] + cubes + 1e-8) * math.Max(float64(last[4*k+p]), 0)
		}
		for p := range 4 {
			want[p] += w * float64(a[4*k+p])
		}
	}
	for _, memory := range []int64{1, 1 << 20} { // one copy at a time, all at once
		r := explain(t, net, x, gradcam.Class(1), gradcam.WithLayer("hidden"), gradcam.WithSource(source),
			gradcam.WithMemory(memory), gradcam.WithMethod(gradcam.SmoothGradCAMPlusPlus{}))[0]
		require.Len(t, r.Raw[0].Values.Data, 4)
		for p, v := range want {
			assert.InDelta(t, v, r.Raw[0].Values.Data[p], 1e-5)
		}
		assert.NotNil(t, r.Seed)
	}
}

func TestSmoothGradCAMPlusPlusRefuses(t *testing.T) {
	for _, m := range []gradcam.SmoothGradCAMPlusPlus{{Samples: -1}, {Sigma: -1}, {Sigma: math.NaN()}} {
		e, err := gradcam.New(enginetest.NewToy(), gradcam.WithLayer("relu1"), gradcam.WithMethod(m))
		require.NoError(t, err)
		_, err = e.Explain(ctx, enginetest.ToyInput(0))
		assert.ErrorContains(t, err, "give numbers from 0, 0 being the default")
	}
}

// RefineCAM multiplies maps that were each finished alone, whatever fusion the
// caller asked for.
func TestRefineCAMIsTheProductOfFinishedMaps(t *testing.T) {
	x, layers := enginetest.ToyInput(0), []string{"conv1", "relu1"}
	for _, base := range []gradcam.Method{nil, gradcam.LayerCAM} {
		of := base
		if of == nil {
			of = gradcam.GradCAMPlusPlus
		}
		want, low, high := make([]float64, 16), math.Inf(1), 0.0
		for i := range want {
			want[i] = 1
		}
		for _, l := range layers {
			m := explain(t, enginetest.NewToy(), x, gradcam.Class(0), gradcam.WithLayer(l), gradcam.WithMethod(of))[0].Map()
			for i, v := range m.Data {
				want[i] *= float64(v)
			}
		}
		for _, v := range want {
			low, high = math.Min(low, v), math.Max(high, v)
		}
		got := explain(t, enginetest.NewToy(), x, gradcam.Class(0), gradcam.WithLayers(layers...),
			gradcam.WithFusion(gradcam.Mean), gradcam.WithMethod(gradcam.RefineCAM{Base: base}))[0]
		for i, v := range got.Map().Data {
			assert.InDelta(t, (want[i]-low)/(high-low+1e-7), v, 1e-6)
		}
	}
	one := explain(t, enginetest.NewToy(), x, gradcam.Class(0), gradcam.WithLayer("relu1"), gradcam.WithMethod(gradcam.RefineCAM{}))[0]
	same := explain(t, enginetest.NewToy(), x, gradcam.Class(0), gradcam.WithLayer("relu1"), gradcam.WithMethod(gradcam.GradCAMPlusPlus))[0]
	assert.InDeltaSlice(t, same.Map().Data, one.Map().Data, 1e-6, "of one layer it is the base")
}

// torch-cam 0.5 with its noise passed in as data; the map after the ReLU.
func TestSmoothGradCAMPlusPlusEqualsTorchCAM(t *testing.T) {
	data, err := os.ReadFile("testdata/smoothgradcam.json")
	require.NoError(t, err)
	var g struct {
		Draws [][]float32
		Cases []struct {
			Layer string
			Class int
			Map   []float32
		}
	}
	require.NoError(t, json.Unmarshal(data, &g))
	lit := false
	for _, c := range g.Cases {
		r := explain(t, enginetest.NewToyHead(readGolden(t).Head), enginetest.ToyInput(0), gradcam.Class(c.Class), gradcam.WithLayer(c.Layer),
			gradcam.WithCompat(gradcam.TorchCAM), gradcam.WithSource(replayed{gradcam.SeededSource(0), g.Draws}), gradcam.WithMethod(gradcam.SmoothGradCAMPlusPlus{}))[0]
		for p, v := range r.Raw[0].Values.Data {
			assert.InDelta(t, c.Map[p], max(v, 0), 1e-5, "%s, class %d, place %d", c.Layer, c.Class, p)
			lit = lit || v > 0.1
		}
	}
	assert.True(t, lit, "every reference is blank")
}

// torch-cam 0.5: RefineCAM of LayerCAM on conv1 and relu1, at the layers' size.
func TestRefineCAMEqualsTorchCAM(t *testing.T) {
	r := explain(t, enginetest.NewToyHead(readGolden(t).Head), enginetest.ToyInput(0), gradcam.Class(0), gradcam.WithLayers("conv1", "relu1"),
		gradcam.WithCompat(gradcam.TorchCAM), gradcam.WithMethod(gradcam.RefineCAM{Base: gradcam.LayerCAM}))[0]
	assert.InDeltaSlice(t, []float32{0, 0.0022, 0.0138, 1}, r.Map().Data, 5e-5)
}

// FinerCAM hands on what its base is: a product of layers.
func TestFinerCAMOfRefineCAMIsAProduct(t *testing.T) {
	options := func(m gradcam.Method) []gradcam.Option {
		return []gradcam.Option{gradcam.WithLayers("conv1", "relu1"), gradcam.WithMethod(m)}
	}
	toy := enginetest.NewToyHead(readGolden(t).Head)
	product := explain(t, toy, enginetest.ToyInput(0), gradcam.Class(0), append(options(gradcam.FinerCAM{Base: gradcam.GradCAMPlusPlus}), gradcam.WithFusion(gradcam.Product))...)[0]
	mean := explain(t, toy, enginetest.ToyInput(0), gradcam.Class(0), options(gradcam.FinerCAM{Base: gradcam.GradCAMPlusPlus})...)[0]
	got := explain(t, toy, enginetest.ToyInput(0), gradcam.Class(0), options(gradcam.FinerCAM{Base: gradcam.RefineCAM{}})...)[0]
	assert.Equal(t, product.Map(), got.Map())
	assert.NotEqual(t, mean.Map(), got.Map())
}

// torch-cam finishes FinerCAM's maps as its base's: those of LayerCAM go through a
// tanh before they are fused, the product of RefineCAM is stretched again. Beside one
// other class the comparison is a margin, which the base can map itself.
func TestFinerCAMIsFinishedAsItsBase(t *testing.T) {
	of := func(m gradcam.Method, target gradcam.Target) []float32 {
		return explain(t, enginetest.NewToyHead(readGolden(t).Head), enginetest.ToyInput(0), target, gradcam.WithLayers("conv1", "relu1"),
			gradcam.WithCompat(gradcam.TorchCAM), gradcam.WithMethod(m))[0].Map().Data
	}
	one := []int{1}
	for _, c := range []struct{ base, finer gradcam.Method }{
		{gradcam.LayerCAM, gradcam.FinerCAM{Base: gradcam.LayerCAM, Ranks: one}},
		{gradcam.LayerCAM, &gradcam.FinerCAM{Base: gradcam.LayerCAM, Ranks: one}},
		{gradcam.LayerCAM, gradcam.FinerCAM{Base: gradcam.FinerCAM{Base: gradcam.LayerCAM}, Ranks: one}},
		{gradcam.RefineCAM{}, gradcam.FinerCAM{Base: gradcam.RefineCAM{}, Ranks: one}},
		{gradcam.RefineCAM{}, gradcam.FinerCAM{Base: &gradcam.RefineCAM{}, Ranks: one}},
		{gradcam.RefineCAM{}, &gradcam.RefineCAM{}},
	} {
		target := gradcam.Margin(0, 1)
		if c.finer.Name() == "finercam" {
			target = gradcam.Class(0)
		}
		assert.InDeltaSlice(t, of(c.base, gradcam.Margin(0, 1)), of(c.finer, target), 1e-5, "%#v", c.finer)
	}
}

func TestKPCACAMRefusesLargeLayers(t *testing.T) {
	c := canned([]float32{1, 0}, nil)
	c.Values["early"] = engine.NewArray(1, 1, 91, 91)
	e, err := gradcam.New(c, gradcam.WithLayer("early"), gradcam.WithMethod(gradcam.KPCACAM{}))
	require.NoError(t, err)
	_, err = e.Explain(ctx, image(1))
	require.ErrorIs(t, err, gradcam.ErrLayer)
	assert.ErrorContains(t, err, "layer early has 8281 positions, whose kernel would have their square: name a later layer, of 8192 at most, or use eigencam")
}

func TestMethodsThatDivideBySumsWarnOfNegativeValues(t *testing.T) {
	for method, warns := range map[gradcam.CAM]bool{gradcam.XGradCAM: true, gradcam.GradCAMPlusPlus: true, gradcam.GradCAM: false} {
		for layer, negative := range map[string]bool{"conv1": true, "relu1": false} {
			var log bytes.Buffer
			explain(t, enginetest.NewToy(), enginetest.ToyInput(0), gradcam.Class(0), gradcam.WithLayer(layer),
				gradcam.WithMethod(method), gradcam.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
			assert.Equal(t, warns && negative, strings.Contains(log.String(), "layer has negative values"), "%s %s", method, layer)
		}
	}
}
