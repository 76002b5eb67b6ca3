package reports

import (
	"fmt"
	"slices"
	"strings"

	"derail/checker/history"
)

// beat is one line of a story: what one record tells, or several that belong together.
type beat struct {
	At      int64
	until   int64 // of several that were joined: when the last came
	Record  int64 // the first that it tells
	Records int   // how many

	Jobs  []history.JobID     // which it is about; a crash is about all that were held
	Nodes []history.ProcessID // whom it happened to
	All   bool                // it happened to everybody

	Sort  weight
	Rank  weight // Sort, as seen from the jobs that the story is about
	Mark  byte   // 0, or one of the marks
	Text  string
	Shape string // of beats that tell the same of the same job it is the same
	Tally string // what it counts as where it is folded away, such as "posted"; empty: nothing

	group *group
	spell *spell
	once  string // the text before it was said how often
	times int    // how often it came, where that was more than once
}

// weight is how much a beat matters. The smaller, the more.
type weight uint8

const (
	essential weight = iota // a promise was broken here, or this shows it
	central                 // it happened to what the story is about
	trouble                 // something went wrong
	smooth                  // something went as it should
	petty                   // what has no consequences: a question, a race that was lost
	silent                  // of interest to a program
)

// The marks of beats.
const (
	markFault  = '!'
	markBroken = 'X'
)

// group is what beats have in common that are told as one when they follow each other.
type group struct {
	before, after, afterMany string // what is said before and after the names
	names                    []string
}

func (g *group) same(other *group) bool {
	return g != nil && other != nil && g.before == other.before && g.after == other.after
}

func (g *group) text() string {
	after := g.after
	if len(g.names) > 1 {
		after = g.afterMany
	}
	return g.before + span(g.names) + after
}

// joined makes one beat of those that follow each other and are of one group.
func joined(beats []beat) []beat {
	var short []beat
	for i := range beats {
		b := beats[i]
		if last := len(short) - 1; last >= 0 && short[last].joins(&b) {
			a := &short[last]
			for _, name := range b.group.names {
				if slices.Contains(a.group.names, name) {
					a.times = max(a.times, 1) + 1
					continue
				}
				a.group.names = append(a.group.names, name)
			}
			a.until = b.At
			a.Text, a.Records, a.Rank = a.group.text(), a.Records+b.Records, min(a.Rank, b.Rank)
			if a.times > 0 {
				a.Text += fmt.Sprintf(" (%s, until %s)", times(int64(a.Records)), instant(b.At))
			}
			a.Jobs, a.Nodes = append(a.Jobs, b.Jobs...), append(a.Nodes, b.Nodes...)
			continue
		}
		if b.group != nil {
			b.group = &group{b.group.before, b.group.after, b.group.afterMany, slices.Clone(b.group.names)}
			b.Text = b.group.text()
		}
		short = append(short, b)
	}
	return short
}

// joins says whether the next beat can be told in the same line: it comes soon, or is about the same.
func (b *beat) joins(next *beat) bool {
	if !b.group.same(next.group) || b.Mark != next.Mark {
		return false
	}
	return next.At-max(b.At, b.until) <= 100*millisecond || slices.Equal(b.group.names, next.group.names)
}

// span lists names, and of four and more that only count on just the first and the last.
func span(names []string) string {
	var parts []string
	for i := 0; i < len(names); {
		end := i + 1
		for end < len(names) && countsOn(names[end-1], names[end]) {
			end++
		}
		if end-i > 3 {
			parts = append(parts, clean(names[i])+" to "+clean(names[end-1]))
			i = end
			continue
		}
		parts = append(parts, clean(names[i]))
		i++
	}
	if most := 6; len(parts) > most {
		left := plural(int64(len(parts)-most+1), "more")
		return strings.Join(parts[:most-1], ", ") + " and " + strings.TrimSuffix(left, "s")
	}
	return join(parts)
}

// countsOn says whether two names are the same but for a number at their end, and the second's is one more.
func countsOn(a, b string) bool {
	stem := strings.TrimRight(a, "0123456789")
	n, ok := numberAfter(a, stem)
	m, also := numberAfter(b, stem)
	return ok && also && m == n+1
}

func numberAfter(name, stem string) (n int64, ok bool) {
	digits, found := strings.CutPrefix(name, stem)
	if !found || digits == "" || len(digits) > 9 {
		return 0, false
	}
	for _, d := range digits {
		if d < '0' || d > '9' {
			return 0, false
		}
		n = n*10 + int64(d-'0')
	}
	return n, true
}
