package gradcam_test

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
	"github.com/torchlight-go/torchlight/gradcam/superpixel"
)

// mixer is a network over images [2, 6, 8] and a number [1] a sample: four
// channels of 3 x 4 places, then two classes that are no sum over channels. The
// second input scales the output. arrange puts the channels, [4][12], into the
// activation; collect takes them out again.
func mixer(arrange func(channels [4][12]float32) engine.Array, collect func(engine.Array) [4][12]float32) *enginetest.Composed {
	rng := rand.New(rand.NewPCG(11, 12))
	var kernel [4][2]float32
	var head [2][48]float32
	for k := range kernel {
		kernel[k] = [2]float32{rng.Float32() - 0.3, rng.Float32() - 0.6}
	}
	for c := range head {
		for i := range head[c] {
			head[c][i] = rng.Float32() - 0.4
		}
	}
	return &enginetest.Composed{
		Head: func(inputs []engine.Array) engine.Array {
			var a [4][12]float32
			x := inputs[0].Data
			for k := range a {
				for p := range a[k] {
					at := p/4*2*8 + p%4*2
					a[k][p] = max(0, kernel[k][0]*x[at]+kernel[k][1]*x[48+at+1]+0.1)
				}
			}
			return arrange(a)
		},
		Tail: func(activation engine.Array, inputs []engine.Array) engine.Array {
			a, y := collect(activation), engine.NewArray(2)
			for c := range y.Data {
				sum := 0.0
				for k := range a {
					for p, v := range a[k] {
						sum += float64(head[c][k*12+p]) * float64(v)
					}
				}
				y.Data[c] = float32(math.Tanh(sum/4)+sum/20) * inputs[1].Data[0]
			}
			return y
		},
	}
}

func channelsFirst() *enginetest.Composed {
	return mixer(func(c [4][12]float32) engine.Array {
		a := engine.NewArray(4, 3, 4)
		for k := range c {
			copy(a.Data[k*12:], c[k][:])
		}
		return a
	}, func(a engine.Array) (c [4][12]float32) {
		for k := range c {
			copy(c[k][:], a.Data[k*12:])
		}
		return c
	})
}

// channelsLast keeps prefix tokens of zeros in front.
func channelsLast(prefix int, shape ...int) *enginetest.Composed {
	return mixer(func(c [4][12]float32) engine.Array {
		a := engine.NewArray(shape...)
		for i := range 48 {
			a.Data[prefix*4+i] = c[i%4][i/4]
		}
		return a
	}, func(a engine.Array) (c [4][12]float32) {
		for i := range 48 {
			c[i%4][i/4] = a.Data[prefix*4+i]
		}
		return c
	})
}

// pair are three samples for the mixer.
func pair() []engine.Array {
	rng := rand.New(rand.NewPCG(13, 14))
	x, scale := engine.NewArray(3, 2, 6, 8), engine.Array{Shape: []int{3, 1}, Data: []float32{1, 2, 0.5}}
	for i := range x.Data {
		x.Data[i] = rng.Float32()*2 - 0.5
	}
	return []engine.Array{x, scale}
}

// raws explains class 1 of the samples and returns the raw maps, one a sample.
func raws(t *testing.T, m engine.Model, inputs []engine.Array, method gradcam.Method, options ...gradcam.Option) [][]float32 {
	t.Helper()
	e, err := gradcam.New(m, append([]gradcam.Option{gradcam.WithLayer(enginetest.Layer), gradcam.WithMethod(method)}, options...)...)
	require.NoError(t, err)
	defer func() { require.NoError(t, e.Close()) }()
	all, err := e.ExplainAll(ctx, inputs, gradcam.Class(1))
	require.NoError(t, err)
	var maps [][]float32
	for _, r := range all[0] {
		maps = append(maps, r.Raw[0].Values.Data)
	}
	return maps
}

// runOnce runs one sample through a network; change may edit the activation.
func runOnce(m *enginetest.Composed, inputs []engine.Array, n int, change func(engine.Array)) float64 {
	rows := []engine.Array{inputs[0].Row(n), inputs[1].Row(n)}
	a := m.Head(rows)
	change(a)
	return float64(m.Tail(a, rows).Data[1])
}

func plainWeightedSum(a engine.Array, w []float64) []float64 {
	m := make([]float64, 12)
	for k, weight := range w {
		for p := range m {
			m[p] += weight * float64(a.Data[k*12+p])
		}
	}
	return m
}

func inDelta(t *testing.T, want []float64, got []float32, tolerance float64, what any) {
	t.Helper()
	require.Len(t, got, len(want))
	for i, v := range want {
		assert.InDelta(t, v, float64(got[i]), tolerance, "%v: value %d", what, i)
	}
}

// Any layout of the same numbers gives the same map, for methods that write
// into the activation.
func TestTrialsWriteIntoEveryLayout(t *testing.T) {
	in := pair()
	for _, method := range []gradcam.Method{gradcam.AblationCAM, gradcam.ScoreCAM, gradcam.SSCAM{Samples: 2}, gradcam.ISCAM{Samples: 3}} {
		want := raws(t, channelsFirst(), in, method)
		assert.Equal(t, want, raws(t, channelsLast(0, 3, 4, 4), in, method, gradcam.WithLayout(gradcam.Layout{Order: gradcam.ChannelsLast})), "%s, Swin", method.Name())
		tokens := gradcam.Layout{Order: gradcam.Tokens, Prefix: 2, Grid: []int{3, 4}}
		assert.Equal(t, want, raws(t, channelsLast(2, 14, 4), in, method, gradcam.WithLayout(tokens)), "%s, ViT", method.Name())
	}
}

