package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"derail/core/failpoints"
	"derail/reports"
	"derail/scenarios"
)

// faultsCommand tells of what can break.
type faultsCommand struct {
	Name string `arg:"" optional:"" help:"${faults_name}"`
	JSON bool   `name:"json" help:"Print it as JSON."`
}

// Help is the end of `derail faults --help`.
func (faultsCommand) Help() string {
	return `A kind of fault stands in a scenario file under faults:, and in a fault plan. Assumptions (A1, A2,
...) are those that package core makes: a fault that breaks none of them may break no promise.

Examples:

    derail faults                        every kind of fault, and every failpoint
    derail faults storage                those of one area
    derail faults storage.failover       one of them, with an example
    derail faults logbook/before-save    one failpoint
    derail faults --json | jq '.kinds[] | select(.breaks).name'
`
}

// faultKind is a kind of fault as --json tells it.
type faultKind struct {
	Name     string   `json:"name"`
	Means    string   `json:"means"`
	Timed    bool     `json:"timed"`            // it strikes at moments, and not with a chance
	Breaks   string   `json:"breaks,omitempty"` // which assumption of package core
	Store    string   `json:"store,omitempty"`  // what cluster.store must be
	Machines []string `json:"machines,omitempty"`
	Needs    []string `json:"needs"`
	Takes    []string `json:"takes"`
	As       []string `json:"as,omitempty"`
	Example  example  `json:"example"`
}

// faultPoint is a failpoint as --json tells it.
type faultPoint struct {
	Name    string  `json:"name"`
	About   string  `json:"about"`
	Example example `json:"example"`
}

// faultsFound is what --json prints.
type faultsFound struct {
	Version     int          `json:"version"`
	Kinds       []faultKind  `json:"kinds"`
	Points      []faultPoint `json:"points"`
	Assumptions []assumption `json:"assumptions"`
}

// Run tells it.
func (f *faultsCommand) Run(c *console) error {
	found, err := findFaults(f.Name)
	if err != nil {
		return wrongInput(err)
	}
	switch {
	case f.JSON:
		return c.json(found)
	case len(found.Kinds) == 1 && len(found.Points) == 0:
		c.faultInDetail(&found.Kinds[0])
	case len(found.Points) == 1 && len(found.Kinds) == 0:
		c.pointInDetail(&found.Points[0])
	default:
		c.faultsInBrief(found)
	}
	return nil
}

// findFaults finds what a name stands for: a kind of fault, an area of them, a failpoint or a package with
// failpoints; without a name everything.
func findFaults(name string) (*faultsFound, error) {
	found := &faultsFound{Version: reports.Version, Kinds: []faultKind{}, Points: []faultPoint{}}
	found.Assumptions = assumptions
	var names []string
	for _, k := range scenarios.Kinds() {
		names = append(names, k.Name)
		if named(name, k.Name, ".") {
			found.Kinds = append(found.Kinds, faultKind{
				Name: k.Name, Means: k.Means, Timed: k.Timed, Breaks: k.Breaks, Store: k.Store,
				Machines: k.Machines, Needs: slices.Concat([]string{}, k.Needs), Takes: k.Takes, As: k.As,
				Example: exampleOf(k, ""),
			})
		}
	}
	failpoint, _ := scenarios.FindKind(scenarios.KindCodeFailpoint)
	for _, p := range failpoints.All() {
		names = append(names, p.Name)
		if named(name, p.Name, "/") {
			found.Points = append(found.Points, faultPoint{p.Name, p.About, exampleOf(failpoint, p.Name)})
		}
	}
	if len(found.Kinds)+len(found.Points) > 0 {
		return found, nil
	}
	if near := scenarios.Nearest(name, names); near != "" {
		return nil, fmt.Errorf("%q is neither a kind of fault nor a failpoint: did you mean %q?", name, near)
	}
	if holding := scenarios.Holding(name, names); len(holding) > 0 {
		return nil, fmt.Errorf("%q is neither a kind of fault nor a failpoint: did you mean %s?", name,
			strings.Join(holding, " or "))
	}
	return nil, fmt.Errorf("%q is neither a kind of fault nor a failpoint (derail faults lists them)", name)
}

// named says whether a name stands for a whole name, or for its part before the separator.
func named(name, whole, separator string) bool {
	area, _, _ := strings.Cut(whole, separator)
	return name == "" || name == whole || name == area
}

