package main

import (
	"go/ast"
	"go/types"
	"strings"
)

// readsWritten says what the loop both reads and changes, or "".
func (p *proof) readsWritten() string {
	for _, w := range p.writes {
		for _, e := range p.reads {
			if p.seesWrite(e, w) {
				return "it reads " + w.text + " while it changes it"
			}
		}
	}
	return ""
}

// seesWrite says whether an expression reads a place that a write changes.
func (p *proof) seesWrite(e ast.Expr, w write) bool {
	seen := false
	ast.Inspect(e, func(n ast.Node) bool {
		if seen {
			return false
		}
		switch x := n.(type) {
		case *ast.KeyValueExpr:
			// A field's name in a literal is not a read; the value is.
			seen = p.seesWrite(x.Value, w)
			if _, isName := x.Key.(*ast.Ident); !isName {
				seen = seen || p.seesWrite(x.Key, w)
			}
			return false
		case *ast.Ident, *ast.SelectorExpr, *ast.IndexExpr, *ast.StarExpr:
			seen = p.pathSees(x.(ast.Expr), w)
			return false
		}
		return true
	})
	return seen
}

// pathSees compares a whole path with a write, and looks into what the path is indexed with.
func (p *proof) pathSees(e ast.Expr, w write) bool {
	if sel, ok := e.(*ast.SelectorExpr); ok {
		selection := p.info.Selections[sel]
		if selection != nil && selection.Kind() != types.FieldVal {
			return p.seesWrite(sel.X, w) // a method reads its whole receiver
		}
	}
	if p.sameField(e, w) {
		return true
	}
	text := pathText(e)
	if text != "" && overlap(text, w.text) {
		if w.kind == writeShared || w.kind == writeOwn && !p.ownElement(e, w.text) {
			return true
		}
	}
	return p.partsSee(e, w)
}

// sameField says whether a path leads through the field that a write sets in an entry, reached by
// another name: it may be the same field of another entry.
func (p *proof) sameField(e ast.Expr, w write) bool {
	if w.field == nil || w.kind == writeShared || w.kind == writeOwn && p.ownElement(e, w.text) {
		return false
	}
	for {
		switch x := e.(type) {
		case *ast.SelectorExpr:
			if p.info.Uses[x.Sel] == w.field && !p.ownEntry(x.X) {
				return true
			}
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		default:
			return false
		}
	}
}

// ownEntry says whether an expression is the loop's value itself, or the map's element under its key.
func (p *proof) ownEntry(e ast.Expr) bool {
	if id, ok := ast.Unparen(e).(*ast.Ident); ok {
		return p.value != nil && p.info.Uses[id] == p.value
	}
	return p.ownElement(e, p.ranged)
}

// ownElement says whether a path leads through base at the loop's own key.
func (p *proof) ownElement(e ast.Expr, base string) bool {
	at, ok := p.underOwnKey(e)
	return ok && pathText(at) == base
}

// partsSee looks into the indexes of a path, and into what is at its bottom when that is no variable.
func (p *proof) partsSee(e ast.Expr, w write) bool {
	for {
		switch x := e.(type) {
		case *ast.IndexExpr:
			if p.seesWrite(x.Index, w) {
				return true
			}
			e = x.X
		case *ast.SelectorExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		case *ast.Ident:
			return false
		default:
			return p.seesWrite(e, w)
		}
	}
}

// overlap says whether two paths name the same place or one holds the other.
func overlap(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	rest, ok := strings.CutPrefix(b, a)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}
