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

// plainSpread is the sum of pytorch-grad-cam's scaling across batch and channels:
// each channel stretched and enlarged by itself.
func plainSpread(sum []float64, channels [][]float64, h, w, H, W int) {
	for _, c := range channels {
		low, high := math.Inf(1), math.Inf(-1)
		for _, v := range c {
			low, high = math.Min(low, math.Abs(v)), math.Max(high, math.Abs(v))
		}
		for y := range H {
			for x := range W {
				sy := math.Min(math.Max((float64(y)+0.5)*float64(h)/float64(H)-0.5, 0), float64(h-1))
				sx := math.Min(math.Max((float64(x)+0.5)*float64(w)/float64(W)-0.5, 0), float64(w-1))
				for i, v := range c {
					weight := math.Max(0, 1-math.Abs(sy-float64(i/w))) * math.Max(0, 1-math.Abs(sx-float64(i%w)))
					sum[y*W+x] += weight * (math.Abs(v) - low) / (1e-7 + high - low)
				}
			}
		}
	}
}

func TestFullGradEqualsItsPlainTwin(t *testing.T) {
	for _, target := range []int{0, 1} {
		toy := enginetest.NewToyHead(readGolden(t).Head)
		x := enginetest.ToyInput(0)
		plan, err := toy.Plan(ctx, engine.Spec{Layers: []string{engine.Input, "conv1"}})
		require.NoError(t, err)
		pass, err := plan.Forward(ctx, []engine.Array{x})
		require.NoError(t, err)
		cotangent := engine.NewArray(1, 4)
		cotangent.Data[target] = 1
		g, err := pass.Backward(ctx, []engine.Cotangent{{Array: cotangent}})
		require.NoError(t, err)
		input, biases := [][]float64{nil}, [][]float64{nil, nil}
		for i, v := range g[0].Data {
			input[0] = append(input[0], float64(v)*float64(x.Data[i]))
		}
		for i, v := range g[1].Data {
			biases[i/4] = append(biases[i/4], float64(v)*[]float64{-50, -75}[i/4])
		}
		want := make([]float64, 16)
		plainSpread(want, input, 4, 4, 4, 4)
		plainSpread(want, biases, 2, 2, 4, 4)

		fresh := enginetest.NewToyHead(readGolden(t).Head)
		r := explain(t, fresh, x, gradcam.Class(target), gradcam.WithMethod(gradcam.FullGrad{}))[0]
		require.Equal(t, []int{4, 4}, r.Raw[0].Values.Shape)
		for p, v := range want {
			assert.InDelta(t, v, r.Raw[0].Values.Data[p], 1e-5)
		}
		assert.Equal(t, engine.Input, r.Raw[0].Layer)
		assert.Equal(t, enginetest.Counts{Plans: 2, Forwards: 1, Backwards: 1, Predicts: 1}, fresh.Counts())
	}
}

func TestFullGradWithoutGradientIsBlank(t *testing.T) {
	r := explain(t, enginetest.NewToyHead(readGolden(t).Head), enginetest.ToyInput(0), gradcam.Class(2), gradcam.WithMethod(gradcam.FullGrad{}))[0]
	assert.Equal(t, gradcam.ZeroGradient, r.Reason, "the third output is off")
	assert.Equal(t, make([]float32, 16), r.Map().Data)
}

// unbiased is a network whose plans list no biases.
type unbiased struct{ *enginetest.Toy }

type unbiasedPlan struct{ engine.Plan }

func (u unbiased) Plan(ctx context.Context, spec engine.Spec) (engine.Plan, error) {
	p, err := u.Toy.Plan(ctx, spec)
	return unbiasedPlan{p}, err
}

func (unbiasedPlan) Biases(context.Context) ([]engine.Bias, error) { return nil, nil }

func TestFullGradRefuses(t *testing.T) {
	e, err := gradcam.New(unbiased{enginetest.NewToy()}, gradcam.WithMethod(gradcam.FullGrad{}))
	require.NoError(t, err)
	_, err = e.Explain(ctx, enginetest.ToyInput(0))
	require.ErrorIs(t, err, gradcam.ErrMethod)
	assert.ErrorContains(t, err, "the network has no convolution or batch norm with a bias to add up: use any method but fullgrad")

	smooth := &enginetest.Smooth{Shapes: [][]int{{1, 2, 3}}, Hidden: []int{4, 2, 2}, Classes: 3}
	e, err = gradcam.New(smooth, gradcam.WithMethod(gradcam.FullGrad{}))
	require.NoError(t, err)
	_, err = e.Explain(ctx, engine.NewArray(1, 1, 2, 3))
	require.ErrorIs(t, err, gradcam.ErrMethod)
	assert.ErrorContains(t, err, "the engine lists no biases here: use any method but fullgrad")
	assert.NotContains(t, err.Error(), "fullgrad,")
}
