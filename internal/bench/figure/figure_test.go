package figure

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func example() Figure {
	f := Figure{Case: "gradcam toy conv batch 1", Part: "layers", Model: "toy", Layer: "conv", Method: "gradcam", Batch: 1, Threads: 1,
		Rounds: 3, Calls: 1, Differences: map[string]float64{"torch_cam": 1e-6}, Run: Run{Command: "make bench", Cores: 2}}
	f.Set(Own, []float64{10, 20, 30}, nil)
	f.Set("torch_cam_ms", []float64{20, 60, 30}, []float64{10, 20, 30})
	return f
}

// The fields of the file that other programs read.
func TestFigureInJSON(t *testing.T) {
	doc, err := json.Marshal(example())
	require.NoError(t, err)
	assert.JSONEq(t, `{"case": "gradcam toy conv batch 1", "part": "layers", "model": "toy", "layer": "conv", "method": "gradcam",
		"batch": 1, "threads": 1, "rounds": 3, "calls": 1,
		"torchlight_ms": 20, "torch_cam_ms": 30, "quartiles": {"torchlight_ms": [15, 25], "torch_cam_ms": [25, 45]},
		"ratios": {"torch_cam_ms": [1.5, 2, 2.5]}, "differences": {"torch_cam": 0.000001},
		"run": {"command": "make bench", "date": "", "cpu": "", "capability": "", "cores": 2, "memory_gib": 0, "versions": null}}`, string(doc))
}

func TestFigureIsReadAsWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bench.json")
	all := []Figure{example(), {Case: "other", Values: map[string]Quartiles{"python_mb": {1, 2, 3}}, Ratios: map[string]Quartiles{}}}
	require.NoError(t, Write(path, all))
	got, err := Read(path)
	require.NoError(t, err)
	assert.Equal(t, all, got)
	assert.Equal(t, Quartiles{1 / 2.5, 1 / 2.0, 1 / 1.5}, cost(t, got[0], "torch_cam_ms"))
	_, ok := got[1].Cost("torch_cam_ms")
	assert.False(t, ok)
}

func cost(t *testing.T, f Figure, name string) Quartiles {
	t.Helper()
	c, ok := f.Cost(name)
	require.True(t, ok)
	return c
}

func TestFilesThatAreNone(t *testing.T) {
	dir := t.TempDir()
	_, err := Read(filepath.Join(dir, "none.json"))
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, "run make bench-full first")
	for _, text := range []string{"{", `[{"quartiles": 3}]`, `[{"ratios": {"a": [1]}}]`, `[{"quartiles": {"a_ms": [1, 2]}}]`, `[{"a_ms": "x", "quartiles": {"a_ms": [1, 2]}}]`} {
		path := filepath.Join(dir, "bad.json")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		_, err := Read(path)
		require.ErrorContains(t, err, "bad.json is no file of figures", text)
	}
}

func TestMerge(t *testing.T) {
	old := []Figure{{Case: "a", Rounds: 1}, {Case: "b", Rounds: 1}}
	got := Merge(old, []Figure{{Case: "b", Rounds: 2}, {Case: "c", Rounds: 2}})
	assert.Equal(t, []Figure{{Case: "a", Rounds: 1}, {Case: "b", Rounds: 2}, {Case: "c", Rounds: 2}}, got)
	assert.Equal(t, 1, old[1].Rounds, "the old ones stay")
}
