package gradcam_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
)

// gloves is the game y = min(x0, x1 + x2): one left glove, two right ones. Its
// Shapley values are 2/3, 1/6 and 1/6.
func gloves() *enginetest.Composed {
	return &enginetest.Composed{
		Head: func(inputs []engine.Array) engine.Array { return inputs[0] },
		Tail: func(a engine.Array, _ []engine.Array) engine.Array {
			return engine.Array{Shape: []int{1}, Data: []float32{min(a.Data[0], a.Data[1]+a.Data[2])}}
		},
	}
}

// orders are all orders of three features.
func orders() [][]int {
	return [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}}
}

func TestShapleySamplingOfAllOrdersIsExact(t *testing.T) {
	m := gloves()
	r := attributions(t, m, ones(1, 3), gradcam.ShapleySampling{Orders: orders()})[0]
	assert.InDeltaSlice(t, []float32{2. / 3, 1. / 6, 1. / 6}, r.Raw[0].Values.Data, 1e-6)
	assert.Equal(t, []int{1, 19}, m.Batches(), "the input; the baseline, and three copies of each order")
	assert.Nil(t, r.Seed, "nothing was drawn")
}

// Whatever the orders are, the values add up to the score less the baseline's.
func TestShapleyValuesAreComplete(t *testing.T) {
	m, in := channelsFirst(), pair()
	for _, samples := range []int{1, 3} {
		method := gradcam.ShapleySampling{Samples: samples, Features: gradcam.Features{Rows: 2, Cols: 4}, Baseline: gradcam.Baseline{Value: 0.3}}
		for n, raw := range raws(t, m, in, method) {
			sum := 0.0
			for cell := range 8 {
				sum += float64(raw[cell/4*3*8+cell%4*2])
			}
			empty := engine.NewArray(2, 6, 8)
			for i := range empty.Data {
				empty.Data[i] = 0.3
			}
			score := func(x engine.Array) float64 {
				rows := []engine.Array{x, in[1].Row(n)}
				return float64(m.Tail(m.Head(rows), rows).Data[1])
			}
			assert.InDelta(t, score(in[0].Row(n))-score(empty), sum, 1e-6)
		}
	}
}

// A feature that the network ignores gets nothing; two that it treats alike get
// the same, in the exact value and nearly so in many samples.
func TestShapleySamplingConverges(t *testing.T) {
	r := attributions(t, gloves(), ones(1, 3), gradcam.ShapleySampling{Samples: 3000}, gradcam.WithSeed(3))[0]
	assert.InDeltaSlice(t, []float32{2. / 3, 1. / 6, 1. / 6}, r.Raw[0].Values.Data, 0.02)
	require.NotNil(t, r.Seed)
	assert.EqualValues(t, 3, *r.Seed)
}

func TestShapleySamplingRefuses(t *testing.T) {
	for _, c := range []struct {
		method gradcam.ShapleySampling
		want   string
	}{
		{gradcam.ShapleySampling{Orders: [][]int{{0, 1}}}, "sample 0: order [0 1] is no order of the features 0 to 2"},
		{gradcam.ShapleySampling{Orders: [][]int{{0, 1, 1}}}, "order [0 1 1] is no order"},
		{gradcam.ShapleySampling{Samples: -1}, "-1 orders: give a number above 0"},
	} {
		e, err := gradcam.New(gloves(), gradcam.WithMethod(c.method))
		require.NoError(t, err)
		_, err = e.Explain(ctx, ones(1, 3))
		assert.ErrorContains(t, err, c.want)
	}
}

// KernelSHAP of every subset with the kernel's weights would be exact; with
// captum's draws it comes near, and it is complete.
func TestKernelSHAPConvergesToShapleyValues(t *testing.T) {
	m := gloves()
	r := attributions(t, m, ones(1, 3), gradcam.KernelSHAP{Samples: 3000})[0]
	got := r.Raw[0].Values.Data
	assert.InDeltaSlice(t, []float32{2. / 3, 1. / 6, 1. / 6}, got, 0.02)
	assert.InDelta(t, 1, got[0]+got[1]+got[2], 1e-3)
	rows := -1
	for _, n := range m.Batches() {
		rows += n
	}
	assert.Equal(t, 3000, rows)
}

func TestSubsetsAreChecked(t *testing.T) {
	for _, c := range []struct {
		method gradcam.Method
		want   string
	}{
		{gradcam.KernelSHAP{Samples: -1}, "-1 subsets: give a number above 0"},
		{gradcam.KernelSHAP{Coalitions: [][]bool{{true}}}, "a coalition is about 1 features, there are 3: give as many"},
		{gradcam.LIME{Coalitions: [][]bool{{true}}}, "a coalition is about 1 features, there are 3: give as many"},
		{gradcam.LIME{Alpha: -1}, "give numbers above 0"},
		{gradcam.KernelSHAP{Coalitions: [][]bool{}}, "no coalition given"},
	} {
		e, err := gradcam.New(gloves(), gradcam.WithMethod(c.method))
		require.NoError(t, err)
		_, err = e.Explain(ctx, ones(1, 3))
		assert.ErrorContains(t, err, c.want)
	}
}

// One feature has no subsets but all and none.
func TestSubsetMethodsOfOneFeature(t *testing.T) {
	f := gradcam.Features{Mask: engine.Array{Shape: []int{3}, Ints: []int64{0, 0, 0}}}
	for _, method := range []gradcam.Method{
		gradcam.FeatureAblation{Features: f}, gradcam.ShapleySampling{Features: f},
		gradcam.KernelSHAP{Features: f}, gradcam.LIME{Features: f, Alpha: 1e-9},
	} {
		r := attributions(t, gloves(), ones(1, 3), method)[0]
		assert.InDeltaSlice(t, []float32{1, 1, 1}, r.Raw[0].Values.Data, 0.02, method.Name())
		assert.Equal(t, gradcam.Constant, r.Reason, method.Name())
		assert.Equal(t, make([]float32, 3), r.Map().Data)
	}
}
