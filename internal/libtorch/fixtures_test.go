package libtorch

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// versionHeader is the part of torch/headeronly/version.h that is read.
func versionHeader(version string) string {
	n := strings.Split(version, ".")
	return fmt.Sprintf("#pragma once\n#define TORCH_VERSION_MAJOR %s\n\n#define TORCH_VERSION_MINOR %s\n\n#define TORCH_VERSION_PATCH %s\n", n[0], n[1], n[2])
}

// writeFiles writes files by slash-separated path below a folder.
func writeFiles(t *testing.T, root string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(root, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
}

// fakeRoot makes a folder that looks like an unpacked libtorch.
func fakeRoot(t *testing.T, root, version string) string {
	t.Helper()
	writeFiles(t, root, map[string]string{
		"include/torch/script.h":             "",
		"include/torch/headeronly/version.h": versionHeader(version),
		"lib/libtorch_cpu.so":                "",
		"lib/libc10.so":                      "",
	})
	return root
}

// sharedLibrary compiles an empty shared library that loads others by name.
func sharedLibrary(t *testing.T, dir, name string, loads ...string) []byte {
	t.Helper()
	path := filepath.Join(dir, name)
	args := []string{"-shared", "-x", "c", "-", "-o", path, "-Wl,-soname," + name, "-Wl,-rpath,$ORIGIN"}
	if len(loads) > 0 {
		args = append(args, "-x", "none", "-Wl,--no-as-needed")
	}
	for _, l := range loads {
		args = append(args, filepath.Join(dir, l))
	}
	cmd := exec.Command("cc", args...)
	cmd.Stdin = strings.NewReader("")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	lib, err := os.ReadFile(path)
	require.NoError(t, err)
	return lib
}

func zipOf(t *testing.T, files map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, data := range files {
		w, err := z.Create(name)
		require.NoError(t, err)
		_, err = w.Write(data)
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	return b.Bytes()
}

// index is a package index with small wheels of the real ones' structure: torch
// as on PyPI (its libtorch_cpu loads a CUDA library of another wheel), that
// other wheel, and torch as on pytorch.org.
type index struct {
	wheels   map[string][]byte // by project
	official []byte

	mu    sync.Mutex
	calls []string // projects that pip was asked for
}

func newIndex(t *testing.T) *index {
	t.Helper()
	dir := t.TempDir()
	c10 := sharedLibrary(t, dir, "libc10.so")
	gomp := sharedLibrary(t, dir, "libgomp.so.1")
	cudart := sharedLibrary(t, dir, "libcudart.so.13")
	cuda := sharedLibrary(t, dir, "libtorch_cpu.so", "libc10.so", "libgomp.so.1", "libcudart.so.13")
	torch := map[string][]byte{
		"torch/include/torch/script.h":             nil,
		"torch/include/torch/headeronly/version.h": []byte(versionHeader(Version)),
		"torch/include/":                           nil,
		"torch/lib/libc10.so":                      c10,
		"torch/lib/libgomp.so.1":                   gomp,
		"torch/lib/libtorch_cpu.so":                cuda,
		"torch/lib/libtorch_cuda.so":               []byte("large"),
		"torch/nn/modules.py":                      []byte("pass"),
		"torch-2.11.0.dist-info/licenses/LICENSE":  []byte("BSD"),
		"numpy.libs/LICENSE":                       []byte("another's"),
	}
	ix := &index{wheels: map[string][]byte{
		"torch":               zipOf(t, torch),
		"nvidia-cuda-runtime": zipOf(t, map[string][]byte{"nvidia/cu13/lib/libcudart.so.13": cudart, "nvidia/cu13/lib/libnvrtc.so": nil}),
	}}
	torch["torch/lib/libtorch_cpu.so"] = sharedLibrary(t, dir, "libtorch_cpu.so", "libc10.so", "libgomp.so.1")
	ix.official = zipOf(t, torch)
	return ix
}

// run stands in for python3; other programs are real.
func (ix *index) run(ctx context.Context, name string, args ...string) ([]byte, error) {
	if name != "python3" {
		return output(ctx, name, args...)
	}
	if args[0] == "-c" {
		return []byte("\n"), nil
	}
	flag := func(name string) string {
		for i, a := range args {
			if a == name {
				return args[i+1]
			}
		}
		return ""
	}
	requirement, err := os.ReadFile(flag("--requirement"))
	if err != nil {
		return nil, err
	}
	project, _, _ := strings.Cut(string(requirement), "==")
	ix.mu.Lock()
	ix.calls = append(ix.calls, project)
	ix.mu.Unlock()
	time.Sleep(10 * time.Millisecond) // so that concurrent runs meet
	data, ok := ix.wheels[project]
	if !ok {
		return nil, fmt.Errorf("python3: no matching distribution found for %s", project)
	}
	return nil, os.WriteFile(filepath.Join(flag("--dest"), project+".whl"), data, 0o644)
}

// pins are those of the index. Only the official build's sum is checked on this
// side; pip checks the others.
func (ix *index) pins(official string) func(string) (pins, error) {
	return func(string) (pins, error) {
		sum := sha256.Sum256(ix.official)
		p := pins{
			python:     "3.11",
			torch:      wheel{project: "torch", version: Version},
			companions: []wheel{{project: "nvidia-cuda-runtime", version: "13.0.96", provides: []string{"libcudart.so.13"}}},
		}
		if official != "" {
			p.official = archive{url: official + "/torch.whl", sha256: hex.EncodeToString(sum[:])}
		}
		return p, nil
	}
}

// newTestFinder finds nothing but what a test puts there, and downloads from
// the index.
func newTestFinder(t *testing.T, ix *index) (*Finder, *[]string) {
	t.Helper()
	var log []string
	return &Finder{
		Platform: "linux/amd64",
		Cache:    filepath.Join(t.TempDir(), "torchlight"),
		Getenv:   func(string) string { return "" },
		Log:      func(format string, args ...any) { log = append(log, fmt.Sprintf(format, args...)) },
		pins:     ix.pins(""),
		run:      ix.run,
		client:   newClient(),
		stall:    10 * time.Second,
	}, &log
}
