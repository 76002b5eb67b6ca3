package failure

import (
	"fmt"
	"log/slog"
	"strconv"
	"strings"
)

// Format prints a failure. %v and %s print its text with the atom that failed, as Error does; %+v prints
// all that is known, on several lines:
//
//	load: open orders.csv: permission denied
//	  atom:  load
//	  class: task
//	  types: *fs.PathError, syscall.Errno
//	  because of:
//	    permission denied
//	  stack: ...
func (f *Failure) Format(s fmt.State, verb rune) {
	switch {
	case verb == 'v' && s.Flag('+'):
		var p page
		p.failure("", f)
		_, _ = s.Write(p.text())
	case verb == 'v' && s.Flag('#'):
		type bare Failure // without this method
		_, _ = fmt.Fprintf(s, "%#v", (*bare)(f))
	default:
		_, _ = fmt.Fprintf(s, fmt.FormatString(s, verb), f.Error())
	}
}

// Format prints failures. %v and %s print their texts on one line; %+v prints how many there are, and
// each as %+v does.
func (s Several) Format(to fmt.State, verb rune) {
	switch {
	case verb == 'v' && to.Flag('+'):
		var p page
		p.line("", headline(len(s)))
		for _, f := range s {
			p.failure("  ", f)
		}
		_, _ = to.Write(p.text())
	case verb == 'v' && to.Flag('#'):
		_, _ = fmt.Fprintf(to, "%#v", []*Failure(s))
	default:
		_, _ = fmt.Fprintf(to, fmt.FormatString(to, verb), s.Error())
	}
}

func headline(n int) string {
	switch n {
	case 0:
		return "no failure"
	case 1:
		return "1 failure:"
	default:
		return strconv.Itoa(n) + " failures:"
	}
}

// page is text of several lines, each of them indented.
type page struct{ lines []byte }

// text is the lines without the end of the last: where it goes is up to whoever prints.
func (p *page) text() []byte { return p.lines[:max(0, len(p.lines)-1)] }

// line adds a text, every line of it.
func (p *page) line(indent, text string) {
	for one := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		p.lines = append(append(append(p.lines, indent...), one...), '\n')
	}
}

func (p *page) failure(indent string, f *Failure) {
	if f == nil {
		p.line(indent, "<nil>")
		return
	}
	p.line(indent, f.Error())
	indent += "  "
	if f.Atom != "" {
		p.line(indent, "atom:  "+f.Atom)
	}
	class := string(f.Class)
	if f.Panic {
		class += ", a panic"
	}
	p.line(indent, "class: "+class)
	if len(f.TypeNames) > 0 {
		p.line(indent, "types: "+strings.Join(f.TypeNames, ", "))
	}
	if len(f.Causes) > 0 {
		p.line(indent, "because of:")
		for i, depth := range depths(f.Text, f.Causes) {
			p.line(indent+strings.Repeat("  ", depth), f.Causes[i])
		}
	}
	if f.Stack != "" {
		p.line(indent, "stack:")
		p.line(indent+"  ", f.Stack)
	}
}

// depths says how deep each cause lies. Causes are kept as a list, in which those of a joined error stand
// beside each other and the others below each other. A text nearly always holds those of its causes:
// a cause belongs to the nearest text above that holds it, and where none does, to the one before it.
func depths(text string, causes []string) []int {
	above := []string{text}
	all := make([]int, len(causes))
	for i, cause := range causes {
		level := len(above)
		for level > 0 && !strings.Contains(above[level-1], cause) {
			level--
		}
		if level == 0 {
			level = len(above)
		}
		above = append(above[:level], cause)
		all[i] = level
	}
	return all
}

// LogValue makes a failure a group of attributes in a log, without those that are empty.
func (f *Failure) LogValue() slog.Value {
	if f == nil {
		return slog.Value{}
	}
	attrs := []slog.Attr{slog.String("text", f.Text), slog.String("class", string(f.Class))}
	if f.Atom != "" {
		attrs = append(attrs, slog.String("atom", f.Atom))
	}
	if f.Panic {
		attrs = append(attrs, slog.Bool("panic", true))
	}
	if len(f.TypeNames) > 0 {
		attrs = append(attrs, slog.Any("types", f.TypeNames))
	}
	if len(f.Causes) > 0 {
		attrs = append(attrs, slog.Any("causes", f.Causes))
	}
	if f.Stack != "" {
		attrs = append(attrs, slog.String("stack", f.Stack))
	}
	return slog.GroupValue(attrs...)
}

// LogValue makes failures a group of groups in a log, each under its number, from 1.
func (s Several) LogValue() slog.Value {
	attrs := make([]slog.Attr, len(s))
	for i, f := range s {
		attrs[i] = slog.Any(strconv.Itoa(i+1), f)
	}
	return slog.GroupValue(attrs...)
}
