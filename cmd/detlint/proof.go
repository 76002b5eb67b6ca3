package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// proof tries to show that the order in which a loop walks a map cannot be seen in what the loop
// does: every change that outlives one turn must commute with the same change of another turn, and
// nothing may read what the loop changes. It knows places by how they are written, so two names for
// one thing can deceive it; it is a guard against accidents, not against malice.
type proof struct {
	*purity
	loop     *ast.RangeStmt
	key      types.Object // nil when the key is not named
	value    types.Object
	ranged   string
	writes   []write
	reads    []ast.Expr
	appended []ast.Expr // slices that must be sorted after the loop
	returns  *string    // what the loop returns early, when it does
	breaks   int        // loops and switches inside the loop that a break would leave
}

func newProof(l *linter, loop *ast.RangeStmt) *proof {
	return &proof{
		purity: &purity{linter: l},
		loop:   loop,
		key:    l.loopVar(loop.Key),
		value:  l.loopVar(loop.Value),
		ranged: pathText(loop.X),
	}
}

func (l *linter) loopVar(e ast.Expr) types.Object {
	if id, ok := e.(*ast.Ident); ok {
		return l.info.Defs[id]
	}
	return nil
}

// check says how the order can be seen, or "".
func (p *proof) check() string {
	if why := p.block(p.loop.Body.List); why != "" {
		return why
	}
	if p.returns != nil && len(p.writes) > 0 {
		return "it returns early, when the order has chosen how much was done"
	}
	return p.readsWritten()
}

func (p *proof) block(list []ast.Stmt) string {
	for _, stmt := range list {
		if why := p.stmt(stmt); why != "" {
			return why
		}
	}
	return ""
}

func (p *proof) stmt(stmt ast.Stmt) string {
	switch s := stmt.(type) {
	case nil, *ast.EmptyStmt:
		return ""
	case *ast.BlockStmt:
		return p.block(s.List)
	case *ast.AssignStmt:
		return p.assignStmt(s)
	case *ast.IncDecStmt:
		return p.accumulate(s.X, token.ADD, nil)
	case *ast.DeclStmt:
		return p.declStmt(s)
	case *ast.ExprStmt:
		return p.exprStmt(s)
	case *ast.ReturnStmt:
		return p.returnStmt(s)
	case *ast.BranchStmt:
		return p.branchStmt(s)
	case *ast.IfStmt:
		return first(p.stmt(s.Init), p.read(s.Cond), p.block(s.Body.List), p.stmt(s.Else))
	case *ast.CaseClause:
		return first(p.read(s.List...), p.block(s.Body))
	}
	p.breaks++
	defer func() { p.breaks-- }()
	switch s := stmt.(type) {
	case *ast.SwitchStmt:
		return first(p.stmt(s.Init), p.read(s.Tag), p.block(s.Body.List))
	case *ast.TypeSwitchStmt:
		return first(p.stmt(s.Init), p.stmt(s.Assign), p.block(s.Body.List))
	case *ast.ForStmt:
		return first(p.stmt(s.Init), p.read(s.Cond), p.stmt(s.Post), p.block(s.Body.List))
	case *ast.RangeStmt:
		return first(p.innerRange(s), p.read(s.X), p.block(s.Body.List))
	}
	return "it has a statement that is not known to be blind to the order"
}

// first returns the first reason of several.
func first(reasons ...string) string {
	for _, why := range reasons {
		if why != "" {
			return why
		}
	}
	return ""
}

// read notes expressions that the loop evaluates.
func (p *proof) read(list ...ast.Expr) string {
	for _, e := range list {
		if e == nil {
			continue
		}
		if why := p.expr(e); why != "" {
			return why
		}
		p.reads = append(p.reads, e)
	}
	return ""
}

func (p *proof) declStmt(s *ast.DeclStmt) string {
	decl, ok := s.Decl.(*ast.GenDecl)
	if !ok {
		return ""
	}
	for _, spec := range decl.Specs {
		if values, ok := spec.(*ast.ValueSpec); ok {
			if why := p.read(values.Values...); why != "" {
				return why
			}
		}
	}
	return ""
}

// exprStmt accepts delete, and in a type switch the expression that is asked for its type.
func (p *proof) exprStmt(s *ast.ExprStmt) string {
	call, ok := ast.Unparen(s.X).(*ast.CallExpr)
	if !ok {
		return p.read(s.X)
	}
	fn, ok := ast.Unparen(call.Fun).(*ast.Ident)
	if !ok || p.info.Uses[fn] != types.Universe.Lookup("delete") {
		return "it calls " + types.ExprString(call.Fun) + ", which may see the order"
	}
	if why := p.read(call.Args[1]); why != "" {
		return why
	}
	if p.isKey(call.Args[1]) {
		return p.write(write{kind: writeOwn, text: pathText(call.Args[0]), class: "own"})
	}
	return p.write(write{kind: writeShared, text: pathText(call.Args[0]), keyed: true, class: "delete"})
}

// returnStmt accepts an early return when every early return of the loop gives the same answer, so
// that it does not matter which entry it came from.
func (p *proof) returnStmt(s *ast.ReturnStmt) string {
	var text strings.Builder
	for _, result := range s.Results {
		if why := p.read(result); why != "" {
			return why
		}
		if !p.invariant(result) {
			return "it returns " + types.ExprString(result) + ", of whatever entry came first"
		}
		text.WriteString(types.ExprString(result) + "; ")
	}
	answer := text.String()
	if p.returns != nil && *p.returns != answer {
		return "it returns one of several answers, of whatever entry came first"
	}
	p.returns = &answer
	return ""
}

func (p *proof) branchStmt(s *ast.BranchStmt) string {
	switch {
	case s.Label == nil && s.Tok == token.CONTINUE:
		return ""
	case s.Label == nil && s.Tok == token.BREAK && p.breaks > 0:
		return ""
	case s.Label == nil && s.Tok == token.FALLTHROUGH:
		return ""
	}
	return "its " + s.Tok.String() + " stops at an entry that the order chose"
}

// isKey says whether an expression is the loop's own key, perhaps under another name for its type.
func (p *proof) isKey(e ast.Expr) bool {
	e = ast.Unparen(e)
	if call, ok := e.(*ast.CallExpr); ok && len(call.Args) == 1 && p.info.Types[call.Fun].IsType() {
		to, from := p.info.TypeOf(call), p.info.TypeOf(call.Args[0])
		if types.Identical(to.Underlying(), from.Underlying()) {
			e = ast.Unparen(call.Args[0])
		}
	}
	id, ok := e.(*ast.Ident)
	return ok && p.key != nil && p.info.Uses[id] == p.key
}

// inner says whether a variable is made anew on every turn of the loop.
func (p *proof) inner(object types.Object) bool {
	return object != nil && p.loop.Pos() <= object.Pos() && object.Pos() < p.loop.End()
}

// invariant says whether a pure expression has the same value on every turn.
func (p *proof) invariant(e ast.Expr) bool {
	same := true
	ast.Inspect(e, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && p.inner(p.info.Uses[id]) {
			same = false
		}
		return same
	})
	return same
}

// innerRange refuses what a loop inside the loop could hide: variables that outlive it, and an
// iterator that is not known to be blind to the order.
func (p *proof) innerRange(s *ast.RangeStmt) string {
	if s.Tok == token.ASSIGN {
		return "it has a loop whose variables outlive it"
	}
	if !p.opaqueFunc(s.X) {
		return ""
	}
	return "it walks " + types.ExprString(s.X) + ", which may see the order"
}
