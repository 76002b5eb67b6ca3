package house

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"strings"
	"unicode/utf8"
)

// The limits. A tab counts as one column: how wide it looks is up to the reader.
const (
	maxFileLines = 600
	maxFuncLines = 70
	maxColumns   = 110
	// Tests may be wider: a case on one line is read more easily than one on three.
	maxTestColumns = 140
)

// Ratchet lists functions that are known to be longer than the limit, as "core/x/y.go Type.Func", and
// how long each is. It only turns one way: a function may not grow beyond its entry, and an entry
// that is too generous has to be lowered or removed.
var Ratchet = map[string]int{}

// Lengths finds files, functions and lines that are too long.
func Lengths(t *Tree) []Finding {
	found := checkFuncs(t, Ratchet)
	for _, file := range t.goFiles() {
		if n := bytes.Count(file.Text, []byte("\n")); n > maxFileLines {
			what := fmt.Sprintf("the file has %d lines; %d is the limit", n, maxFileLines)
			found = append(found, Finding{file.Path, 0, what})
		}
		found = append(found, longLines(t, file)...)
	}
	return found
}

func checkFuncs(t *Tree, ratchet map[string]int) []Finding {
	var found []Finding
	seen := make(map[string]bool)
	for _, file := range t.goFiles() {
		for _, decl := range file.Go.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			name := file.Path + " " + funcName(fn)
			length, limit := funcLines(t, file, fn), maxFuncLines
			if known, listed := ratchet[name]; listed {
				seen[name] = true
				limit = known
				if length < known {
					what := fmt.Sprintf("%s has %d lines now: lower its ratchet entry", funcName(fn), length)
					found = append(found, Finding{file.Path, t.line(fn.Pos()), what})
				}
			}
			if length > limit {
				what := fmt.Sprintf("%s has %d lines; %d is the limit", funcName(fn), length, limit)
				found = append(found, Finding{file.Path, t.line(fn.Pos()), what})
			}
		}
	}
	for name := range ratchet {
		if !seen[name] {
			found = append(found, Finding{name, 0, "the ratchet lists a function that is not there"})
		}
	}
	return found
}

func funcName(fn *ast.FuncDecl) string {
	if fn.Recv == nil || len(fn.Recv.List) == 0 {
		return fn.Name.Name
	}
	return receiverName(fn.Recv.List[0].Type) + "." + fn.Name.Name
}

func receiverName(e ast.Expr) string {
	switch x := e.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.StarExpr:
		return receiverName(x.X)
	case *ast.IndexExpr:
		return receiverName(x.X)
	case *ast.IndexListExpr:
		return receiverName(x.X)
	}
	return ""
}

// isTestCode says whether a file is a test, or part of a package that offers tests to others, as
// storetest does.
func isTestCode(file *File) bool {
	return file.IsTest() || strings.HasSuffix(path.Base(file.Dir()), "test")
}

// funcLines counts a function's lines. In a test the rows of its tables do not count.
func funcLines(t *Tree, file *File, fn *ast.FuncDecl) int {
	first, last := t.line(fn.Pos()), t.line(fn.End())
	if !isTestCode(file) {
		return last - first + 1
	}
	tables := tableLines(t, fn)
	n := 0
	for line := first; line <= last; line++ {
		if !tables[line] {
			n++
		}
	}
	return n
}

// tableLines are the lines inside composite literals and raw strings, without those on which they
// start and end.
func tableLines(t *Tree, root ast.Node) map[int]bool {
	lines := make(map[int]bool)
	ast.Inspect(root, func(n ast.Node) bool {
		if isLiteral(n) {
			for line := t.line(n.Pos()) + 1; line < t.line(n.End()); line++ {
				lines[line] = true
			}
		}
		return true
	})
	return lines
}

func isLiteral(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.CompositeLit:
		return true
	case *ast.BasicLit:
		return n.Kind == token.STRING && n.Value[0] == '`'
	}
	return false
}

func longLines(t *Tree, file *File) []Finding {
	let := excusedLines(t, file)
	limit := maxColumns
	if strings.HasSuffix(file.Path, "_test.go") {
		limit = maxTestColumns
	}
	var found []Finding
	number := 0
	for line := range bytes.Lines(file.Text) {
		number++
		if n := utf8.RuneCount(bytes.TrimRight(line, "\r\n")); n > limit && !let[number] {
			what := fmt.Sprintf("the line has %d columns; %d is the limit", n, limit)
			found = append(found, Finding{file.Path, number, what})
		}
	}
	return found
}

// excusedLines are those that may be long: raw strings, which includes the tags of fields; tables in
// tests; and comments that hold an address or a directive, which cannot be broken.
func excusedLines(t *Tree, file *File) map[int]bool {
	lines := make(map[int]bool)
	ast.Inspect(file.Go, func(n ast.Node) bool {
		_, isTable := n.(*ast.CompositeLit)
		if isLiteral(n) && (isTestCode(file) || !isTable) {
			for line := t.line(n.Pos()); line <= t.line(n.End()); line++ {
				lines[line] = true
			}
		}
		return true
	})
	for _, group := range file.Go.Comments {
		for _, comment := range group.List {
			if strings.Contains(comment.Text, "://") || strings.HasPrefix(comment.Text, "//go:") {
				lines[t.line(comment.Pos())] = true
			}
		}
	}
	return lines
}
