package history

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// scanner reads one line, which holds one JSON object. It is written by hand because a mistake
// has to be told with its column, which encoding/json does not know for unknown and repeated names.
// The first mistake stays in err, and everything after it reads as nothing.
type scanner struct {
	file   string
	line   int
	text   []byte
	at     int // the index of the next byte
	err    *SyntaxError
	intern map[string]string // the same few words stand in thousands of records
}

// fail notes a mistake at index at.
func (s *scanner) fail(at int, problem, want string) {
	if s.err == nil {
		s.err = &SyntaxError{File: s.file, Line: s.line, Column: at + 1, Problem: problem, Want: want}
	}
}

func (s *scanner) space() {
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case ' ', '\t', '\r':
			s.at++
		default:
			return
		}
	}
}

// peek is the next byte that is no space, or 0 at the end or after a mistake.
func (s *scanner) peek() byte {
	s.space()
	if s.err != nil || s.at >= len(s.text) {
		return 0
	}
	return s.text[s.at]
}

// found says what stands at the next byte, for the problem of an error.
func (s *scanner) found() string {
	if s.at >= len(s.text) {
		return "the line ends here"
	}
	r, _ := utf8.DecodeRune(s.text[s.at:])
	return "unexpected " + strconv.QuoteRune(r)
}

// take takes the byte c, or fails wanting it.
func (s *scanner) take(c byte, why string) {
	if s.peek() == c && s.err == nil {
		s.at++
		return
	}
	s.fail(s.at, s.found(), "want "+strconv.QuoteRune(rune(c))+" "+why)
}

// object reads the whole line as an object and calls member for each name, which reads the value and
// refuses names that it does not know or has seen before.
func (s *scanner) object(member func(name string, nameAt int)) {
	s.members(member)
	if s.peek(); s.err == nil && s.at < len(s.text) {
		s.fail(s.at, s.found(), "want nothing after the object: one line holds one record")
	}
}

// members reads an object that may be followed by something.
func (s *scanner) members(member func(name string, nameAt int)) {
	s.take('{', "to begin an object")
	if s.peek() == '}' {
		s.at++
	} else {
		for s.err == nil {
			s.space()
			nameAt := s.at
			name := s.str("the name of a field")
			s.take(':', "after the name of a field")
			s.space()
			if s.err == nil {
				member(name, nameAt)
			}
			if s.peek() != ',' {
				break
			}
			s.at++
		}
		s.take('}', "or ',' after a field")
	}
}

// str reads a string.
func (s *scanner) str(what string) string {
	if s.peek() != '"' {
		s.fail(s.at, s.found(), "want "+what+" in double quotes")
		return ""
	}
	begin := s.at + 1
	for i := begin; i < len(s.text); i++ {
		switch c := s.text[i]; {
		case c == '"':
			raw := s.text[begin:i]
			s.at = i + 1
			if !utf8.Valid(raw) {
				s.fail(begin, "a string that is not UTF-8", "want UTF-8")
				return ""
			}
			return s.word(raw)
		case c == '\\':
			return s.escaped(begin, i)
		case c < ' ':
			s.fail(i, "a control character in a string", "want it escaped, as \\n or \\u0000")
			return ""
		}
	}
	s.fail(len(s.text), "the line ends inside a string", `want '"' to end it`)
	return ""
}

// word is raw as a string, the same memory for the same word.
func (s *scanner) word(raw []byte) string {
	if text, known := s.intern[string(raw)]; known {
		return text
	}
	text := string(raw)
	s.intern[text] = text
	return text
}

var escapes = [256]byte{
	'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t',
}

