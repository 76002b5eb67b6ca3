package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/types/typeutil"
)

// maxInline bounds how deep purity looks into functions of the same package.
const maxInline = 3

// purity says whether evaluating an expression changes anything or depends on more than its parts.
// It knows what can be read off the page: operators, fields, conversions, and calls of functions
// listed here or of functions of the same package that are one return of such an expression.
type purity struct {
	*linter
	depth int
}

var pureBuiltins = map[string]bool{
	"len": true, "cap": true, "min": true, "max": true, "append": true, "make": true, "new": true,
	"complex": true, "real": true, "imag": true,
}

// purePackages have no function that changes anything, if functions given to them do not.
var purePackages = map[string]bool{
	"strings": true, "strconv": true, "cmp": true, "math": true, "math/bits": true, "unicode": true,
	"unicode/utf8": true, "path": true,
}

var pureFunctions = map[string]bool{
	"slices.Contains": true, "slices.Index": true, "slices.Max": true, "slices.Min": true,
	"slices.Equal": true, "slices.Compare": true, "slices.Clone": true, "slices.Concat": true,
	"slices.All": true, "slices.Values": true, "slices.Backward": true, "slices.Sorted": true,
	"slices.Collect": true, "slices.BinarySearch": true,
	"maps.Clone": true, "maps.Collect": true, "maps.Equal": true, "maps.Keys": true,
	"maps.Values": true, "maps.All": true,
	"errors.Is": true,
}

func (p *purity) exprs(list []ast.Expr) string {
	for _, e := range list {
		if why := p.expr(e); why != "" {
			return why
		}
	}
	return ""
}

// expr says why an expression is not known to be pure, or "".
func (p *purity) expr(e ast.Expr) string {
	switch e := e.(type) {
	case nil, *ast.Ident, *ast.BasicLit, *ast.ArrayType, *ast.MapType, *ast.StructType, *ast.FuncType,
		*ast.InterfaceType, *ast.ChanType:
		return ""
	case *ast.ParenExpr:
		return p.expr(e.X)
	case *ast.StarExpr:
		return p.expr(e.X)
	case *ast.SelectorExpr:
		return p.expr(e.X)
	case *ast.KeyValueExpr:
		return p.exprs([]ast.Expr{e.Key, e.Value})
	case *ast.CompositeLit:
		return p.exprs(e.Elts)
	case *ast.UnaryExpr:
		if e.Op == token.ARROW {
			return "it receives from a channel"
		}
		return p.expr(e.X)
	case *ast.BinaryExpr:
		return p.exprs([]ast.Expr{e.X, e.Y})
	case *ast.IndexExpr:
		return p.exprs([]ast.Expr{e.X, e.Index})
	case *ast.IndexListExpr:
		return p.expr(e.X)
	case *ast.SliceExpr:
		return p.exprs([]ast.Expr{e.X, e.Low, e.High, e.Max})
	case *ast.TypeAssertExpr:
		return p.expr(e.X)
	case *ast.CallExpr:
		return p.call(e)
	case *ast.FuncLit:
		return "it makes a function, which may see the order"
	}
	return "it has an expression that is not known to be blind to the order"
}

func (p *purity) call(e *ast.CallExpr) string {
	if p.info.Types[e.Fun].IsType() {
		return p.exprs(e.Args)
	}
	why := "it calls " + types.ExprString(e.Fun) + ", which may see the order"
	for _, arg := range e.Args {
		if p.opaqueFunc(arg) {
			return why
		}
	}
	if !p.pureCallee(e) {
		return why
	}
	if sel, ok := ast.Unparen(e.Fun).(*ast.SelectorExpr); ok {
		if argWhy := p.expr(sel.X); argWhy != "" {
			return argWhy
		}
	}
	return p.exprs(e.Args)
}

// opaqueFunc says whether an expression is a function of which it is not known what it does when it is
// called. An iterator made by a listed function only reads.
func (p *purity) opaqueFunc(e ast.Expr) bool {
	t := p.info.TypeOf(e)
	if t == nil {
		return false
	}
	if _, isFunc := t.Underlying().(*types.Signature); !isFunc {
		return false
	}
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok {
		return true
	}
	name := p.calleeName(call)
	return !pureFunctions[name] && !strings.HasPrefix(name, "strings.")
}

func (p *purity) pureCallee(e *ast.CallExpr) bool {
	switch callee := typeutil.Callee(p.info, e).(type) {
	case *types.Builtin:
		return pureBuiltins[callee.Name()]
	case *types.Func:
		if callee.Pkg() == nil {
			return false
		}
		path, isMethod := callee.Pkg().Path(), callee.Signature().Recv() != nil
		if path == "time" && isMethod {
			return timeValue(callee.Signature().Recv().Type())
		}
		return !isMethod && (purePackages[path] || pureFunctions[objectName(callee)]) || p.inlines(callee)
	}
	return false
}

// timeValue says whether a type is time.Time or time.Duration, whose methods only compute.
func timeValue(t types.Type) bool {
	named, ok := types.Unalias(t).(*types.Named)
	return ok && (named.Obj().Name() == "Time" || named.Obj().Name() == "Duration")
}

// inlines says whether a function of this package is one return of a pure expression of its own
// parameters. Variables of the package could be what the loop changes, so it may not read them.
func (p *purity) inlines(callee *types.Func) bool {
	decl := p.decls[callee.Origin()]
	if decl == nil || decl.Body == nil || len(decl.Body.List) != 1 || p.depth == maxInline {
		return false
	}
	ret, ok := decl.Body.List[0].(*ast.ReturnStmt)
	if !ok || len(ret.Results) == 0 || p.readsPackageVar(ret) {
		return false
	}
	inner := &purity{linter: p.linter, depth: p.depth + 1}
	return inner.exprs(ret.Results) == ""
}

func (p *purity) readsPackageVar(n ast.Node) bool {
	found := false
	ast.Inspect(n, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			v, isVar := p.info.Uses[id].(*types.Var)
			found = found || isVar && !v.IsField() && v.Parent() == v.Pkg().Scope()
		}
		return !found
	})
	return found
}
