package main

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/types/typeutil"
)

// mapIterators walk a map in its own order.
var mapIterators = map[string]bool{"maps.Keys": true, "maps.Values": true, "maps.All": true}

// orderBlind are the functions that give the same answer whatever the order of the entries they are
// handed. A comparison given to SortedFunc must tell any two entries apart: that is not checked.
var orderBlind = map[string]bool{
	"slices.Sorted": true, "slices.SortedFunc": true, "slices.SortedStableFunc": true,
	"maps.Collect": true, "maps.Insert": true,
}

// collectors keep the order of what they are handed, so their result has to be sorted next.
var collectors = map[string]bool{"slices.Collect": true, "slices.AppendSeq": true}

// mapCallbacks call back once an entry, in the map's order.
var mapCallbacks = map[string]bool{"maps.DeleteFunc": true, "maps.EqualFunc": true}

// sorters put their first argument in order.
var sorters = map[string]bool{
	"slices.Sort": true, "slices.SortFunc": true, "slices.SortStableFunc": true,
	"sort.Strings": true, "sort.Ints": true, "sort.Float64s": true, "sort.Slice": true,
	"sort.SliceStable": true, "sort.Sort": true, "sort.Stable": true,
}

type kindOfRange int

const (
	rangeOther kindOfRange = iota
	rangeMap
	rangeChan
)

// rangeKind says what a range statement walks. A type parameter counts as a map or a channel as soon
// as one type of its constraint is one.
func rangeKind(t types.Type) kindOfRange {
	if t == nil {
		return rangeOther
	}
	if param, ok := types.Unalias(t).(*types.TypeParam); ok {
		return constraintKind(param.Constraint().Underlying().(*types.Interface))
	}
	switch t.Underlying().(type) {
	case *types.Map:
		return rangeMap
	case *types.Chan:
		return rangeChan
	}
	return rangeOther
}

func constraintKind(constraint *types.Interface) kindOfRange {
	for embedded := range constraint.EmbeddedTypes() {
		switch e := types.Unalias(embedded).(type) {
		case *types.Union:
			for term := range e.Terms() {
				if kind := rangeKind(term.Type()); kind != rangeOther {
					return kind
				}
			}
		default:
			if inner, ok := e.Underlying().(*types.Interface); ok {
				if kind := constraintKind(inner); kind != rangeOther {
					return kind
				}
			} else if kind := rangeKind(e); kind != rangeOther {
				return kind
			}
		}
	}
	return rangeOther
}

// orderSeen says how the order of a map can be seen in what a loop does, or "" when it cannot.
func (l *linter) orderSeen(cur inspector.Cursor, loop *ast.RangeStmt) string {
	if blank(loop.Key) && blank(loop.Value) {
		return "" // every turn of the loop is the same
	}
	if loop.Tok == token.ASSIGN {
		return "its variables outlive it and keep whatever entry came last"
	}
	p := newProof(l, loop)
	if why := p.check(); why != "" {
		return why
	}
	for _, slice := range p.appended {
		if !l.sortedNext(following(cur), slice) {
			return "nothing after it in the same block sorts " + types.ExprString(slice)
		}
	}
	return ""
}

func blank(e ast.Expr) bool {
	id, ok := e.(*ast.Ident)
	return e == nil || ok && id.Name == "_"
}

// following lists the statements after a statement in its block.
func following(cur inspector.Cursor) []ast.Stmt {
	for cur.ParentEdgeKind() == edge.LabeledStmt_Stmt {
		cur = cur.Parent()
	}
	var rest []ast.Stmt
	for next, ok := cur.NextSibling(); ok; next, ok = next.NextSibling() {
		if next.ParentEdgeKind() != cur.ParentEdgeKind() {
			break
		}
		if stmt, ok := next.Node().(ast.Stmt); ok {
			rest = append(rest, stmt)
		}
	}
	return rest
}

// sortedNext says whether a slice is sorted by the statements that come next, before any of them
// mentions it otherwise.
func (l *linter) sortedNext(rest []ast.Stmt, slice ast.Expr) bool {
	want := types.ExprString(slice)
	root := l.rootObject(slice)
	for _, stmt := range rest {
		if expr, ok := stmt.(*ast.ExprStmt); ok {
			if call, ok := expr.X.(*ast.CallExpr); ok && l.sorts(call, want) {
				return true
			}
		}
		if root == nil || l.mentions(stmt, root) {
			return false
		}
	}
	return false
}

