package lint

import (
	"go/ast"
	"slices"
	"strings"
)

// boundary is what the check knows of one package.
type boundary struct {
	callsC     bool
	handles    map[string]bool // types
	pointers   map[string]bool // methods
	unwrappers map[string]bool // functions
}

func describe(files []*ast.File) boundary {
	p := boundary{handles: map[string]bool{"handle": true}, pointers: map[string]bool{}, unwrappers: map[string]bool{}}
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok && embedsHandle(spec) {
				p.handles[spec.Name.Name] = true
			}
			if call, ok := n.(*ast.CallExpr); ok && isCCall(call) {
				p.callsC = true
			}
			return true
		})
	}
	for _, f := range files {
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || !returnsPointer(fn) {
				continue
			}
			switch {
			case fn.Recv != nil && p.mentions(fn.Recv):
				p.pointers[fn.Name.Name] = true
			case fn.Recv == nil && p.mentions(fn.Type.Params):
				p.unwrappers[fn.Name.Name] = true
			}
		}
	}
	return p
}

func embedsHandle(spec *ast.TypeSpec) bool {
	s, ok := spec.Type.(*ast.StructType)
	return ok && slices.ContainsFunc(s.Fields.List, func(f *ast.Field) bool {
		id, ok := f.Type.(*ast.Ident)
		return ok && len(f.Names) == 0 && id.Name == "handle"
	})
}

// mentions reports whether a parameter is a handle or holds handles.
func (p boundary) mentions(fields *ast.FieldList) bool {
	found := false
	ast.Inspect(fields, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && p.handles[id.Name] {
			found = true
		}
		return !found
	})
	return found
}

func returnsPointer(fn *ast.FuncDecl) bool {
	if fn.Type.Results == nil {
		return false
	}
	return slices.ContainsFunc(fn.Type.Results.List, func(f *ast.Field) bool {
		typ := f.Type
		pointer := false
		for {
			star, ok := typ.(*ast.StarExpr)
			if !ok {
				break
			}
			typ, pointer = star.X, true
		}
		sel, ok := typ.(*ast.SelectorExpr)
		return ok && (pointer && isIdent(sel.X, "C") || isIdent(sel.X, "unsafe") && sel.Sel.Name == "Pointer")
	})
}

func isIdent(e ast.Expr, name string) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == name
}

func isCCall(call *ast.CallExpr) bool {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	return ok && isIdent(sel.X, "C") && strings.HasPrefix(sel.Sel.Name, "tl_") && !strings.HasSuffix(sel.Sel.Name, "_free")
}
