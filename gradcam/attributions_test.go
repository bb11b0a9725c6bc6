package gradcam_test

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
)

// attributionCase is one of testdata/attributions.json, which
// scripts/golden/attributions.py writes: what captum 0.9 computes.
type attributionCase struct {
	Method          string
	Options         json.RawMessage
	Net             string
	Input, Target   int
	Layer           string
	Normal, Uniform map[int][][]float32
	Values          [][]float32
}

// replay draws what another library drew.
type replay struct {
	t               *testing.T
	normal, uniform map[int][][]float32
}

func (r replay) Normal(draw, sample int, dst []float32)  { r.draw(r.normal, draw, sample, dst) }
func (r replay) Uniform(draw, sample int, dst []float32) { r.draw(r.uniform, draw, sample, dst) }
func (r replay) Permutation(int, int, int) []int         { panic("not recorded") }

func (r replay) draw(from map[int][][]float32, draw, sample int, dst []float32) {
	if assert.Contains(r.t, from, draw) && assert.Len(r.t, from[draw][sample], len(dst)) {
		copy(dst, from[draw][sample])
	}
}

// method is the case's method with its options.
func (c attributionCase) method(t *testing.T) gradcam.Method {
	t.Helper()
	plain, err := gradcam.ByName(c.Method)
	require.NoError(t, err)
	if string(c.Options) == "{}" {
		return plain
	}
	m := reflect.New(reflect.TypeOf(plain))
	require.NoError(t, json.Unmarshal(c.Options, m.Interface()))
	return m.Elem().Interface().(gradcam.Method)
}

// net is the case's network and inputs, two samples.
func (c attributionCase) net(t *testing.T) (engine.Model, []engine.Array) {
	hidden := []int{2, 2, 3}
	switch c.Net {
	case "toy":
		return enginetest.NewToyHead(readGolden(t).Head), []engine.Array{enginetest.ToyInput(0, 1)}
	case "smooth":
		return &enginetest.Smooth{Shapes: [][]int{{2, 3, 4}}, Hidden: hidden, Classes: 3}, []engine.Array{wave(2, 2, 3, 4)}
	case "row":
		return &enginetest.Smooth{Shapes: [][]int{{5}}, Hidden: []int{4}, Classes: 3}, []engine.Array{wave(2, 5)}
	default:
		return &enginetest.Smooth{Shapes: [][]int{{5}, {3}}, Hidden: hidden, Classes: 3}, []engine.Array{wave(2, 5), wave(2, 3)}
	}
}

func attributionCases(t *testing.T, file string) []attributionCase {
	t.Helper()
	data, err := os.ReadFile("testdata/" + file)
	require.NoError(t, err)
	var cases []attributionCase
	require.NoError(t, json.Unmarshal(data, &cases))
	require.NotEmpty(t, cases)
	return cases
}

// Raw maps equal captum's.
func TestAttributionsEqualCaptum(t *testing.T) {
	assert.Len(t, equalPeers(t, attributionCases(t, "attributions.json")), 12)
}

// equalPeers holds raw maps to a peer's within 1e-5 of their range, in one chunk and
// in chunks of one copy. It returns how far each method was off.
func equalPeers(t *testing.T, cases []attributionCase) map[string]float64 {
	t.Helper()
	seen := map[string]float64{}
	for _, c := range cases {
		for _, memory := range []int64{1, gradcam.DefaultMemory} {
			t.Run(fmt.Sprintf("%s %s %s@%d %s, %d bytes", c.Method, c.Net, c.Layer, c.Input, c.Options, memory), func(t *testing.T) {
				for n, r := range c.explain(t, memory) {
					d := difference(c.Values[n], r.Raw[0].Values.Data)
					assert.Less(t, d, 1e-5, "sample %d: %v %v", n, c.Values[n], r.Raw[0].Values.Data)
					seen[c.Method] = max(seen[c.Method], d)
				}
			})
		}
	}
	for method, d := range seen {
		t.Logf("%-28s %.1e of the map's largest magnitude", method, d)
	}
	return seen
}

// explain runs a case. One without a layer is of the input.
func (c attributionCase) explain(t *testing.T, memory int64) []gradcam.Result {
	model, inputs := c.net(t)
	options := []gradcam.Option{
		gradcam.WithMethod(c.method(t)), gradcam.WithInput(c.Input), gradcam.WithMemory(memory), gradcam.WithSource(replay{t, c.Normal, c.Uniform}),
	}
	if c.Layer != "" {
		options = append(options, gradcam.WithLayer(c.Layer))
	}
	e, err := gradcam.New(model, options...)
	require.NoError(t, err)
	defer e.Close()
	all, err := e.ExplainAll(ctx, inputs, gradcam.Class(c.Target))
	require.NoError(t, err)
	return all[0]
}

// difference is the largest one, relative to the largest magnitude of want.
func difference(want, got []float32) float64 {
	if len(want) != len(got) {
		return 1
	}
	largest, d := 0.0, 0.0
	for i, w := range want {
		largest = max(largest, float64(w), -float64(w))
		d = max(d, float64(w-got[i]), float64(got[i]-w))
	}
	if largest == 0 {
		return d
	}
	return d / largest
}
