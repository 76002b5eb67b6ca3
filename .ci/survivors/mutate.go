package main

import (
	"bytes"
	"fmt"
	"slices"
)

// mutations is what each of gremlins' mutators makes of a token. Longer tokens come first where one
// begins like another.
var mutations = map[string][][2]string{
	"ARITHMETIC_BASE":       {{"+", "-"}, {"-", "+"}, {"*", "/"}, {"/", "*"}, {"%", "*"}},
	"CONDITIONALS_BOUNDARY": {{">=", ">"}, {"<=", "<"}, {">", ">="}, {"<", "<="}},
	"CONDITIONALS_NEGATION": {
		{"==", "!="}, {"!=", "=="}, {">=", "<"}, {"<=", ">"}, {">", "<="}, {"<", ">="},
	},
	"INCREMENT_DECREMENT": {{"++", "--"}, {"--", "++"}},
	"INVERT_ASSIGNMENTS":  {{"+=", "-="}, {"-=", "+="}, {"*=", "/="}, {"/=", "*="}, {"%=", "%="}},
	"INVERT_BITWISE": {
		{"<<", ">>"}, {">>", "<<"}, {"&^", "&"}, {"&", "|"}, {"|", "&"}, {"^", "&"},
	},
	"INVERT_BWASSIGN": {
		{"<<=", ">>="}, {">>=", "<<="}, {"&^=", "&="}, {"&=", "|="}, {"|=", "&="}, {"^=", "&="},
	},
	"INVERT_LOGICAL":   {{"&&", "||"}, {"||", "&&"}},
	"INVERT_LOOPCTRL":  {{"break", "continue"}, {"continue", "break"}},
	"INVERT_NEGATIVES": {{"-", "+"}},
	"REMOVE_SELF_ASSIGNMENTS": {
		{"<<=", "="},
		{">>=", "="},
		{"&^=", "="},
		{"+=", "="},
		{"-=", "="},
		{"*=", "="},
		{"/=", "="},
		{"%=", "="},
		{"&=", "="},
		{"|=", "="},
		{"^=", "="},
	},
}

// apply makes the mutant's text out of the file's.
func (m *mutant) apply(text []byte) error {
	at := 0
	for range m.line - 1 {
		next := bytes.IndexByte(text[at:], '\n')
		if next < 0 {
			return fmt.Errorf("%s has no line %d: are these the results of another tree?", m.file, m.line)
		}
		at += next + 1
	}
	at += m.column - 1
	if at >= len(text) {
		return fmt.Errorf("%s has no column %d in line %d: are these the results of another tree?",
			m.file, m.column, m.line)
	}
	for _, pair := range mutations[m.kind] {
		if bytes.HasPrefix(text[at:], []byte(pair[0])) {
			m.old, m.new = pair[0], pair[1]
			// With room around it, so that it does not grow together with its neighbours.
			m.text = slices.Concat(text[:at], []byte(" "+m.new+" "), text[at+len(m.old):])
			return nil
		}
	}
	return fmt.Errorf("%s:%d:%d has nothing for %s: are these the results of another tree?", m.file, m.line,
		m.column, m.kind)
}
