//go:build parity

package parity

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/gradcam"
	"github.com/torchlight-go/torchlight/gradcam/card"
	"github.com/torchlight-go/torchlight/internal/oracletest"
	"github.com/torchlight-go/torchlight/torch"
)

// frozenTolerance is for values of frozen files, in which batch norms are folded.
const frozenTolerance = 1e-4

// chosen is the layer to explain when none is named: the last value with space in
// it that the score depends on, as the deepest block that returned it.
func chosen() map[string]string {
	return map[string]string{
		"toy":                "relu1",
		"mobilenet_v2":       "features.18",
		"resnet18":           "layer4",
		"vgg11":              "features.19",
		"densenet121":        "features.norm5",
		"shufflenet_v2_x1_0": "conv5",
		"googlenet":          "inception5b",
		"swin_t":             "norm",
		"vit_b_16":           "encoder.layers.encoder_layer_11.ln_1",
	}
}

// The default layer of every network of the zoo, in every form of its file. A
// frozen file has nodes only; the one chosen holds what the layer returned, after
// the ReLU where that is a node but no module, as behind DenseNet's features.
func TestDefaultLayers(t *testing.T) {
	var m manifest
	readJSON(t, "manifest.json", &m)
	want := chosen()
	for _, mod := range m.Models {
		if want[mod.Name] == "" {
			continue // networks that are there for something else
		}
		for _, form := range slices.Sorted(maps.Keys(mod.Forms)) {
			t.Run(mod.Name+"/"+form, func(t *testing.T) {
				file := filepath.Join(reference, mod.Forms[form].File)
				c, _, err := card.Find(file)
				require.NoError(t, err)
				assert.Empty(t, c.Layer, "a card would answer for the rule")
				got := choose(t, file, mod.Forms[form].Output, mod.Batches[0].Input)
				fmt.Printf("%-34s %s\n", mod.Name+"/"+form, got.Why)
				if form != "frozen" {
					assert.Equal(t, want[mod.Name], got.Layer)
					return
				}
				script := filepath.Join(reference, mod.Forms["script"].File)
				sameValue(t, mod, script, want[mod.Name], file, got.Layer)
			})
		}
		delete(want, mod.Name)
	}
	assert.Empty(t, want, "the zoo lacks these")
}

func choose(t *testing.T, file, output, input string) gradcam.Choice {
	t.Helper()
	m, err := torch.Load(file)
	require.NoError(t, err)
	defer m.Close()
	e, err := gradcam.New(m, gradcam.WithOutput(output))
	require.NoError(t, err)
	defer e.Close()
	choice, err := e.Choose(context.Background(), []engine.Array{readArray(t, input)})
	require.NoError(t, err)
	return choice
}

// sameValue compares what two addresses in two files hold.
func sameValue(t *testing.T, mod model, script, layer, frozen, node string) {
	t.Helper()
	require.True(t, strings.HasPrefix(node, "#"), node)
	x := readArray(t, mod.Batches[0].Input)
	a, b := activationOf(t, script, layer, x), activationOf(t, frozen, node, x)
	if strings.HasPrefix(node, "#relu:") {
		for i, v := range a.Data {
			a.Data[i] = max(v, 0)
		}
	}
	assert.LessOrEqual(t, oracletest.Relative(t, a, b, node), frozenTolerance, "%s is not %s", node, layer)
}

func activationOf(t *testing.T, file, layer string, x engine.Array) engine.Array {
	t.Helper()
	m, err := torch.Load(file)
	require.NoError(t, err)
	defer m.Close()
	return oracletest.Activation(t, m, layer, x)
}
