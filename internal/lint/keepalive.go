package lint

import (
	"go/ast"
	"go/token"
	"path"
	"slices"
)

// keepAlive reports calls of C that a handle may not outlive. A Go object is
// dead after its last use, even while C works on the pointer it held, and its
// cleanup then frees that pointer. So the statement with the call must be
// followed, in its own list of statements or one around it, by runtime.KeepAlive
// of every handle whose pointer it passes, unless a deferred one stands before
// it. A return between the two does no harm: the compiler takes a variable for
// alive while any path still uses it.
//
// The check knows the shapes that package cgo is written in, without types:
//
//	a handle type     struct that embeds handle
//	a pointer method  method of a handle type that returns *C.x or unsafe.Pointer
//	an unwrapper      function with handles among its parameters and *C.x or
//	                  **C.x among its results
//	a C call          C.tl_x(...), except C.tl_x_free
func keepAlive(t *tree) []Problem {
	var problems []Problem
	for dir, files := range byFolder(t) {
		p := describe(files)
		if !p.callsC || !inCgoFolder(dir+"/") {
			continue
		}
		for _, f := range files {
			for _, d := range f.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil {
					problems = append(problems, p.check(t, fn)...)
				}
			}
		}
	}
	return problems
}

func byFolder(t *tree) map[string][]*ast.File {
	folders := map[string][]*ast.File{}
	for _, s := range t.files {
		if s.file != nil {
			dir := path.Dir(s.name)
			folders[dir] = append(folders[dir], s.file)
		}
	}
	return folders
}

// check looks at one function and the function literals inside it.
func (p boundary) check(t *tree, fn *ast.FuncDecl) []Problem {
	held := map[string]string{} // variable with a C pointer -> its handle
	ast.Inspect(fn.Body, func(n ast.Node) bool {
		if s, ok := n.(*ast.AssignStmt); ok {
			p.hold(s, held)
		}
		return true
	})
	var problems []Problem
	walkLists(fn.Body, nil, func(s ast.Stmt, after []ast.Stmt) {
		for _, call := range directCCalls(s) {
			for _, handle := range p.used(call, held) {
				if !keptAlive(s, after, handle) && !deferred(fn, handle, call.Pos()) {
					problems = append(problems, t.at(call.Pos(), "%s: no runtime.KeepAlive(%s) after the statement with this C call", fn.Name.Name, handle))
				}
			}
		}
	})
	return problems
}

// walkLists visits every statement below n with those that stand after it, in
// its own list and in all lists around it.
func walkLists(n ast.Node, after []ast.Stmt, visit func(s ast.Stmt, after []ast.Stmt)) {
	ast.Inspect(n, func(m ast.Node) bool {
		var list []ast.Stmt
		switch s := m.(type) {
		case *ast.BlockStmt:
			list = s.List
		case *ast.CaseClause:
			list = s.Body
		case *ast.CommClause:
			list = s.Body
		default:
			return true
		}
		for i, s := range list {
			rest := slices.Concat(list[i+1:], after)
			visit(s, rest)
			walkLists(s, rest, visit)
		}
		return false
	})
}

// hold notes the variables that an assignment gives a handle's pointer to.
func (p boundary) hold(s *ast.AssignStmt, held map[string]string) {
	for _, rhs := range s.Rhs {
		for _, handle := range p.unwrapped(rhs, held) {
			for _, lhs := range s.Lhs {
				if id, ok := lhs.(*ast.Ident); ok {
					held[id.Name] = handle
				}
			}
		}
	}
}

// directCCalls are the C calls of a statement outside its nested blocks.
func directCCalls(s ast.Stmt) []*ast.CallExpr {
	var calls []*ast.CallExpr
	switch s.(type) {
	case *ast.BlockStmt, *ast.CaseClause, *ast.CommClause:
		return nil // their statements are visited one by one
	}
	ast.Inspect(s, func(n ast.Node) bool {
		if _, block := n.(*ast.BlockStmt); block {
			return false
		}
		if call, ok := n.(*ast.CallExpr); ok && isCCall(call) {
			calls = append(calls, call)
		}
		return true
	})
	return calls
}

// used are the handles whose pointers a C call gets.
func (p boundary) used(call *ast.CallExpr, held map[string]string) []string {
	var handles []string
	for _, arg := range call.Args {
		handles = append(handles, p.unwrapped(arg, held)...)
	}
	slices.Sort(handles)
	return slices.Compact(handles)
}

// unwrapped are the handles that an expression takes C pointers out of.
func (p boundary) unwrapped(e ast.Expr, held map[string]string) []string {
	var handles []string
	ast.Inspect(e, func(n ast.Node) bool {
		switch x := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.Ident:
			if h, ok := held[x.Name]; ok {
				handles = append(handles, h)
			}
		case *ast.CallExpr:
			switch f := x.Fun.(type) {
			case *ast.SelectorExpr:
				if id, ok := f.X.(*ast.Ident); ok && p.pointers[f.Sel.Name] {
					handles = append(handles, id.Name)
				}
			case *ast.Ident:
				if p.unwrappers[f.Name] {
					for _, arg := range x.Args {
						if id, ok := arg.(*ast.Ident); ok {
							handles = append(handles, id.Name)
						}
					}
				}
			}
		}
		return true
	})
	return handles
}

// keptAlive reports whether a KeepAlive of the handle is among the statements
// after s. Nothing comes after a return.
func keptAlive(s ast.Stmt, after []ast.Stmt, handle string) bool {
	if _, leaves := s.(*ast.ReturnStmt); leaves {
		return false
	}
	found := false
	for _, next := range after {
		ast.Inspect(next, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				if name, ok := keepAliveOf(call); ok && name == handle {
					found = true
				}
			}
			return !found
		})
	}
	return found
}

// deferred reports whether the function defers a KeepAlive before the call.
func deferred(fn *ast.FuncDecl, handle string, before token.Pos) bool {
	found := false
	ast.Inspect(fn.Body, func(n ast.Node) bool {
		if d, ok := n.(*ast.DeferStmt); ok && d.Pos() < before {
			if name, ok := keepAliveOf(d.Call); ok && name == handle {
				found = true
			}
		}
		return !found
	})
	return found
}

func keepAliveOf(e ast.Expr) (string, bool) {
	call, ok := e.(*ast.CallExpr)
	if !ok || len(call.Args) != 1 {
		return "", false
	}
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || !isIdent(sel.X, "runtime") || sel.Sel.Name != "KeepAlive" {
		return "", false
	}
	id, ok := call.Args[0].(*ast.Ident)
	if !ok {
		return "", false
	}
	return id.Name, true
}
