package gradcam_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
)

// The plain twin: every window by its definition, counted pixel by pixel.
func TestOcclusionEqualsItsPlainTwin(t *testing.T) {
	m, in := channelsFirst(), pair()
	for _, c := range []struct{ window, stride [3]int }{
		{[3]int{2, 3, 4}, [3]int{1, 2, 3}},
		{[3]int{1, 2, 2}, [3]int{1, 1, 1}},
		{[3]int{2, 6, 5}, [3]int{9, 9, 2}}, // an axis that the window covers may have any stride
	} {
		got := raws(t, m, in, gradcam.Occlusion{Window: c.window[:], Stride: c.stride[:], Baseline: gradcam.Baseline{Value: 0.25}})
		shape := [3]int{2, 6, 8}
		for n := range 3 {
			rows := []engine.Array{in[0].Row(n), in[1].Row(n)}
			full := float64(m.Tail(m.Head(rows), rows).Data[1])
			loss, covered := make([]float64, 96), make([]float64, 96)
			starts := func(d int) (s []int) {
				for at := 0; ; at += c.stride[d] {
					s = append(s, at)
					if at+c.window[d] >= shape[d] {
						return s
					}
				}
			}
			for _, z := range starts(0) {
				for _, y := range starts(1) {
					for _, x := range starts(2) {
						dark := engine.NewArray(2, 6, 8)
						copy(dark.Data, rows[0].Data)
						var inside []int
						for i := range 96 {
							if at := [3]int{i/48 - z, i%48/8 - y, i%8 - x}; at[0] >= 0 && at[1] >= 0 && at[2] >= 0 &&
								at[0] < c.window[0] && at[1] < c.window[1] && at[2] < c.window[2] {
								inside = append(inside, i)
								dark.Data[i] = 0.25
							}
						}
						one := []engine.Array{dark, rows[1]}
						s := float64(m.Tail(m.Head(one), one).Data[1])
						for _, i := range inside {
							loss[i] += full - s
							covered[i]++
						}
					}
				}
			}
			for i := range loss {
				loss[i] /= covered[i]
			}
			inDelta(t, loss, got[n], 1e-6, c)
		}
	}
}

// By default the window is a fifteenth of each side, its stride a half of it.
func TestOcclusionDefaults(t *testing.T) {
	for _, c := range []struct {
		shape   []int
		windows int
	}{
		{[]int{1, 3, 30, 45}, 29 * 22}, // 2 x 3, strides 1 and 2
		{[]int{1, 3, 8, 8}, 64},
		{[]int{1, 7}, 7},
		{[]int{1, 4, 31}, 15}, // 3 wide, stride 2
	} {
		m := linear()
		attributions(t, m, engine.NewArray(c.shape...), gradcam.Occlusion{})
		total := -1
		for _, rows := range m.Batches() {
			total += rows
		}
		assert.Equal(t, c.windows, total, "%v", c.shape)
	}
}

func TestOcclusionRefuses(t *testing.T) {
	for _, c := range []struct {
		method gradcam.Occlusion
		want   string
	}{
		{gradcam.Occlusion{Window: []int{2}}, "window [2] and stride [1 1 1] need an extent for every axis of a sample, [1 2 4]"},
		{gradcam.Occlusion{Window: []int{1, 3, 1}}, "window [1 3 1] with stride [1 1 1] over [1 2 4]: give windows within the input"},
		{gradcam.Occlusion{Window: []int{1, 1, 1}, Stride: []int{1, 1, 2}}, "strides from 1 to the window's extents"},
		{gradcam.Occlusion{Window: []int{1, 0, 1}}, "give windows within the input"},
		{gradcam.Occlusion{Baseline: gradcam.Baseline{Array: engine.NewArray(3)}}, "baseline has shape [3]"},
	} {
		e, err := gradcam.New(linear(), gradcam.WithMethod(c.method))
		require.NoError(t, err)
		_, err = e.Explain(ctx, engine.NewArray(1, 1, 2, 4))
		assert.ErrorContains(t, err, c.want)
	}
	e, err := gradcam.New(&enginetest.Composed{
		Head: func(inputs []engine.Array) engine.Array { return inputs[0] },
		Tail: func(engine.Array, []engine.Array) engine.Array {
			return engine.Array{Shape: []int{1}, Data: []float32{1}}
		},
	}, gradcam.WithMethod(gradcam.Occlusion{}))
	require.NoError(t, err)
	_, err = e.Explain(ctx, engine.Array{Shape: []int{1, 2}, Ints: []int64{1, 2}})
	assert.ErrorContains(t, err, "the input holds integers")
	r, err := e.Explain(ctx, engine.NewArray(1, 1, 4, 4))
	require.NoError(t, err)
	assert.Equal(t, gradcam.Constant, r[0].Reason, "a network that ignores its input")
}
