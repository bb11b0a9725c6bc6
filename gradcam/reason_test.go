package gradcam_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
)

// canned has layers with one channel of four places, whose raw map is the values
// themselves as the gradient is one, or zero for a layer named "off".
func canned(logits []float32, layers map[string][]float32) *enginetest.Canned {
	c := &enginetest.Canned{
		Out:       []engine.Output{{Array: engine.Array{Shape: []int{1, len(logits)}, Data: logits}}},
		Values:    map[string]engine.Array{},
		Gradients: map[string]engine.Array{},
	}
	for name, values := range layers {
		c.Values[name] = engine.Array{Shape: []int{1, 1, 2, 2}, Data: values}
		g := engine.NewArray(1, 1, 2, 2)
		for i := range g.Data {
			if name != "off" {
				g.Data[i] = 1
			}
		}
		c.Gradients[name] = g
	}
	return c
}

func image(n int) engine.Array { return engine.NewArray(n, 3, 4, 4) }

var layersOfEveryReason = map[string][]float32{
	"off":      {1, 2, 3, 4},
	"negative": {-1, -2, -3, 0},
	"constant": {2, 2, 2, 2 * (1 + 5e-7)},
	"zero":     {0, 0, 0, 0},
	"lit":      {-1, 0, 1, 3},
	"left":     {1, 0, 1, 0},
	"right":    {0, 1, 0, 1},
}

func TestReasons(t *testing.T) {
	sure, unsure := []float32{30, 0}, []float32{1, 0}
	for _, c := range []struct {
		layer  string
		logits []float32
		target gradcam.Target
		method gradcam.Method
		want   gradcam.Reason
	}{
		{"lit", unsure, gradcam.Top1(), gradcam.GradCAM, ""},
		{"lit", sure, gradcam.Top1(), gradcam.GradCAM, ""},
		{"off", unsure, gradcam.Top1(), gradcam.GradCAM, gradcam.ZeroGradient},
		{"off", sure, gradcam.Probability(0), gradcam.GradCAM, gradcam.ZeroGradient}, // before saturated
		{"lit", sure, gradcam.Probability(0), gradcam.GradCAM, gradcam.SaturatedTarget},
		{"lit", sure, gradcam.Top1(), gradcam.Seed, gradcam.SaturatedTarget},
		{"negative", sure, gradcam.Probability(0), gradcam.GradCAM, gradcam.SaturatedTarget}, // before all-negative
		{"negative", unsure, gradcam.Top1(), gradcam.GradCAM, gradcam.AllNegative},
		{"zero", unsure, gradcam.Top1(), gradcam.GradCAM, gradcam.AllNegative}, // before constant
		{"constant", unsure, gradcam.Top1(), gradcam.GradCAM, gradcam.Constant},
		{"constant", unsure, gradcam.Top1(), gradcam.Seed, gradcam.Constant},
	} {
		r := explain(t, canned(c.logits, layersOfEveryReason), image(1), c.target, gradcam.WithLayer(c.layer), gradcam.WithMethod(c.method))[0]
		assert.Equal(t, c.want, r.Reason, "%s %v", c.layer, c.target)
		assert.Equal(t, c.want, r.Raw[0].Reason)
		m := r.Map()
		if c.want == "" {
			assert.InDelta(t, 1, m.Data[15], 1e-6)
		} else {
			assert.Equal(t, make([]float32, 16), m.Data, "%s: a blank map is all zeros", c.layer)
		}
	}
}

func TestReasonsOfSeveralLayers(t *testing.T) {
	for _, c := range []struct {
		layers []string
		fusion gradcam.Fusion
		want   gradcam.Reason
	}{
		{[]string{"off", "lit"}, gradcam.Mean, ""},
		{[]string{"off", "negative"}, gradcam.Mean, gradcam.AllNegative},
		{[]string{"constant", "negative"}, gradcam.Max, gradcam.Constant},
		{[]string{"off", "lit"}, gradcam.Product, gradcam.ZeroGradient},
		{[]string{"left", "lit"}, gradcam.Product, ""},
		{[]string{"left", "right"}, gradcam.Product, ""}, // they meet in the middle at 4x4
	} {
		r := explain(t, canned([]float32{1, 0}, layersOfEveryReason), image(1), gradcam.Top1(), gradcam.WithLayers(c.layers...), gradcam.WithFusion(c.fusion))[0]
		assert.Equal(t, c.want, r.Reason, "%v", c.layers)
		assert.Len(t, r.Raw, 2)
	}
	// At the layers' own size no place is lit in both.
	r := explain(t, canned([]float32{1, 0}, layersOfEveryReason), engine.NewArray(1, 3, 2, 2), gradcam.Top1(), gradcam.WithLayers("left", "right"), gradcam.WithFusion(gradcam.Product))[0]
	assert.Equal(t, gradcam.Constant, r.Reason)
	assert.Equal(t, make([]float32, 4), r.Map().Data)
}

// Without a gradient a layer of 1 x 1, and a map of zeros, is constant: it says
// nothing about the target. With one the sign of a single place still does.
func TestReasonsWithoutGradient(t *testing.T) {
	single := func(values ...float32) *enginetest.Canned {
		c := canned([]float32{1, 0}, nil)
		c.Values["deep"] = engine.Array{Shape: []int{1, len(values), 1, 1}, Data: values}
		c.Gradients["deep"] = engine.Array{Shape: []int{1, len(values), 1, 1}, Data: []float32{1, 1}}
		return c
	}
	for _, m := range []gradcam.Method{gradcam.EigenCAM, gradcam.KPCACAM{}, gradcam.FEM{}, gradcam.RandomCAM, gradcam.AblationCAM, gradcam.DFF{}, gradcam.EigenGradCAM} {
		for seed := range uint64(3) { // Random-CAM's sum is positive or negative
			r := explain(t, single(-3, -4), image(1), gradcam.Top1(), gradcam.WithLayer("deep"), gradcam.WithMethod(m), gradcam.WithSeed(seed))[0]
			assert.Equal(t, gradcam.Constant, r.Reason, m.Name())
		}
	}
	negative := explain(t, single(-3, -4), image(1), gradcam.Top1(), gradcam.WithLayer("deep"))[0]
	assert.Equal(t, gradcam.AllNegative, negative.Reason)
	smoothed := explain(t, single(-3, -4), image(1), gradcam.Top1(), gradcam.WithLayer("deep"), gradcam.WithEigenSmoothing())[0]
	assert.Equal(t, gradcam.Constant, smoothed.Reason)
	// A score that no change moves: zeros all over.
	r := explain(t, canned([]float32{1, 0}, layersOfEveryReason), image(1), gradcam.Top1(), gradcam.WithLayer("lit"), gradcam.WithMethod(gradcam.AblationCAM))[0]
	assert.Equal(t, gradcam.Constant, r.Reason)
}

// A layer of 1 x 1 has no contrast: zeros, not ones.
func TestOneByOneLayer(t *testing.T) {
	c := canned([]float32{1, 0}, nil)
	c.Values["deep"] = engine.Array{Shape: []int{1, 2, 1, 1}, Data: []float32{3, 4}}
	c.Gradients["deep"] = engine.Array{Shape: []int{1, 2, 1, 1}, Data: []float32{1, 1}}
	r := explain(t, c, image(1), gradcam.Top1(), gradcam.WithLayer("deep"))[0]
	assert.Equal(t, gradcam.Constant, r.Reason)
	assert.Equal(t, []float32{7}, r.Raw[0].Values.Data)
	assert.Equal(t, make([]float32, 16), r.Map().Data)
	require.Equal(t, float32(7), r.RawMax)
}
