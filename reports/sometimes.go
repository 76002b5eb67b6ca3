package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"derail/checker"
)

// MarkCount says how often a mark was met: a situation worth meeting, one of [checker.Sometimes].
type MarkCount struct {
	Name  string `json:"name"`
	Runs  int64  `json:"runs"`  // in which it was met
	Times int64  `json:"times"` // in all of them together
}

// Unmet lists the marks that no run has met.
func (c *Coverage) Unmet() (names []string) {
	for _, m := range c.Marks {
		if m.Runs == 0 {
			names = append(names, m.Name)
		}
	}
	return names
}

// MarksSentence says in a line whether every mark was met, and otherwise which were not. Where marks were not
// counted it is empty.
func (c *Coverage) MarksSentence() string {
	unmet := c.Unmet()
	switch {
	case len(c.Marks) == 0:
		return ""
	case len(unmet) == 0:
		return fmt.Sprintf("Every mark (%d) was met.", len(c.Marks))
	}
	return fmt.Sprintf("Never met: %d of %s (%s). More seeds may meet them; derail list marks says what "+
		"each is.", len(unmet), plural(int64(len(c.Marks)), "mark"), clean(strings.Join(unmet, ", ")))
}

// marksView is the marks for the page, over the suite.
type marksView struct {
	Sentence string
	Gap      bool // a whole suite was run, and not everything was met
	Marks    []markRow
}

// markRow is one mark: what it is, and where it was met.
type markRow struct {
	MarkCount
	Means     string
	Scenarios string
}

// markMeans is what a mark is, or empty where it is none of today's.
func markMeans(name string) string {
	list := checker.Sometimes()
	if i := slices.IndexFunc(list, func(m checker.Mark) bool { return m.Name == name }); i >= 0 {
		return list[i].Sentence
	}
	return ""
}

func newMarks(c *Campaign) *marksView {
	v := &marksView{Sentence: c.Coverage.MarksSentence()}
	v.Gap = c.Coverage.Suite && len(c.Coverage.Unmet()) > 0
	for _, m := range c.Coverage.Marks {
		v.Marks = append(v.Marks, markRow{MarkCount: m, Means: markMeans(m.Name), Scenarios: metIn(c, m.Name)})
	}
	return v
}

// mostMet is how many scenarios are named in which a mark was met.
const mostMet = 3

// metIn names the scenarios in which a mark was met, with the number of runs, those with most of them first.
func metIn(c *Campaign, mark string) string {
	var in []Count
	for i := range c.Scenarios {
		for _, m := range c.Scenarios[i].Marks {
			if m.Name == mark {
				in = append(in, Count{clean(c.Scenarios[i].Name), m.Count})
			}
		}
	}
	slices.SortStableFunc(in, func(a, b Count) int { return cmp.Compare(b.Count, a.Count) })
	var parts []string
	for _, s := range in[:min(len(in), mostMet)] {
		parts = append(parts, s.Name+" "+Quantity(s.Count))
	}
	if left := len(in) - len(parts); left > 0 {
		parts = append(parts, fmt.Sprintf("%d more", left))
	}
	return strings.Join(parts, ", ")
}

// marksSummary is a scenario's marks in a few words.
func marksSummary(s *Scenario, of *Coverage) string {
	if of == nil || len(of.Marks) == 0 {
		return plural(int64(len(s.Marks)), "mark") + " met"
	}
	return fmt.Sprintf("%d of %s met", len(s.Marks), plural(int64(len(of.Marks)), "mark"))
}
