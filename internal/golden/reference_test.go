//go:build cgo

package golden

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/engine"
	"github.com/torchlight-go/torchlight/internal/oracletest"
	"github.com/torchlight-go/torchlight/npy"
)

const (
	root      = "../.."
	tolerance = 1e-5 // relative to the reference's largest value
)

// reference is testdata/golden; it remembers what was read.
type reference struct {
	folder string
	read   map[string]bool
}

func newReference() *reference {
	return &reference{root + "/testdata/golden", map[string]bool{"README.md": true}}
}

// path is that of a file, which is then read.
func (r *reference) path(name string) string {
	r.read[name] = true
	return filepath.Join(r.folder, name)
}

func (r *reference) json(t *testing.T, name string, into any) {
	t.Helper()
	raw, err := os.ReadFile(r.path(name))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, into))
}

func (r *reference) array(t *testing.T, name string) engine.Array {
	t.Helper()
	a, err := npy.ReadFile(r.path(name))
	require.NoError(t, err)
	return a
}

// requireAllRead fails for a file that no test looks at.
func (r *reference) requireAllRead(t *testing.T) {
	t.Helper()
	files := 0
	require.NoError(t, filepath.WalkDir(r.folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(r.folder, path)
		files++
		assert.True(t, r.read[filepath.ToSlash(name)], "%s is read by no test", name)
		return err
	}))
	require.Greater(t, files, 30)
}

// requireNear compares with a reference array; "" is none. A reference of nothing
// but zeros proves nothing.
func (r *reference) requireNear(t *testing.T, name string, got engine.Array, limit float64) {
	t.Helper()
	if name == "" {
		return
	}
	assert.LessOrEqual(t, oracletest.Relative(t, r.array(t, name), got, name), limit, name)
}
