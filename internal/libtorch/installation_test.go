package libtorch

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestInspect(t *testing.T) {
	root := fakeRoot(t, t.TempDir(), "2.11.0")
	in, err := Inspect(root)
	require.NoError(t, err)
	require.Equal(t, Installation{
		Root:    root,
		Include: []string{filepath.Join(root, "include"), filepath.Join(root, "include/torch/csrc/api/include")},
		Lib:     filepath.Join(root, "lib"),
		Version: "2.11.0",
	}, in)
	require.True(t, in.SameMinor("2.11.3"))
	require.False(t, in.SameMinor("2.1.0"))
}

func TestInspectFindsTheVersionOfOlderHeaders(t *testing.T) {
	root := fakeRoot(t, t.TempDir(), "1.13.1")
	old := filepath.Join(root, "include/torch/csrc/api/include/torch/version.h")
	require.NoError(t, os.MkdirAll(filepath.Dir(old), 0o755))
	require.NoError(t, os.Rename(filepath.Join(root, "include/torch/headeronly/version.h"), old))
	in, err := Inspect(root)
	require.NoError(t, err)
	require.Equal(t, "1.13.1", in.Version)
}

func TestInspectNamesWhatIsMissing(t *testing.T) {
	for _, missing := range []struct{ file, says string }{
		{"include/torch/script.h", "no torch/script.h in "},
		{"lib/libtorch_cpu.so", "no libtorch_cpu in "},
		{"lib/libc10.so", "no libc10 in "},
		{"include/torch/headeronly/version.h", "states no version"},
	} {
		root := fakeRoot(t, t.TempDir(), "2.11.0")
		require.NoError(t, os.Remove(filepath.Join(root, missing.file)))
		_, err := Inspect(root)
		require.ErrorContains(t, err, missing.says)
	}
}
