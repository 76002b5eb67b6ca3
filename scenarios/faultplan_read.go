package scenarios

import (
	"cmp"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// readPlan reads a plan, and checks it against the scenario if there is one. What it reads it makes into
// the nodes that a file with the same faults has, so that values are read, and faults inspected, in one way
// wherever they come from.
func readPlan(text string, whole *Scenario, opts ParseOptions) ([]Fault, error) {
	p := planReader{doc: &document{file: planFile}, bad: map[string]bool{}}
	plain, wrong := plainText(p.doc, []byte(text))
	switch {
	case len(text) > mostBytes:
		return nil, Errors{p.doc.flaw(spot{}, "the plan is larger than 1 MiB", "write fewer faults")}
	case wrong != nil:
		return nil, Errors{wrong}
	}
	p.text, p.at = plain, spot{1, 1}
	list := p.faults()
	p.doc.root = list
	d := &decoder{doc: p.doc, places: map[string]place{}, bad: p.bad, problems: p.problems}
	faults := make([]Fault, 0, len(list.Values))
	d.list(list, reflect.ValueOf(&faults).Elem(), field{key: planFile}, planFile)
	for n := range faults {
		faults[n].Fill()
	}
	i := &inspection{decoder: d, Scenario: &Scenario{}, opts: opts}
	if whole == nil {
		for _, unknown := range []string{"break", "rest", "cluster", "jobs", "swarm"} {
			d.bad[unknown] = true
		}
	} else {
		*i.Scenario = *whole
		i.Swarm, i.countable = nil, true
		i.Cluster.Store = cmp.Or(i.Cluster.Store, StoreServer)
		for _, group := range whole.Jobs {
			i.groups = append(i.groups, group.Name)
		}
	}
	i.Faults = faults
	i.faults()
	for _, one := range d.problems {
		one.Want = inPlanWords(one.Want)
	}
	if err := d.problems.orNil(); err != nil || len(faults) == 0 {
		return nil, err
	}
	return faults, nil
}

// advised is a key with a value as the advice for a file has them.
var advised = regexp.MustCompile(`\b(write|add) ([a-z-]+): `)

// inPlanWords is the advice of a message with keys and values as a plan has them. What is no key of a fault
// stands in a file, whose way of writing it keeps.
func inPlanWords(want string) string {
	keys := keysOf(reflect.TypeFor[Fault]())
	return advised.ReplaceAllStringFunc(want, func(text string) string {
		parts := advised.FindStringSubmatch(text)
		if !slices.Contains(keys, parts[2]) {
			return text
		}
		return parts[1] + " " + parts[2] + "="
	})
}

// planReader takes a plan's text apart.
type planReader struct {
	doc  *document
	text string // what is still to be read
	at   spot   // where that begins

	problems Errors
	bad      map[string]bool // see decoder
}

func (p *planReader) report(at spot, problem, want string) {
	p.problems = append(p.problems, p.doc.flaw(at, problem, want))
}

// faults reads the whole plan.
func (p *planReader) faults() *ast.SequenceNode {
	list := ast.Sequence(p.token("[", p.at), true)
	for p.space(); p.text != ""; p.space() {
		begin := p.at
		if p.take(";") {
			p.report(begin, "there is no fault before this semicolon", "take it out")
			continue
		}
		one := ast.Mapping(p.token("{", p.at), true)
		below := planFile + "[" + strconv.Itoa(len(list.Values)) + "]"
		p.kind(one, below)
		for p.space(); p.text != "" && !p.take(";") && p.keyed(one, below); p.space() {
		}
		list.Values = append(list.Values, one)
	}
	return list
}

// kind reads what a fault begins with.
func (p *planReader) kind(one *ast.MappingNode, below string) {
	at := p.at
	if key := keyForm.FindString(p.text); key != "" {
		p.report(at, "a fault without its kind before "+quoted(key), "begin it with its kind, such as node.crash")
		p.bad[below+".kind"] = true // reported, and not to be missed again
		return
	}
	p.add(one, "kind", at, below, func() ast.Node { return p.word(false) })
}

// keyForm is a key with its equals sign.
var keyForm = regexp.MustCompile(`^[a-z-]+=`)

// keyed reads a key and its value. It says no, and reads nothing, where another fault begins.
func (p *planReader) keyed(one *ast.MappingNode, below string) bool {
	at := p.at
	end := strings.IndexFunc(p.text, func(r rune) bool { return r == '=' || r == ';' || unicode.IsSpace(r) })
	key := p.text
	if end >= 0 {
		key = p.text[:end]
	}
	if slices.Contains(kindNames(), key) {
		p.report(at, "another kind in the same fault", "write a semicolon before it")
		return false
	}
	p.skip(len(key))
	form := reflect.TypeFor[Fault]()
	keys := keysOf(form)
	n := slices.Index(keys, key)
	assigned := p.take("=")
	switch {
	case key == "":
		p.report(at, "a value without a key", "write key=value, such as rate=10%")
	case n < 0:
		p.unknownKey(at, key, below)
	case !assigned && strings.HasPrefix(strings.TrimLeftFunc(p.text, unicode.IsSpace), "="):
		p.space()
		p.report(p.at, "a space before the equals sign", "write "+key+"="+planExample(key))
		p.take("=")
		p.space()
		p.word(false)
		p.bad[below+"."+key] = true
		return true
	case !assigned:
		p.report(at, quoted(key)+" has no value", "write "+key+"="+planExample(key))
		p.bad[below+"."+key] = true
		return true
	}
	if n < 0 {
		p.value(reflect.Slice)
	} else {
		p.add(one, key, at, below, func() ast.Node { return p.value(form.Field(n).Type.Kind()) })
	}
	return true
}

// unknownKey reports a key that no fault has. The key that was probably meant counts as given.
func (p *planReader) unknownKey(at spot, key, below string) {
	keys := keysOf(reflect.TypeFor[Fault]())
	wrong := unknown("key", key, keys)
	meant := Nearest(key, keys)
	if before, after, colon := strings.Cut(key, ":"); colon && slices.Contains(keys, before) {
		wrong.problem, wrong.want = "a colon where a plan has an equals sign", "write "+before+"="+after
		meant = before
	}
	p.report(at, wrong.problem, wrong.want)
	p.bad[below+"."+meant] = true
}

// planExample is a value that the key can have.
func planExample(key string) string {
	switch key {
	case "forever":
		return "true"
	case "every":
		return "5s"
	case "from", "until":
		return "10s"
	case "alive":
		return "30%"
	}
	if example := needed[key]; example != "" {
		return example
	}
	return "VALUE"
}

// value reads what stands after an equals sign, for a field of that kind.
func (p *planReader) value(of reflect.Kind) ast.Node {
	p.together()
	if of != reflect.Slice {
		word := p.word(false)
		text, is := word.(*ast.StringNode)
		if is && of == reflect.Bool && (text.Value == "true" || text.Value == "false") {
			return ast.Bool(text.Token)
		}
		return word
	}
	members := ast.Sequence(p.token("[", p.at), true)
	if at := p.at; p.take("[") {
		p.report(at, "a list of a plan has no brackets", "write a,b without them")
		p.skip(len(p.text) - len(strings.TrimLeft(p.text, " ")))
	}
	members.Values = append(members.Values, p.word(true))
	for p.take(",") {
		p.together()
		members.Values = append(members.Values, p.word(true))
	}
	return members
}

// together reports the space before a value that somebody put there for the eye, and skips it.
func (p *planReader) together() {
	rest := strings.TrimLeftFunc(p.text, unicode.IsSpace)
	end := strings.IndexFunc(rest, func(r rune) bool { return r == '=' || r == ';' || unicode.IsSpace(r) })
	if rest == p.text || rest == "" || end >= 0 && rest[end] == '=' || rest[0] == ';' {
		return
	}
	p.report(p.at, "a space inside a value", "take it out")
	p.space()
}

// word reads a word, in quotes or without; none is the node of no value. In a list a comma ends it.
func (p *planReader) word(list bool) ast.Node {
	at := p.at
	if strings.HasPrefix(p.text, `"`) {
		return p.quoted(at)
	}
	end := strings.IndexFunc(p.text, func(r rune) bool {
		return r == ';' || unicode.IsSpace(r) || list && r == ','
	})
	word := p.text
	if end >= 0 {
		word = p.text[:end]
	}
	p.skip(len(word))
	if word == "" {
		return ast.Null(p.token("", at))
	}
	return ast.String(p.token(word, at))
}

// quoted reads a word in quotes.
func (p *planReader) quoted(at spot) ast.Node {
	prefix, err := strconv.QuotedPrefix(p.text)
	if err != nil {
		p.report(at, "a text in quotes does not end", `close it with "`)
		p.skip(len(p.text))
		return ast.String(p.token("", at))
	}
	p.skip(len(prefix))
	if next, _ := utf8.DecodeRuneInString(p.text); p.text != "" && !strings.ContainsRune(",;", next) &&
		!unicode.IsSpace(next) {
		p.report(p.at, "something after the text in quotes", "write a space, a comma or a semicolon after it")
		p.skip(len(p.text))
	}
	word, err := strconv.Unquote(prefix)
	if err != nil || !utf8.ValidString(word) {
		p.report(at, prefix+" is no text", "write it without escapes")
	}
	found := p.token(word, at)
	found.Type = token.DoubleQuoteType
	return ast.String(found)
}

// add reads a key's value and adds both to a fault. A value that is no text at all was reported, and
// nothing more is to be said of it.
func (p *planReader) add(one *ast.MappingNode, key string, at spot, below string, read func() ast.Node) {
	before := len(p.problems)
	value := read()
	if len(p.problems) > before {
		p.bad[below+"."+key] = true
		return
	}
	word := p.token(key, at)
	one.Values = append(one.Values, ast.MappingValue(word, ast.String(word), value))
}

func (p *planReader) token(text string, at spot) *token.Token {
	return token.String(text, text, &token.Position{Line: at.line, Column: at.column})
}

// skip goes on by so many bytes.
func (p *planReader) skip(size int) {
	for _, r := range p.text[:size] {
		p.at.column++
		if r == '\n' {
			p.at = spot{p.at.line + 1, 1}
		}
	}
	p.text = p.text[size:]
}

// space skips white space.
func (p *planReader) space() {
	p.skip(len(p.text) - len(strings.TrimLeftFunc(p.text, unicode.IsSpace)))
}

// take skips the text if it comes next.
func (p *planReader) take(text string) bool {
	if !strings.HasPrefix(p.text, text) {
		return false
	}
	p.skip(len(text))
	return true
}
