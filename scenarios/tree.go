package scenarios

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/token"
)

// block is a mapping or a list as it is to be written, and where it stood in the file that it came
// from.
type block struct {
	list    bool
	entries []*entry
	foot    []string // the comments after the last entry

	parent     *block
	column     int // of the entries
	inBrackets bool
	begin, end spot // of the brackets
}

// entry is a member of a block. Its value is one of text, raw and block.
type entry struct {
	key   string
	text  string
	raw   []string // a text over many lines: its header (|, >), then the lines
	block *block

	head []string // the comments above it; an empty one is an empty line
	line string   // the comment on its line

	home *block
	at   spot
	rank int // its place in the block as it is to be written
}

// plant makes the tree of a mapping or list, the entries in the order of the file.
func (d *document) plant(node ast.Node, form reflect.Type, parent *block) *block {
	if form.Kind() == reflect.Pointer {
		form = form.Elem()
	}
	switch node := node.(type) {
	case *ast.MappingNode:
		here := &block{parent: parent, inBrackets: node.IsFlowStyle}
		if node.IsFlowStyle {
			here.begin, here.end = spotOf(node.Start), spotOf(node.End)
		}
		keys := keysOf(form)
		for _, value := range node.Values {
			key := value.Key.GetToken()
			rank := slices.Index(keys, key.Value)
			one := &entry{key: key.Value, home: here, at: spotOf(key), rank: rank}
			here.column = one.at.column
			d.plantValue(one, value.Value, form.Field(rank).Type)
			here.entries = append(here.entries, one)
		}
		return here
	case *ast.SequenceNode:
		here := &block{list: true, parent: parent, inBrackets: node.IsFlowStyle}
		if node.IsFlowStyle {
			here.begin, here.end = spotOf(node.Start), spotOf(node.End)
		}
		for i, value := range node.Values {
			one := &entry{home: here, at: nodeSpot(value), rank: i}
			if !node.IsFlowStyle {
				one.at = spotOf(node.Entries[i].Start)
			}
			here.column = one.at.column
			d.plantValue(one, value, form.Elem())
			here.entries = append(here.entries, one)
		}
		return here
	}
	return nil
}

// plantValue gives the entry its value.
func (d *document) plantValue(one *entry, node ast.Node, form reflect.Type) {
	if one.block = d.plant(node, form, one.home); one.block != nil {
		return
	}
	if literal, is := node.(*ast.LiteralNode); is && one.home.parent == nil {
		if one.raw = d.rawText(literal, one.home.column); one.raw != nil {
			return
		}
	}
	switch text := scalarText(node); node.(type) {
	case *ast.StringNode, *ast.LiteralNode:
		one.text = scalar(text)
	default:
		one.text = strings.ToLower(text)
	}
}

// rawText is a text over many lines as the file has it, but with the indentation taken off; nil
// where it cannot be had so.
func (d *document) rawText(node *ast.LiteralNode, column int) []string {
	header := node.Start.Value
	style := strings.TrimRight(header, "0123456789")
	if len(header) > 2 || style != header || strings.HasSuffix(header, "+") {
		return nil
	}
	lines := d.lines[node.Start.Position.Line:]
	indent := -1
	raw := []string{header}
	for _, line := range lines {
		text := strings.TrimLeft(line, " ")
		if text == "" {
			raw = append(raw, "")
			continue
		}
		deep := len(line) - len(text)
		if indent < 0 {
			indent = deep
		}
		if deep < indent || deep < column {
			break
		}
		raw = append(raw, line[indent:])
	}
	for raw[len(raw)-1] == "" {
		raw = raw[:len(raw)-1]
	}
	if !readsAs(raw, node.Value.Value) {
		return nil
	}
	return raw
}

// readsAs says that YAML reads the text from a header and lines. Lines of white space alone are out:
// nobody sees them.
func readsAs(raw []string, text string) bool {
	for _, line := range raw {
		if line != "" && isEmpty(line) {
			return false
		}
	}
	tokens := lexer.Tokenize("text: " + strings.Join(raw, "\n  ") + "\n")
	last := tokens[len(tokens)-1]
	return last.Type == token.StringType && last.Value == text
}

var (
	plainForm = regexp.MustCompile(`^[\pL0-9](?:[\pL0-9 ./%()';-]*[\pL0-9./%();-])?$`)
	// notText is what this or another YAML reader takes for a number, a date, a boolean or nothing.
	notText = regexp.MustCompile(`^(?i:[0-9.]+(?:e-?[0-9]+)?|0[xob][0-9a-f]+|[0-9]{4}-.*|\.inf|\.nan` +
		`|true|false|yes|no|on|off|y|n|null)$`)
)

// scalar is a text as a file has it: without quotes where it can be.
func scalar(text string) string {
	if plainForm.MatchString(text) && !notText.MatchString(text) {
		if tokens := lexer.Tokenize(text); len(tokens) == 1 && tokens[0].Value == text {
			return text
		}
	}
	var quoted strings.Builder
	quoted.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			quoted.WriteByte('\\')
			quoted.WriteRune(r)
		case r == '\n':
			quoted.WriteString(`\n`)
		case r == '\t':
			quoted.WriteString(`\t`)
		case unicode.IsPrint(r):
			quoted.WriteRune(r)
		case r < 0x10000:
			fmt.Fprintf(&quoted, `\u%04x`, r)
		default:
			fmt.Fprintf(&quoted, `\U%08x`, r)
		}
	}
	quoted.WriteByte('"')
	return quoted.String()
}
