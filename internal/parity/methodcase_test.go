//go:build parity

package parity

import (
	"bytes"
	"encoding/json"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
)

// methodCase is one comparison: scripts/parity_ref/case.py.
type methodCase struct {
	Method, Oracle string
	// Options are fields of the method's struct.
	Options json.RawMessage
	// Smoothing and Compat are options of the explainer.
	Smoothing, Compat string
	// Label is what the table calls a case whose method is not what is compared.
	Label   string
	Layers  []string
	Input   string
	Targets []string
	// Want are the oracle's arrays: raw0, raw1 ... by layer, and map.
	Want map[string]string
	// Draws are its random numbers by kind, Arrays other inputs of the method.
	Draws, Arrays map[string]string
	Sensitivity   map[string]float64
	Sign          bool
	Tolerance     float64
	Scale         *float64
	Skip          map[string]string
}

func (c methodCase) comparison() comparison {
	what := c.Method
	if c.Label != "" {
		what = c.Label
	}
	if c.Smoothing != "" {
		what += ", " + c.Smoothing
	}
	return comparison{what, c.Oracle, c.Tolerance}
}

// hopeless is how much an oracle's own value may move by rounding before nothing
// that rounds differently can be compared with it.
const hopeless = 0.01

// formula says that the case is a formula whose denominators come close to zero
// where the channels of an activation are negative in sum.
func (c methodCase) formula() bool { return c.Method == "gradcam++" || c.Method == "xgradcam" }

// copies says that the method takes gradients of changed copies of the input,
// which the oracle runs in batches of another size.
func (c methodCase) copies() bool {
	return slices.Contains([]string{
		"smoothgradcam++", "integrated-gradients", "smoothgrad", "squaregrad", "vargrad", "gradientshap",
		"layer-integrated-gradients", "conductance",
	}, c.Method)
}

// scoreRounding is the rounding of scores, of whose small differences some
// methods are made.
func (c methodCase) scoreRounding(results []gradcam.Result) float64 {
	if !slices.Contains([]string{"occlusion", "feature-ablation", "shapley-sampling", "kernelshap", "lime"}, c.Method) {
		return 0
	}
	largest := 0.0
	for _, r := range results {
		largest = max(largest, math.Abs(r.Target.Score))
	}
	return 1e-6 * largest
}

// hopeless says why.
func (c methodCase) hopeless() string {
	if c.formula() {
		return "channels are negative in sum, a denominator is next to zero, and rounding moves Python's own value by more than 1 %"
	}
	return "folded; rounding moves Python's own value by more than 1 %"
}

// text is the options on one line.
func (c methodCase) text() string {
	var line bytes.Buffer
	if json.Compact(&line, c.Options) != nil {
		return string(c.Options)
	}
	return line.String()
}

// shares says what cases need to be explained by one explainer in one call; ""
// means that the case needs its own.
func (c methodCase) shares() string {
	if len(c.Draws) > 0 || len(c.Arrays) > 0 {
		return ""
	}
	return strings.Join(append([]string{c.Input, c.Smoothing, c.Compat, strings.Join(c.Layers, " "), "|"}, c.Targets...), " ")
}

// method is the method with its options.
func (c methodCase) method(t *testing.T) gradcam.Method {
	t.Helper()
	standard, err := gradcam.ByName(c.Method)
	require.NoError(t, err)
	made := reflect.New(reflect.TypeOf(standard))
	made.Elem().Set(reflect.ValueOf(standard))
	if made.Elem().Kind() == reflect.Struct {
		options := json.NewDecoder(bytes.NewReader(c.Options))
		options.DisallowUnknownFields()
		require.NoError(t, options.Decode(made.Interface()), "options of %s", c.Method)
	}
	for name, file := range c.Arrays {
		field, ok := map[string]string{"mask": "Features.Mask", "baselines": "Baselines"}[name]
		if !ok {
			continue // the target's
		}
		value := made.Elem()
		for _, part := range strings.Split(field, ".") {
			value = value.FieldByName(part)
		}
		value.Set(reflect.ValueOf(readArray(t, file)))
	}
	return made.Elem().Interface().(gradcam.Method)
}