func TestChunksDoNotChangeTheResult(t *testing.T) {
	in := pair()
	for _, method := range []gradcam.Method{gradcam.AblationCAM, gradcam.ScoreCAM, gradcam.SSCAM{Samples: 2}, gradcam.ISCAM{Samples: 3}} {
		want := raws(t, channelsFirst(), in, method)
		for _, rows := range []int64{1, 2, 3, 5, 7} {
			m := channelsFirst()
			budget := rows * 96 * 4 * 16
			if method == gradcam.AblationCAM {
				budget = rows * 48 * 4 * 16
			}
			assert.Equal(t, want, raws(t, m, in, method, gradcam.WithMemory(budget)), "%s, %d rows", method.Name(), rows)
			assert.EqualValues(t, rows, m.Batches()[0])
		}
	}
}

// A copy costs sixteen times the layer's values; of a layer without space, past
// which a whole block may go, sixteen times the input's.
func TestCopiesOfALayerKeepTheBudget(t *testing.T) {
	const budget = 64 << 10 // bytes
	flat := mixer(func(c [4][12]float32) engine.Array {
		return engine.Array{Shape: []int{48, 1, 1}, Data: slices.Concat(c[0][:], c[1][:], c[2][:], c[3][:])}
	}, func(a engine.Array) (c [4][12]float32) {
		for k := range c {
			copy(c[k][:], a.Data[k*12:])
		}
		return c
	})
	for _, c := range []struct {
		name   string
		net    *enginetest.Composed
		method gradcam.Method
		rows   int
	}{
		{"places", channelsFirst(), gradcam.ReciproCAM{}, budget / (16 * 48 * 4)},
		{"channels", flat, gradcam.AblationCAM, budget / (16 * 96 * 4)},
	} {
		raws(t, c.net, pair(), c.method, gradcam.WithMemory(budget))
		for _, rows := range c.net.Batches() {
			assert.LessOrEqual(t, rows, c.rows, c.name)
		}
		assert.Equal(t, c.rows, c.net.Batches()[0], "%s: and use it", c.name)
	}
}

func TestTrialsReportProgressAndStop(t *testing.T) {
	for _, method := range []gradcam.Method{gradcam.AblationCAM, gradcam.ScoreCAM, gradcam.SSCAM{Samples: 1}, gradcam.ISCAM{Samples: 1}} {
		var seen []gradcam.Progress
		m := channelsFirst()
		raws(t, m, pair(), method, gradcam.WithMemory(5*96*4/2), gradcam.WithProgress(func(p gradcam.Progress) { seen = append(seen, p) }))
		require.NotEmpty(t, seen)
		assert.Equal(t, gradcam.Progress{Method: method.Name(), Done: 12, Total: 12}, seen[len(seen)-1])
		assert.Len(t, seen, len(m.Batches()))

		m = channelsFirst()
		gone, cancel := context.WithCancel(ctx)
		m.After = cancel
		e, err := gradcam.New(m, gradcam.WithLayer(enginetest.Layer), gradcam.WithMethod(method), gradcam.WithMemory(1))
		require.NoError(t, err)
		_, err = e.ExplainAll(gone, pair(), gradcam.Class(1))
		require.ErrorIs(t, err, context.Canceled)
		assert.Len(t, m.Batches(), 1, "%s stops before the next chunk", method.Name())
		assert.Zero(t, m.Counts().OpenPasses)
	}
}

func TestScoresThatAreNotFiniteNameTheSample(t *testing.T) {
	m, in := channelsFirst(), pair()
	whole := m.Tail
	m.Tail = func(a engine.Array, inputs []engine.Array) engine.Array {
		y := whole(a, inputs)
		if inputs[1].Data[0] == 0.5 && a.Data[0] == 0 && a.Data[1] == 0 {
			y.Data[1] = float32(math.NaN())
		}
		return y
	}
	e, err := gradcam.New(m, gradcam.WithLayer(enginetest.Layer), gradcam.WithMethod(gradcam.AblationCAM))
	require.NoError(t, err)
	_, err = e.ExplainAll(ctx, in, gradcam.Class(1))
	assert.ErrorIs(t, err, gradcam.ErrNotFinite)
	assert.ErrorContains(t, err, "sample 2")
}

// A network traced for the caller's batch size runs the copies in batches of that
// size, the last one filled up.
func TestTrialsOfAFixedBatch(t *testing.T) {
	x := wave(3, 2, 3, 4)
	for _, method := range []gradcam.Method{
		gradcam.ScoreCAM, gradcam.AblationCAM, gradcam.ReciproCAM{}, gradcam.RISE{Masks: 5},
		gradcam.FeatureAblation{Features: gradcam.Features{Superpixels: superpixel.Options{Segments: 5}}},
	} {
		maps := [2][]gradcam.Result{}
		for i, batch := range []int{0, 3} {
			net := &enginetest.Smooth{Shapes: [][]int{{2, 3, 4}}, Hidden: []int{2, 2, 3}, Classes: 3, Batch: batch}
			e, err := gradcam.New(net, gradcam.WithMethod(method), gradcam.WithLayer("hidden"))
			require.NoError(t, err)
			maps[i], err = e.Explain(ctx, x, gradcam.Class(1))
			require.NoError(t, err, method.Name())
		}
		for n := range maps[0] {
			assert.Equal(t, maps[0][n].Raw, maps[1][n].Raw, method.Name())
		}
	}
}
