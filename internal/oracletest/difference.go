package oracletest

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
)

// Difference is max|got-want| and max|want|. Another shape, or a difference that is
// no number, fails.
func Difference(t testing.TB, want, got engine.Array, what string) (worst, scale float64) {
	t.Helper()
	require.Equal(t, want.Shape, got.Shape, what)
	require.Len(t, got.Data, len(want.Data), what)
	for i, w := range want.Data {
		scale = max(scale, math.Abs(float64(w)))
		d := math.Abs(float64(got.Data[i]) - float64(w))
		if math.IsNaN(d) {
			require.Fail(t, "not a number", "%s: element %d", what, i)
		}
		worst = max(worst, d)
	}
	return worst, scale
}

// Relative is max|got-want| / max|want|. A reference of nothing but zeros proves
// nothing, so it fails.
func Relative(t testing.TB, want, got engine.Array, what string) float64 {
	t.Helper()
	worst, scale := Difference(t, want, got, what)
	require.NotZero(t, scale, "%s: the reference is all zero", what)
	return worst / scale
}

// Saturation is what float32 autograd loses of the gradient of a softmax, relative
// to its largest value, as the largest of the probabilities nears 1.
func Saturation(probabilities ...float64) float64 {
	lost := 0.0
	for _, p := range probabilities {
		lost = max(lost, 2e-6/(1-p))
	}
	return lost
}