// faultsInBrief lists kinds and failpoints.
func (c *console) faultsInBrief(found *faultsFound) {
	var rows [][2]string
	for _, k := range found.Kinds {
		keys := "keys: " + strings.Join(marked(k.Takes, k.Needs), ", ")
		rows = append(rows, [2]string{k.Name, k.Means}, [2]string{"", k.terms() + "; " + keys})
	}
	if len(rows) > 0 {
		c.printf("%d kinds of fault (an assumption is one of package core's; a key with * is needed):\n\n",
			len(rows)/2)
		c.table(rows)
	}
	if len(found.Points) == 0 {
		return
	}
	if len(rows) > 0 {
		c.print("\n")
	}
	rows = nil
	for _, p := range found.Points {
		rows = append(rows, [2]string{p.Name, p.About})
	}
	c.printf("%d failpoints (%s strikes at them):\n\n", len(rows), scenarios.KindCodeFailpoint)
	c.table(rows)
}

// terms says in a few words what a kind breaks and what it needs.
func (k *faultKind) terms() string {
	text := "breaks no assumption"
	if k.Breaks != "" {
		text = "breaks " + k.Breaks
	}
	if k.Store != "" {
		text += "; store: " + k.Store
	}
	return text
}

// marked is the keys, with a mark on those that are needed.
func marked(keys, needed []string) []string {
	list := slices.Clone(keys)
	for i, key := range list {
		if slices.Contains(needed, key) {
			list[i] += "*"
		}
	}
	return list
}

func (c *console) faultInDetail(k *faultKind) {
	c.printf("%s\n\n", k.Name)
	c.paragraph(k.Means)
	when := "It strikes with a chance (rate), each time that something happens which it can hit."
	if k.Timed {
		when = "It strikes at a moment (at), and where every is given again and again."
	}
	c.paragraph(when)
	if k.Breaks != "" {
		c.paragraph(fmt.Sprintf("It breaks assumption %s of package core: %s "+
			"Package sim says what still holds without it.", k.Breaks, assumed(k.Breaks)))
	} else {
		c.paragraph("It breaks no assumption of package core, and so may break no promise.")
	}
	if k.Store != "" {
		c.paragraph("It needs a cluster with store: " + k.Store + ".")
	}
	if len(k.Machines) > 0 {
		c.paragraph("It can hit machines of these sorts: " + strings.Join(k.Machines, ", ") + ".")
	}
	if len(k.As) > 0 {
		c.paragraph(fmt.Sprintf("As can be %s; left out, it is %s.", strings.Join(k.As, " or "), k.As[0]))
	}
	about := keyTexts()
	var rows [][2]string
	for _, key := range marked(k.Takes, k.Needs) {
		rows = append(rows, [2]string{"  " + key, about[strings.TrimSuffix(key, "*")]})
	}
	c.print("Keys (those with * are needed):\n\n")
	c.table(rows)
	c.print("\n")
	c.exampleText(k.Example)
}

func (c *console) pointInDetail(p *faultPoint) {
	c.printf("%s\n\n", p.Name)
	c.paragraph("A failpoint: " + p.About + ".")
	c.paragraph(scenarios.KindCodeFailpoint + " strikes at it, with its name or with point: any. In a real " +
		"process the environment does: GO_FAILPOINTS='derail/" + p.Name + "=1%return(true)'.")
	c.exampleText(p.Example)
}

// exampleText prints an example.
func (c *console) exampleText(e example) {
	c.print("In a scenario file:\n\n" + indented(indented(e.YAML)))
	c.print("\nIn the place of a scenario's faults:\n\n")
	c.printf("    %s\n", c.command("run", "SCENARIO", "--faults", e.Plan))
}

// paragraph prints a text folded to the width of the terminal, and an empty line.
func (c *console) paragraph(text string) {
	for _, line := range folded(text, c.width) {
		c.print(line + "\n")
	}
	c.print("\n")
}

// keyTexts is what the schema of scenario files says of each key of a fault.
func keyTexts() map[string]string {
	var schema struct {
		Defs map[string]struct {
			Properties map[string]struct {
				Description string `json:"description"`
			} `json:"properties"`
		} `json:"$defs"`
	}
	texts := map[string]string{}
	if err := json.Unmarshal(scenarios.Schema(), &schema); err != nil {
		return texts // the names of the keys are enough
	}
	for key, property := range schema.Defs["Fault"].Properties {
		texts[key] = property.Description
	}
	return texts
}
