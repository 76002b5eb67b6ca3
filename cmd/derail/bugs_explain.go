package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"derail/checker"
	"derail/cmd/derail/workshop"
	"derail/sim/planted"
)

// bugText is a bug as it is told, in JSON as well.
type bugText struct {
	Name      string `json:"name"`
	Area      string `json:"area"`
	About     string `json:"about"`
	Reference string `json:"reference,omitempty"`
	Property  string `json:"property"`
	Scenario  string `json:"scenario"`
	MadeBy    string `json:"made_by"`
	Patch     string `json:"patch,omitempty"` // as a diff
	Reproduce string `json:"reproduce"`       // the command
	Seeds     int    `json:"seeds"`           // to detection, the median when that was last measured
}

func (c *console) bugText(b *planted.Bug, known map[string]planted.Seen) bugText {
	return bugText{
		Name: b.Name, Area: b.Area, About: b.About, Reference: b.Reference, Property: b.Property,
		Scenario: b.Scenario, MadeBy: b.MadeBy(), Patch: patchText(b.Patch),
		Reproduce: c.reproduce(b.Name, known[b.Name].Seed), Seeds: known[b.Name].Median,
	}
}

// reproduce is the command that shows a bug.
func (c *console) reproduce(name string, seed uint64) string {
	return c.command("bugs", "--run", name, "--seed", fmt.Sprint(seed))
}

func (b *bugsCommand) listJSON(c *console, list []planted.Bug) error {
	known, err := planted.Record()
	if err != nil {
		return fault(err)
	}
	texts := make([]bugText, len(list))
	for i := range list {
		texts[i] = c.bugText(&list[i], known)
	}
	return c.json(texts)
}

// explain tells about bugs, one after the other.
func (b *bugsCommand) explain(c *console, list []planted.Bug) error {
	known, err := planted.Record()
	if err != nil {
		return fault(err)
	}
	for i := range list {
		if i > 0 {
			c.print("\n")
		}
		text := c.bugText(&list[i], known)
		c.print(strings.Join(folded(text.Name+": "+text.About, c.width), "\n") + "\n\n")
		rows := [][2]string{{"area", text.Area}, {"caught by", text.Property + sentenceOf(text.Property)}}
		rows = append(rows, [2]string{"in", "scenario " + text.Scenario})
		if text.Reference != "" {
			rows = append(rows, [2]string{"reference", text.Reference})
		}
		rows = append(rows, [2]string{"made by", means(text.MadeBy)},
			[2]string{"seeds", fmt.Sprintf("%d (median of %d hunts)", text.Seeds, len(planted.Hunted()))},
			[2]string{"see it with", text.Reproduce})
		c.table(rows)
		if text.Patch != "" {
			c.print("\n" + text.Patch)
		}
	}
	return nil
}

func means(madeBy string) string {
	switch madeBy {
	case "wrapper":
		return "a wrapper around the core, in sim/planted"
	case "patch":
		return "a patch of the source"
	default:
		return "a wrapper around the core, in sim/planted, and a patch of the source"
	}
}

func sentenceOf(property string) string {
	all := checker.Properties()
	at := slices.IndexFunc(all, func(p checker.Property) bool { return p.Name == property })
	if at < 0 {
		return ""
	}
	return ": " + all[at].Sentence
}

// patchText is a patch as a diff. Where the source is not there, or is another version's, it is only the
// pieces that are replaced.
func patchText(patch []planted.Edit) string {
	var text strings.Builder
	if changes, ok := changesHere(patch); ok {
		for _, c := range changes {
			text.Write(diff.Diff("a/"+c.File, []byte(c.Old), "b/"+c.File, []byte(c.New)))
		}
		return text.String()
	}
	for _, e := range patch {
		fmt.Fprintf(&text, "--- a/%s\n+++ b/%s\n@@\n", e.File, e.File)
		text.WriteString(prefixed("-", e.Old) + prefixed("+", e.New))
	}
	return text.String()
}

func changesHere(patch []planted.Edit) ([]planted.Change, bool) {
	here, err := os.Getwd()
	if err != nil {
		return nil, false
	}
	root, err := workshop.Root(here)
	if err != nil {
		return nil, false
	}
	changes, err := workshop.Changes(root, patch)
	return changes, err == nil
}

func prefixed(mark, piece string) string {
	var text strings.Builder
	for line := range strings.Lines(piece) {
		text.WriteString(mark + strings.TrimRight(line, "\n") + "\n")
	}
	return text.String()
}
