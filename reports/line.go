package reports

import (
	"fmt"
	"slices"
	"strings"
)

// column is one column of numbers in the table of scenarios.
type column struct {
	title string
	width int
	text  func(*Scenario) string
}

// of is the column's text for a scenario. One that was not run has no numbers but how many runs there
// were to be.
func (c column) of(s *Scenario) string {
	if s.Runs == 0 && c.title != "runs" {
		return "-"
	}
	return c.text(s)
}

// numberColumns are the columns between the name and the properties. They are given up from the
// last to the first where the terminal is narrow.
func numberColumns() []column {
	return []column{
		{"runs", 8, runsText},
		{"failed", 6, func(s *Scenario) string { return Quantity(int64(s.Failed)) }},
		{"simulated", 9, func(s *Scenario) string { return Duration(s.SimulatedNS) }},
		{"wall", 6, func(s *Scenario) string { return Duration(s.WallNS) }},
		{"events", 6, func(s *Scenario) string { return Quantity(s.Events) }},
		{"faults", 6, func(s *Scenario) string { return Quantity(total(s.Faults)) }},
	}
}

func runsText(s *Scenario) string {
	if s.Runs < s.Seeds.Count {
		return fmt.Sprintf("%s/%s", Quantity(int64(s.Runs)), Quantity(int64(s.Seeds.Count)))
	}
	return Quantity(int64(s.Runs))
}

func total(counts []Count) int64 {
	var n int64
	for _, c := range counts {
		n += c.Count
	}
	return n
}

const (
	outcomeWidth    = 6  // "ok", "FAIL", "part", "none"
	propertiesWidth = 28 // what the last column needs to say something
)

// fitting are the columns for which there is room.
func (s Style) fitting(name int) []column {
	all := numberColumns()
	room := s.width() - outcomeWidth - name - propertiesWidth
	for i, c := range all {
		room -= c.width + 2
		if room < 0 {
			return all[:max(i, 2)]
		}
	}
	return all
}

// Heading is the line above the lines of scenarios, without a newline at its end.
func Heading(style Style) string {
	name := max(style.Name, len("scenario"))
	var b strings.Builder
	b.WriteString(strings.Repeat(" ", outcomeWidth))
	b.WriteString(padRight("scenario", name))
	for _, c := range style.fitting(name) {
		b.WriteString("  " + padLeft(c.title, c.width))
	}
	b.WriteString("  properties")
	return style.paint(faint, b.String())
}

// Line is one scenario on one line, without a newline at its end: outcome, name, runs, failures,
// simulated time, wall time, events, faults and properties. It is as wide as the style says, except
// that without a width nothing is cut.
func Line(s *Scenario, style Style) string {
	name := clean(s.Name)
	width := max(style.Name, columns(name), len("scenario"))
	outcome, sgr := outcome(s)
	var b strings.Builder
	b.WriteString(style.paint(sgr, padRight(outcome, outcomeWidth)))
	b.WriteString(padRight(name, width))
	used := outcomeWidth + width
	for _, c := range style.fitting(width) {
		b.WriteString("  " + padLeft(c.of(s), c.width))
		used += 2 + c.width
	}
	b.WriteString("  ")
	text := properties(s, style.width()-used-2)
	if style.Width > 0 { // in a file nothing has to be cut
		text = cut(text, style.width()-used-2)
	}
	b.WriteString(text)
	return strings.TrimRight(b.String(), " ")
}

// outcome is what came of a scenario, in one word and its colour.
func outcome(s *Scenario) (word, sgr string) {
	switch {
	case s.Runs == 0:
		return "none", warn
	case !s.AsExpected && s.Failed == 0 && len(s.Unmet) == 0 && s.Runs < s.Seeds.Count:
		return "part", warn
	case !s.AsExpected:
		return "FAIL", bad
	default:
		return "ok", good
	}
}

// properties says how the properties came out, the surprising ones first, in at most width columns
// where that can be done without hiding that there was a surprise.
func properties(s *Scenario, width int) string {
	if s.Runs == 0 {
		return "not run"
	}
	held := 0
	var notes []string
	for _, p := range s.Properties {
		if p.Broken == 0 && p.Undecided == 0 {
			held++
		}
		if note := propertyNote(p); note != "" && !p.AsExpected() {
			notes = append(notes, note)
		}
	}
	unmet := func(f Failure) bool { return len(f.Unmet) > 0 }
	if len(s.Unmet) > 0 || len(notes) == 0 && slices.ContainsFunc(s.Failures, unmet) {
		notes = append(notes, "expectation not met")
	}
	for _, f := range s.Failures {
		if f.Nondeterministic {
			notes = append(notes, "not deterministic")
			break
		}
	}
	if s.Ruined > 0 {
		notes = append(notes, "data ruined in "+plural(int64(s.Ruined), "run"))
	}
	if s.Cut > 0 {
		notes = append(notes, plural(int64(s.Cut), "run")+" ended early")
	}
	for _, p := range s.Properties {
		if note := propertyNote(p); note != "" && p.AsExpected() {
			notes = append(notes, note)
		}
	}
	return listed(fmt.Sprintf("%d/%d held", held, len(s.Properties)), notes, width)
}

func propertyNote(p Property) string {
	name := clean(p.Name)
	switch {
	case p.ExpectBroken && p.AsExpected():
		return name + " broken as expected"
	case p.ExpectBroken:
		return name + " not broken in every run"
	case p.ExpectFound && p.Broken > 0:
		return name + " found broken as expected"
	case p.ExpectFound:
		return name + " not found broken"
	case p.MayBreak && p.Broken > 0:
		return name + " broken, as it may be"
	case p.MayBreak:
		return ""
	case p.Broken > 0:
		return name + " broken"
	case p.Undecided > 0:
		return name + " undecided"
	default:
		return ""
	}
}

// listed is head and the notes behind it. What does not fit is counted; the first note always stays.
func listed(head string, notes []string, width int) string {
	text := head
	for i, note := range notes {
		left := len(notes) - i - 1
		more := ""
		if left > 0 {
			more = fmt.Sprintf(", +%d more", left)
		}
		if i > 0 && columns(text)+2+columns(note)+columns(more) > width {
			return fmt.Sprintf("%s, +%d more", text, left+1)
		}
		text += ", " + note
	}
	return text
}
