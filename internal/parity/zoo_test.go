//go:build parity

package parity

import (
	"context"
	"fmt"
	"image/png"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/preprocess"
	"github.com/torchlight-go/torchlight/gradcam/render"
	"github.com/torchlight-go/torchlight/internal/oracletest"
	"github.com/torchlight-go/torchlight/torch"
)

// Largest differences by stage, in the order of the table.
const (
	output     = "output"
	activation = "activation"
	gradient   = "gradient"
	rawMap     = "raw"
	finalMap   = "map"
	seedRaw    = "seed raw"
	seedMap    = "seed map"
	overlay    = "overlay"
)

var stages = []string{output, activation, gradient, rawMap, finalMap, seedRaw, seedMap, overlay}

const (
	tolerance = 1e-5
	// A map value on the edge between two entries of the colour map may fall on
	// either side; neighbouring entries differ by up to 4 levels of 255.
	colourStep = 4
	// However far Python's own value moves, a folded map may not differ by more; an
	// element of a gradient may by one term, which is all of it at worst.
	mostOfMap, mostOfGradient = 0.05, 1
)

// row is a line of the table: the largest differences of one layer in one form
// of file, over batches and repetitions.
type row struct {
	model, form, layer string
	folded             bool
	worst              map[string]float64
	// sensitivity is the largest part of a limit above the tolerance; above counts
	// stages beyond the tolerance, skipped overlays of maps that were.
	sensitivity    float64
	above, skipped int
}

// limit is the tolerance of a stage. Folding rounds differently, and a gradient
// behind a kink can then differ by whole terms: by what Python's own does.
func (r *row) limit(l layer, stage string) float64 {
	if !r.folded && r.form != "frozen" { // freezing folded it already
		return tolerance
	}
	most := float64(mostOfMap)
	if stage == gradient {
		most = mostOfGradient
	}
	s := min(2*l.Sensitivity[strings.ReplaceAll(stage, " ", "_")], most)
	r.sensitivity = max(r.sensitivity, s)
	return tolerance + s
}

func (r *row) note(t *testing.T, stage string, value, limit float64) {
	t.Helper()
	r.worst[stage] = max(r.worst[stage], value)
	if value > tolerance && stage != overlay {
		r.above++
	}
	if value > limit {
		t.Errorf("%s: %.3g is above %.3g", stage, value, limit)
	}
}

// Every network of the zoo, in every form of file, for one image and three, at
// every layer, with the operators of the file and folded: output, activation,
// gradient, raw map, map and overlay. Each plan explains three times.
func TestZoo(t *testing.T) {
	var m manifest
	readJSON(t, "manifest.json", &m)
	require.NotEmpty(t, m.Models)
	var rows []*row
	for _, mod := range m.Models {
		for _, form := range slices.Sorted(maps.Keys(mod.Forms)) {
			t.Run(mod.Name+"/"+form, func(t *testing.T) {
				rows = append(rows, compareFile(t, mod, form, false, torch.WithoutFolding())...)
				if mod.Folds || form == "script" { // without batch norms one form stands for all
					rows = append(rows, compareFile(t, mod, form, true)...)
				}
			})
		}
	}
	printTable(t, rows)
}

func compareFile(t *testing.T, mod model, form string, folded bool, options ...torch.Option) []*row {
	file := mod.Forms[form]
	loaded, err := torch.Load(filepath.Join(reference, file.File), options...)
	require.NoError(t, err)
	defer loaded.Close()
	var rows []*row
	for i, l := range mod.Batches[0].Layers {
		address := l.address(form)
		if address == "" {
			continue
		}
		r := &row{model: mod.Name, form: form, layer: l.Layer, folded: folded, worst: map[string]float64{}}
		rows = append(rows, r)
		t.Run(fmt.Sprintf("%s/folded=%v", l.Layer, folded), func(t *testing.T) {
			compareLayer(t, r, loaded, address, file.Output, mod.Batches, i)
		})
	}
	return rows
}

func compareLayer(t *testing.T, r *row, m *torch.Module, address, out string, batches []batch, i int) {
	ctx := context.Background()
	e, err := gradcam.New(m, gradcam.WithLayer(address), gradcam.WithOutput(out), gradcam.WithMethods(gradcam.GradCAM, gradcam.Seed))
	require.NoError(t, err)
	defer e.Close()
	plan, err := m.Plan(ctx, engine.Spec{Layers: []string{address}})
	require.NoError(t, err)
	defer plan.Close()
	for n, b := range batches {
		comparePass(t, r, plan, out, b, b.Layers[i])
		if n == 0 {
			comparePass(t, r, plan, out, b, b.Layers[i])
		}
		compareMaps(ctx, t, r, e, b, b.Layers[i])
	}
}

