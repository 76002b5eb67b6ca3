package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

type writeKind int

const (
	writeLocal  writeKind = iota // to a variable made anew on every turn: no one sees it
	writeEntry                   // to something inside the entry's own value
	writeOwn                     // to the element under the loop's own key: each turn has its own
	writeShared                  // to something that every turn sees
)

// write is one change that outlives a turn of the loop.
type write struct {
	kind  writeKind
	text  string       // the place as written; of an element, what it is an element of
	keyed bool         // an element, under a key other than the loop's
	class string       // changes of one class commute with each other
	field types.Object // the field that is set, when it is one
}

// write notes a change, unless it clashes with another to the same place.
func (p *proof) write(w write) string {
	if w.text == "" {
		return "it changes something that has no plain name"
	}
	if w.keyed && w.text == p.ranged {
		return "it changes other entries of the map that it walks"
	}
	for _, other := range p.writes {
		if other.text == w.text && (other.class != w.class || other.keyed != w.keyed) {
			return "it changes " + w.text + " in two ways, and their order counts"
		}
	}
	p.writes = append(p.writes, w)
	return ""
}

// place says what kind of place an expression names, without saying how it is changed.
func (p *proof) place(e ast.Expr) (w write, why string) {
	e = ast.Unparen(e)
	root := p.rootObject(e)
	if root != nil && root == p.key {
		return w, "it assigns its own key"
	}
	switch x := e.(type) {
	case *ast.Ident:
		if p.inner(root) || x.Name == "_" {
			return write{kind: writeLocal}, ""
		}
	case *ast.SelectorExpr:
		w.field = p.info.Uses[x.Sel]
	}
	if why := p.readIndexes(e); why != "" {
		return w, why
	}
	if root != nil && root == p.value {
		w.kind, w.text, w.class = writeEntry, pathText(e), "entry"
		return w, ""
	}
	if base, ok := p.underOwnKey(e); ok {
		w.kind, w.text, w.class = writeOwn, pathText(base), "own"
		return w, ""
	}
	if p.inner(root) && p.held(e) {
		return write{kind: writeLocal}, ""
	}
	w.kind, w.text = writeShared, pathText(e)
	if index, ok := e.(*ast.IndexExpr); ok {
		w.text, w.keyed = pathText(index.X), true
	}
	return w, ""
}

// readIndexes notes the index expressions on the way to a place.
func (p *proof) readIndexes(e ast.Expr) string {
	for {
		switch x := e.(type) {
		case *ast.IndexExpr:
			if why := p.read(x.Index); why != "" {
				return why
			}
			e = x.X
		case *ast.SelectorExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		case *ast.Ident:
			return ""
		default:
			return "it changes something that has no plain name"
		}
	}
}

// underOwnKey says whether a place lies under an element that is indexed by the loop's own key, and
// of what.
func (p *proof) underOwnKey(e ast.Expr) (ast.Expr, bool) {
	for {
		switch x := e.(type) {
		case *ast.IndexExpr:
			if p.isKey(x.Index) {
				return x.X, true
			}
			e = x.X
		case *ast.SelectorExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		default:
			return nil, false
		}
	}
}

// held says whether a place lies inside its variable itself, not behind a pointer, slice or map.
func (p *proof) held(e ast.Expr) bool {
	switch x := e.(type) {
	case *ast.Ident:
		return true
	case *ast.ParenExpr:
		return p.held(x.X)
	case *ast.SelectorExpr:
		_, isStruct := p.info.TypeOf(x.X).Underlying().(*types.Struct)
		return isStruct && p.held(x.X)
	case *ast.IndexExpr:
		_, isArray := p.info.TypeOf(x.X).Underlying().(*types.Array)
		return isArray && p.held(x.X)
	}
	return false
}

func (p *proof) assignStmt(s *ast.AssignStmt) string {
	switch {
	case s.Tok == token.DEFINE:
		return p.read(s.Rhs...)
	case s.Tok != token.ASSIGN:
		return p.accumulate(s.Lhs[0], assignOp[s.Tok], s.Rhs[0])
	case len(s.Lhs) == len(s.Rhs):
		for i, lhs := range s.Lhs {
			if why := p.assign(lhs, s.Rhs[i]); why != "" {
				return why
			}
		}
		return ""
	}
	for _, lhs := range s.Lhs {
		if w, why := p.place(lhs); why != "" || w.kind != writeLocal {
			return first(why, "it assigns "+types.ExprString(lhs)+", which keeps whatever entry came last")
		}
	}
	return p.read(s.Rhs...)
}

