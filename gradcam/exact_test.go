package gradcam_test

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
)

var ctx = context.Background()

func explain(t *testing.T, model engine.Model, x engine.Array, target gradcam.Target, options ...gradcam.Option) []gradcam.Result {
	t.Helper()
	e, err := gradcam.New(model, options...)
	require.NoError(t, err)
	defer func() { require.NoError(t, e.Close()) }()
	results, err := e.Explain(ctx, x, target)
	require.NoError(t, err)
	require.Len(t, results, x.Shape[0])
	return results
}

// Raw maps of captum's toy net that captum's own tests hold LayerGradCam to, and
// those computed by hand from the formulas.
func TestExactRawMaps(t *testing.T) {
	for _, c := range []struct {
		name   string
		method gradcam.Method
		layer  string
		offset float32
		want   []float32
	}{
		{"captum: conv1", gradcam.GradCAM, "conv1", 0, []float32{11.25, 13.5, 20.25, 22.5}},
		{"captum: conv1, input + 1", gradcam.GradCAM, "conv1", 1, []float32{14.5, 19, 32.5, 37}},
		{"captum: relu1", gradcam.GradCAM, "relu1", 0, []float32{0, 4, 28, 32.5}},
		{"by hand: relu1", gradcam.HiResCAM, "relu1", 0, []float32{0, 4, 25, 25}},
		{"by hand: relu1, XGradCAM", gradcam.XGradCAM, "relu1", 0, []float32{0, 4, 25, 25}},
		{"by hand: relu1, LayerCAM", gradcam.LayerCAM, "relu1", 0, []float32{0, 4, 31, 40}},
		{"by hand: relu1, elementwise", gradcam.ElementWise, "relu1", 0, []float32{0, 4, 31, 40}},
		{"by hand: relu1, Grad-CAM++", gradcam.GradCAMPlusPlus, "relu1", 0, []float32{0, 0.207792, 1.871259, 2.730096}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := explain(t, enginetest.NewToy(), enginetest.ToyInput(c.offset), gradcam.Class(0),
				gradcam.WithLayer(c.layer), gradcam.WithMethod(c.method))[0]
			assert.Equal(t, []int{2, 2}, r.Raw[0].Values.Shape)
			assert.InDeltaSlice(t, c.want, r.Raw[0].Values.Data, 1e-6)
			assert.InDelta(t, c.want[0], r.RawMin, 1e-6)
			assert.InDelta(t, c.want[3], r.RawMax, 1e-6)
			assert.Empty(t, r.Reason)
		})
	}
}

// golden is testdata/toy.json, written by scripts/golden/toy.py.
type golden struct {
	Head   enginetest.Head
	Output [][]float32
	Cases  []struct {
		Method string
		Layers []string
		Target string
		Aug    bool
		Maps   [][]float32
	}
}

func readGolden(t *testing.T) golden {
	t.Helper()
	data, err := os.ReadFile("testdata/toy.json")
	require.NoError(t, err)
	var g golden
	require.NoError(t, json.Unmarshal(data, &g))
	require.NotEmpty(t, g.Cases)
	return g
}

// Finished maps of pytorch-grad-cam 1.5.7 and of the seed's code.
func TestMapsEqualThePeers(t *testing.T) {
	g := readGolden(t)
	lit := map[string]bool{}
	for _, c := range g.Cases {
		t.Run(c.Method+" "+strings.Join(c.Layers, "+")+" "+c.Target, func(t *testing.T) {
			method, err := gradcam.ByName(c.Method)
			require.NoError(t, err)
			target, err := gradcam.ParseTarget(c.Target, nil)
			require.NoError(t, err)
			options := []gradcam.Option{gradcam.WithMethod(method)}
			if len(c.Layers) > 0 {
				options = append(options, gradcam.WithLayers(c.Layers...))
			}
			if c.Aug {
				options = append(options, gradcam.WithAugSmoothing(), gradcam.WithCompat(gradcam.PytorchGradCAM))
			}
			results := explain(t, enginetest.NewToyHead(g.Head), enginetest.ToyInput(0, 1), target, options...)
			for i, r := range results {
				m := r.Map()
				assert.Equal(t, []int{4, 4}, m.Shape)
				assert.InDeltaSlice(t, c.Maps[i], m.Data, 1e-6, "sample %d", i)
				assert.Equal(t, c.Method != "seed", r.Normalised)
				for _, v := range c.Maps[i] {
					lit[c.Method] = lit[c.Method] || v > 0
				}
			}
		})
	}
	for method, some := range lit {
		assert.True(t, some, "every reference of %s is blank", method)
	}
	assert.Len(t, lit, 11)
}
