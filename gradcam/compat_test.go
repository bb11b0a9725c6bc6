package gradcam_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/enginetest"
)

// peerMap is a case of testdata/compat.json, written by scripts/golden/compat.py.
type peerMap struct {
	Peer    gradcam.Peer
	Method  string
	Layers  []string
	InPlace bool
	Size    []int
	Asked   bool
	Maps    [][]float32
}

// named is a method of another name: torch-cam's conventions go by it.
type named struct {
	own
	name string
}

func (n named) Name() string { return n.name }

// Finished maps of pytorch-grad-cam 1.5.7, captum 0.9 and torch-cam 0.5, with a
// layer that the next operation overwrites and without.
func TestCompatEqualsThePeers(t *testing.T) {
	data, err := os.ReadFile("testdata/compat.json")
	require.NoError(t, err)
	var cases []peerMap
	require.NoError(t, json.Unmarshal(data, &cases))
	seen := map[gradcam.Peer]bool{}
	for _, c := range cases {
		seen[c.Peer] = true
		t.Run(fmt.Sprint(c.Peer, c.Method, c.Layers, c.InPlace, c.Asked), func(t *testing.T) {
			toy := enginetest.NewToyHead(readGolden(t).Head)
			if c.InPlace {
				toy = enginetest.NewToyInPlace(readGolden(t).Head)
			}
			method, err := gradcam.ByName(c.Method)
			require.NoError(t, err)
			results := explain(t, toy, enginetest.ToyInput(0, 1), gradcam.Class(0),
				gradcam.WithLayers(c.Layers...), gradcam.WithMethod(method), gradcam.WithCompat(c.Peer))
			for i, r := range results {
				assert.Equal(t, c.Peer, r.Compat)
				m := r.Map()
				if c.Asked {
					m, err = r.MapSize(c.Size[0], c.Size[1])
					require.NoError(t, err)
				}
				assert.Equal(t, c.Size, m.Shape)
				assert.InDeltaSlice(t, c.Maps[i], m.Data, 1e-6, "sample %d", i)
				assert.Equal(t, c.Peer != gradcam.Captum, r.Normalised)
			}
		})
	}
	assert.Len(t, seen, 3)
}

// Where the next operation writes to the layer's value, no peer is the default:
// captum's activation and gradient, pytorch-grad-cam's finish.
func TestOwnConventionsInPlace(t *testing.T) {
	head := readGolden(t).Head
	before := explain(t, enginetest.NewToyHead(head), enginetest.ToyInput(0), gradcam.Class(0), gradcam.WithLayer("conv1"))[0]
	after := explain(t, enginetest.NewToyInPlace(head), enginetest.ToyInput(0), gradcam.Class(0), gradcam.WithLayer("conv1"))[0]
	assert.Equal(t, before.Raw, after.Raw)
	assert.Equal(t, before.Map(), after.Map())
	assert.Empty(t, after.Compat)
}

// A map that is signed is not blank for having no positive value; the original CAM's
// of torch-cam is stretched without a ReLU.
func TestCompatOfNegativeMaps(t *testing.T) {
	negative := []float32{-4, -3, -2, -1}
	c := canned([]float32{1, 0}, map[string][]float32{"a": negative})
	of := func(name string, compat gradcam.Peer, finish gradcam.Finish) gradcam.Result {
		shape := []int{1, 2, 2}
		if finish == gradcam.Magnitude {
			shape = []int{1, 1, 2, 2}
		}
		method := named{own{gradcam.Needs{Layer: true}, func(context.Context, *gradcam.Run) ([]gradcam.Attribution, error) {
			return []gradcam.Attribution{{Layer: "a", Values: engine.Array{Shape: shape, Data: negative}, Finish: finish}}, nil
		}}, name}
		return explain(t, c, image(1), gradcam.Top1(), gradcam.WithLayer("a"), gradcam.WithMethod(method), gradcam.WithCompat(compat))[0]
	}
	for _, tc := range []struct {
		method string
		compat gradcam.Peer
		finish gradcam.Finish
		reason gradcam.Reason
		corner float32
	}{
		{"gradcam", "", gradcam.Normalise, gradcam.AllNegative, 0},
		{"gradcam", gradcam.PytorchGradCAM, gradcam.Normalise, gradcam.AllNegative, 0},
		{"gradcam", gradcam.TorchCAM, gradcam.Normalise, gradcam.AllNegative, 0},
		{"cam", gradcam.TorchCAM, gradcam.Normalise, "", 1},
		{"gradcam", gradcam.Captum, gradcam.Normalise, "", -1},
		{"saliency", gradcam.Captum, gradcam.Magnitude, "", -1},
		{"seed", gradcam.Captum, gradcam.Clip, gradcam.AllNegative, 0},
	} {
		r := of(tc.method, tc.compat, tc.finish)
		assert.Equal(t, tc.reason, r.Reason, "%s %s", tc.method, tc.compat)
		m := r.Map().Data
		assert.InDelta(t, tc.corner, m[len(m)-1], 1e-6, "%s %s", tc.method, tc.compat)
	}
}

