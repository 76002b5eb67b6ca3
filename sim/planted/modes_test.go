package planted_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"derail/sim/explore"
	"derail/sim/planted"
)

// TestModes holds the comparison of the modes of search against the bugs. With -measure it hunts each bug
// by each mode, which takes an hour; TestTables -rewrite then writes the table.
func TestModes(t *testing.T) {
	if *measure {
		compareModes(t)
		return
	}
	list, err := planted.Comparison()
	if err != nil {
		t.Fatal(err)
	}
	if len(list) == 0 {
		t.Skip("not measured yet: go test ./sim/planted -run TestModes -measure -timeout 3h")
	}
	for _, c := range list {
		bug, known := planted.Find(c.Name)
		switch {
		case !known:
			t.Errorf("modes.json has a bug %s that there is not", c.Name)
		case len(c.Open) > 0 && bug.Patched():
			t.Errorf("%s was hunted in the open, and has a patch", c.Name)
		}
		for i, m := range explore.Modes() {
			if len(c.Own) <= i || c.Own[i].Mode != m.Name || len(c.Own[i].Runs) < len(planted.Hunted()) {
				t.Errorf("%s was not hunted often enough by mode %s", c.Name, m.Name)
			}
		}
	}
	// A hunt in a world with a database takes minutes by every mode, so that a few may be left for later.
	if missing := unhunted(list); len(missing) > 5 {
		t.Errorf("not hunted by mode: %v (go test ./sim/planted -run TestModes -measure -timeout 3h)", missing)
	}
}

// unhunted names the bugs of which the comparison knows nothing.
func unhunted(list []planted.Compared) (names []string) {
	for _, b := range planted.Bugs() {
		if !slices.ContainsFunc(list, func(c planted.Compared) bool { return c.Name == b.Name }) {
			names = append(names, b.Name)
		}
	}
	return names
}

// compareModes hunts bugs and writes modes.json, after each of them: what was measured before stays until it is
// measured anew, and -run TestModes/compare/NAME measures one.
func compareModes(t *testing.T) {
	w := newWorkshop(t)
	list, err := planted.Comparison()
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]planted.Compared{}
	for _, c := range list {
		known[c.Name] = c
	}
	var mu sync.Mutex
	t.Run("compare", func(t *testing.T) {
		for _, b := range planted.Bugs() {
			t.Run(b.Name, func(t *testing.T) {
				t.Parallel()
				c, err := w.Compare(t.Context(), &b, planted.Hunted())
				if err != nil {
					t.Fatal(err)
				}
				mu.Lock()
				defer mu.Unlock()
				known[b.Name] = c
				writeModes(t, known)
			})
		}
	})
}

func writeModes(t *testing.T, known map[string]planted.Compared) {
	t.Helper()
	var lines []string // one for each bug: the file is long enough
	for _, b := range planted.Bugs() {
		c, is := known[b.Name]
		if !is {
			continue
		}
		line, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, string(line))
	}
	text := "[\n" + strings.Join(lines, ",\n") + "\n]\n"
	if err := os.WriteFile("modes.json", []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

const modesForeword = `
## What the modes of search are worth

<!-- modes: measured by go test ./sim/planted -run TestModes -measure, written by TestTables -rewrite -->

How many runs it took until the bug showed, by ` + "`derail explore`" + `'s modes: the median of %d hunts
from seeds that have nothing in common, each of %d runs at the most. In its own scenario a bug is found by
anybody, for that was written to show it: only the bugs are listed of which some mode needed more than %d
runs. The others were found by every mode in so many, %d of %d.
`

const openForeword = `
In the open, in %s, a scenario that was made for no bug and has faults of every kind: the bugs that are made
by a wrapper alone, where anything that is not as expected shows them.

`

const modesEnd = "\n<!-- end of modes -->\n"

// modesTable is the part of this folder's README that compares the modes.
func modesTable(list []planted.Compared) string {
	const few = 3
	var own, open [][]string
	for _, c := range list {
		if slices.ContainsFunc(c.Own, func(t planted.Tried) bool { n, _ := t.Median(); return n > few }) {
			own = append(own, modesRow(c.Name, c.Own))
		}
		if c.Open != nil {
			open = append(open, modesRow(c.Name, c.Open))
		}
	}
	var text strings.Builder
	fmt.Fprintf(&text, modesForeword, len(planted.Hunted()), planted.MostRuns, few, len(list)-len(own),
		len(list))
	if missing := unhunted(list); len(missing) > 0 {
		fmt.Fprintf(&text, "Not hunted by mode yet: %s.\n", strings.Join(missing, ", "))
	}
	modesRows(&text, own)
	fmt.Fprintf(&text, openForeword, planted.OpenScenario)
	modesRows(&text, open)
	text.WriteString(modesEnd)
	return text.String()
}

func modesRow(name string, tried []planted.Tried) []string {
	row := []string{name}
	for i := range tried {
		row = append(row, tried[i].Text())
	}
	return row
}

func modesRows(text *strings.Builder, rows [][]string) {
	text.WriteString("\n| Bug |")
	for _, m := range explore.Modes() {
		text.WriteString(" " + m.Name + " |")
	}
	text.WriteString("\n| --- |" + strings.Repeat(" --- |", len(explore.Modes())) + "\n")
	for _, row := range rows {
		text.WriteString("| " + strings.Join(row, " | ") + " |\n")
	}
}

// TestGuidanceHelps is a guard on one bug, hunted in the open from a few seeds, so that guidance does not become
// worse than chance unseen. What it is worth in general the table tells.
func TestGuidanceHelps(t *testing.T) {
	if testing.Short() {
		t.Skip("it makes some hundred runs")
	}
	bug, _ := planted.Find("consumed-by-prefix")
	sum := func(mode string) (runs int) {
		sightings, err := bug.HuntIn(mode, planted.Hunted()[:3], true)
		if err != nil {
			t.Fatal(err)
		}
		tried := planted.Sorted(mode, sightings)
		for _, n := range tried.Runs {
			runs += n
		}
		t.Logf("%s: %v", mode, tried.Runs)
		return runs
	}
	if guided, random := sum("guided"), sum("random"); guided >= random {
		t.Errorf("guided it took %d runs, and by chance %d", guided, random)
	}
}
