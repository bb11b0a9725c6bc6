package libtorch

import (
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func at(root string) Installation {
	return Installation{Root: root, Include: []string{root + "/include"}, Lib: root + "/lib", Version: "2.11.0"}
}

// TestFlagsFileComesFirst checks what the whole arrangement of flag files rests
// on: the go command puts the generated file's folders before the defaults.
func TestFlagsFileComesFirst(t *testing.T) {
	dir := t.TempDir()
	writeFiles(t, dir, map[string]string{"go.mod": "module example.com/flags\n\ngo 1.26\n"})
	for _, name := range []string{"flags.go", "zlibtorch_flags_default.go", "zlibtorch_flags_pkgconfig.go"} {
		text, err := os.ReadFile(filepath.Join("../../cgo", name))
		require.NoError(t, err)
		writeFiles(t, dir, map[string]string{name: string(text)})
	}
	_, err := WriteFlags(filepath.Join(dir, "zlibtorch_flags.go"), at("/a folder/libtorch"))
	require.NoError(t, err)

	list := func(field string, args ...string) string {
		cmd := exec.Command("go", append(append([]string{"list"}, args...), "-f", "{{join ."+field+" \"|\"}}")...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "CGO_ENABLED=1", "GOFLAGS=", "GOWORK=off")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
		return strings.TrimSpace(string(out))
	}
	_, where, _ := strings.Cut(list("CgoCXXFLAGS"), "-D") // the common flags come first
	require.Equal(t, []string{
		"TORCHLIGHT_LIBTORCH_VERSION=2.11.0", "-I/a folder/libtorch/include",
		"-I/usr/local/libtorch/include", "-I/usr/local/libtorch/include/torch/csrc/api/include",
		"-I/opt/libtorch/include", "-I/opt/libtorch/include/torch/csrc/api/include",
	}, strings.Split(where, "|"))
	require.Equal(t, []string{
		"-ltorch_cpu", "-lc10",
		"-L/a folder/libtorch/lib", "-Wl,-rpath,/a folder/libtorch/lib",
		"-L/usr/local/libtorch/lib", "-Wl,-rpath,/usr/local/libtorch/lib",
		"-L/opt/libtorch/lib", "-Wl,-rpath,/opt/libtorch/lib",
	}, strings.Split(list("CgoLDFLAGS"), "|"))

	for _, tag := range []string{"torch_custom", "torch_pkgconfig"} {
		require.NotContains(t, list("CgoCXXFLAGS", "-tags", tag), "-I")
		require.NotContains(t, list("CgoLDFLAGS", "-tags", tag), "-L")
	}
	require.Equal(t, "libtorch", list("CgoPkgConfig", "-tags", "torch_pkgconfig"))
	require.Empty(t, list("CgoPkgConfig", "-tags", "torch_pkgconfig,torch_custom"))
	require.Empty(t, list("CgoPkgConfig"))
}

func TestWriteFlags(t *testing.T) {
	path := filepath.Join(t.TempDir(), "zlibtorch_flags.go")
	wrote, err := WriteFlags(path, at("/first"))
	require.NoError(t, err)
	require.True(t, wrote)
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
	require.NoError(t, err)
	require.Equal(t, "cgo", file.Name.Name)
	require.Equal(t, "/first", readFlags(path))

	wrote, err = WriteFlags(path, at("/first"))
	require.NoError(t, err)
	require.False(t, wrote, "an unchanged file must not be written: go would compile again")

	wrote, err = WriteFlags(path, at("/second"))
	require.NoError(t, err)
	require.True(t, wrote)
	require.Equal(t, "/second", readFlags(path))
	left, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, left, 1)

	_, err = WriteFlags(filepath.Join(t.TempDir(), "no/such/folder.go"), at("/first"))
	require.ErrorContains(t, err, "no/such")
}

func TestReadFlagsOfOtherFiles(t *testing.T) {
	require.Empty(t, readFlags(filepath.Join(t.TempDir(), "none.go")))
	path := filepath.Join(t.TempDir(), "other.go")
	require.NoError(t, os.WriteFile(path, []byte("package cgo\n"), 0o644))
	require.Empty(t, readFlags(path))
}

func TestUnquotablePathsAreRefused(t *testing.T) {
	for _, root := range []string{"/a,b", `/a"b`, "/a'b", "/a\\b", "/$HOME", "/a*/b"} {
		_, err := at(root).FlagsFile()
		require.ErrorContains(t, err, "move libtorch", root)
		_, err = at(root).Exports(os.Getenv)
		require.ErrorContains(t, err, "move libtorch", root)
	}
}

// TestExports lets a shell evaluate the lines, twice: the second time changes
// nothing, and what the variables held before is kept.
func TestExports(t *testing.T) {
	for _, c := range []struct{ before, cxx, ld string }{
		{"", "-DTORCHLIGHT_LIBTORCH_VERSION=2.11.0 -I/lib/include -g -O2", "-L/lib/lib -Wl,-rpath,/lib/lib -g -O2"},
		{"-O3 -DNAME='x'", "-DTORCHLIGHT_LIBTORCH_VERSION=2.11.0 -I/lib/include -O3 -DNAME='x'", "-L/lib/lib -Wl,-rpath,/lib/lib -O3 -DNAME='x'"},
	} {
		env := map[string]string{"CGO_CXXFLAGS": c.before, "CGO_LDFLAGS": c.before}
		for range 2 {
			lines, err := at("/lib").Exports(func(name string) string { return env[name] })
			require.NoError(t, err)
			out, err := exec.Command("sh", "-c", lines+`printf '%s\n%s' "$CGO_CXXFLAGS" "$CGO_LDFLAGS"`).Output()
			require.NoError(t, err)
			env["CGO_CXXFLAGS"], env["CGO_LDFLAGS"], _ = strings.Cut(string(out), "\n")
			require.Equal(t, c.cxx, env["CGO_CXXFLAGS"])
			require.Equal(t, c.ld, env["CGO_LDFLAGS"])
		}
	}
	lines, err := at("/a folder").Exports(func(string) string { return "" })
	require.NoError(t, err)
	require.Contains(t, lines, `"-I/a folder/include" -g -O2'`)
}
