package gradcam_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The Go code of the pages is that of the tested examples.
func TestPageCode(t *testing.T) {
	paths, err := filepath.Glob("example*_test.go")
	require.NoError(t, err)
	examples := ""
	for _, path := range paths {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		examples += string(data)
	}
	data, err := os.ReadFile("../docs/targets-and-layers.md")
	require.NoError(t, err)
	blocks := strings.Split(string(data), "```go\n")[1:]
	require.NotEmpty(t, blocks)
	for _, b := range blocks {
		code, _, found := strings.Cut(b, "```")
		require.True(t, found)
		require.True(t, strings.Contains(examples, code), "no example_*_test.go has this code:\n%s", code)
	}
}
