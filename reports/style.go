package reports

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Style says how text for a terminal looks. The zero Style is plain text, 100 columns wide.
type Style struct {
	Colour bool
	Width  int    // columns; 0 is no terminal: sentences are folded at 100, lines of the table are whole
	Name   int    // width of the column of names in [Line] and [Heading]; 0 takes the name's own
	Out    string // the folder that the folders of saved runs are in, put before them
}

const (
	defaultWidth = 100
	leastWidth   = 40
)

// width is the number of columns to fill. Less than leastWidth cannot hold a sentence with its
// indentation, so a narrower terminal folds lines by itself.
func (s Style) width() int {
	if s.Width == 0 {
		return defaultWidth
	}
	return max(s.Width, leastWidth)
}

// The colours by what they mean, as SGR parameters.
const (
	good   = "32"
	bad    = "1;31"
	warn   = "33"
	strong = "1"
	faint  = "2"
)

func (s Style) paint(sgr, text string) string {
	if !s.Colour || text == "" {
		return text
	}
	return "\x1b[" + sgr + "m" + text + "\x1b[0m"
}

// clean is text as one line that moves no cursor and changes no colour: names and failures come from
// the system under test and may hold anything.
func clean(text string) string {
	if !strings.ContainsFunc(text, unprintable) && utf8.ValidString(text) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '\n', r == '\t', r == '\r':
			b.WriteByte(' ')
		case unprintable(r):
			quoted := strconv.QuoteRuneToASCII(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func unprintable(r rune) bool { return !unicode.IsPrint(r) }

func columns(text string) int { return utf8.RuneCountInString(text) }

// cut is text in at most width columns.
func cut(text string, width int) string {
	if columns(text) <= width {
		return text
	}
	if width < 1 {
		return ""
	}
	return string([]rune(text)[:width-1]) + "…"
}

// fold breaks text into lines of at most width columns. The first line is preceded by first, the
// others by rest. A word longer than a line stays whole: it may be a command or a path.
func fold(text, first, rest string, width int) string {
	var b strings.Builder
	line, used := first, columns(first)
	empty := true
	for word := range strings.FieldsSeq(text) {
		if !empty && used+1+columns(word) > width {
			b.WriteString(strings.TrimRight(line, " "))
			b.WriteByte('\n')
			line, used, empty = rest, columns(rest), true
		}
		if !empty {
			line += " "
			used++
		}
		line += word
		used += columns(word)
		empty = false
	}
	b.WriteString(strings.TrimRight(line, " "))
	b.WriteByte('\n')
	return b.String()
}

func padLeft(text string, width int) string {
	return strings.Repeat(" ", max(0, width-columns(text))) + text
}

func padRight(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-columns(text)))
}

// join lists names as people do: a, b and c.
func join(names []string) string {
	switch len(names) {
	case 0:
		return ""
	case 1:
		return names[0]
	default:
		return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
	}
}
