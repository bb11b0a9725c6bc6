package gradcam

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestConfigure(t *testing.T) {
	var m Method = everything{Samples: 3, private: 4}
	for name, value := range map[string]string{
		"rounds": "7", "samples": "5", "step-size": "0.25", "signed": "true", "window": "3x4", "ranks": "1,2,3", "weights": "0.5,1",
		"rule": "linear", "start": "-1", "base": "hirescam", "mode": "fast", "random-seed": "18446744073709551615", "cols": "4",
	} {
		var err error
		m, err = Configure(m, name, value)
		require.NoError(t, err, name)
	}
	assert.Equal(t, everything{
		Shared: Shared{7}, Samples: 5, StepSize: 0.25, Signed: true, Window: [2]int{3, 4}, Ranks: []int{1, 2, 3}, Weights: []float32{0.5, 1},
		Rule: 1, Start: origin{Value: -1}, Grid: cells{Cols: 4}, Base: HiResCAM, Mode: "fast", RandomSeed: 1<<64 - 1, private: 4,
	}, m)
	before := RISE{Masks: 5}
	after, err := Configure(before, "masks", "6")
	require.NoError(t, err)
	assert.Equal(t, RISE{Masks: 6}, after)
	assert.Equal(t, RISE{Masks: 5}, before, "methods are values")
}

// A pointer to a method is as good as the method: what it points to stays as it is.
func TestConfigureOfAPointer(t *testing.T) {
	before := &RISE{Masks: 5}
	after, err := Configure(before, "masks", "6")
	require.NoError(t, err)
	assert.Equal(t, &RISE{Masks: 6}, after)
	assert.Equal(t, &RISE{Masks: 5}, before)
	_, err = Configure(before, "masks", "many")
	assert.EqualError(t, err, `option masks of rise: "many": give an integer`)
}

func TestConfigureErrors(t *testing.T) {
	for _, c := range []struct {
		method      Method
		name, value string
		want        string
	}{
		{everything{}, "sample", "5", `method everything has no option "sample" (did you mean "samples"`},
		{ISCAM{}, "zzz", "5", `method iscam has no option "zzz": it has samples`},
		{GradCAM, "samples", "5", `method gradcam has no options, so no "samples"`},
		{everything{}, "samples", "many", `option samples of everything: "many": give an integer`},
		{everything{}, "samples", "9999999999999999999", `give an integer`},
		{everything{}, "step-size", "NaN", `option step-size of everything: "NaN": give a number`},
		{everything{}, "step-size", "", `give a number`},
		{everything{}, "signed", "maybe", `give true or false`},
		{everything{}, "window", "3", `give integers with commas between`},
		{everything{}, "ranks", "1,two", `give integers with commas between`},
		{everything{}, "rule", "cubic", `option rule of everything: "cubic": give one of nearest, linear`},
		{everything{}, "base", "gradcan", `give the name of a method`},
	} {
		_, err := Configure(c.method, c.name, c.value)
		assert.ErrorContains(t, err, c.want)
	}
}

// Words stand for constants in their order.
func TestChoices(t *testing.T) {
	for _, c := range []struct {
		method Method
		option string
		value  string
		want   Method
	}{
		{IntegratedGradients{}, "rule", "gauss-legendre", IntegratedGradients{Rule: GaussLegendre}},
		{IntegratedGradients{}, "rule", "riemann-left", IntegratedGradients{Rule: RiemannLeft}},
		{IntegratedGradients{}, "rule", "riemann-right", IntegratedGradients{Rule: RiemannRight}},
		{IntegratedGradients{}, "rule", "riemann-middle", IntegratedGradients{Rule: RiemannMiddle}},
		{IntegratedGradients{}, "rule", "riemann-trapezoid", IntegratedGradients{Rule: RiemannTrapezoid}},
		{GuidedGradCAM{}, "interpolation", "nearest", GuidedGradCAM{Interpolation: Nearest}},
		{GuidedGradCAM{}, "interpolation", "linear", GuidedGradCAM{Interpolation: Linear}},
		{IntegratedGradients{}, "baseline", "0.5", IntegratedGradients{Baseline: Baseline{Value: 0.5}}},
	} {
		got, err := Configure(c.method, c.option, c.value)
		require.NoError(t, err)
		assert.Equal(t, c.want, got)
	}
}
