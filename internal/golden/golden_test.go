//go:build cgo

package golden

import (
	"fmt"
	"math"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/card"
	"github.com/torchlight-go/torchlight/gradcam/preprocess"
	"github.com/torchlight-go/torchlight/internal/oracletest"
	"github.com/torchlight-go/torchlight/torch"
)

// Everything that is committed of Python's values is compared with ours: captum's
// toy network in every form of file, one image and three, and MobileNetV2 on the
// sample photos. The keys of the two JSON files are those of package parity.
func TestGolden(t *testing.T) {
	r := newReference()
	toys(t, r)
	photos(t, r)
	r.requireAllRead(t)
}

type layer struct {
	Layer, Frozen, Activation, Gradient, Raw, Map string
	SeedRaw                                       string `json:"seed_raw"`
	SeedMap                                       string `json:"seed_map"`
}

func toys(t *testing.T, r *reference) {
	var m struct {
		Models []struct {
			Forms   map[string]struct{ File, Output string }
			Batches []struct {
				Input, Output string
				Targets       []int
				Layers        []layer
			}
		}
	}
	r.json(t, "manifest.json", &m)
	require.NotEmpty(t, m.Models)
	for _, mod := range m.Models {
		require.Len(t, mod.Forms, 4)
		for form, file := range mod.Forms {
			for mode, options := range map[string][]torch.Option{"folded": nil, "exact": {torch.WithoutFolding()}} {
				loaded, err := torch.Load(r.path(file.File), options...)
				require.NoError(t, err)
				for _, b := range mod.Batches {
					for _, l := range b.Layers {
						if form == "frozen" {
							l.Layer = l.Frozen
						}
						t.Run(fmt.Sprintf("toy/%s/%s/%s/%d", form, mode, l.Layer, len(b.Targets)), func(t *testing.T) {
							compare(t, r, loaded, l, r.array(t, b.Input), b.Output, b.Targets, 0)
						})
					}
				}
				require.NoError(t, loaded.Close())
			}
		}
	}
}

func photos(t *testing.T, r *reference) {
	var p struct {
		Model, Layer string
		Photos       []struct {
			layer
			File, Crop, Output string
			Target             int
			Top                []struct {
				Index       int
				Label       string
				Probability float64
			}
		}
	}
	r.json(t, "mobilenet_v2/photos.json", &p)
	require.Len(t, p.Photos, 3)
	path := filepath.Join(root, p.Model)
	c, found, err := card.Find(path)
	require.NoError(t, err)
	require.True(t, found)
	m, err := torch.Load(path)
	require.NoError(t, err)
	defer m.Close()
	for _, photo := range p.Photos {
		t.Run(photo.File, func(t *testing.T) {
			x := input(t, c.Pipeline(), r.path(photo.Crop), filepath.Join(root, photo.File))
			photo.layer.Layer = p.Layer
			results := compare(t, r, m, photo.layer, x, photo.Output, []int{photo.Target}, oracletest.Saturation(photo.Top[0].Probability))
			for k, want := range photo.Top {
				got := results[0].Top[k]
				assert.Equal(t, want.Index, got.Index)
				assert.Equal(t, want.Label, c.Labels[got.Index])
				assert.InDelta(t, want.Probability, got.Probability, 1e-5)
			}
			assert.Equal(t, photo.Target, results[0].Top[0].Index)
		})
	}
}

// input is the crop that the network sees, scaled and normalised by the plain
// formula, after checking that the photo itself gives it: to the bit, and from a
// JPEG up to the rounding of its decoder.
func input(t *testing.T, p preprocess.Pipeline, crop, file string) engine.Array {
	t.Helper()
	pixels, err := preprocess.DecodeFile(crop, preprocess.Options{})
	require.NoError(t, err)
	plain := p
	plain.Resize, plain.Crop = nil, nil
	x, err := plain.Apply(pixels)
	require.NoError(t, err)
	photo, err := preprocess.DecodeFile(file, preprocess.Options{})
	require.NoError(t, err)
	whole, err := p.Apply(photo)
	require.NoError(t, err)
	require.Equal(t, x.Array().Shape, whole.Array().Shape)
	sum := 0.0
	for i, v := range x.Array().Data {
		sum += math.Abs(float64(v - whole.Array().Data[i]))
	}
	if filepath.Ext(file) == ".png" {
		assert.Zero(t, sum, file)
	}
	assert.Less(t, sum/float64(len(whole.Array().Data)), 2e-3, file)
	return x.Array()
}

// compare explains three times. saturation is what float32 autograd loses of a
// softmax's gradient as the probability nears 1.
func compare(t *testing.T, r *reference, m *torch.Module, l layer, x engine.Array, output string, classes []int, saturation float64) []gradcam.Result {
	t.Helper()
	e, err := gradcam.New(m, gradcam.WithLayer(l.Layer), gradcam.WithMethods(gradcam.GradCAM, gradcam.Seed))
	require.NoError(t, err)
	defer e.Close()
	var results [][]gradcam.Result
	for range 3 {
		pass(t, r, m, l, x, output, classes)
		results, err = e.ExplainAll(t.Context(), []engine.Array{x}, oracletest.Classes(classes)...)
		require.NoError(t, err)
		r.requireNear(t, l.Raw, oracletest.Raw(results[0], 0), tolerance)
		r.requireNear(t, l.Map, oracletest.Map(results[0]), tolerance)
		r.requireNear(t, l.SeedRaw, oracletest.Raw(results[1], 0), tolerance+saturation)
		r.requireNear(t, l.SeedMap, oracletest.Map(results[1]), tolerance+saturation)
	}
	return results[0]
}

// pass compares what the maps are made of.
func pass(t *testing.T, r *reference, m *torch.Module, l layer, x engine.Array, output string, classes []int) {
	t.Helper()
	plan, err := m.Plan(t.Context(), engine.Spec{Layers: []string{l.Layer}})
	require.NoError(t, err)
	defer plan.Close()
	p := oracletest.Run(t, plan, "", x, classes) // the models return one tensor
	r.requireNear(t, output, p.Output, tolerance)
	r.requireNear(t, l.Activation, p.Activation, tolerance)
	r.requireNear(t, l.Gradient, p.Gradient, tolerance)
}
