package lint

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const root = "../.."

// Decisions have one number each, without gaps, and a title and date.
func TestDecisionsAreNumbered(t *testing.T) {
	entries, err := os.ReadDir(root + "/docs/decisions")
	require.NoError(t, err)
	require.Greater(t, len(entries), 5)
	for i, e := range entries {
		assert.Regexp(t, fmt.Sprintf(`^%04d-[a-z0-9-]+\.md$`, i+1), e.Name())
		text, err := os.ReadFile(filepath.Join(root, "docs/decisions", e.Name()))
		require.NoError(t, err)
		assert.Regexp(t, `^# [A-Z].*\n\n\d{4}-\d\d-\d\d\n`, string(text), e.Name())
	}
}

// Whatever names a page of docs names one that is there: links between pages, and
// comments in code.
func TestPagesThatAreNamedExist(t *testing.T) {
	link, mention := regexp.MustCompile(`\]\(([^)#:]+\.md)[^):]*\)`), regexp.MustCompile(`docs/[a-z0-9/-]+\.md`)
	found := 0
	require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if slices.Contains([]string{".git", "bin", "build", "shared"}, d.Name()) {
				return filepath.SkipDir
			}
			return nil
		}
		if !slices.Contains([]string{".md", ".go", ".py", ".hh", ".h"}, filepath.Ext(path)) {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, name := range mention.FindAllString(string(text), -1) {
			found++
			assert.FileExists(t, filepath.Join(root, name), path)
		}
		if strings.HasSuffix(path, ".md") {
			for _, m := range link.FindAllStringSubmatch(string(text), -1) {
				found++
				assert.FileExists(t, filepath.Join(filepath.Dir(path), m[1]), path)
			}
		}
		return nil
	}))
	require.Greater(t, found, 10)
}
