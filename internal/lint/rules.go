package lint

import (
	"bytes"
	"fmt"
	"go/ast"
	"path"
	"strings"
)

// cImports reports import "C" outside the folders meant for it.
func cImports(t *tree) []Problem {
	var problems []Problem
	for _, s := range t.files {
		if s.file == nil || inCgoFolder(s.name) {
			continue
		}
		for _, imp := range s.file.Imports {
			if imp.Path.Value == `"C"` {
				problems = append(problems, t.at(imp.Pos(), `import "C" belongs in cgo/ only: put a wrapper there and call that`))
			}
		}
	}
	return problems
}

// inCgoFolder reports whether a file may call C: those of the boundary itself,
// and those of the example that exchanges pointers with another binding.
func inCgoFolder(name string) bool {
	return strings.HasPrefix(name, "cgo/") || strings.HasPrefix(name, "examples/gotorch/")
}

// Lines a file may have. One that needs more holds two concepts.
const (
	maxLines     = 300
	maxTestLines = 500 // tests, and Python scripts, which stand alone
)

// lengths reports files that are too long. Generated ones may be.
func lengths(t *tree) []Problem {
	var problems []Problem
	for _, s := range t.files {
		if s.file != nil && ast.IsGenerated(s.file) {
			continue
		}
		limit := maxLines
		if strings.HasSuffix(s.name, "_test.go") || strings.HasSuffix(s.name, ".py") {
			limit = maxTestLines
		}
		if n := bytes.Count(s.text, []byte("\n")); n > limit {
			problems = append(problems, Problem{File: s.name, Line: n,
				Text: fmt.Sprintf("%d lines where %d are allowed: split it by concept", n, limit)})
		}
	}
	return problems
}

// packageDocs reports packages that do not say what belongs in them: a library
// in doc.go, a command or an example in front of any of its package clauses.
func packageDocs(t *tree) []Problem {
	first := map[string]source{}    // by folder
	documented := map[string]bool{} // by folder
	for _, s := range t.files {
		if s.file == nil || strings.HasSuffix(s.name, "_test.go") {
			continue
		}
		dir := path.Dir(s.name)
		if _, seen := first[dir]; !seen {
			first[dir] = s
		}
		anywhere := s.file.Name.Name == "main" || strings.HasPrefix(s.name, "examples/")
		if s.file.Doc != nil && (anywhere || path.Base(s.name) == "doc.go") {
			documented[dir] = true
		}
	}
	var problems []Problem
	for dir, s := range first {
		if !documented[dir] {
			problems = append(problems, t.at(s.file.Name.Pos(), "package %s has no doc.go that says what belongs in it", s.file.Name.Name))
		}
	}
	return problems
}
