package oracletest_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
	"github.com/torchlight-go/torchlight/internal/oracletest"
)

func array(values ...float32) engine.Array {
	return engine.Array{Shape: []int{len(values)}, Data: values}
}

func TestDifference(t *testing.T) {
	worst, scale := oracletest.Difference(t, array(1, -4, 2), array(1, -3, 2.5), "values")
	assert.Equal(t, 1.0, worst)
	assert.Equal(t, 4.0, scale)
	assert.Equal(t, 0.25, oracletest.Relative(t, array(1, -4, 2), array(1, -3, 2.5), "values"))
}

// failing is a test that notes that it failed and goes on no further.
type failing struct {
	testing.TB
	failed *bool
}

func (f failing) Errorf(string, ...any) { *f.failed = true }
func (f failing) FailNow()              { panic(f) }
func (f failing) Helper()               {}

func TestWhatProvesNothingFails(t *testing.T) {
	nan := float32(math.NaN())
	for name, pair := range map[string][2]engine.Array{
		"another shape":     {array(1, 2), array(1)},
		"no number":         {array(1, 2), array(1, nan)},
		"no number wanted":  {array(1, nan), array(1, 2)},
		"nothing but zeros": {array(0, 0), array(0, 0)},
		"fewer values":      {array(1, 2), {Shape: []int{2}, Data: []float32{1}}},
	} {
		t.Run(name, func(t *testing.T) {
			failed := false
			assert.Panics(t, func() { oracletest.Relative(failing{t, &failed}, pair[0], pair[1], name) })
			assert.True(t, failed)
		})
	}
}

func TestSaturation(t *testing.T) {
	assert.InEpsilon(t, 2e-3, oracletest.Saturation(0.5, 0.999, 0.9), 1e-9)
	assert.Zero(t, oracletest.Saturation())
}

// The gradient of one class of captum's toy network, and its Grad-CAM (captum's own
// tests).
func TestRun(t *testing.T) {
	toy := enginetest.NewToy()
	x := enginetest.ToyInput(0)
	plan, err := toy.Plan(t.Context(), engine.Spec{Layers: []string{"relu1"}})
	require.NoError(t, err)
	defer plan.Close()
	p := oracletest.Run(t, plan, "", x, []int{0})
	assert.Equal(t, []int{1, 4}, p.Output.Shape)
	assert.Equal(t, p.Activation, oracletest.Activation(t, toy, "relu1", x))
	assert.Equal(t, []int{1, 2, 2, 2}, p.Gradient.Shape)
	assert.Equal(t, []float32{1, 1, 1, 1, 1, -1, -1, -1}, p.Gradient.Data)

	e, err := gradcam.New(toy, gradcam.WithLayer("relu1"))
	require.NoError(t, err)
	defer e.Close()
	results, err := e.Explain(t.Context(), x, oracletest.Classes([]int{0})...)
	require.NoError(t, err)
	raw := oracletest.Raw(results, 0)
	assert.Equal(t, []int{1, 2, 2}, raw.Shape)
	assert.Equal(t, []float32{0, 4, 28, 32.5}, raw.Data)
	assert.Equal(t, []int{1, 4, 4}, oracletest.Map(results).Shape)
}

func TestOneHot(t *testing.T) {
	assert.Equal(t, []float32{0, 0, 1, 1, 0, 0}, oracletest.OneHot([]int{2, 3}, []int{2, 0}).Data)
}