// scale is what differences are relative to: of normalised maps 1, else the
// largest value, unless the case says otherwise.
func (c methodCase) scale(array string, largest float64, normalised bool) float64 {
	switch {
	case array == "map" && normalised:
		return 1
	case c.Scale != nil && array != "score":
		return *c.Scale
	}
	return largest
}

// options are those of the explainer.
func (c methodCase) options(t *testing.T, output string, layers []string) []gradcam.Option {
	t.Helper()
	options := []gradcam.Option{gradcam.WithOutput(output)}
	if len(layers) > 0 {
		options = append(options, gradcam.WithLayers(layers...))
	}
	if len(c.Draws) > 0 {
		options = append(options, gradcam.WithSource(newReplay(t, c.Draws)))
	}
	if c.Compat != "" {
		options = append(options, gradcam.WithCompat(gradcam.Peer(c.Compat)))
	}
	if c.Smoothing != "" {
		smoothing, ok := smoothings()[c.Smoothing]
		require.True(t, ok, "unknown smoothing %s", c.Smoothing)
		options = append(options, smoothing)
	}
	return options
}

func smoothings() map[string]gradcam.Option {
	return map[string]gradcam.Option{"eigen_smooth": gradcam.WithEigenSmoothing(), "aug_smooth": gradcam.WithAugSmoothing()}
}

// targets are read as the command reads them, but for those that hold arrays.
func (c methodCase) targets(t *testing.T) []gradcam.Target {
	t.Helper()
	targets := make([]gradcam.Target, len(c.Targets))
	for i, text := range c.Targets {
		word, operand, _ := strings.Cut(text, ":")
		var err error
		switch word {
		case "similar":
			targets[i] = gradcam.Similarity("reference", readArray(t, c.Arrays["reference"]).Data)
		case "dot":
			targets[i] = gradcam.DotProduct("reference", readArray(t, c.Arrays["reference"]).Data)
		case "mask":
			var class int
			class, err = strconv.Atoi(operand)
			targets[i] = gradcam.Mask("mask", readArray(t, c.Arrays["segment"]), class)
		default:
			targets[i], err = gradcam.ParseTarget(text, nil)
		}
		require.NoError(t, err, text)
	}
	return targets
}

// addresses are the layers' addresses in a form of the file; false if one has none.
func (m model) addresses(layers []string, form string) ([]string, bool) {
	found := make([]string, len(layers))
	for i, path := range layers {
		for _, l := range m.Batches[0].Layers {
			if l.Layer == path {
				found[i] = l.address(form)
			}
		}
		if found[i] == "" {
			return nil, false
		}
	}
	return found, true
}

// replay gives a method the numbers that its oracle drew: arrays are [draws,
// samples, values], with one sample where all get the same.
type replay struct {
	t     *testing.T
	drawn map[string]engine.Array
}

func newReplay(t *testing.T, files map[string]string) replay {
	drawn := map[string]engine.Array{}
	for kind, file := range files {
		drawn[kind] = readArray(t, file)
	}
	return replay{t, drawn}
}

func (r replay) row(kind string, draw, sample, n int) engine.Array {
	a, ok := r.drawn[kind]
	if !ok || draw >= a.Shape[0] {
		panic("parity: the reference drew no " + kind + " number for this draw: " + filepath.Base(r.t.Name()))
	}
	row := a.Row(draw)
	row = row.Row(min(sample, row.Shape[0]-1))
	if row.Len() != n {
		panic("parity: the reference drew another count of " + kind + " numbers: " + filepath.Base(r.t.Name()))
	}
	return row
}

func (r replay) Normal(draw, sample int, dst []float32) {
	copy(dst, r.row("normal", draw, sample, len(dst)).Data)
}

func (r replay) Uniform(draw, sample int, dst []float32) {
	copy(dst, r.row("uniform", draw, sample, len(dst)).Data)
}

func (r replay) Permutation(draw, sample, n int) []int {
	order := make([]int, n)
	for i, v := range r.row("permutation", draw, sample, n).Ints {
		order[i] = int(v)
	}
	return order
}