// torch-cam's fusion is the maximum, unless another one is asked for.
func TestCompatFusion(t *testing.T) {
	layers := map[string][]float32{"a": {0, 1, 2, 4}, "b": {4, 0, 0, 1}}
	of := func(options ...gradcam.Option) []float32 {
		options = append(options, gradcam.WithLayers("a", "b"))
		return explain(t, canned([]float32{1, 0}, layers), image(1), gradcam.Top1(), options...)[0].Map().Data
	}
	assert.InDeltaSlice(t, []float32{1, 0.25, 0.5, 1}, of(gradcam.WithCompat(gradcam.TorchCAM)), 1e-6)
	assert.InDeltaSlice(t, []float32{0.5, 0.125, 0.25, 0.625}, of(gradcam.WithFusion(gradcam.Mean), gradcam.WithCompat(gradcam.TorchCAM)), 1e-6)
}

func TestParsePeer(t *testing.T) {
	for _, p := range append(gradcam.Peers(), "") {
		got, err := gradcam.ParsePeer(string(p))
		require.NoError(t, err)
		assert.Equal(t, p, got)
	}
	_, err := gradcam.ParsePeer("torchcam")
	assert.EqualError(t, err, `unknown peer "torchcam" (did you mean "torch-cam"?)`)
	_, err = gradcam.ParsePeer("zennit")
	assert.EqualError(t, err, `unknown peer "zennit": give one of pytorch-grad-cam, captum, torch-cam`)
	_, err = gradcam.New(enginetest.NewToy(), gradcam.WithCompat("zennit"))
	assert.ErrorContains(t, err, `gradcam: unknown peer "zennit"`)
}

// A peer's conventions leave raw maps alone, in all methods but the one whose
// formula is said to follow torch-cam. What is said not to be reproduced is named
// with the differences in the guide.
func TestCompatOfFormulas(t *testing.T) {
	raw := func(m gradcam.Method, compat gradcam.Peer) []engine.Array {
		var values []engine.Array
		for _, r := range explain(t, enginetest.NewToy(), enginetest.ToyInput(0, 1), gradcam.Class(0),
			gradcam.WithMethod(m), gradcam.WithLayer("conv1"), gradcam.WithCompat(compat)) {
			for _, layer := range r.Raw {
				values = append(values, layer.Values)
			}
		}
		return values
	}
	for _, m := range gradcam.Methods() {
		if m.Name() == "cam" || m.Needs().SecondOrder {
			continue // the toy has no linear head and no second derivatives
		}
		own := raw(m, "")
		for _, peer := range gradcam.Peers() {
			if peer == gradcam.TorchCAM && m.Name() == "smoothgradcam++" {
				assert.NotEqual(t, own, raw(m, peer))
				continue
			}
			assert.Equal(t, own, raw(m, peer), "%s under %s", m.Name(), peer)
		}
	}
	guide, err := os.ReadFile("../docs/targets-and-layers.md")
	require.NoError(t, err)
	for _, row := range []string{"| torch-cam | `gradcam++` |", "| torch-cam | `scorecam` |", "| torch-cam | `xgradcam` |", "| torch-cam | `finercam` |", "but for `smoothgradcam++`"} {
		assert.Contains(t, string(guide), row)
	}
}
