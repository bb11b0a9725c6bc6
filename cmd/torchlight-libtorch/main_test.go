package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// fakeLibtorch sets LIBTORCH to a folder that looks like one.
func fakeLibtorch(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range map[string]string{
		"include/torch/script.h":             "",
		"include/torch/headeronly/version.h": "#define TORCH_VERSION_MAJOR 2\n#define TORCH_VERSION_MINOR 11\n#define TORCH_VERSION_PATCH 0\n",
		"lib/libtorch_cpu.so":                "",
		"lib/libc10.so":                      "",
	} {
		path := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	t.Setenv("LIBTORCH", root)
	return root
}

func TestInstall(t *testing.T) {
	root := fakeLibtorch(t)
	flags := filepath.Join(t.TempDir(), "zlibtorch_flags.go")
	var stdout, stderr bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"install", "--flags", flags}, &stdout, &stderr))
	require.Equal(t, root+"\n", stdout.String())
	require.Equal(t, "libtorch: 2.11.0 in "+root+"\n", stderr.String())
	require.FileExists(t, flags)

	stdout.Reset()
	stderr.Reset()
	require.NoError(t, run(t.Context(), []string{"install", "--flags", flags}, &stdout, &stderr))
	require.Empty(t, stderr.String(), "a second run has nothing to say")
}

func TestEnv(t *testing.T) {
	root := fakeLibtorch(t)
	t.Setenv("CGO_CXXFLAGS", "")
	t.Setenv("CGO_LDFLAGS", "-O1")
	var stdout, stderr bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"env"}, &stdout, &stderr))
	require.Equal(t, "export CGO_CXXFLAGS='-DTORCHLIGHT_LIBTORCH_VERSION=2.11.0 -I"+root+"/include -I"+root+"/include/torch/csrc/api/include -g -O2'\n"+
		"export CGO_LDFLAGS='-L"+root+"/lib -Wl,-rpath,"+root+"/lib -O1'\n", stdout.String())
	require.Empty(t, stderr.String())
}

func TestMisuse(t *testing.T) {
	for _, c := range []struct {
		args []string
		says string
	}{
		{nil, "no command given"},
		{[]string{"instal"}, `unknown command "instal"`},
		{[]string{"env", "--flags", "f"}, "flag provided but not defined"},
		{[]string{"install", "here"}, `unexpected argument "here"`},
	} {
		var out bytes.Buffer
		err := run(t.Context(), c.args, &out, &out)
		var misuse usageError
		require.ErrorAs(t, err, &misuse)
		require.ErrorContains(t, err, c.says)
		require.Empty(t, out.String())
	}
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"--help"}, &out, &out))
	require.Equal(t, usage, out.String())
}

func TestAWrongLibtorchIsNamed(t *testing.T) {
	t.Setenv("LIBTORCH", "/no/such/folder")
	var out bytes.Buffer
	require.ErrorContains(t, run(t.Context(), []string{"install"}, &out, &out), "LIBTORCH=/no/such/folder")
}
