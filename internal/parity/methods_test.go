//go:build parity

package parity

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
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
	"github.com/torchlight-go/torchlight/internal/oracletest"
	"github.com/torchlight-go/torchlight/torch"
)

// Every method on its networks, in every form of file, against its oracle: with
// the operators of the file, and once more folded, as a script is by default.
func TestMethods(t *testing.T) {
	var m manifest
	readJSON(t, "manifest.json", &m)
	var table table
	for _, mod := range append(m.Models, m.Heads...) {
		for _, r := range mod.Reasons {
			table.reason(comparison{what: r.Method, oracle: r.Oracle}, r.Place, r.Text)
		}
		for _, form := range slices.Sorted(maps.Keys(mod.Forms)) {
			t.Run(mod.Name+"/"+form, func(t *testing.T) {
				compareMethods(t, &table, mod, form, false, torch.WithoutFolding())
				if form == "script" && mod.Folds {
					compareMethods(t, &table, mod, form, true)
				}
			})
		}
	}
	table.order()
	fmt.Println(table.text())
	if path := os.Getenv("PARITY_TABLE"); path != "" && !t.Failed() {
		page(t, filepath.Join(root, path), m.Torch, &table)
	}
}

// page writes the table anew, unless it says the same as before.
func page(t *testing.T, path, version string, table *table) {
	t.Helper()
	old, err := os.ReadFile(path)
	if !errors.Is(err, fs.ErrNotExist) {
		require.NoError(t, err)
	}
	text := table.page(version, string(old))
	if text != string(old) {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
}

// compareMethods runs all cases of one file. Cases that share their passes go
// through one explainer.
func compareMethods(t *testing.T, table *table, mod model, form string, folded bool, options ...torch.Option) {
	file := mod.Forms[form]
	loaded, err := torch.Load(filepath.Join(reference, file.File), options...)
	require.NoError(t, err)
	defer loaded.Close()
	for _, cases := range grouped(mod.Cases) {
		layers, ok := mod.addresses(cases[0].Layers, form)
		if !ok {
			continue // freezing fused the layer into another
		}
		name := fmt.Sprintf("%s/%s/folded=%v", cases[0].Method, strings.Join(cases[0].Layers, "+"), folded)
		t.Run(name, func(t *testing.T) {
			run := methodRun{mod.Name, form, folded || form == "frozen" && mod.Folds, layers}
			if cases[0].Method == "dff" {
				run.concepts(t, table, loaded, cases[0])
				return
			}
			run.compare(t, table, loaded, file.Output, cases)
		})
	}
}

// grouped are the cases that can share passes, in the order of their first.
func grouped(cases []methodCase) [][]methodCase {
	var groups [][]methodCase
	at := map[string]int{}
	for _, c := range cases {
		key := c.shares()
		if c.Method == "dff" {
			key = ""
		}
		if i, ok := at[key]; ok && key != "" {
			groups[i] = append(groups[i], c)
			continue
		}
		at[key] = len(groups)
		groups = append(groups, []methodCase{c})
	}
	return groups
}

// methodRun is where cases run.
type methodRun struct {
	model, form string
	// folded says that batch norms were folded, here or by freezing.
	folded bool
	layers []string
}

// kink is what single terms of a gradient behind a kink may add up to, of the
// largest value, in a network that rounds differently; a tenth of it where only
// the batch of a real network has another size than the oracle's.
const kink = 0.01

// limit is the tolerance of one array.
func (r methodRun) limit(c methodCase, array string) float64 {
	moved := c.Sensitivity[array]
	switch {
	case r.folded:
		return max(c.Tolerance+2*moved, kink)
	case c.copies() && r.model != "toy" && r.model != "small":
		return kink / 10
	case c.formula():
		return c.Tolerance + moved/4
	}
	return c.Tolerance
}

func (r methodRun) compare(t *testing.T, table *table, m *torch.Module, output string, cases []methodCase) {
	var run []methodCase
	var methods []gradcam.Method
	for _, c := range cases {
		if reason, skipped := c.Skip[r.form]; skipped {
			table.reason(c.comparison(), r.form+" files", reason)
			continue
		}
		if _, err := gradcam.ByName(c.Method); err != nil {
			t.Errorf("the reference has a method that is unknown here: %v", err)
			continue
		}
		run, methods = append(run, c), append(methods, c.method(t))
	}
	if len(run) == 0 {
		return
	}
	options := append(run[0].options(t, output, r.layers), gradcam.WithMethods(methods...))
	e, err := gradcam.New(m, options...)
	require.NoError(t, err)
	defer e.Close()
	ctx, x := context.Background(), readArray(t, run[0].Input)
	results, err := e.ExplainAll(ctx, []engine.Array{x}, run[0].targets(t)...)
	require.NoError(t, err)
	for i, c := range run {
		r.note(t, table, c, results[i], x.Shape[0])
	}
}

// note compares the arrays of one case.
func (r methodRun) note(t *testing.T, table *table, c methodCase, results []gradcam.Result, batch int) {
	aligned := true
	for _, array := range slices.Backward(slices.Sorted(maps.Keys(c.Want))) { // raw maps before the map
		if c.Sensitivity[array] > hopeless && (r.folded || c.formula()) {
			table.reason(c.comparison(), strings.Join(append([]string{r.model}, c.Layers...), " "), c.hopeless())
			continue
		}
		if array == "map" && !aligned {
			continue // the oracle's sign is the other one: so is what its ReLU left
		}
		want := readArray(t, c.Want[array])
		got := arrayOf(results, array)
		require.Equal(t, want.Shape, got.Shape, "%s of %s", array, c.Method)
		if c.Sign && array != "map" && array != "score" {
			aligned = align(want, got) && aligned
		}
		worst, scale := oracletest.Difference(t, want, got, c.Method)
		scale = c.scale(array, scale, results[0].Normalised)
		limit := r.limit(c, array) + c.scoreRounding(results)/scale
		if worst > limit*scale {
			t.Errorf("%s of %s %s, batch %d: %.3g of %.3g is above %.3g", array, c.Method, c.text(), batch, worst/scale, scale, limit)
		}
		table.note(c.comparison(), r.model, r.form, r.folded, worst, worst/scale, limit)
	}
}

func arrayOf(results []gradcam.Result, array string) engine.Array {
	switch array {
	case "map":
		return oracletest.Map(results)
	case "score":
		scores := engine.NewArray(len(results))
		for n, r := range results {
			scores.Data[n] = float32(r.Target.Score)
		}
		return scores
	}
	var i int
	if _, err := fmt.Sscanf(array, "raw%d", &i); err != nil {
		panic(err)
	}
	return oracletest.Raw(results, i)
}

// align turns each sample of got to the sign that is closer to want. It says
// whether none had to be turned.
func align(want, got engine.Array) bool {
	none := true
	for n := range want.Shape[0] {
		plus, minus := 0.0, 0.0
		for i, w := range want.Row(n).Data {
			g := got.Row(n).Data[i]
			plus, minus = max(plus, math.Abs(float64(g-w))), max(minus, math.Abs(float64(-g-w)))
		}
		if minus < plus {
			none = false
			for i := range got.Row(n).Data {
				got.Row(n).Data[i] *= -1
			}
		}
	}
	return none
}
