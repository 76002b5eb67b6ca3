package main

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
)

const allowPrefix = "//detlint:allow"

// allow is one comment that lets a line off a rule.
type allow struct {
	pos    token.Pos
	file   string
	line   int // the line that it lets off
	rule   string
	reason string
	used   bool
}

// covers says whether a finding is let off. A comment without a reason lets nothing off.
func (a *allow) covers(at token.Position, ruleName string) bool {
	return a.reason != "" && a.rule == ruleName && a.file == at.Filename && a.line == at.Line
}

// parseAllows finds a file's allow comments. One at the end of a line of code is about that line; one
// on a line of its own is about the first line of code after it.
func parseAllows(fset *token.FileSet, file *ast.File) []*allow {
	var allows []*allow
	for _, group := range file.Comments {
		for _, comment := range group.List {
			rest, ok := strings.CutPrefix(comment.Text, allowPrefix)
			if !ok || (rest != "" && rest[0] != ' ' && rest[0] != '\t') {
				continue
			}
			rest, _, _ = strings.Cut(rest, "//")
			name, reason, _ := strings.Cut(strings.TrimSpace(rest), " ")
			at := fset.Position(comment.Pos())
			allows = append(allows, &allow{
				pos: comment.Pos(), file: at.Filename, line: at.Line,
				rule: name, reason: strings.TrimSpace(reason),
			})
		}
	}
	if len(allows) == 0 {
		return nil
	}
	code := codeLines(fset, file)
	for _, a := range allows {
		if i, own := slices.BinarySearch(code, a.line); !own && i < len(code) {
			a.line = code[i]
		}
	}
	return allows
}

// codeLines lists, in order, the lines of a file on which something other than a comment starts or
// ends.
func codeLines(fset *token.FileSet, file *ast.File) []int {
	var lines []int
	ast.Inspect(file, func(n ast.Node) bool {
		switch n.(type) {
		case nil, *ast.File:
			return true
		case *ast.Comment, *ast.CommentGroup:
			return false
		}
		lines = append(lines, fset.Position(n.Pos()).Line, fset.Position(n.End()).Line)
		return true
	})
	slices.Sort(lines)
	return slices.Compact(lines)
}

// reportAllows reports the comments that are wrong themselves. It bypasses report: nothing lets
// these off.
func (l *linter) reportAllows() {
	for _, a := range l.allows {
		known := slices.ContainsFunc(allowable, func(r rule) bool { return r.name == a.rule })
		problem := ""
		switch {
		case a.rule == "":
			problem = "allow comment names no rule"
		case !known:
			problem = "allow comment names an unknown rule, " + a.rule
		case a.reason == "":
			problem = "allow comment for " + a.rule + " gives no reason"
		case !a.used:
			problem = "allow comment for " + a.rule + " lets nothing off; remove it"
		default:
			continue
		}
		l.pass.Report(analysis.Diagnostic{
			Pos: a.pos, Category: ruleAllow.name, Message: problem + ": " + ruleAllow.advice,
		})
	}
}
