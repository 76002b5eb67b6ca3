package scenarios

import (
	"bytes"
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/token"
)

// Format writes a scenario file in the one form that all have: keys in the order of [Scenario], two
// spaces for each level, short lists on one line. Comments stay with what they speak of. What the
// file means does not change.
//
// A file whose keys and values can be read can be formatted, even where they make no sense together.
// The error is of type [Errors].
func Format(file string, source []byte) ([]byte, error) {
	doc, wrong := read(file, source)
	if len(wrong) > 0 {
		return nil, wrong.orNil()
	}
	_, decoded := decode(doc)
	if err := decoded.problems.orNil(); err != nil {
		return nil, err
	}
	root := doc.plant(doc.root, reflect.TypeFor[Scenario](), nil)
	header := doc.hangComments(root)
	var out printer
	out.comments(header, "")
	out.block(root, "")
	if !sameFile(doc, decoded, out.Bytes()) {
		problem := "the file cannot be formatted without changing it"
		return nil, Errors{doc.flaw(spot{}, problem, "write it more simply")}
	}
	return out.Bytes(), nil
}

// sameFile says that the formatted text gives the same keys the same values, and has all comments.
// It is held against every file because a formatter that changes an experiment is worse than none.
func sameFile(doc *document, decoded *decoder, formatted []byte) bool {
	again, wrong := read(doc.file, formatted)
	if len(wrong) > 0 {
		return false
	}
	before, _ := decode(doc)
	after, redecoded := decode(again)
	if len(redecoded.problems) > 0 || len(redecoded.places) != len(decoded.places) {
		return false
	}
	for path := range decoded.places {
		if !redecoded.given(path) {
			return false
		}
	}
	return reflect.DeepEqual(before, after) && slices.Equal(commentsOf(doc), commentsOf(again))
}

func commentsOf(doc *document) []string {
	var all []string
	for _, t := range doc.tokens {
		if t.Type == token.CommentType {
			all = append(all, strings.TrimRight(t.Value, " \t"))
		}
	}
	slices.Sort(all)
	return all
}

// Marshal writes the scenario so that [Parse] reads the same one: everything that it says, defaults
// included, so that a later derail with other defaults still runs the same experiment.
func (s *Scenario) Marshal() []byte {
	var out printer
	out.block(grow(reflect.ValueOf(s).Elem(), nil, reflect.Value{}), "")
	return out.Bytes()
}

// grow makes the tree of a struct or list. What is as in bare, where there is one, is left out.
func grow(value reflect.Value, parent *block, bare reflect.Value) *block {
	here := &block{list: value.Kind() == reflect.Slice, parent: parent}
	if here.list {
		for i := range value.Len() {
			one := &entry{rank: i, home: here}
			one.value(value.Index(i), bareMember(value.Index(i), bare))
			here.entries = append(here.entries, one)
		}
		return here
	}
	var needs, without []string
	switch one := value.Addr().Interface().(type) {
	case *Jobs:
		if one.Flow != nil {
			without = besideFlow
		}
	case *Fault:
		kind, _ := FindKind(one.Kind)
		needs = kind.Needs
	case *Scenario:
		if one.Cluster.Store == StoreSQLite {
			without = besideSQLite
		}
	case *Cluster:
		if one.Store != StoreSQLite {
			without = besideServer
		}
	}
	for _, f := range fieldsOf(value.Type()) {
		one := value.Field(f.index)
		free := f.need == "" && !slices.Contains(needs, f.key)
		left := one.IsZero() && f.def == "" && free
		if left || slices.Contains(without, f.key) || free && isBare(one, bareField(bare, f.index)) {
			continue
		}
		child := &entry{key: f.key, rank: f.index, home: here}
		child.value(one, bareField(bare, f.index))
		here.entries = append(here.entries, child)
	}
	return here
}

// value gives the entry the value of a struct's field or of a list's member.
func (e *entry) value(value, bare reflect.Value) {
	if value.Kind() == reflect.Pointer {
		value = value.Elem()
	}
	switch {
	case value.Kind() == reflect.Slice, value.Kind() == reflect.Struct && !isText(value):
		e.block = grow(value, e.home, bare)
	case value.Kind() == reflect.String:
		text := value.String()
		if e.home.parent == nil {
			e.raw = manyLines(text)
		}
		if e.raw == nil {
			e.text = scalar(text)
		}
	default:
		e.text = fmt.Sprint(value.Interface())
	}
}

