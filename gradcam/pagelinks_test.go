package gradcam_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Links between the pages lead to headings that exist.
func TestPageLinks(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(methodPages, "*.md"))
	require.NoError(t, err)
	paths = append(paths, methodIndex, "../docs/targets-and-layers.md", "../docs/command.md", "../README.md")
	link := regexp.MustCompile(`\]\(([^):#]*)(#[^)]*)?\)`)
	checked := 0
	for _, path := range paths {
		for _, m := range link.FindAllStringSubmatch(read(t, path), -1) {
			to := path
			if m[1] != "" {
				to = filepath.Join(filepath.Dir(path), m[1])
			}
			if m[2] == "" {
				_, err := os.Stat(to)
				assert.NoError(t, err, "%s links to %s", path, m[1])
			} else {
				assert.Contains(t, anchors(read(t, to)), m[2][1:], "%s links to %s%s", path, m[1], m[2])
			}
			checked++
		}
	}
	require.Greater(t, checked, 50)
}

func read(t *testing.T, path string) string {
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(data)
}

// anchors are those that GitHub gives a page's headings: letters, digits and
// dashes of the heading, numbered where they repeat.
func anchors(text string) []string {
	var all []string
	seen := map[string]int{}
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(text, -1) {
		s := strings.ReplaceAll(strings.ToLower(m[1]), " ", "-")
		s = regexp.MustCompile(`[^a-z0-9_-]`).ReplaceAllString(s, "")
		seen[s]++
		if n := seen[s]; n > 1 {
			s += fmt.Sprint("-", n-1)
		}
		all = append(all, s)
	}
	return all
}