// sorts says whether a call sorts the slice written as want, be it through a conversion to a type
// with methods for sort.Sort.
func (l *linter) sorts(call *ast.CallExpr, want string) bool {
	if !sorters[l.calleeName(call)] || len(call.Args) == 0 {
		return false
	}
	arg := ast.Unparen(call.Args[0])
	for {
		inner, ok := arg.(*ast.CallExpr)
		if !ok || len(inner.Args) != 1 {
			return types.ExprString(arg) == want
		}
		if !l.info.Types[inner.Fun].IsType() && l.calleeName(inner) != "sort.Reverse" {
			return false
		}
		arg = ast.Unparen(inner.Args[0])
	}
}

func (l *linter) calleeName(call *ast.CallExpr) string {
	if callee := typeutil.Callee(l.info, call); callee != nil {
		return objectName(callee)
	}
	return ""
}

// rootObject is the variable at the bottom of x, x.f or x.f[i].g.
func (l *linter) rootObject(e ast.Expr) types.Object {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return l.info.ObjectOf(x)
		case *ast.ParenExpr:
			e = x.X
		case *ast.SelectorExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		default:
			return nil
		}
	}
}

// mentions says whether a statement names a variable. A bare return may name it without saying so.
func (l *linter) mentions(stmt ast.Stmt, object types.Object) bool {
	found := false
	ast.Inspect(stmt, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			found = found || l.info.Uses[n] == object
		case *ast.ReturnStmt:
			found = found || len(n.Results) == 0
		}
		return !found
	})
	return found
}

// mapIterator checks a use of maps.Keys, maps.Values or maps.All: it may be handed on only to what
// does not care for the order, or collected into a slice that is sorted next.
func (l *linter) mapIterator(cur inspector.Cursor, id *ast.Ident, name string) {
	call, ok := enclosingCall(cur, edge.CallExpr_Fun)
	if !ok {
		l.report(id.Pos(), ruleMapOrder, "%s as a value", name)
		return
	}
	outer, ok := enclosingCall(call, edge.CallExpr_Args)
	if !ok {
		l.report(id.Pos(), ruleMapOrder, "the order of %s can be seen", name)
		return
	}
	consumer := l.calleeName(outer.Node().(*ast.CallExpr))
	if orderBlind[consumer] || collectors[consumer] && l.collectedAndSorted(outer) {
		return
	}
	l.report(id.Pos(), ruleMapOrder, "the order of %s can be seen through %s", name, consumer)
}

// enclosingCall climbs from a cursor to the call of which it is, but for parentheses, a package
// name and type arguments, the function or an argument.
func enclosingCall(cur inspector.Cursor, as edge.Kind) (inspector.Cursor, bool) {
	for {
		kind := cur.ParentEdgeKind()
		cur = cur.Parent()
		switch kind {
		case as:
			return cur, true
		case edge.ParenExpr_X, edge.SelectorExpr_Sel, edge.IndexExpr_X, edge.IndexListExpr_X:
		default:
			return cur, false
		}
	}
}

// collectedAndSorted says whether a call is all that an assignment assigns, to a slice that is
// sorted next.
func (l *linter) collectedAndSorted(call inspector.Cursor) bool {
	if call.ParentEdgeKind() != edge.AssignStmt_Rhs {
		return false
	}
	assign := call.Parent()
	stmt := assign.Node().(*ast.AssignStmt)
	return len(stmt.Lhs) == 1 && l.sortedNext(following(assign), stmt.Lhs[0])
}

// mapCallback lets a callback off when it is one return of a pure expression.
func (l *linter) mapCallback(call *ast.CallExpr, name string) {
	fn, ok := call.Args[len(call.Args)-1].(*ast.FuncLit)
	if ok && len(fn.Body.List) == 1 {
		if ret, ok := fn.Body.List[0].(*ast.ReturnStmt); ok {
			if why := (&purity{linter: l}).exprs(ret.Results); why == "" {
				return
			}
		}
	}
	l.report(call.Pos(), ruleMapOrder, "%s calls back in the map's order", name)
}
