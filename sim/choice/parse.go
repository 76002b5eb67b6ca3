package choice

import (
	"strconv"
	"strings"
)

// ParseRecord reads the text form of a [Record]. The lines may come in any order; the result is
// sorted. An error is a [*SyntaxError]. An address that is answered twice is an error, and so is an
// answer of 0, which a record leaves out. A text without draws is a record of none, in which every choice is
// the benign one, and not nil.
func ParseRecord(text string) (Record, error) {
	record := Record{}
	lineOf := make(map[Address]int)
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimRight(line, "\r\n")
		if line == "" || line[0] == '#' {
			continue
		}
		draw, err := parseLine(line, number)
		if err != nil {
			return nil, err
		}
		if first := lineOf[draw.Address]; first != 0 {
			problem := "the same draw is answered in line " + strconv.Itoa(first)
			return nil, &SyntaxError{Line: number, Column: 1, Problem: problem}
		}
		lineOf[draw.Address] = number
		record = append(record, draw)
	}
	record.Sort()
	return record, nil
}

// scanner reads one line from left to right.
type scanner struct {
	text   string
	at     int
	number int
}

func parseLine(line string, number int) (Draw, error) {
	s := &scanner{text: line, number: number}
	var draw Draw
	var err error
	if draw.Stream, err = s.name('/', "a stream's name ends with '/'"); err != nil {
		return draw, err
	}
	if draw.Entity, err = s.name('#', "an entity's name ends with '#'"); err != nil {
		return draw, err
	}
	if draw.N, err = s.positive("the number of the draw", ' '); err != nil {
		return draw, err
	}
	draw.Value, err = s.positive("the value", 0)
	return draw, err
}

// name reads up to the end mark and past it.
func (s *scanner) name(end byte, missing string) (string, error) {
	var name []byte
	for ; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; {
		case c == end:
			s.at++
			return string(name), nil
		case c == '%':
			code, err := s.escaped()
			if err != nil {
				return "", err
			}
			name = append(name, code)
		case special(c, false):
			return "", s.wrong(s.at, "a name with "+strconv.QuoteRune(rune(c))+" in it: write it as %XX")
		default:
			name = append(name, c)
		}
	}
	return "", s.wrong(s.at, missing+", and the line ends here")
}

// escaped reads the two digits behind a '%', and stops at the second one.
func (s *scanner) escaped() (byte, error) {
	const length = 2
	if s.at+length < len(s.text) {
		if code, err := strconv.ParseUint(s.text[s.at+1:s.at+1+length], 16, 8); err == nil {
			s.at += length
			return byte(code), nil
		}
	}
	return 0, s.wrong(s.at, "'%' stands before two hexadecimal digits")
}

// positive reads a decimal number of at least one, up to the end mark and past it. The end mark 0 is
// the end of the line.
func (s *scanner) positive(what string, end byte) (uint64, error) {
	from, to := s.at, len(s.text)
	if end != 0 {
		length := strings.IndexByte(s.text[from:], end)
		if length < 0 {
			return 0, s.wrong(to, "a space and a value stand behind "+what+", and the line ends here")
		}
		to = from + length
		s.at = to + 1
	}
	digits := s.text[from:to]
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil || n == 0 || digits[0] == '0' || digits[0] == '+' {
		return 0, s.wrong(from, what+" is a decimal number from 1 to 2^64-1, not "+strconv.Quote(digits))
	}
	return n, nil
}

func (s *scanner) wrong(at int, problem string) error {
	return &SyntaxError{Line: s.number, Column: at + 1, Problem: problem}
}
