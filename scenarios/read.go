package scenarios

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// What a file may measure. The YAML parser takes quadratic time over some inputs and a stack frame
// for each level of nesting, so that a file of the full size could keep it busy for minutes, or end
// the process.
const (
	mostBytes  = 1 << 20
	mostLines  = 10_000
	mostTokens = 50_000
	mostNested = 32
)

// document is a file as far as YAML goes.
type document struct {
	file  string
	lines []string
	// tokens are the file's in order, comments among them.
	tokens token.Tokens
	root   ast.Node
}

// spot is a place in a file: line and column, both from 1.
type spot struct{ line, column int }

func (s spot) before(other spot) bool {
	return s.line < other.line || s.line == other.line && s.column < other.column
}

func (d *document) flaw(at spot, problem, want string) *Error {
	return &Error{
		File: d.file, Line: max(1, at.line), Column: max(1, at.column),
		Problem: problem, Want: want, lines: d.lines,
	}
}

// read takes a file apart into YAML nodes. Of YAML's language it takes what a scenario needs and
// refuses the rest (anchors, aliases, tags, directives, several documents): a reader should not have
// to know them.
func read(file string, source []byte) (*document, Errors) {
	doc := &document{file: file}
	if len(source) > mostBytes {
		return nil, Errors{doc.flaw(spot{}, "the file is larger than 1 MiB", "split the scenario")}
	}
	text, wrong := plainText(doc, source)
	if wrong != nil {
		return nil, Errors{wrong}
	}
	doc.tokens = lexer.Tokenize(text)
	if wrong := doc.refuse(); len(wrong) > 0 {
		return nil, wrong
	}
	parsed, err := parser.Parse(doc.tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, Errors{doc.syntax(err)}
	}
	for _, one := range parsed.Docs {
		if one.Body != nil {
			doc.root = one.Body
			return doc, nil
		}
	}
	return nil, Errors{doc.empty()}
}

func (d *document) empty() *Error {
	problem := "the file is empty"
	if len(d.tokens) > 0 {
		problem = "the file holds no keys"
	}
	return d.flaw(spot{}, problem, "begin with name: NAME, then break, cluster and jobs")
}

// plainText makes sure that the source is text, splits it into the document's lines and returns it
// with line feeds alone as line ends and without a byte order mark.
func plainText(doc *document, source []byte) (string, *Error) {
	source = bytes.TrimPrefix(source, []byte("\ufeff"))
	source = bytes.ReplaceAll(source, []byte("\r\n"), []byte("\n"))
	text := strings.ToValidUTF8(string(source), string(utf8.RuneError))
	doc.lines = strings.Split(text, "\n")
	if len(doc.lines) > mostLines {
		problem := fmt.Sprintf("the file has more than %d lines", mostLines)
		return "", doc.flaw(spot{mostLines + 1, 1}, problem, "split the scenario")
	}
	at := spot{1, 1}
	for rest := source; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		if r == utf8.RuneError && size == 1 {
			problem := fmt.Sprintf("the byte 0x%02x is no UTF-8", rest[0])
			return "", doc.flaw(at, problem, "save the file as UTF-8")
		}
		if r != '\n' && r != '\t' && (r < ' ' || r == 0x7f || r == '\ufeff') {
			return "", doc.flaw(at, fmt.Sprintf("a control character (%U)", r), "take it out")
		}
		at.column++
		if r == '\n' {
			at = spot{at.line + 1, 1}
		}
		rest = rest[size:]
	}
	return text, nil
}

// refuse finds what a scenario may not use of YAML.
func (d *document) refuse() Errors {
	var wrong Errors
	add := func(t *token.Token, problem, want string) {
		wrong = append(wrong, d.flaw(spotOf(t), problem, want))
	}
	if len(d.tokens) > mostTokens {
		problem := fmt.Sprintf("the file has more than %d words", mostTokens)
		add(d.tokens[mostTokens], problem, "split the scenario")
		return wrong
	}
	var nesting nesting
	content, documents := false, 0
	for _, t := range d.tokens {
		if t.Type == token.CommentType {
			continue
		}
		if problem, want := foreign(t); problem != "" {
			add(t, problem, want)
		}
		if t.Type == token.DirectiveType {
			return wrong
		}
		if nesting.tooDeep(t) {
			add(t, fmt.Sprintf("more than %d levels inside each other", mostNested), "flatten it")
			return wrong
		}
		header, ended := t.Type == token.DocumentHeaderType, t.Type == token.DocumentEndType
		if header && (content || documents > 0) || documents < 0 && !ended {
			add(t, "a second document begins", "keep one scenario in one file")
			return wrong
		}
		switch {
		case header:
			documents++
		case ended:
			documents = -1
		default:
			content = true
		}
	}
	return wrong
}

