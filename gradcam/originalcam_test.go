package gradcam_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
)

// Zhou et al. 2016, equation 2, with the weights of the linear layer as they are.
func TestOriginalCAMEqualsItsPlainTwin(t *testing.T) {
	weights := [][]float64{{1, -2, 0.5}, {2, 1, -1}}
	net, x := &enginetest.Pooled{Weights: weights}, smallBatch()
	results := explain(t, net, x, gradcam.Class(1), gradcam.WithLayer(enginetest.Layer), gradcam.WithMethod(gradcam.OriginalCAM{}))
	for n, r := range results {
		want := make([]float64, 4)
		for i, v := range x.Row(n).Data {
			want[i%4] += weights[1][i/4] * float64(v)
		}
		grad := explain(t, &enginetest.Pooled{Weights: weights}, x, gradcam.Class(1), gradcam.WithLayer(enginetest.Layer))[n].Raw[0].Values
		for p, v := range want {
			assert.InDelta(t, v, r.Raw[0].Values.Data[p], 1e-5)
			assert.InDelta(t, v, 4*grad.Data[p], 1e-5, "it is Grad-CAM times the positions")
		}
	}
	counts := net.Counts()
	assert.Equal(t, [3]int{1, 2, 1}, [3]int{counts.Forwards, counts.Backwards, counts.Reruns})
	assert.Zero(t, counts.OpenPasses+counts.OpenPlans)
}

func TestOriginalCAMRefusesOtherHeads(t *testing.T) {
	weights := [][]float64{{1, -2, 0.5}, {2, 1, -1}}
	for _, c := range []struct {
		name   string
		net    engine.Model
		layer  string
		target gradcam.Target
		want   string
	}{
		{"a second layer", &enginetest.Pooled{Weights: weights, Curve: 0.5}, enginetest.Layer, gradcam.Class(0), "its gradient changes with the activation"},
		{"a softmax", &enginetest.Pooled{Weights: weights}, enginetest.Layer, gradcam.Probability(0), "its gradient changes with the activation"},
		{"no pooling", &enginetest.Smooth{Shapes: [][]int{{3, 2, 2}}, Hidden: []int{4, 2, 2}, Classes: 3}, "hidden", gradcam.Class(0), "its gradient changes over space"},
		{"a flattened layer", enginetest.NewToy(), "relu1", gradcam.Class(0), "its gradient changes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := smallBatch()
			if c.layer == "relu1" {
				x = enginetest.ToyInput(0)
			}
			e, err := gradcam.New(c.net, gradcam.WithLayer(c.layer), gradcam.WithMethod(gradcam.OriginalCAM{}))
			require.NoError(t, err)
			defer e.Close()
			_, err = e.Explain(ctx, x, c.target)
			require.ErrorIs(t, err, gradcam.ErrMethod)
			assert.ErrorContains(t, err, "method cam: layer "+c.layer+": the score is not global average pooling and one linear layer of it, "+c.want)
			assert.ErrorContains(t, err, ": name the value that is pooled and explain a raw output: use any method but cam")
			assert.NotContains(t, err.Error(), "\n")
		})
	}
}
