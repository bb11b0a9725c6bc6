package lint

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Problem is one broken rule.
type Problem struct {
	File string // relative to the root, with slashes
	Line int
	Text string
}

func (p Problem) String() string { return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Text) }

// source is one file that the checks look at.
type source struct {
	name string // relative to the root, with slashes
	text []byte
	file *ast.File // nil unless it is Go
}

// tree is what the checks run on.
type tree struct {
	fset  *token.FileSet
	files []source
}

// Check runs every check on the files below root and returns the problems in
// the order of files and lines.
func Check(root string) ([]Problem, error) {
	t, err := load(root)
	if err != nil {
		return nil, err
	}
	var problems []Problem
	for _, check := range []func(*tree) []Problem{cImports, keepAlive, lengths, packageDocs} {
		problems = append(problems, check(t)...)
	}
	slices.SortFunc(problems, func(a, b Problem) int {
		if c := strings.Compare(a.File, b.File); c != 0 {
			return c
		}
		return a.Line - b.Line
	})
	return problems, nil
}

// load reads the sources below root. Folders that git ignores here, test data
// and hidden folders hold none.
func load(root string) (*tree, error) {
	t := &tree{fset: token.NewFileSet()}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		if d.IsDir() {
			base := d.Name()
			if name != "." && (strings.HasPrefix(base, ".") || base == "testdata" || name == "bin" || name == "build") {
				return filepath.SkipDir
			}
			return nil
		}
		if !slices.Contains([]string{".go", ".cc", ".h", ".hh", ".py"}, filepath.Ext(name)) {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		s := source{name: name, text: text}
		if strings.HasSuffix(name, ".go") {
			if s.file, err = parser.ParseFile(t.fset, name, text, parser.ParseComments|parser.SkipObjectResolution); err != nil {
				return err
			}
		}
		t.files = append(t.files, s)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("lint: %w", err)
	}
	return t, nil
}

// at is a problem at a position of a Go file.
func (t *tree) at(pos token.Pos, format string, args ...any) Problem {
	p := t.fset.Position(pos)
	return Problem{File: p.Filename, Line: p.Line, Text: fmt.Sprintf(format, args...)}
}
