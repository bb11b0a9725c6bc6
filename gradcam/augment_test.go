package gradcam_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
)

// flipped is an array of rows of so many numbers, each from right to left.
func flipped(a engine.Array, width int) engine.Array {
	out := engine.NewArray(a.Shape...)
	for i := range a.Data {
		out.Data[i] = a.Data[i-i%width+width-1-i%width]
	}
	return out
}

// plainAugmented is forward_augmentation_smoothing of pytorch-grad-cam, one copy
// after another. target is asked for the target of each copy.
func plainAugmented(t *testing.T, net engine.Model, x engine.Array, target func(factor float32) gradcam.Target, options ...gradcam.Option) (raw, finished [][]float64) {
	t.Helper()
	add := func(sums [][]float64, n int, a engine.Array, flip bool) {
		if flip {
			a = flipped(a, a.Shape[len(a.Shape)-1])
		}
		if sums[n] == nil {
			sums[n] = make([]float64, a.Len())
		}
		for i, v := range a.Data {
			sums[n][i] += float64(v) / 6
		}
	}
	raw, finished = make([][]float64, x.Shape[0]), make([][]float64, x.Shape[0])
	for _, flip := range []bool{false, true} {
		for _, factor := range []float32{0.9, 1, 1.1} {
			copied := engine.NewArray(x.Shape...)
			for i, v := range x.Data {
				copied.Data[i] = factor * v
			}
			if flip {
				copied = flipped(copied, x.Shape[3])
			}
			for n, r := range explain(t, net, copied, target(factor), options...) {
				add(raw, n, r.Raw[0].Values, flip)
				add(finished, n, r.Map(), flip)
			}
		}
	}
	return raw, finished
}

func TestAugSmoothingIsTheMeanOfSixMaps(t *testing.T) {
	net := func() *enginetest.Smooth {
		return &enginetest.Smooth{Shapes: [][]int{{3, 2, 4}}, Hidden: []int{4, 1, 2}, Classes: 3}
	}
	x := engine.Array{Shape: []int{2, 3, 2, 4}, Data: append(smallBatch().Data, smallBatch().Data...)}
	x.Data[30] = 2
	for _, m := range []gradcam.Method{gradcam.GradCAM, gradcam.LayerCAM, gradcam.InputXGradient} {
		t.Run(m.Name(), func(t *testing.T) {
			options := []gradcam.Option{gradcam.WithLayer("hidden"), gradcam.WithMethod(m)}
			raw, finished := plainAugmented(t, net(), x, func(float32) gradcam.Target { return gradcam.Class(1) }, options...)
			counted := net()
			results := explain(t, counted, x, gradcam.Class(1), append(options, gradcam.WithAugSmoothing())...)
			for n, r := range results {
				close64(t, raw[n], r.Raw[0].Values.Data, 1e-6)
				close64(t, finished[n], r.Map().Data, 1e-6)
				small, err := r.MapSize(2, 4)
				require.NoError(t, err)
				assert.Equal(t, r.Map(), small)
				assert.Empty(t, r.Reason)
			}
			counts := counted.Counts()
			assert.Equal(t, [2]int{6, 6}, [2]int{counts.Forwards, counts.Backwards})
			assert.Zero(t, counts.OpenPasses+counts.OpenPlans)
		})
	}
}

func close64(t *testing.T, want []float64, got []float32, tolerance float64) {
	t.Helper()
	require.Len(t, got, len(want))
	lit := false
	for i, v := range want {
		assert.InDelta(t, v, float64(got[i]), tolerance, "value %d", i)
		lit = lit || v != 0
	}
	assert.True(t, lit, "a map of zeros shows nothing")
}

// The network says class 1 to the input and to 0.9 of it, class 0 to 1.1 of it.
func TestAugSmoothingKeepsTheClass(t *testing.T) {
	net := &enginetest.Pooled{Weights: [][]float64{{1, 0}, {-2, 4}}, Curve: -0.66}
	x := engine.Array{Shape: []int{1, 2, 1, 2}, Data: []float32{0.2, 1.8, 1.25, 0.75}}
	for _, c := range []struct {
		compat gradcam.Peer
		class  func(factor float32) int
	}{
		{"", func(float32) int { return 1 }},
		{gradcam.PytorchGradCAM, func(factor float32) int {
			if factor > 1 {
				return 0
			}
			return 1
		}},
	} {
		options := []gradcam.Option{gradcam.WithLayer(enginetest.Layer), gradcam.WithCompat(c.compat)}
		raw, finished := plainAugmented(t, net, x, func(factor float32) gradcam.Target { return gradcam.Class(c.class(factor)) }, options...)
		r := explain(t, net, x, gradcam.Top1(), append(options, gradcam.WithAugSmoothing())...)[0]
		close64(t, raw[0], r.Raw[0].Values.Data, 1e-6)
		close64(t, finished[0], r.Map().Data, 1e-6)
		assert.Equal(t, "1", r.Target.Target)
	}
}

func TestAugSmoothingOfBlankMaps(t *testing.T) {
	r := explain(t, enginetest.NewToyHead(readGolden(t).Head), enginetest.ToyInput(0), gradcam.Class(2),
		gradcam.WithLayer("relu1"), gradcam.WithAugSmoothing())[0]
	assert.Equal(t, gradcam.ZeroGradient, r.Reason)
	assert.Equal(t, make([]float32, 16), r.Map().Data)
}

func TestAugSmoothingRefusesWhatIsNoImage(t *testing.T) {
	net := &enginetest.Smooth{Shapes: [][]int{{6}}, Hidden: []int{4}, Classes: 3}
	e, err := gradcam.New(net, gradcam.WithLayer("hidden"), gradcam.WithAugSmoothing())
	require.NoError(t, err)
	_, err = e.Explain(ctx, engine.NewArray(1, 6))
	assert.ErrorContains(t, err, "augmentation smoothing flips images, [N, C, H, W]: input 0 has shape [1 6], explain it without")
}
