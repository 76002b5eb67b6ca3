package planted_test

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"derail/sim/planted"
)

var update = flag.Bool("update", false, "hunt every bug from five seeds and write README.md anew")

// firstSeeds are where the hunts for the table begin.
var firstSeeds = []uint64{1, 1001, 2001, 3001, 4001}

const readme = "README.md"

// TestReadme holds the table against the bugs. How many seeds it took and what else broke changes
// with every change of the core, and is only as new as the last -update.
func TestReadme(t *testing.T) {
	measured := map[string]string{}
	if *update {
		w := newWorkshop(t)
		for _, b := range planted.Bugs() {
			measured[b.Name] = measure(t, w, &b)
		}
		if err := os.WriteFile(readme, []byte(table(measured)), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	content, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(content)) {
		if cells := strings.SplitN(line, "|", 6); len(cells) == 6 {
			measured[strings.TrimSpace(cells[1])] = strings.TrimSpace(cells[5])
		}
	}
	if table(measured) != string(content) {
		t.Errorf("%s does not list the bugs as they are: go test ./sim/planted -run TestReadme -update "+
			"writes it anew", readme)
	}
}

// measure is the part of a bug's row that comes of hunting it.
func measure(t *testing.T, w *workshop, b *planted.Bug) string {
	sightings, err := w.hunt(b, firstSeeds)
	if err != nil {
		t.Fatal(err)
	}
	var runs []int
	others := map[string]int{}
	for _, s := range sightings {
		if s.Runs == 0 {
			t.Fatalf("%s was not found within %d seeds from one of %v", b.Name, b.Seeds, firstSeeds)
		}
		runs = append(runs, s.Runs)
		for _, property := range s.Broken {
			if property != b.Property {
				others[property]++
			}
		}
	}
	slices.Sort(runs)
	return fmt.Sprintf("%d | %d | %s |", runs[len(runs)/2], runs[len(runs)-1], ranked(others))
}

// ranked lists properties, what broke most often first.
func ranked(counts map[string]int) string {
	var names []string
	for name := range counts {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	return strings.Join(names, ", ")
}

const foreword = `# Planted bugs

What the checker is worth: each of these breaks the core on purpose, and each is caught by the
property that names it. ` + "`go test ./sim/planted`" + ` hunts them all; the numbers here are from the last
` + "`go test ./sim/planted -run TestReadme -update`" + `, which writes this file.

*Median* and *worst* say how many seeds it took until the property broke, of five hunts from seeds
that have nothing in common. *Also broken* is what else broke in those runs, what broke in most of
them first. A bug is made by a wrapper around the core or by a patch that is built in.

| Bug | Made by | Caught by | Scenario | Median | Worst | Also broken |
| --- | --- | --- | --- | --- | --- | --- |
`

// table is the file's text.
func table(measured map[string]string) string {
	var text strings.Builder
	text.WriteString(foreword)
	for _, b := range planted.Bugs() {
		fmt.Fprintf(&text, "| %s | %s | %s | %s | %s\n",
			b.Name, madeBy(&b), b.Property, b.Scenario, measured[b.Name])
	}
	text.WriteString("\n## What is broken\n\n")
	for _, b := range planted.Bugs() {
		fmt.Fprintf(&text, "- **%s.** %s\n", b.Name, b.About)
	}
	return text.String()
}

func madeBy(b *planted.Bug) string {
	wrapped := b.Wrap.Store != nil || b.Wrap.Claims != nil || b.Wrap.Config != nil
	switch {
	case wrapped && b.Patched():
		return "both"
	case wrapped:
		return "wrapper"
	default:
		return "patch"
	}
}