func comparePass(t *testing.T, r *row, plan engine.Plan, out string, b batch, l layer) {
	p := oracletest.Run(t, plan, out, readArray(t, b.Input), b.Targets)
	r.note(t, output, oracletest.Relative(t, readArray(t, b.Output), p.Output, output), tolerance)
	r.note(t, activation, oracletest.Relative(t, readArray(t, l.Activation), p.Activation, activation), tolerance)
	r.note(t, gradient, oracletest.Relative(t, readArray(t, l.Gradient), p.Gradient, gradient), r.limit(l, gradient))
}

func compareMaps(ctx context.Context, t *testing.T, r *row, e *gradcam.Explainer, b batch, l layer) {
	results, err := e.ExplainAll(ctx, []engine.Array{readArray(t, b.Input)}, oracletest.Classes(b.Targets)...)
	require.NoError(t, err)
	cam, seed := results[0], results[1]
	r.note(t, rawMap, oracletest.Relative(t, readArray(t, l.Raw), oracletest.Raw(cam, 0), rawMap), r.limit(l, rawMap))
	r.note(t, finalMap, oracletest.Relative(t, readArray(t, l.Map), oracletest.Map(cam), finalMap), r.limit(l, finalMap))
	switch {
	case l.Overlay == "":
	case r.worst[finalMap] > tolerance: // its colours are those of another map
		r.skipped++
	default:
		r.note(t, overlay, compareOverlay(t, cam[0], l), colourStep)
	}
	if l.SeedRaw == "" {
		return
	}
	saturation := oracletest.Saturation(b.Probabilities...)
	r.note(t, seedRaw, scaled(t, readArray(t, l.SeedRaw), oracletest.Raw(seed, 0), l.SeedScale), r.limit(l, seedRaw)+saturation)
	r.note(t, seedMap, scaled(t, readArray(t, l.SeedMap), oracletest.Map(seed), l.SeedScale), r.limit(l, seedMap)+saturation)
}

func scaled(t *testing.T, want, got engine.Array, scale float64) float64 {
	worst, _ := oracletest.Difference(t, want, got, "seed")
	return worst / scale
}

// compareOverlay is the largest difference in levels of 255 from
// pytorch-grad-cam's picture of the same map.
func compareOverlay(t *testing.T, result gradcam.Result, l layer) float64 {
	base, err := preprocess.DecodeFile(filepath.Join(reference, "images", "base.png"), preprocess.Options{})
	require.NoError(t, err)
	heat := result.Map()
	got, err := render.Overlay(base, heat, render.Whole(base), render.PytorchGradCAM{})
	require.NoError(t, err)
	f, err := os.Open(filepath.Join(reference, l.Overlay))
	require.NoError(t, err)
	defer f.Close()
	want, err := png.Decode(f)
	require.NoError(t, err)
	require.Equal(t, want.Bounds(), got.Bounds())
	worst := 0.0
	for y := range want.Bounds().Dy() {
		for x := range want.Bounds().Dx() {
			a, b, c, _ := want.At(x, y).RGBA()
			d, e, f, _ := got.At(x, y).RGBA()
			for _, p := range [][2]uint32{{a, d}, {b, e}, {c, f}} {
				worst = max(worst, math.Abs(float64(p[0]>>8)-float64(p[1]>>8)))
			}
		}
	}
	return worst
}

// printTable prints the largest difference of each stage over batches and runs.
func printTable(t *testing.T, rows []*row) {
	var s strings.Builder
	fmt.Fprintf(&s, "\n%-20s %-13s %-42s %-6s", "model", "form", "layer", "")
	for _, stage := range stages {
		fmt.Fprintf(&s, " %10s", stage)
	}
	fmt.Fprintf(&s, " %10s", "sensitive")
	largest := map[bool]*row{}
	for _, folded := range []bool{false, true} {
		largest[folded] = &row{model: "largest", folded: folded, worst: map[string]float64{}}
	}
	for _, r := range append(rows, largest[false], largest[true]) {
		mode := map[bool]string{false: "exact", true: "folded"}[r.folded]
		fmt.Fprintf(&s, "\n%-20s %-13s %-42s %-6s", r.model, r.form, r.layer, mode)
		for _, stage := range stages {
			v, ok := r.worst[stage]
			if !ok {
				fmt.Fprintf(&s, " %10s", "-")
				continue
			}
			fmt.Fprintf(&s, " %10.2g", v)
			sum := largest[r.folded]
			sum.worst[stage] = max(sum.worst[stage], v)
		}
		fmt.Fprintf(&s, " %10.2g", r.sensitivity)
		if sum := largest[r.folded]; sum != r {
			sum.sensitivity = max(sum.sensitivity, r.sensitivity)
			sum.above += min(r.above, 1)
			sum.skipped += r.skipped
		}
	}
	for _, folded := range []bool{false, true} {
		sum := largest[folded]
		fmt.Fprintf(&s, "\n%s: %d of %d layers above %g in some stage, %d overlays not compared since their map was", map[bool]string{false: "exact", true: "folded"}[folded], sum.above, len(rows)/2, tolerance, sum.skipped)
	}
	fmt.Println(s.String() + "\n(relative to the reference's largest value, seed to the size of its terms; overlay in levels of 255)")
}
