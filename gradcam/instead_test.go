package gradcam_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
)

// What an error recommends works, on inputs of every shape.
func TestWhatErrorsRecommendWorks(t *testing.T) {
	image, volume, table := []int{2, 3, 4}, []int{1, 2, 3, 4}, []int{24}
	lame := gradcam.Func("lame", func(y engine.Array) (float64, []float32, error) { return float64(y.Data[0]), make([]float32, 2), nil })
	class := gradcam.Class(0)
	for _, c := range []struct {
		name     string
		shape    []int
		ints     bool
		layer    string
		method   gradcam.Method
		target   gradcam.Target
		kind     error
		want     string
		with     []string
		without  []string
		anything bool // nearly all methods work
	}{
		{"score-cam of a volume", volume, false, "hidden", gradcam.ScoreCAM, class, gradcam.ErrLayer, "it has shape [1 1 2 3 4]",
			[]string{"ablationcam", "occlusion", "gradcam"}, []string{"scorecam", "rise", "lime"}, true},
		{"rise of a volume", volume, false, "", gradcam.RISE{}, class, gradcam.ErrLayer, "masks need an input [N, C, H, W]",
			[]string{"ablationcam", "occlusion"}, []string{"sscam", "rise", "kernelshap"}, true},
		{"lime of a volume", volume, false, "", gradcam.LIME{}, class, gradcam.ErrLayer, "give Features.Mask: ",
			[]string{"occlusion", "saliency"}, []string{"lime", "feature-ablation"}, true},
		{"rise of a table", table, false, "", gradcam.RISE{}, class, gradcam.ErrLayer, "it has shape [1 24]",
			[]string{"lime", "occlusion", "saliency", "conductance"}, []string{"rise", "gradcam", "eigencam", "reciprocam"}, false},
		{"score-cam of a table", table, false, "hidden", gradcam.ScoreCAM, class, gradcam.ErrLayer, "it has shape [1 24]",
			[]string{"lime", "occlusion", "layer-integrated-gradients"}, []string{"rise", "gradcam"}, false},
		{"gradcam of a table", table, false, "", gradcam.GradCAM, class, gradcam.ErrNoLayer, "or explain the input: ",
			[]string{"saliency", "shapley-sampling"}, []string{"rise", "gradcam", "conductance"}, false},
		{"lime of integers", []int{5}, true, "", gradcam.LIME{}, class, gradcam.ErrLayer, "explain another input with WithInput, or a layer, such as the embedding",
			[]string{"gradcam", "ablationcam", "layer-integrated-gradients"}, []string{"lime", "rise", "occlusion", "saliency", "conductance", "smoothgradcam++"}, false},
		{"a gradient of another length", image, false, "hidden", gradcam.GradCAM, lame, gradcam.ErrTarget, "target lame has a gradient of 2 values, and the output [3] has 3: return one for each, or ",
			[]string{"eigencam", "occlusion", "ablationcam"}, []string{"gradcam", "saliency"}, false},
		{"no gradient", image, false, "hidden", gradcam.Saliency{}, gradcam.Func("step", func(y engine.Array) (float64, []float32, error) { return float64(y.Data[0]), nil, nil }), gradcam.ErrTarget,
			"target step has no gradient: return one, or ", []string{"rise", "scorecam"}, []string{"gradcam", "saliency"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			net := smooth(c.shape)
			switch {
			case len(c.shape) == 1 && !c.ints:
				net.Hidden = []int{6} // a table's layers have no places
			case len(c.shape) == 4:
				net.Hidden = []int{2, 1, 2, 3}
			}
			x := wave(append([]int{1}, c.shape...)...)
			if c.ints {
				x = engine.Array{Shape: []int{1, 5}, Ints: []int64{3, 1, 4, 1, 5}}
			}
			by := func(m gradcam.Method, layer string) error {
				options := []gradcam.Option{gradcam.WithMethod(m)}
				if layer != "" {
					options = append(options, gradcam.WithLayer(layer))
				}
				e, err := gradcam.New(net, options...)
				require.NoError(t, err)
				defer e.Close()
				_, err = e.Explain(ctx, x, c.target)
				return err
			}
			err := by(c.method, c.layer)
			require.ErrorIs(t, err, c.kind)
			require.ErrorContains(t, err, c.want)
			assert.NotContains(t, err.Error(), "\n")
			assert.Equal(t, c.anything, strings.Contains(err.Error(), "use any method but "))
			works := recommended(t, err)
			for _, name := range c.with {
				assert.Contains(t, works, name)
			}
			for _, name := range c.without {
				assert.NotContains(t, works, name)
			}
			for _, name := range works {
				m, missing := gradcam.ByName(name)
				require.NoError(t, missing)
				if err := by(m, "hidden"); err != nil {
					// The head of cam and the biases of fullgrad only the run can tell.
					assert.ErrorIs(t, err, gradcam.ErrMethod, name)
					assert.Contains(t, []string{"cam", "fullgrad"}, name)
				}
			}
		})
	}
}

// recommended are the methods that an error says would work.
func recommended(t *testing.T, err error) []string {
	t.Helper()
	if _, names, ok := strings.Cut(err.Error(), "use one of "); ok {
		return strings.Split(names, ", ")
	}
	_, names, ok := strings.Cut(err.Error(), "use any method but ")
	require.True(t, ok, err)
	left := map[string]bool{}
	for _, name := range strings.Split(names, ", ") {
		left[name] = true
	}
	var works []string
	for _, m := range gradcam.Methods() {
		if !left[m.Name()] {
			works = append(works, m.Name())
		}
	}
	return works
}

// A gradient that nobody asks for may have any length.
func TestUnusedGradients(t *testing.T) {
	lame := gradcam.Func("lame", func(y engine.Array) (float64, []float32, error) { return float64(y.Data[0]), make([]float32, 2), nil })
	net, x := image24()
	want, err := mapsOf(t, gradcam.Occlusion{}, net, x, "hidden", gradcam.Class(0))
	require.NoError(t, err)
	got, err := mapsOf(t, gradcam.Occlusion{}, net, x, "hidden", lame)
	require.NoError(t, err)
	assert.Equal(t, want[0].Raw, got[0].Raw)
}

// Finer-CAM's target is its own matter: whatever else takes that one.
func TestFinerCAMNamesAnotherMethod(t *testing.T) {
	net, x := image24()
	_, err := mapsOf(t, gradcam.FinerCAM{}, net, x, "hidden", gradcam.Probability(1))
	assert.ErrorIs(t, err, gradcam.ErrTarget)
	assert.ErrorContains(t, err, "give a class or topK, or explain it by any other method, such as gradcam")
}
