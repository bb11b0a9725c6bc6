package gradcam_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
	"github.com/torchlight-go/torchlight/gradcam/superpixel"
)

// linear is a network y = sum_i (i+1) x_i.
func linear() *enginetest.Composed {
	return &enginetest.Composed{
		Head: func(inputs []engine.Array) engine.Array { return inputs[0] },
		Tail: func(a engine.Array, _ []engine.Array) engine.Array {
			y := 0.0
			for i, v := range a.Data {
				y += float64(i+1) * float64(v)
			}
			return engine.Array{Shape: []int{1}, Data: []float32{float32(y)}}
		},
	}
}

// table is one row a sample: 1 to n, then the squares.
func table(n int) engine.Array {
	x := engine.NewArray(2, n)
	for i := range n {
		x.Data[i], x.Data[n+i] = float32(i+1), float32((i+1)*(i+1))
	}
	return x
}

func attributions(t *testing.T, m engine.Model, x engine.Array, method gradcam.Method, options ...gradcam.Option) []gradcam.Result {
	t.Helper()
	e, err := gradcam.New(m, append([]gradcam.Option{gradcam.WithMethod(method)}, options...)...)
	require.NoError(t, err)
	defer func() { require.NoError(t, e.Close()) }()
	results, err := e.Explain(ctx, x, gradcam.Class(0))
	require.NoError(t, err)
	return results
}

// subsetMethods have enough copies to be exact on five columns of a linear network.
func subsetMethods() []gradcam.Method {
	every := make([][]bool, 32)
	for i := range every {
		for k := range 5 {
			every[i] = append(every[i], i>>k&1 == 1)
		}
	}
	return []gradcam.Method{
		gradcam.Occlusion{},
		gradcam.FeatureAblation{},
		gradcam.ShapleySampling{Samples: 2},
		gradcam.KernelSHAP{Samples: 40},
		gradcam.LIME{Coalitions: every, Alpha: 1e-9},
	}
}

// On a linear network every method gives a column its weight times its value,
// and the shares add up to the difference of the output from the baseline's.
func TestSubsetMethodsOfALinearNetwork(t *testing.T) {
	for _, method := range subsetMethods() {
		m := linear()
		for n, r := range attributions(t, m, table(5), method) {
			assert.Equal(t, []int{5}, r.Raw[0].Values.Shape, method.Name())
			tolerance, sum := 1e-4, 0.0
			if method.Name() == "lime" {
				tolerance = 0.2 // the lasso stops at a gap of 1e-4 of the squares
			} else if method.Name() == "kernelshap" {
				tolerance = 1e-3
			}
			for i, v := range r.Raw[0].Values.Data {
				weight := float64(i + 1)
				if method.Name() != "lime" {
					assert.InDelta(t, weight*math.Pow(weight, float64(n+1)), v, tolerance, "%s: column %d", method.Name(), i)
				} else {
					assert.InEpsilon(t, weight*math.Pow(weight, float64(n+1)), v, tolerance)
				}
				sum += float64(v)
			}
			if method.Name() != "lime" {
				assert.InDelta(t, r.Target.Score, sum, 5*tolerance, method.Name())
			}
			assert.Len(t, r.Map().Data, 5)
			assert.InDelta(t, 1, r.Map().Data[4], 1e-6, "the largest share")
			assert.Empty(t, r.Reason)
		}
	}
}

func TestSubsetMethodsAreTheSameForAnyChunk(t *testing.T) {
	in := pair()
	for _, method := range []gradcam.Method{
		gradcam.Occlusion{Window: []int{2, 3, 3}, Stride: []int{2, 2, 2}},
		gradcam.FeatureAblation{Features: gradcam.Features{Superpixels: superpixel.Options{Segments: 6}}},
		gradcam.ShapleySampling{Samples: 2, Features: gradcam.Features{Rows: 2, Cols: 3}},
		gradcam.KernelSHAP{Samples: 9, Features: gradcam.Features{Rows: 2, Cols: 2}},
		gradcam.LIME{Samples: 9, Features: gradcam.Features{Rows: 2, Cols: 2}},
	} {
		whole := channelsFirst()
		want := raws(t, whole, in, method)
		assert.Len(t, whole.Batches(), 2, "%s: the batch, then one chunk", method.Name())
		for _, rows := range []int64{1, 4, 7} {
			assert.Equal(t, want, raws(t, channelsFirst(), in, method, gradcam.WithMemory(rows*96*4*16)), method.Name())
		}

		var last gradcam.Progress
		raws(t, channelsFirst(), in, method, gradcam.WithProgress(func(p gradcam.Progress) { last = p }))
		assert.Equal(t, gradcam.Progress{Method: method.Name(), Done: whole.Batches()[1], Total: whole.Batches()[1]}, last)

		m := channelsFirst()
		gone, cancel := context.WithCancel(ctx)
		m.After = func() {
			if len(m.Batches()) == 3 {
				cancel()
			}
		}
		e, err := gradcam.New(m, gradcam.WithMethod(method), gradcam.WithMemory(1))
		require.NoError(t, err)
		_, err = e.ExplainAll(gone, in, gradcam.Class(1))
		require.ErrorIs(t, err, context.Canceled)
		assert.Len(t, m.Batches(), 3, "%s stops before the next chunk", method.Name())
	}
}

