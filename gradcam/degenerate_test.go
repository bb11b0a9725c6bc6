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

// degenerate are layers of one channel that most methods have nothing to say about.
// The gradient is 1 everywhere, of "off" 0. "single" is one place.
func degenerate() *enginetest.Canned {
	c := canned([]float32{1, 0}, layersOfEveryReason)
	c.Values["single"] = engine.Array{Shape: []int{1, 1, 1, 1}, Data: []float32{5}}
	c.Gradients["single"] = engine.Array{Shape: []int{1, 1, 1, 1}, Data: []float32{1}}
	return c
}

// reasons are those for off, negative, constant, zero and single.
type reasons [5]gradcam.Reason

func TestDegenerateMaps(t *testing.T) {
	const lit, off, neg, flat = gradcam.Reason(""), gradcam.ZeroGradient, gradcam.AllNegative, gradcam.Constant
	usual := reasons{off, neg, flat, neg, flat}
	// A sum of A below -2/G turns the sign of Grad-CAM++'s weights.
	plusPlus := reasons{off, lit, flat, neg, flat}
	// A component of constant channels is zero, and one of negative ones is not.
	component := reasons{off, lit, flat, flat, flat}
	blind := reasons{lit, lit, flat, flat, flat}
	for _, c := range []struct {
		method gradcam.Method
		want   reasons
	}{
		{gradcam.GradCAM, usual},
		{gradcam.HiResCAM, usual},
		{gradcam.XGradCAM, usual},
		{gradcam.LayerCAM, usual},
		{gradcam.ElementWise, usual},
		{gradcam.FinerCAM{}, usual},
		{gradcam.GradCAMPlusPlus, plusPlus},
		{gradcam.RefineCAM{}, plusPlus},
		{gradcam.SmoothGradCAMPlusPlus{}, plusPlus},
		{gradcam.EigenGradCAM, component},
		{gradcam.SegEigenCAM, component},
		{gradcam.EigenCAM, blind},
		{gradcam.KPCACAM{}, blind},
		{gradcam.FEM{}, reasons{flat, flat, flat, flat, flat}}, // of four values none is 2 deviations out
	} {
		for i, layer := range []string{"off", "negative", "constant", "zero", "single"} {
			t.Run(c.method.Name()+" "+layer, func(t *testing.T) {
				options := []gradcam.Option{gradcam.WithLayer(layer), gradcam.WithMethod(c.method)}
				r := explain(t, degenerate(), image(1), gradcam.Top1(), options...)[0]
				assert.Equal(t, c.want[i], r.Reason)
				assertFinished(t, r)
				looked := explain(t, degenerate(), image(1), gradcam.Top1(), append(options, gradcam.WithObserver(lookAtGradients))...)[0]
				assert.Equal(t, c.want[i], looked.Reason, "whoever looks at gradients changes no reason")
				for _, smoothing := range []gradcam.Option{gradcam.WithEigenSmoothing(), gradcam.WithAugSmoothing()} {
					assertFinished(t, explain(t, degenerate(), image(1), gradcam.Top1(), append(options, smoothing)...)[0])
				}
			})
		}
	}
}

func lookAtGradients(ctx context.Context, run *gradcam.Run) error {
	_, err := run.Gradients(ctx)
	return err
}

// assertFinished holds a map to 0..1, and to all zeros where it is blank.
func assertFinished(t *testing.T, r gradcam.Result) {
	t.Helper()
	high := float32(0)
	for _, v := range r.Map().Data {
		require.False(t, math.IsNaN(float64(v)) || v < 0 || v > 1, "%g in a map", v)
		high = max(high, v)
	}
	assert.Equal(t, r.Reason == "", high > 0)
}

func TestDegenerateMapsOfSecondOrderAndCAM(t *testing.T) {
	const lit, off, neg, flat = gradcam.Reason(""), gradcam.ZeroGradient, gradcam.AllNegative, gradcam.Constant
	for _, m := range []gradcam.Method{gradcam.ShapleyCAM{}, gradcam.OriginalCAM{}} {
		for _, c := range []struct {
			name   string
			weight float64
			a      []float32
			want   gradcam.Reason
		}{
			{"off", 0, []float32{1, 2, 3, 4}, off},
			{"negative", 1, []float32{-1, -2, -3, 0}, neg},
			{"constant", 1, []float32{2, 2, 2, 2}, flat},
			{"zero", 1, []float32{0, 0, 0, 0}, neg},
			{"single", 1, []float32{5}, flat},
			{"lit", 1, []float32{1, 2, 3, 4}, lit},
		} {
			side := int(math.Sqrt(float64(len(c.a))))
			net := &enginetest.Pooled{Weights: [][]float64{{c.weight}, {-c.weight}}}
			x := engine.Array{Shape: []int{1, 1, side, side}, Data: c.a}
			r := explain(t, net, x, gradcam.Class(0), gradcam.WithLayer(enginetest.Layer), gradcam.WithMethod(m))[0]
			assert.Equal(t, c.want, r.Reason, "%s %s", m.Name(), c.name)
			assertFinished(t, r)
		}
	}
}

// NaN and infinities end in an error that says where, whatever the method.
func TestNumbersThatAreNotFinite(t *testing.T) {
	for _, m := range []gradcam.Method{
		gradcam.GradCAM, gradcam.HiResCAM, gradcam.XGradCAM, gradcam.LayerCAM, gradcam.ElementWise, gradcam.GradCAMPlusPlus,
		gradcam.EigenGradCAM, gradcam.SegEigenCAM, gradcam.EigenCAM, gradcam.KPCACAM{}, gradcam.FEM{}, gradcam.FinerCAM{},
		gradcam.RefineCAM{}, gradcam.SmoothGradCAMPlusPlus{},
	} {
		c := degenerate()
		c.Values["nan"] = engine.Array{Shape: []int{1, 1, 2, 2}, Data: []float32{1, float32(math.NaN()), 2, 3}}
		c.Gradients["nan"] = c.Gradients["lit"]
		e, err := gradcam.New(c, gradcam.WithLayer("nan"), gradcam.WithMethod(m))
		require.NoError(t, err)
		_, err = e.Explain(ctx, image(1))
		assert.ErrorIs(t, err, gradcam.ErrNotFinite, m.Name())
		assert.ErrorContains(t, err, "holds NaN at [0 0 1]", m.Name())
	}
	// Finite numbers whose product is not.
	for _, m := range []gradcam.Method{gradcam.GradCAM, gradcam.HiResCAM, gradcam.EigenGradCAM} {
		c := degenerate()
		c.Values["huge"] = engine.Array{Shape: []int{1, 1, 2, 2}, Data: []float32{1, 3e38, 2, 3}}
		c.Gradients["huge"] = c.Values["huge"]
		e, err := gradcam.New(c, gradcam.WithLayer("huge"), gradcam.WithMethod(m))
		require.NoError(t, err)
		_, err = e.Explain(ctx, image(1))
		assert.ErrorIs(t, err, gradcam.ErrNotFinite, m.Name())
		assert.ErrorContains(t, err, "raw map of huge", m.Name())
	}
}
