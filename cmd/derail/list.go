package main

import (
	"fmt"
	"slices"
	"strings"

	"derail/checker"
	"derail/core/failpoints"
	"derail/scenarios"
)

// listCommand lists what there is.
type listCommand struct {
	What string `arg:"" optional:"" enum:"scenarios,faults,properties,points,marks" default:"scenarios" help:"${list_what}"`
}

// Help is the end of `derail list --help`.
func (listCommand) Help() string {
	return `Examples:

    derail list                the scenarios that come with derail
    derail list faults         what can break, and the keys that say how
    derail list properties     the promises that every run is held to
    derail list points         where code.failpoint can strike
    derail list marks          the situations that runs are to meet sometimes
`
}

// Run lists them.
func (l *listCommand) Run(c *console) error {
	var rows [][2]string
	switch l.What {
	case "faults":
		for _, kind := range scenarios.Kinds() {
			rows = append(rows, [2]string{kind.Name, kind.Means}, [2]string{"", keysOf(kind)})
		}
	case "properties":
		for _, p := range checker.Properties() {
			rows = append(rows, [2]string{p.Name, p.Sentence})
		}
	case "points":
		for _, p := range failpoints.All() {
			rows = append(rows, [2]string{p.Name, p.About})
		}
	case "marks":
		for _, m := range checker.Sometimes() {
			rows = append(rows, [2]string{m.Name, m.Sentence})
		}
	default:
		return c.listScenarios()
	}
	c.table(rows)
	return nil
}

// listScenarios lists the suite, and after it the scenarios that keep what was once found from coming back.
func (c *console) listScenarios() error {
	list, err := experiments(nil)
	if err != nil {
		return fault(err)
	}
	rows := make([][2]string, len(list))
	for i, e := range list {
		rows[i] = [2]string{e.scenario.Name, e.scenario.Summary()}
	}
	suite := slices.IndexFunc(scenarios.Embedded(), func(s scenarios.Source) bool { return s.Folder != "" })
	if suite < 0 {
		suite = len(rows)
	}
	c.table(rows[:suite])
	c.print("\nRegressions, each of a mistake that the simulator once found:\n\n")
	c.table(rows[suite:])
	return nil
}

// keysOf lists the keys of a kind of fault.
func keysOf(kind scenarios.Kind) string {
	needed := map[string]bool{}
	for _, key := range kind.Needs {
		needed[key] = true
	}
	var keys []string
	for _, key := range kind.Takes {
		if needed[key] {
			key += " (needed)"
		}
		keys = append(keys, key)
	}
	return "keys: " + strings.Join(keys, ", ")
}

// table prints two columns, the second folded to the width of the terminal.
func (c *console) table(rows [][2]string) {
	first := 0
	for _, row := range rows {
		first = max(first, len(row[0]))
	}
	for _, row := range rows {
		name := row[0]
		for _, line := range folded(row[1], max(c.width-first-2, 30)) {
			c.print(strings.TrimRight(fmt.Sprintf("%-*s  %s", first, name, line), " ") + "\n")
			name = ""
		}
	}
}

// folded breaks a text into lines; an empty text has one.
func folded(text string, width int) []string {
	lines := []string{""}
	for word := range strings.FieldsSeq(text) {
		last := &lines[len(lines)-1]
		switch {
		case *last == "":
			*last = word
		case len(*last)+1+len(word) > width:
			lines = append(lines, word)
		default:
			*last += " " + word
		}
	}
	return lines
}
