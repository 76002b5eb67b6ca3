package reports

import (
	"fmt"
	"strings"
)

// Coverage says which faults and marks a campaign has met, those that it has not met included.
type Coverage struct {
	// Suite says that whole suites were run and not single scenarios: then what never fired is a gap.
	Suite  bool         `json:"suite,omitempty"`
	Kinds  []Count      `json:"kinds"`  // every kind of fault, and how often it struck
	Points []PointCount `json:"points"` // every failpoint
	// Marks is every mark; none where they were not counted.
	Marks []MarkCount `json:"marks,omitempty"`
}

// PointCount says how often a failpoint was passed, and how often it fired.
type PointCount struct {
	Name   string `json:"name"`
	Passed int64  `json:"passed"`
	Fired  int64  `json:"fired"`
}

// Missing lists what never struck: kinds of fault, failpoints that were passed and never fired, and
// failpoints that were never even reached.
func (c *Coverage) Missing() (kinds, silent, unreached []string) {
	for _, k := range c.Kinds {
		if k.Count == 0 {
			kinds = append(kinds, k.Name)
		}
	}
	for _, p := range c.Points {
		switch {
		case p.Passed == 0 && p.Fired == 0:
			unreached = append(unreached, p.Name)
		case p.Fired == 0:
			silent = append(silent, p.Name)
		}
	}
	return kinds, silent, unreached
}

// Complete says whether every fault fired.
func (c *Coverage) Complete() bool {
	kinds, silent, unreached := c.Missing()
	return len(kinds)+len(silent)+len(unreached) == 0
}

// Sentence says in a line whether everything fired, and otherwise what did not.
func (c *Coverage) Sentence() string {
	kinds, silent, unreached := c.Missing()
	if c.Complete() {
		return fmt.Sprintf("Every fault kind (%d) and every failpoint (%d) fired.", len(c.Kinds), len(c.Points))
	}
	var parts []string
	add := func(what, of string, names []string, all int) {
		if len(names) > 0 {
			parts = append(parts, fmt.Sprintf("%d of %s%s (%s)", len(names), plural(int64(all), what), of,
				clean(strings.Join(names, ", "))))
		}
	}
	add("fault kind", "", kinds, len(c.Kinds))
	add("failpoint", ", reached but never fired", silent, len(c.Points))
	add("failpoint", ", never reached", unreached, len(c.Points))
	return "Never fired: " + strings.Join(parts, "; ") +
		". More seeds may meet them; derail faults NAME shows how to ask for one."
}

// CoverageTable is every kind of fault, every failpoint and every mark with its counts, as text in columns.
func CoverageTable(c *Coverage, style Style) string {
	var b strings.Builder
	name := len("failpoint")
	for _, k := range c.Kinds {
		name = max(name, columns(clean(k.Name)))
	}
	for _, p := range c.Points {
		name = max(name, columns(clean(p.Name)))
	}
	for _, m := range c.Marks {
		name = max(name, columns(clean(m.Name)))
	}
	row := func(sgr, title string, cells ...string) {
		line := padRight(title, name)
		for _, cell := range cells {
			line += "  " + padLeft(cell, countWidth)
		}
		if line = strings.TrimRight(line, " "); sgr != "" {
			line = style.paint(sgr, line)
		}
		b.WriteString(line + "\n")
	}
	shade := func(n int64) string {
		if n == 0 {
			return warn
		}
		return ""
	}
	row(faint, "fault kind", "", "struck")
	for _, k := range c.Kinds {
		row(shade(k.Count), clean(k.Name), "", Quantity(k.Count))
	}
	row(faint, "failpoint", "passed", "fired")
	for _, p := range c.Points {
		row(shade(p.Fired), clean(p.Name), Quantity(p.Passed), Quantity(p.Fired))
	}
	if len(c.Marks) > 0 {
		row(faint, "mark", "times", "in runs")
	}
	for _, m := range c.Marks {
		row(shade(m.Runs), clean(m.Name), Quantity(m.Times), Quantity(m.Runs))
	}
	return b.String()
}

const countWidth = 7

// pointsText is the failpoints of a run for a sentence, those that fired first.
func pointsText(points []PointCount) string {
	var fired []string
	silent := 0
	for _, p := range points {
		switch {
		case p.Fired > 0:
			fired = append(fired, fmt.Sprintf("%s (%s of %s)", p.Name, grouped(p.Fired), plural(p.Passed, "passing")))
		case p.Passed > 0:
			silent++
		}
	}
	switch {
	case len(fired) == 0 && silent == 0:
		return ""
	case len(fired) == 0:
		return fmt.Sprintf("Failpoints: %s passed, none fired.", grouped(int64(silent)))
	case silent == 0:
		return "Failpoints: " + join(fired) + "."
	default:
		return fmt.Sprintf("Failpoints: %s; %s more passed without firing.", join(fired), grouped(int64(silent)))
	}
}
