package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strconv"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/types/typeutil"
)

// Analyzer is detlint: see the package's documentation.
var Analyzer = &analysis.Analyzer{
	Name:     "detlint",
	Doc:      "refuse what makes two runs of one seed differ, in core, sim and checker",
	Requires: []*analysis.Analyzer{inspect.Analyzer},
	Run:      run,
}

// linter checks one package.
type linter struct {
	pass   *analysis.Pass
	info   *types.Info
	decls  map[*types.Func]*ast.FuncDecl
	allows []*allow
	inCase map[ast.Node]bool // channel operations that stand as the case of a select
}

func run(pass *analysis.Pass) (any, error) {
	if !checked(pass.Pkg.Path()) {
		return nil, nil
	}
	l := &linter{
		pass:   pass,
		info:   pass.TypesInfo,
		decls:  make(map[*types.Func]*ast.FuncDecl),
		inCase: make(map[ast.Node]bool),
	}
	for _, file := range pass.Files {
		if l.isTest(file.FileStart) {
			continue
		}
		l.allows = append(l.allows, parseAllows(pass.Fset, file)...)
		l.indexDecls(file)
	}
	root := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector).Root()
	for cur := range root.Preorder() {
		if !l.isTest(cur.Node().Pos()) {
			l.node(cur)
		}
	}
	l.reportAllows()
	return nil, nil
}

func (l *linter) isTest(pos token.Pos) bool {
	return strings.HasSuffix(l.pass.Fset.File(pos).Name(), "_test.go")
}

func (l *linter) indexDecls(file *ast.File) {
	for _, decl := range file.Decls {
		if fn, ok := decl.(*ast.FuncDecl); ok {
			if object, ok := l.info.Defs[fn.Name].(*types.Func); ok {
				l.decls[object] = fn
			}
		}
	}
}

// report files a finding unless the file is exempt or a comment lets the line off.
func (l *linter) report(pos token.Pos, r rule, format string, args ...any) {
	position := l.pass.Fset.Position(pos)
	if exempt(l.pass.Pkg.Path(), position.Filename, r.name) {
		return
	}
	for _, a := range l.allows {
		if a.covers(position, r.name) {
			a.used = true
			return
		}
	}
	l.pass.Report(analysis.Diagnostic{
		Pos:      pos,
		Category: r.name,
		Message:  fmt.Sprintf("%s: %s (%s)", fmt.Sprintf(format, args...), r.advice, r.name),
	})
}

func (l *linter) node(cur inspector.Cursor) {
	switch n := cur.Node().(type) {
	case *ast.ImportSpec:
		l.importSpec(n)
	case *ast.Ident:
		l.ident(cur, n)
	case *ast.GoStmt:
		l.report(n.Pos(), ruleGoroutine, "go statement")
	case *ast.SelectStmt:
		l.selectStmt(n)
	case *ast.SendStmt:
		if !l.inCase[n] {
			l.report(n.Arrow, ruleChannel, "channel send")
		}
	case *ast.UnaryExpr:
		if n.Op == token.ARROW && !l.inCase[n] {
			l.report(n.OpPos, ruleChannel, "channel receive")
		}
	case *ast.RangeStmt:
		l.rangeStmt(cur, n)
	case *ast.CallExpr:
		l.call(cur, n)
	}
}

func (l *linter) importSpec(spec *ast.ImportSpec) {
	path, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		return
	}
	if r, refused := importRule(path); refused {
		l.report(spec.Pos(), r, "import of %s", path)
	}
}

// ident refuses objects wherever they are named, so that neither an alias nor a function value gets
// by.
func (l *linter) ident(cur inspector.Cursor, id *ast.Ident) {
	object := l.info.Uses[id]
	if object == nil {
		return
	}
	name := objectName(object)
	if r, refused := refusedObjects[name]; refused {
		l.report(id.Pos(), r, "%s", name)
	}
	if mapIterators[name] {
		l.mapIterator(cur, id, name)
	}
}

// selectStmt reports the select and marks its cases, so that one select is one finding.
func (l *linter) selectStmt(n *ast.SelectStmt) {
	l.report(n.Pos(), ruleSelect, "select statement")
	for _, clause := range n.Body.List {
		switch comm := clause.(*ast.CommClause).Comm.(type) {
		case *ast.SendStmt:
			l.inCase[comm] = true
		case *ast.ExprStmt:
			l.inCase[ast.Unparen(comm.X)] = true
		case *ast.AssignStmt:
			l.inCase[ast.Unparen(comm.Rhs[0])] = true
		}
	}
}

func (l *linter) rangeStmt(cur inspector.Cursor, n *ast.RangeStmt) {
	switch kind := rangeKind(l.info.TypeOf(n.X)); kind {
	case rangeChan:
		l.report(n.For, ruleChannel, "range over a channel")
	case rangeMap:
		if why := l.orderSeen(cur, n); why != "" {
			l.report(n.For, ruleMapOrder, "range over a map whose order can be seen: %s", why)
		}
	}
}

// call refuses closing a channel, printing an address, and handing a map's entries to a callback.
func (l *linter) call(cur inspector.Cursor, n *ast.CallExpr) {
	switch callee := typeutil.Callee(l.info, n).(type) {
	case *types.Builtin:
		if callee.Name() == "close" {
			l.report(n.Pos(), ruleChannel, "close of a channel")
		}
	case *types.Func:
		name := objectName(callee)
		switch {
		case mapCallbacks[name]:
			l.mapCallback(n, name)
		case callee.Pkg() != nil && callee.Pkg().Path() == "fmt":
			l.printsAddress(n, name)
		}
	}
}

func (l *linter) printsAddress(n *ast.CallExpr, name string) {
	for _, arg := range n.Args {
		value := l.info.Types[arg].Value
		if value != nil && strings.Contains(strings.ReplaceAll(value.ExactString(), "%%", ""), "%p") {
			l.report(n.Pos(), ruleAddress, "%s with %%p", name)
			return
		}
	}
}
