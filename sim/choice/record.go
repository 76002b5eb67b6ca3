package choice

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Draw is one draw that was taken: where, and what came out.
type Draw struct {
	Address
	Value uint64
}

// Record is what a run drew, without the benign draws. Its text form has one line for each draw:
//
//	stream/entity#n value
//
// with n and value in decimal, sorted by stream, entity and n. A byte of a name that would be read
// as something else (a control character, a space, '#', '%' or DEL, and '/' in a stream's name) is
// written as '%' and two hexadecimal digits. Empty lines and lines that begin with '#' are skipped
// when a record is read.
type Record []Draw

// Sort brings the record into the order of its text form. Draws of the same address keep their order.
func (r Record) Sort() {
	slices.SortStableFunc(r, func(a, b Draw) int {
		return cmp.Or(
			strings.Compare(a.Stream, b.Stream),
			strings.Compare(a.Entity, b.Entity),
			cmp.Compare(a.N, b.N),
		)
	})
}

// String is the text form. It does not depend on the order of r.
func (r Record) String() string {
	sorted := slices.Clone(r)
	sorted.Sort()
	var text []byte
	for _, draw := range sorted {
		text = draw.append(text)
	}
	return string(text)
}

// MarshalText is the text form as bytes.
func (r Record) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads the text form, see [ParseRecord].
func (r *Record) UnmarshalText(text []byte) error {
	parsed, err := ParseRecord(string(text))
	if err == nil {
		*r = parsed
	}
	return err
}

// Hash is a number that depends on the draws of the record and not on their order.
func (r Record) Hash() uint64 {
	return streamKey(uint64(len(r)), "record", r.String())
}

// String is the line that stands for the draw in a record's text form.
func (d Draw) String() string { return strings.TrimSuffix(string(d.append(nil)), "\n") }

func (d Draw) append(line []byte) []byte {
	line = escape(line, d.Stream, true)
	line = append(line, '/')
	line = escape(line, d.Entity, false)
	line = append(line, '#')
	line = strconv.AppendUint(line, d.N, 10)
	line = append(line, ' ')
	line = strconv.AppendUint(line, d.Value, 10)
	return append(line, '\n')
}

func escape(line []byte, name string, slashToo bool) []byte {
	const digits = "0123456789abcdef"
	for i := range len(name) {
		if c := name[i]; special(c, slashToo) {
			line = append(line, '%', digits[c>>4], digits[c&15])
		} else {
			line = append(line, c)
		}
	}
	return line
}

func special(c byte, slashToo bool) bool {
	return c <= ' ' || c == '#' || c == '%' || c == 0x7f || (slashToo && c == '/')
}

// SyntaxError says where a record cannot be read, and why.
type SyntaxError struct {
	Line, Column int // from 1; the column counts bytes
	Problem      string
}

// Error is the place and the problem.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("record: line %d, column %d: %s", e.Line, e.Column, e.Problem)
}
