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

// pathMethods are methods that add up gradients of changed copies, the layer that
// they need and the number of copies.
func pathMethods() []struct {
	method gradcam.Method
	layer  string
	copies int
} {
	return []struct {
		method gradcam.Method
		layer  string
		copies int
	}{
		{gradcam.IntegratedGradients{Steps: 7}, "", 7},
		{gradcam.SmoothGrad{Samples: 7}, "", 7},
		{gradcam.VarGrad{Samples: 7}, "", 7},
		{gradcam.GradientSHAP{Samples: 7, Sigma: 0.2}, "", 7},
		{gradcam.LayerIntegratedGradients{Steps: 7}, "hidden", 7},
		{gradcam.Conductance{Steps: 6}, "hidden", 7},
	}
}

func options(m gradcam.Method, layer string, more ...gradcam.Option) []gradcam.Option {
	all := append([]gradcam.Option{gradcam.WithMethod(m)}, more...)
	if layer != "" {
		all = append(all, gradcam.WithLayer(layer))
	}
	return all
}

// The result is the same for any size of the chunks; their number and what is told
// about them is not.
func TestChunksOfCopies(t *testing.T) {
	x := wave(2, 2, 3, 4) // 48 numbers, of which a copy counts sixteen times
	for _, c := range pathMethods() {
		t.Run(c.method.Name(), func(t *testing.T) {
			var want []gradcam.Result
			for _, chunk := range []struct{ copies, passes int }{{1, 7}, {2, 4}, {3, 3}, {7, 1}, {100, 1}} {
				size := 48
				if c.layer != "" && c.method.Name() == "layer-integrated-gradients" {
					size = 24
				}
				net := smooth([]int{2, 3, 4})
				var told []gradcam.Progress
				got := explain(t, net, x, gradcam.Class(0), options(c.method, c.layer, gradcam.WithMemory(int64(4*16*size*chunk.copies)),
					gradcam.WithProgress(func(p gradcam.Progress) { told = append(told, p) }))...)
				assert.Equal(t, chunk.passes, net.Counts().Backwards)
				require.Len(t, told, chunk.passes)
				assert.Equal(t, gradcam.Progress{Method: c.method.Name(), Done: 7, Total: 7}, told[len(told)-1])
				if want == nil {
					want = got
				}
				for n := range got {
					assert.Equal(t, want[n].Raw, got[n].Raw, "%d copies at a time", chunk.copies)
				}
			}
		})
	}
}

// A layer without space counts as the input: what passes it by may be as large.
func TestCopiesOfALayerWithoutSpaceKeepTheBudget(t *testing.T) {
	for _, c := range []struct {
		hidden []int
		counts int64 // values of one copy of two samples
	}{
		{[]int{7, 1, 1}, 2 * 24},
		{[]int{7}, 2 * 24},
		{[]int{30, 1, 1}, 2 * 30},
		{[]int{2, 2, 2}, 2 * 8},
	} {
		net := smooth([]int{2, 3, 4})
		net.Hidden = c.hidden
		m := gradcam.LayerIntegratedGradients{Steps: 7}
		explain(t, net, wave(2, 2, 3, 4), gradcam.Class(0), gradcam.WithMethod(m), gradcam.WithLayer("hidden"), gradcam.WithMemory(3*4*16*c.counts))
		assert.Equal(t, 3, net.Counts().Backwards, "%v: three copies at a time", c.hidden)
	}
}

// A cancelled context stops a method between chunks, and leaves nothing open.
func TestCopiesStop(t *testing.T) {
	for _, c := range pathMethods() {
		net := smooth([]int{2, 3, 4})
		gone, cancel := context.WithCancel(ctx)
		e, err := gradcam.New(net, options(c.method, c.layer, gradcam.WithMemory(1), gradcam.WithProgress(func(p gradcam.Progress) {
			if p.Done == 2 {
				cancel()
			}
		}))...)
		require.NoError(t, err)
		_, err = e.Explain(gone, wave(2, 2, 3, 4), gradcam.Class(0))
		assert.ErrorIs(t, err, context.Canceled, c.method.Name())
		assert.Equal(t, 2, net.Counts().Backwards)
		assert.Zero(t, net.Counts().OpenPasses)
		require.NoError(t, e.Close())
		assert.Zero(t, net.Counts().OpenPlans)
		cancel()
	}
}

// A network that takes one batch size, as a trace may, is explained a copy of the
// batch at a time.
func TestNetworkOfOneBatchSize(t *testing.T) {
	for _, c := range pathMethods() {
		want := explain(t, smooth([]int{2, 3, 4}), wave(2, 2, 3, 4), gradcam.Class(0), options(c.method, c.layer)...)
		traced := smooth([]int{2, 3, 4})
		traced.Batch = 2
		got := explain(t, traced, wave(2, 2, 3, 4), gradcam.Class(0), options(c.method, c.layer)...)
		for n := range want {
			assert.Equal(t, want[n].Raw, got[n].Raw, c.method.Name())
		}
		assert.Zero(t, traced.Counts().OpenPasses)
	}
}

