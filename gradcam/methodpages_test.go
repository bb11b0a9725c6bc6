package gradcam_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/torchlight-go/torchlight/gradcam"
)

var update = flag.Bool("update", false, "write the generated parts of docs/methods.md and docs/methods/*.md")

const (
	methodIndex = "../docs/methods.md"
	methodPages = "../docs/methods"
)

// Every method has a section under its name, which gives its cost and names every
// option.
func TestMethodPages(t *testing.T) {
	found := map[string]section{}
	for _, page := range pages(t) {
		for _, s := range page.sections {
			require.NotContains(t, found, s.name, "%s: method %s has two sections", page.path, s.name)
			found[s.name] = s
		}
	}
	for _, e := range gradcam.Catalogue() {
		name := e.Method.Name()
		s, ok := found[name]
		if !assert.True(t, ok, "%s/*.md: no section \"## %s\"", methodPages, name) {
			continue
		}
		delete(found, name)
		assert.True(t, strings.Contains(s.text, passesLine(e.Method)), "section %s: its cost changed: run `go test ./gradcam -run TestMethod -update`", name)
		for _, option := range optionFields(e.Method) {
			assert.True(t, strings.Contains(s.text, "\n| `"+option+"` |"), "section %s: no row for its option %s", name, option)
		}
	}
	for name := range found {
		assert.Fail(t, "section of a method that does not exist", name)
	}
}

// The list of costs in the index is that of the catalogue.
func TestMethodCosts(t *testing.T) {
	const begin = "<!-- generated: costs; `go test ./gradcam -run TestMethod -update` -->\n"
	const end = "<!-- end of generated -->\n"
	data, err := os.ReadFile(methodIndex)
	require.NoError(t, err)
	before, rest, ok := strings.Cut(string(data), begin)
	require.True(t, ok, "%s lacks the line %s", methodIndex, begin)
	_, after, ok := strings.Cut(rest, end)
	require.True(t, ok, "%s lacks the end of %s", methodIndex, begin)
	text := before + begin + costs(t) + end + after
	if *update {
		require.NoError(t, os.WriteFile(methodIndex, []byte(text), 0o644))
		return
	}
	require.Equal(t, text, string(data), "the methods changed: run `go test ./gradcam -run TestMethod -update`")
}

// costs is the table of all methods with links to their sections.
func costs(t *testing.T) string {
	at := map[string]string{}
	for _, page := range pages(t) {
		for _, s := range page.sections {
			at[s.name] = "methods/" + filepath.Base(page.path) + "#" + s.anchor
		}
	}
	var out strings.Builder
	out.WriteString("| method | passes | what it does |\n|---|---|---|\n")
	for _, e := range gradcam.Catalogue() {
		name := e.Method.Name()
		fmt.Fprintf(&out, "| [%s](%s) | %s | %s |\n", name, at[name], passes(e.Method.Needs().Cost), e.Summary)
	}
	return out.String()
}

func passesLine(m gradcam.Method) string {
	return "\n**Passes.** " + passes(m.Needs().Cost) + ".\n"
}

// passes puts a cost into words.
func passes(c gradcam.Cost) string {
	var words []string
	for _, part := range []struct {
		n    int
		unit string
	}{
		{c.Forward, "forward"}, {c.Backward, "backward"}, {c.Tail, "after the layer and back"}, {c.PerChannel, "after the layer a channel"},
		{c.PerPosition, "after the layer a place"}, {c.ForwardPerChannel, "whole forward a channel"}, {c.ForwardPerFeature, "whole forward a feature"},
	} {
		if part.n > 0 {
			words = append(words, fmt.Sprint(part.n, " ", part.unit))
		}
	}
	s := strings.Join(words, ", ")
	if c.Note != "" {
		s += "; " + c.Note
	}
	return s
}

// optionFields are the exported fields of a method.
func optionFields(m gradcam.Method) []string {
	var names []string
	v := reflect.TypeOf(m)
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct {
		return nil
	}
	for _, f := range reflect.VisibleFields(v) {
		if f.IsExported() && !f.Anonymous {
			names = append(names, f.Name)
		}
	}
	return names
}

// section is what a page says of one method.
type section struct{ name, anchor, text string }

type page struct {
	path     string
	sections []section
}

// pages reads the pages, after bringing their costs up to date under -update.
func pages(t *testing.T) []page {
	paths, err := filepath.Glob(filepath.Join(methodPages, "*.md"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	all := make([]page, len(paths))
	for i, path := range paths {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		text := string(data)
		if *update {
			text = withCosts(text)
			require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		}
		all[i] = page{path, sections(text)}
	}
	return all
}

// sections cuts a page at its second-level headings.
func sections(text string) []section {
	var all []section
	anchor := anchors(text)[1:] // the first is the title's
	for i, part := range strings.Split("\n"+text, "\n## ")[1:] {
		name, body, _ := strings.Cut(part, "\n")
		all = append(all, section{name, anchor[i], "\n" + body})
	}
	return all
}

// withCosts rewrites the lines of passes.
func withCosts(text string) string {
	line := regexp.MustCompile(`(?m)\n\*\*Passes\.\*\* .*\n`)
	for _, s := range sections(text) {
		if m, err := gradcam.ByName(s.name); err == nil {
			text = strings.Replace(text, s.text, line.ReplaceAllLiteralString(s.text, passesLine(m)), 1)
		}
	}
	return text
}