// foreign says what is wrong with a token that a scenario may not have, if it is one.
func foreign(t *token.Token) (problem, want string) {
	switch t.Type {
	case token.AnchorType:
		return "a scenario has no anchors (&)", "write the value out where needed, or put the text in quotes"
	case token.AliasType:
		return "a scenario has no aliases (*)", "write the value out, or put the text in quotes"
	case token.TagType:
		return "a scenario has no tags (!)", "leave it out, or put the text in quotes"
	case token.MergeKeyType:
		return "a scenario has no merge keys (<<)", "write the keys out"
	case token.MappingKeyType:
		return `a scenario has no "?" keys`, "write key: value, or put the text in quotes"
	case token.DirectiveType:
		if t.Position.Column == 1 {
			return "a scenario has no YAML directives (%)", "leave the line out"
		}
		return "a text cannot begin with %", "put it in quotes"
	}
	return "", ""
}

// nesting counts how deep brackets, and hyphens on one line, lie inside each other.
type nesting struct {
	brackets, hyphens, line int
}

func (n *nesting) tooDeep(t *token.Token) bool {
	switch t.Type {
	case token.SequenceStartType, token.MappingStartType:
		n.brackets++
	case token.SequenceEndType, token.MappingEndType:
		n.brackets--
	case token.SequenceEntryType:
		if t.Position.Line != n.line {
			n.line, n.hyphens = t.Position.Line, 0
		}
		n.hyphens++
	}
	return n.brackets > mostNested || n.hyphens > mostNested
}

func spotOf(t *token.Token) spot { return spot{t.Position.Line, t.Position.Column} }

// syntaxAdvice says in a scenario author's words what the YAML parser found, by a part of its
// message.
var syntaxAdvice = []struct{ part, problem, want string }{
	{"double-quoted text", "a text in quotes does not end", `close it with "`},
	{"single-quoted text", "a text in quotes does not end", "close it with '"},
	{"',' or ']' must", "a list in brackets does not end", "close it with ]"},
	{"end token ']'", "a list in brackets does not end", "close it with ]"},
	{"',' or '}' must", "keys in braces do not end", "close them with }"},
	{"end token '}'", "keys in braces do not end", "close them with }"},
	{"corresponding to ']'", "a ] without its [", "take it out, or put the text in quotes"},
	{"reserved character", "a text cannot begin with this character", "put the text in quotes"},
	{"unknown escape character", `an unknown escape after \`, `write \\ for a backslash itself`},
	{
		"mapping value is not allowed", "a colon too many, or a line that is indented too far",
		"put the text in quotes, or begin the line below its neighbours",
	},
	{"non-map value", "a line without a key", "write key: value"},
	{"flow map content", "a key without a value", "write key: value"},
	{"unexpected key name", "a line without a key, or with no space after its colon", "write key: value"},
	{
		"block sequence entries", "a list cannot begin beside its key",
		"begin it on the next line, or write [a, b]",
	},
	{
		"value is not allowed in this context", "this does not fit here",
		"indent it like its neighbours, or put the text in quotes",
	},
}

// syntax is the YAML parser's error in a scenario author's words.
func (d *document) syntax(err error) *Error {
	var syntax *yaml.SyntaxError
	if !errors.As(err, &syntax) {
		return d.flaw(spot{}, "this is no YAML: "+quoted(err.Error()), "write key: value, a line each")
	}
	at := spotOf(syntax.Token)
	if tab, found := d.tabNear(at.line); found {
		return d.flaw(tab, "a tab where YAML wants spaces", "indent with two spaces for each level")
	}
	for _, advice := range syntaxAdvice {
		if strings.Contains(syntax.Message, advice.part) {
			return d.flaw(at, advice.problem, advice.want)
		}
	}
	message := strings.Join(strings.Fields(syntax.Message), " ")
	return d.flaw(at, "this is no YAML: "+message, "write key: value, a line each")
}

// tabNear finds a tab in the indentation of the line or of one beside it, which is where the parser
// notices one.
func (d *document) tabNear(line int) (spot, bool) {
	for _, near := range []int{line, line + 1, line - 1} {
		if near < 1 || near > len(d.lines) {
			continue
		}
		text := d.lines[near-1]
		indent := text[:len(text)-len(strings.TrimLeft(text, " \t"))]
		if tab := strings.IndexByte(indent, '\t'); tab >= 0 && len(indent) < len(text) {
			return spot{near, tab + 1}, true
		}
	}
	return spot{}, false
}
