//go:build parity

package parity

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/npy"
)

const (
	root      = "../.."
	reference = root + "/build/parity"
)

type manifest struct {
	Torch  string
	Models []model
	// Heads are networks for targets only.
	Heads []model
}

type model struct {
	Name, About string
	Forms       map[string]struct{ File, Output string }
	Batches     []batch
	// Folds says that it has batch norms, which are folded by default.
	Folds bool
	Cases []methodCase
	// Reasons say why a method is not compared, or not in full.
	Reasons []struct{ Method, Oracle, Place, Text string }
}

type batch struct {
	Size          int
	Input, Output string
	Targets       []int
	Probabilities []float64
	Layers        []layer
}

type layer struct {
	Layer, Layout                  string
	Inplace                        bool
	Frozen                         *string
	MapBy                          string `json:"map_by"`
	Activation, Gradient, Raw, Map string
	Overlay                        string
	SeedGradient                   string `json:"seed_gradient"`
	SeedRaw                        string `json:"seed_raw"`
	SeedMap                        string `json:"seed_map"`
	// SeedScale is what the seed recipe is judged by: the largest sum over
	// channels of |A G|. Before a layer norm the terms of its sum cancel.
	SeedScale float64 `json:"seed_scale"`
	// Sensitivity is, by stage, how far eager Python's own value moves when the
	// activation is moved by rounding error.
	Sensitivity map[string]float64
}

// address is the layer's address in a form of the file, "" if it has none.
func (l layer) address(form string) string {
	if form != "frozen" {
		return l.Layer
	}
	if l.Frozen == nil {
		return ""
	}
	return *l.Frozen
}

func readJSON(t *testing.T, name string, into any) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(reference, name))
	require.NoError(t, err, "run scripts/parity first")
	require.NoError(t, json.Unmarshal(raw, into))
}

func readArray(t *testing.T, name string) engine.Array {
	t.Helper()
	a, err := npy.ReadFile(filepath.Join(reference, name))
	require.NoError(t, err)
	return a
}
