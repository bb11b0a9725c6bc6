//go:build cgo

package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// childEnv makes the test binary run the check itself: CUDA must be asked for before
// anything else in a process.
const childEnv = "GPUCHECK_TEST_CHILD"

func TestMain(m *testing.M) {
	if args := os.Getenv(childEnv); args != "" {
		os.Args = append(os.Args[:1], strings.Fields(args)...)
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// shipped makes the folder that scripts/gpu-check makes.
func shipped(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	for name, target := range map[string]string{
		"sample": "../../examples/models", "photos": "../../examples/photos", "networks": "../../testdata/models",
	} {
		target, err := filepath.Abs(target)
		require.NoError(t, err)
		require.NoError(t, os.Symlink(target, filepath.Join(folder, name)))
	}
	return folder
}

// Every part of the check runs without a GPU, at small sizes.
func TestCheck(t *testing.T) {
	var out bytes.Buffer
	err := run(context.Background(), &out, []string{
		"--device", "cpu", "--models", shipped(t), "--size", "64", "--batches", "1,2", "--rounds", "1", "--explanations", "5", "--shortage", "5",
	})
	t.Log(out.String())
	require.NoError(t, err)
	report := out.String()
	for _, part := range (&check{}).steps() {
		assert.Contains(t, report, "\n## "+part.title+"\n")
	}
	assert.Contains(t, report, "All 9 parts passed.")
	assert.Regexp(t, `All \d\d networks, with \d\d\d? layers, have Python's activations`, report)
	assert.Regexp(t, `\| mobilenet_v2 \(shipped\) \| bf16 \| 2 \| \d`, report)
	assert.Regexp(t, `\| halvings \| [1-4] \|`, report)
	assert.Regexp(t, `\| bf16 \| true \| 0\.\d+ \|`, report)
}

// What differs is found: the networks' values are those of other networks.
func TestCheckFindsDifferences(t *testing.T) {
	c := &check{settings: settings{models: shipped(t), size: 32, batches: []int{1}}}
	folder := t.TempDir()
	require.NoError(t, os.CopyFS(folder, os.DirFS("../../testdata/models/frozen_toy")))
	toy := small{
		Name: "toy", Tolerance: 1e-5, Files: map[string]string{"script": "script.pt"}, Inputs: []string{"input0.npy"},
		Target: &struct{ Output, Cotangent string }{"", "cotangent.npy"},
	}
	toy.Layers = append(toy.Layers, struct {
		Layer, Activation, Gradient, Refused string
		Either                               bool
	}{Layer: "conv1", Activation: "conv1.activation.npy", Gradient: "relu1.gradient.npy"})
	n, worst, err := toy.check(context.Background(), folder, c.device)
	require.NoError(t, err)
	assert.Equal(t, 1, n)
	assert.Positive(t, worst)
	toy.Layers[0].Gradient = "conv1.gradient.npy"
	_, worst, err = toy.check(context.Background(), folder, c.device)
	require.NoError(t, err)
	assert.Zero(t, worst)
	toy.Layers[0].Layer = "none"
	_, _, err = toy.check(context.Background(), folder, c.device)
	require.ErrorContains(t, err, "none")
}

// A part that fails is named, and the others run.
func TestCheckFails(t *testing.T) {
	var out bytes.Buffer
	err := run(context.Background(), &out, []string{
		"--device", "cpu", "--models", t.TempDir(), "--size", "32", "--batches", "1", "--rounds", "1", "--explanations", "1", "--shortage", "1",
	})
	require.ErrorContains(t, err, "failed: Small networks, Parity")
	assert.Contains(t, out.String(), "**8 of 9 parts failed: ")
}

// Without a GPU there is one sentence, and a status that says so.
func TestNoGPU(t *testing.T) {
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childEnv+"=--models .", "CUDA_VISIBLE_DEVICES=")
	out, err := child.CombinedOutput()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	assert.Equal(t, 1, exit.ExitCode())
	assert.Regexp(t, `^gpu-check: nothing was checked, because .*\n$`, string(out))
}

func TestParse(t *testing.T) {
	for args, says := range map[string]string{
		"":                                      "give --models",
		"--models . --size 0":                   "sizes from 1",
		"--models . --batches 1,x":              `--batches "1,x"; give numbers`,
		"--models . --batches 0":                `--batches "0"`,
		"--models . --device gpu":               "not a device",
		"--models . --device cpu --python none": "gpu_check_peer",
	} {
		fields := strings.Fields(args)
		if strings.Contains(args, "--python") {
			fields = append(fields, "--peer", "gpu_check_peer.py")
			says = "none"
		}
		assert.ErrorContains(t, run(context.Background(), &bytes.Buffer{}, fields), says, args)
	}
}