// manyLines writes a text of several lines as such; nil where that could not be read back.
func manyLines(text string) []string {
	if !strings.Contains(text, "\n") {
		return nil
	}
	header, lines := "|-", text
	if strings.HasSuffix(text, "\n") {
		header, lines = "|", strings.TrimSuffix(text, "\n")
	}
	raw := append([]string{header}, strings.Split(lines, "\n")...)
	if !readsAs(raw, text) {
		return nil
	}
	return raw
}

// printer writes blocks. Its zero value is ready.
type printer struct {
	bytes.Buffer
	// lead is written once in the place of the indentation: the hyphen of a list's member.
	lead string
}

func (p *printer) comments(lines []string, indent string) {
	for _, line := range lines {
		if line != "" {
			line = indent + line
		}
		p.WriteString(line + "\n")
	}
}

func (p *printer) block(b *block, indent string) {
	slices.SortStableFunc(b.entries, func(a, b *entry) int { return cmp.Compare(a.rank, b.rank) })
	for i, one := range b.entries {
		one.settle()
		head := one.head
		if p.lead == "" {
			p.comments(tidy(head, i == 0), indent)
		}
		start := indent
		if p.lead != "" {
			start, p.lead = p.lead, ""
		}
		if b.list {
			p.member(one, start, indent)
		} else {
			p.keyed(one, start, indent)
		}
	}
	p.comments(tidy(b.foot, false), indent)
}

// settle moves comments away from where the form has no place for them.
func (e *entry) settle() {
	if e.block == nil {
		return
	}
	if len(e.block.entries) == 0 {
		e.head, e.block.foot = append(e.head, e.block.foot...), nil
		return
	}
	if e.home.list {
		slices.SortStableFunc(e.block.entries, func(a, b *entry) int { return cmp.Compare(a.rank, b.rank) })
		first := e.block.entries[0]
		if e.line != "" {
			e.head = append(e.head, e.line)
		}
		e.head, e.line, first.head = append(e.head, first.head...), "", nil
	}
}

// member writes a member of a list.
func (p *printer) member(one *entry, start, indent string) {
	if one.block != nil && len(one.block.entries) > 0 {
		p.lead = start + "- "
		p.block(one.block, indent+"  ")
		return
	}
	p.simple(one, start+"- ", indent)
}

// widest is how long a line may get by a list being on it.
const widest = 100

// keyed writes a key and its value.
func (p *printer) keyed(one *entry, start, indent string) {
	start += one.key + ":"
	if one.block == nil || len(one.block.entries) == 0 {
		p.simple(one, start+" ", indent)
		return
	}
	if list, short := one.block.onOneLine(); short && utf8.RuneCountInString(start+" "+list) <= widest {
		p.WriteString(start + " " + list + beside(one) + "\n")
		return
	}
	p.WriteString(start + beside(one) + "\n")
	p.block(one.block, indent+"  ")
}

// simple writes a value that takes no block.
func (p *printer) simple(one *entry, start, indent string) {
	switch {
	case one.block != nil && one.block.list:
		p.WriteString(start + "[]" + beside(one) + "\n")
	case one.block != nil:
		p.WriteString(start + "{}" + beside(one) + "\n")
	case one.raw != nil:
		p.WriteString(start + one.raw[0] + beside(one) + "\n")
		p.comments(one.raw[1:], indent+"  ")
	default:
		p.WriteString(start + one.text + beside(one) + "\n")
	}
}

func beside(one *entry) string {
	if one.line == "" {
		return ""
	}
	return " " + one.line
}

// onOneLine is a list in brackets, and whether it can be so: comments need lines.
func (b *block) onOneLine() (string, bool) {
	if !b.list || len(b.foot) > 0 {
		return "", false
	}
	texts := make([]string, len(b.entries))
	for i, one := range b.entries {
		commented := one.line != "" || len(strings.Join(one.head, "")) > 0
		if one.block != nil || one.raw != nil || commented {
			return "", false
		}
		texts[i] = one.text
	}
	return "[" + strings.Join(texts, ", ") + "]", true
}
