package history

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// SyntaxError says where a file is not a history, what is wrong there and what would be right.
type SyntaxError struct {
	File    string
	Line    int // from 1
	Column  int // from 1, in bytes
	Problem string
	Want    string
}

// Error is one line: where, what is wrong, what would be right.
func (e *SyntaxError) Error() string {
	return e.File + ":" + strconv.Itoa(e.Line) + ":" + strconv.Itoa(e.Column) + ": " + e.Problem + "; " + e.Want
}

// mostShown is how much of a text from the file a message shows, in bytes. A mistake can have any length.
const mostShown = 64

// shortened is a text for a message.
func shortened(text string) string {
	if len(text) <= mostShown {
		return text
	}
	cut := mostShown
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "..."
}

func quoted(text string) string { return strconv.Quote(shortened(text)) }

// oneOf says which words would be right in place of got, the nearest first if one is near.
func oneOf(got string, words []string) string {
	listed := "want one of " + strings.Join(words, ", ")
	best, bestDistance := "", 3 // a word that is further away was not meant
	for _, word := range words {
		if d := distance(got, word); d < bestDistance && d < max(len(word), len(got)) {
			best, bestDistance = word, d
		}
	}
	if best != "" {
		return "did you mean " + strconv.Quote(best) + "? (" + listed + ")"
	}
	return listed
}

// distance is how many letters must be added, taken away or changed to make b from a. Texts that
// nobody types by mistake are not compared: they would take time for nothing.
func distance(a, b string) int {
	if len(a) > 32 {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := diagonal
			if a[i-1] != b[j-1] {
				change++
			}
			diagonal = row[j]
			row[j] = min(row[j]+1, row[j-1]+1, change)
		}
	}
	return row[len(b)]
}