func (p *proof) assign(lhs, rhs ast.Expr) string {
	w, why := p.place(lhs)
	if why != "" {
		return why
	}
	if w.kind == writeShared {
		class, rest, ok := p.commutes(lhs, rhs)
		if !ok {
			return "it assigns " + types.ExprString(lhs) + ", which keeps whatever entry came last"
		}
		w.class = class
		if class == "append" {
			if w.keyed {
				return "it appends to " + types.ExprString(lhs) + " in the map's order"
			}
			p.appended = append(p.appended, lhs)
		}
		return first(p.read(rest...), p.write(w))
	}
	if w.kind != writeLocal {
		why = p.write(w)
	}
	return first(why, p.read(rhs))
}

// commutes knows the assignments to something shared that come to the same in any order. It returns
// their class and what they read besides the place itself.
func (p *proof) commutes(lhs, rhs ast.Expr) (class string, reads []ast.Expr, ok bool) {
	if class, reads, ok := p.folds(lhs, rhs); ok {
		return class, reads, true
	}
	if p.invariant(rhs) {
		return "= " + types.ExprString(rhs), []ast.Expr{rhs}, true
	}
	return "", nil, false
}

// folds knows the assignments that fold an entry into what is there: x = x || e, x = max(x, e) and
// x = append(x, e).
func (p *proof) folds(lhs, rhs ast.Expr) (class string, reads []ast.Expr, ok bool) {
	place := types.ExprString(lhs)
	switch r := ast.Unparen(rhs).(type) {
	case *ast.BinaryExpr:
		if (r.Op == token.LOR || r.Op == token.LAND) && types.ExprString(r.X) == place {
			return r.Op.String(), []ast.Expr{r.Y}, true
		}
	case *ast.CallExpr:
		fn, isIdent := ast.Unparen(r.Fun).(*ast.Ident)
		if !isIdent {
			return "", nil, false
		}
		builtin, isBuiltin := p.info.Uses[fn].(*types.Builtin)
		at := slices.IndexFunc(r.Args, func(arg ast.Expr) bool { return types.ExprString(arg) == place })
		if !isBuiltin || at < 0 {
			return "", nil, false
		}
		exact := p.hasInfo(lhs, types.IsInteger|types.IsString)
		name := builtin.Name()
		if name == "append" && at == 0 || (name == "min" || name == "max") && exact {
			return name, slices.Concat(r.Args[:at], r.Args[at+1:]), true
		}
	}
	return "", nil, false
}

var assignOp = map[token.Token]token.Token{
	token.ADD_ASSIGN: token.ADD, token.SUB_ASSIGN: token.SUB, token.MUL_ASSIGN: token.MUL,
	token.OR_ASSIGN: token.OR, token.AND_ASSIGN: token.AND, token.XOR_ASSIGN: token.XOR,
	token.AND_NOT_ASSIGN: token.AND_NOT, token.QUO_ASSIGN: token.QUO, token.REM_ASSIGN: token.REM,
	token.SHL_ASSIGN: token.SHL, token.SHR_ASSIGN: token.SHR,
}

// commuting gives each operator the class of operators with which it commutes, on integers.
var commuting = map[token.Token]string{
	token.ADD: "+", token.SUB: "+", token.MUL: "*", token.OR: "|", token.XOR: "^",
	token.AND: "&", token.AND_NOT: "&",
}

// accumulate checks lhs op= rhs, lhs++ and lhs--.
func (p *proof) accumulate(lhs ast.Expr, op token.Token, rhs ast.Expr) string {
	w, why := p.place(lhs)
	if why != "" {
		return why
	}
	if why := p.read(rhs); why != "" {
		return why
	}
	if w.kind == writeLocal {
		return ""
	}
	if w.kind == writeShared {
		class, ok := commuting[op]
		if !ok {
			return "it changes " + types.ExprString(lhs) + " by " + op.String() + ", which does not commute"
		}
		if !p.hasInfo(lhs, types.IsInteger) {
			return "it adds up " + types.ExprString(lhs) + ", which is not an integer, so the order counts"
		}
		w.class = class
	}
	return p.write(w)
}

func (p *proof) hasInfo(e ast.Expr, info types.BasicInfo) bool {
	basic, ok := p.info.TypeOf(e).Underlying().(*types.Basic)
	return ok && basic.Info()&info != 0
}

// pathText writes a variable, a field or an element as a path: x, x.f, x[i].g. What is no path has no
// text.
func pathText(e ast.Expr) string {
	switch x := e.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.ParenExpr:
		return pathText(x.X)
	case *ast.StarExpr:
		return pathText(x.X)
	case *ast.SelectorExpr:
		if base := pathText(x.X); base != "" {
			return base + "." + x.Sel.Name
		}
	case *ast.IndexExpr:
		if base := pathText(x.X); base != "" {
			return base + "[" + types.ExprString(x.Index) + "]"
		}
	}
	return ""
}
