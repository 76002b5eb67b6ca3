package scenarios

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Error is one thing that is wrong with a scenario file.
type Error struct {
	File    string
	Line    int // from 1
	Column  int // from 1, in characters
	Problem string
	Want    string // what would be right

	lines []string // the file's
}

// Error is the whole message on one line: file:line:column: what is wrong; what would be right.
func (e *Error) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s; %s", e.File, e.Line, e.Column, e.Problem, e.Want)
}

// excerptWidth is the most characters of a line that an excerpt shows.
const excerptWidth = 100

// Excerpt is the line in question with up to two lines before it, and a caret under the column.
func (e *Error) Excerpt() string {
	if e.Line < 1 || e.Line > len(e.lines) {
		return ""
	}
	start := 0
	if e.Column > excerptWidth-20 {
		start = e.Column - excerptWidth/2
	}
	width := len(fmt.Sprint(e.Line))
	var text strings.Builder
	for line := max(1, e.Line-2); line <= e.Line; line++ {
		shown := strings.TrimRight(window(e.lines[line-1], start), " ")
		fmt.Fprintln(&text, strings.TrimRight(fmt.Sprintf("%*d | %s", width, line, shown), " "))
	}
	fmt.Fprintf(&text, "%*s | %s^\n", width, "", strings.Repeat(" ", max(0, e.Column-1-start)))
	return text.String()
}

// window is the part of a line that an excerpt shows, each character one column wide.
func window(line string, start int) string {
	runes := []rune(line)
	if start >= len(runes) {
		return ""
	}
	runes = slices.Clone(runes[start:min(len(runes), start+excerptWidth)])
	for i, r := range runes {
		if !unicode.IsPrint(r) {
			runes[i] = ' '
		}
	}
	return string(runes)
}

// Errors is everything that is wrong with a scenario file, in the order of the file. [Parse] and
// [Format] return it; errors.As finds the first [Error] in it.
type Errors []*Error

// Error is one line for each.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap makes errors.Is and errors.As look at each.
func (e Errors) Unwrap() []error {
	all := make([]error, len(e))
	for i, one := range e {
		all[i] = one
	}
	return all
}

// mostProblems is how many problems with one file are reported: nobody reads more.
const mostProblems = 100

// orNil sorts by position, and is nil where there is nothing: a nil Errors in an error would not be
// a nil error.
func (e Errors) orNil() error {
	if len(e) == 0 {
		return nil
	}
	slices.SortStableFunc(e, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	if more := len(e) - mostProblems; more > 0 {
		last := *e[mostProblems]
		last.Problem, last.Want = fmt.Sprintf("%d more problems from here on", more), "mend those above first"
		e = append(e[:mostProblems:mostProblems], &last)
	}
	return e
}
