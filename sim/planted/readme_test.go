package planted_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"derail/sim/planted"
)

var (
	measure = flag.Bool("measure", false, "measure what takes long (TestShrunk, TestModes), and write it down")
	rewrite = flag.Bool("rewrite", false, "write the tables of what was measured last")
)

var update = flag.Bool("update", false, "hunt every bug from five seeds and write the tables anew")

const readme = "README.md"

// shrunkNow is what the bugs were shrunk to, as it was measured last: before this test, or by it.
var shrunkNow, _ = planted.ShrunkRecord()

// The table in the README of the module is between these lines.
const (
	tableBegin = "<!-- planted bugs: written by go test ./sim/planted -run TestTables -update -->\n"
	tableEnd   = "<!-- end of planted bugs -->\n"
)

// TestTables holds the tables against the bugs. How many seeds it took and what else broke changes with
// every change of the core, and is only as new as the last -update; that the seeds show the bugs is what
// TestEveryBugIsSeen tells.
func TestTables(t *testing.T) {
	if *update {
		seen := huntEach(t, planted.Bugs())
		if t.Failed() {
			return
		}
		writeRecord(t, seen)
		writeTables(t, seen)
		return
	}
	known, err := planted.Record()
	if err != nil {
		t.Fatal(err)
	}
	if *rewrite {
		writeTables(t, known)
		return
	}
	if len(known) != len(planted.Bugs()) {
		t.Errorf("seen.json has %d bugs, and there are %d (%s)", len(known), len(planted.Bugs()), anew)
	}
	if content := read(t, readme); content != table(t, known) {
		t.Errorf("%s does not list the bugs as they are (%s)", readme, anew)
	}
	root := read(t, filepath.Join(moduleRoot, readme))
	if before, after, is := around(root); is && before+short(known)+after != root {
		t.Errorf("the README of the module does not list the bugs as they are (%s)", anew)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// around is what stands before and after the table in the README of the module, if it has one.
func around(text string) (before, after string, is bool) {
	before, rest, is := strings.Cut(text, tableBegin)
	if !is {
		return "", "", false
	}
	_, after, is = strings.Cut(rest, tableEnd)
	return before + tableBegin, tableEnd + after, is
}

func writeTables(t *testing.T, seen map[string]planted.Seen) {
	t.Helper()
	texts := map[string]string{readme: table(t, seen)}
	root := filepath.Join(moduleRoot, readme)
	if before, after, is := around(read(t, root)); is {
		texts[root] = before + short(seen) + after
	}
	for file, text := range texts {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

const foreword = `# Planted bugs

What the checker is worth: each of these breaks the core on purpose, and each is caught by the
property that names it. ` + "`derail bugs --run`" + ` hunts them all, ` + "`derail bugs NAME`" + ` tells more
about one.

*Last seen* is a seed of the scenario that shows the bug. It is seen again each time that
` + "`go test ./sim/planted`" + ` runs: the test runs that very seed with the bug in place, and fails where
the property holds. *Median* and *worst* say how many seeds it took until the property broke, of five hunts
from seeds that have nothing in common; the test hunts from the same seeds and fails where the median is
more than 100. The numbers are from the last ` + "`go test ./sim/planted -run TestTables -update`" + `,
which writes this file.
*Also broken* is what else broke in those runs, what broke in most of them first. A bug is made by a wrapper
around the core or by a patch that is built in.

| Bug | Area | Made by | Caught by | Scenario | Last seen | Median | Worst | Also broken |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
`

// table is this folder's README.
func table(t *testing.T, seen map[string]planted.Seen) string {
	t.Helper()
	compared, err := planted.Comparison()
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	text.WriteString(foreword)
	for _, b := range planted.Bugs() {
		s := seen[b.Name]
		fmt.Fprintf(&text, "| %s | %s | %s | %s | %s | seed %d | %d | %d | %s |\n", b.Name, b.Area, b.MadeBy(),
			b.Property, b.Scenario, s.Seed, s.Median, s.Worst, strings.Join(s.Also, ", "))
	}
	text.WriteString(shrunkTable(shrunkNow))
	if len(compared) > 0 {
		text.WriteString(modesTable(compared))
	}
	text.WriteString("\n## What is broken\n\n")
	for _, b := range planted.Bugs() {
		fmt.Fprintf(&text, "- **%s.** %s", b.Name, b.About)
		if b.Reference != "" {
			fmt.Fprintf(&text, " *%s*", b.Reference)
		}
		text.WriteString("\n")
	}
	return text.String()
}

// short is the table in the README of the module.
func short(seen map[string]planted.Seen) string {
	var text strings.Builder
	text.WriteString("| bug | breaks | caught by | last seen | median seeds |\n")
	text.WriteString("| --- | --- | --- | --- | --- |\n")
	for _, b := range planted.Bugs() {
		s := seen[b.Name]
		name := "`" + b.Name + "`"
		if b.Reference != "" {
			name += " ¹"
		}
		fmt.Fprintf(&text, "| %s | %s | `%s` | %s, seed %d | %d |\n",
			name, b.Area, b.Property, b.Scenario, s.Seed, s.Median)
	}
	return text.String()
}