// Several layers give the maps that each of them gives alone.
func TestPathsOfSeveralLayers(t *testing.T) {
	for _, m := range []gradcam.Method{gradcam.LayerIntegratedGradients{}, gradcam.Conductance{}} {
		net := smooth([]int{2, 3, 4})
		both := explain(t, net, wave(2, 2, 3, 4), gradcam.Class(0), gradcam.WithMethod(m), gradcam.WithLayers("hidden", "linear"))
		for i, layer := range []string{"hidden", "linear"} {
			alone := explain(t, smooth([]int{2, 3, 4}), wave(2, 2, 3, 4), gradcam.Class(0), gradcam.WithMethod(m), gradcam.WithLayer(layer))
			for n := range both {
				assert.Equal(t, alone[n].Raw[0], both[n].Raw[i], m.Name())
			}
		}
		assert.Zero(t, net.Counts().OpenPasses)
	}
}

// Token ids have no gradient, but the layer behind their embedding does; the
// baseline is of ids, too.
func TestIntegersAreExplainedByALayer(t *testing.T) {
	ids := engine.Array{Shape: []int{1, 4}, Ints: []int64{1, 0, 2, 1}}
	floats := engine.Array{Shape: []int{1, 4}, Data: []float32{1, 0, 2, 1}}
	m := gradcam.LayerIntegratedGradients{Baseline: gradcam.Baseline{Value: 3}}
	got := explain(t, smooth([]int{4}), ids, gradcam.Class(0), gradcam.WithMethod(m), gradcam.WithLayer("linear"))
	want := explain(t, smooth([]int{4}), floats, gradcam.Class(0), gradcam.WithMethod(m), gradcam.WithLayer("linear"))
	assert.Equal(t, want[0].Raw, got[0].Raw)
	assert.Empty(t, got[0].Reason)
}

// Degenerate cases: a blank map says why, and nothing that is no number leaves.
func TestReasonsOfAttributions(t *testing.T) {
	dead := enginetest.ToyInput(-100) // all rectifiers are closed
	for _, m := range []gradcam.Method{
		gradcam.Saliency{}, gradcam.InputXGradient, gradcam.IntegratedGradients{}, gradcam.SmoothGrad{}, gradcam.SquareGrad{},
		gradcam.VarGrad{}, gradcam.GradientSHAP{}, gradcam.GuidedBackprop, gradcam.GuidedGradCAM{}, gradcam.LayerIntegratedGradients{}, gradcam.Conductance{},
	} {
		r := explain(t, enginetest.NewToy(), dead, gradcam.Class(0), gradcam.WithMethod(m), gradcam.WithLayer("relu1"))[0]
		assert.Equal(t, gradcam.ZeroGradient, r.Reason, m.Name())
		for _, v := range r.Map().Data {
			assert.Zero(t, v)
		}
	}
}

// A saturated probability's gradient is noise at the input, not along a path.
func TestSaturationConcernsTheGradientHere(t *testing.T) {
	model := enginetest.NewToyHead(enginetest.Head{{1, 1, 1, 1, 1, 1, 1, 1}})
	x := enginetest.ToyInput(0) // logits 96, 0, 0, 0
	for _, c := range []struct {
		method gradcam.Method
		want   gradcam.Reason
	}{
		{gradcam.Saliency{}, gradcam.SaturatedTarget},
		{gradcam.GuidedBackprop, gradcam.SaturatedTarget},
		{gradcam.IntegratedGradients{Steps: 500}, ""},
	} {
		r := explain(t, model, x, gradcam.Probability(0), gradcam.WithMethod(c.method))[0]
		assert.Equal(t, c.want, r.Reason, c.method.Name())
	}
}

// Gradients that are no numbers are an error that names the sample.
func TestAttributionsRefuseWhatIsNotFinite(t *testing.T) {
	c := canned([]float32{1, 0}, nil)
	c.Values[engine.Input], c.Gradients[engine.Input] = image(1), image(1)
	c.Gradients[engine.Input].Data[3] = float32(math.NaN())
	for _, m := range []gradcam.Method{gradcam.Saliency{}, gradcam.GuidedBackprop, gradcam.IntegratedGradients{Steps: 1}, gradcam.SmoothGrad{Samples: 1}} {
		e, err := gradcam.New(c, gradcam.WithMethod(m))
		require.NoError(t, err)
		_, err = e.Explain(ctx, image(1))
		assert.ErrorIs(t, err, gradcam.ErrNotFinite, m.Name())
		assert.ErrorContains(t, err, "sample 0")
		require.NoError(t, e.Close())
		assert.Zero(t, c.Counts().OpenPasses)
	}
}