// escaped reads the string that begins at begin and has its first backslash at i.
func (s *scanner) escaped(begin, i int) string {
	raw := append([]byte(nil), s.text[begin:i]...)
	for i < len(s.text) {
		c := s.text[i]
		switch {
		case c == '"':
			s.at = i + 1
			if !utf8.Valid(raw) {
				s.fail(begin, "a string that is not UTF-8", "want UTF-8")
				return ""
			}
			return s.word(raw)
		case c < ' ':
			s.fail(i, "a control character in a string", "want it escaped, as \\n or \\u0000")
			return ""
		case c != '\\':
			raw = append(raw, c)
			i++
		case i+1 < len(s.text) && escapes[s.text[i+1]] != 0:
			raw = append(raw, escapes[s.text[i+1]])
			i += 2
		default:
			r, size := s.unicodeEscape(i)
			if size == 0 {
				s.fail(i, "an escape that JSON does not have", `want \" \\ \/ \b \f \n \r \t or \u and four digits`)
				return ""
			}
			raw = utf8.AppendRune(raw, r)
			i += size
		}
	}
	s.fail(len(s.text), "the line ends inside a string", `want '"' to end it`)
	return ""
}

// unicodeEscape reads a \u escape, or two that make one rune, at i; size 0 says that it is none.
func (s *scanner) unicodeEscape(i int) (r rune, size int) {
	high, ok := s.fourDigits(i)
	if !ok {
		return 0, 0
	}
	if !utf16.IsSurrogate(high) {
		return high, 6
	}
	low, ok := s.fourDigits(i + 6)
	if r = utf16.DecodeRune(high, low); !ok || r == utf8.RuneError {
		return 0, 0
	}
	return r, 12
}

func (s *scanner) fourDigits(i int) (rune, bool) {
	if i+6 > len(s.text) || s.text[i] != '\\' || s.text[i+1] != 'u' {
		return 0, false
	}
	v, err := strconv.ParseUint(string(s.text[i+2:i+6]), 16, 32)
	return rune(v), err == nil
}

// number reads an integer between least and most as its digits stand there.
func (s *scanner) number(least, most int64) int64 {
	at, digits := s.digits()
	v, err := strconv.ParseInt(digits, 10, 64)
	if s.err == nil && (err != nil || v < least || v > most) {
		s.fail(at, "the number "+shortened(digits)+" is out of range",
			"want "+strconv.FormatInt(least, 10)+" to "+strconv.FormatInt(most, 10))
	}
	return v
}

// unsigned reads an integer that may need all 64 bits.
func (s *scanner) unsigned() uint64 {
	at, digits := s.digits()
	v, err := strconv.ParseUint(digits, 10, 64)
	if s.err == nil && err != nil {
		s.fail(at, "the number "+shortened(digits)+" is out of range", "want 0 to 18446744073709551615")
	}
	return v
}

func (s *scanner) digits() (at int, digits string) {
	s.space()
	at = s.at
	for s.at < len(s.text) && strings.IndexByte("-+.eE0123456789", s.text[s.at]) >= 0 {
		s.at++
	}
	digits = string(s.text[at:s.at])
	plain := strings.TrimPrefix(digits, "-")
	if plain == "" || strings.Trim(plain, "0123456789") != "" || plain[0] == '0' && len(plain) > 1 {
		s.at = at
		problem := s.found()
		if digits != "" {
			problem = quoted(digits) + " is no whole number"
		}
		s.fail(at, problem, "want a whole number")
		return at, "0"
	}
	return at, digits
}

// truth reads true or false.
func (s *scanner) truth() bool {
	s.space()
	for _, word := range []string{"true", "false"} {
		if rest := s.text[s.at:]; len(rest) >= len(word) && string(rest[:len(word)]) == word {
			s.at += len(word)
			return word == "true"
		}
	}
	s.fail(s.at, s.found(), "want true or false")
	return false
}

// list reads an array of strings and calls each for every one of them, with its index in the line.
func (s *scanner) list(what string, each func(text string, at int)) {
	s.items(what, "after a name", func() {
		s.space()
		at := s.at
		text := s.str("the name of one of the " + what)
		if s.err == nil {
			each(text, at)
		}
	})
}

// each reads an array of objects and calls one for every one of them, which reads it.
func (s *scanner) each(what string, one func()) { s.items(what, "after an object", one) }

func (s *scanner) items(what, after string, one func()) {
	s.take('[', "to begin a list of "+what)
	if s.peek() == ']' {
		s.at++
		return
	}
	for s.err == nil {
		one()
		if s.peek() != ',' {
			break
		}
		s.at++
	}
	s.take(']', "or ',' "+after)
}