// Every superpixel has one value, and each sample its own superpixels.
func TestSuperpixelsHaveOneValue(t *testing.T) {
	in := pair()
	o := superpixel.Options{Segments: 6}
	for _, method := range []gradcam.Method{
		gradcam.FeatureAblation{Features: gradcam.Features{Superpixels: o}},
		gradcam.ShapleySampling{Features: gradcam.Features{Superpixels: o}, Samples: 1},
		gradcam.KernelSHAP{Features: gradcam.Features{Superpixels: o}},
		gradcam.LIME{Features: gradcam.Features{Superpixels: o}, Alpha: 1e-4},
	} {
		for n, raw := range raws(t, channelsFirst(), in, method) {
			labels, err := superpixel.SLIC(in[0].Row(n).Data, 2, 6, 8, o)
			require.NoError(t, err)
			values := map[int]float32{}
			for i, v := range raw {
				if first, ok := values[labels[i%48]]; ok {
					assert.Equal(t, first, v, "%s: number %d", method.Name(), i)
				}
				values[labels[i%48]] = v
			}
			assert.Greater(t, len(slices.Compact(slices.Sorted(slices.Values(raw)))), 2, "values differ: %v", values)
		}
	}
}

func TestFeaturesRefuse(t *testing.T) {
	ints := func(shape []int, values ...int64) gradcam.Features {
		return gradcam.Features{Mask: engine.Array{Shape: shape, Ints: values}}
	}
	image, volume := engine.NewArray(1, 1, 2, 2), engine.NewArray(1, 1, 2, 2, 2)
	for _, c := range []struct {
		features gradcam.Features
		x        engine.Array
		want     string
	}{
		{ints([]int{2, 2}, 0, 1, 3, 1), image, "feature mask holds no 2 of 0 to 3: leave no gaps"},
		{ints([]int{2, 2}, 0, 1, -1, 1), image, "feature mask holds -1: count features from 0"},
		{ints([]int{3}, 0, 1, 2), image, "feature mask of shape [3] does not fit an input of [1 1 2 2]: give integers of shape [1 2 2]"},
		{ints([]int{2, 2}, 0), image, "feature mask: engine: shape [2 2] wants 4 elements, got 1"},
		{gradcam.Features{Mask: engine.NewArray(2, 2)}, image, "give integers of shape"},
		{gradcam.Features{Rows: 3, Cols: 1}, image, "a grid of 3 x 1 cells over 2 x 2 pixels: give 1 to 2 rows, 1 to 2 columns"},
		{gradcam.Features{}, volume, "give Features.Mask: masks need an input [N, C, H, W] or [N, C, L], it has shape [1 1 2 2 2]: use any method but scorecam, sscam, iscam, rise, feature-ablation"},
		{gradcam.Features{Superpixels: superpixel.Options{Segments: -1}}, image, "give numbers above 0"},
		{gradcam.Features{}, engine.Array{Shape: []int{1, 2}, Ints: []int64{1, 2}}, "the input holds integers"},
	} {
		e, err := gradcam.New(linear(), gradcam.WithMethod(gradcam.FeatureAblation{Features: c.features}))
		require.NoError(t, err)
		_, err = e.Explain(ctx, c.x)
		assert.ErrorContains(t, err, c.want)
	}
}

// A mask may be each sample's own, or one for the space of all channels.
func TestFeatureMasksOfEveryShape(t *testing.T) {
	x := engine.NewArray(2, 2, 1, 2)
	for i := range x.Data {
		x.Data[i] = 1
	}
	for _, c := range []struct {
		shape []int
		ints  []int64
		want  []float32
	}{
		{[]int{1, 2}, []int64{1, 0}, []float32{4, 6, 4, 6}},
		{[]int{2, 1, 2}, []int64{0, 0, 0, 1}, []float32{6, 6, 6, 4}},
		{[]int{2, 2, 1, 2}, []int64{9, 9, 9, 9, 0, 1, 2, 3}, []float32{1, 2, 3, 4}},
	} {
		if len(c.shape) == 4 {
			copy(c.ints, []int64{0, 0, 0, 0})
		}
		f := gradcam.Features{Mask: engine.Array{Shape: c.shape, Ints: c.ints}}
		r := attributions(t, linear(), x, gradcam.FeatureAblation{Features: f})
		assert.Equal(t, c.want, r[1].Raw[0].Values.Data)
		assert.Equal(t, []int{2, 1, 2}, r[1].Raw[0].Values.Shape)
	}
}
