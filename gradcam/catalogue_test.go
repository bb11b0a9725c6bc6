package gradcam_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
)

// image24 has 24 numbers a sample.
func image24() (engine.Model, engine.Array) { return smooth([]int{2, 3, 4}), wave(1, 2, 3, 4) }

// mapsOf explains one sample at a layer.
func mapsOf(t *testing.T, m gradcam.Method, net engine.Model, x engine.Array, layer string, target gradcam.Target) ([]gradcam.Result, error) {
	t.Helper()
	e, err := gradcam.New(net, gradcam.WithMethod(m), gradcam.WithLayer(layer))
	require.NoError(t, err)
	defer func() { require.NoError(t, e.Close()) }()
	return e.Explain(ctx, x, target)
}

// Whatever counts or scales refuses -1 as an option out of range.
func TestNegativeOptionsAreOutOfRange(t *testing.T) {
	refused := 0
	for _, m := range gradcam.Methods() {
		for _, s := range gradcam.Settings(m) {
			switch {
			case s.Name == "baseline" || s.Name == "seed": // may be negative
				continue
			case s.Takes != "integer" && s.Takes != "number" && s.Takes != "integers":
				continue
			}
			value := "-1"
			if s.Takes == "integers" && s.Name != "ranks" {
				value = "-1,-1"
			}
			t.Run(m.Name()+" "+s.Name, func(t *testing.T) {
				changed, err := gradcam.Configure(m, s.Name, value)
				require.NoError(t, err)
				net, x := image24()
				_, err = mapsOf(t, changed, net, x, "hidden", gradcam.Class(0))
				assert.ErrorIs(t, err, gradcam.ErrOption)
			})
			refused++
		}
	}
	assert.Greater(t, refused, 25)
}

// NaN and infinities end in an error, wherever the method meets them: in the layer,
// in the gradient by the input, or in the score of a changed copy.
func TestEveryMethodRefusesNumbersThatAreNotFinite(t *testing.T) {
	for _, m := range gradcam.Methods() {
		t.Run(m.Name(), func(t *testing.T) {
			var err error
			net, x := image24()
			switch needs := m.Needs(); {
			case needs.Layer:
				_, err = mapsOf(t, m, net, overflowing(x), "linear", gradcam.Class(0))
				assert.ErrorContains(t, err, "layer linear holds +Inf at [0 0 0]")
			case needs.Biases:
				_, err = mapsOf(t, m, enginetest.NewToy(), enginetest.ToyInput(0), "relu1", steep())
			case needs.Input:
				_, err = mapsOf(t, m, net, x, "hidden", steep())
			default:
				_, err = mapsOf(t, m, net, x, "hidden", finiteOnce())
				assert.ErrorContains(t, err, "score of target finite once is NaN")
			}
			assert.ErrorIs(t, err, gradcam.ErrNotFinite)
		})
	}
}

// overflowing is an input for which the first number of Smooth's linear layer is
// beyond float32.
func overflowing(like engine.Array) engine.Array {
	x := engine.NewArray(like.Shape...)
	for j := range x.Data {
		x.Data[j] = float32(math.Copysign(3e38, math.Sin(1+float64(j))))
	}
	return x
}

// steep is a target whose gradient is finite, and overflows on its way back.
func steep() gradcam.Target {
	return gradcam.Func("steep", func(y engine.Array) (float64, []float32, error) {
		g := make([]float32, y.Len())
		for i := range g {
			g[i] = float32(3e38 * (1 - 2*float64(i/2%2)))
		}
		return 1, g, nil
	})
}

// finiteOnce is a score of 1 for the output seen first and NaN for all others.
func finiteOnce() gradcam.Target {
	var first []float32
	return gradcam.Func("finite once", func(y engine.Array) (float64, []float32, error) {
		if first == nil {
			first = append(first, y.Data...)
		}
		for i, v := range y.Data {
			if v != first[i] {
				return math.NaN(), nil, nil
			}
		}
		return 1, nil, nil
	})
}
