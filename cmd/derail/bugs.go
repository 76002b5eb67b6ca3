package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"derail/cmd/derail/workshop"
	"derail/sim/planted"
)

// bugsCommand tells of the planted bugs, and hunts them.
type bugsCommand struct {
	Names []string `arg:"" optional:"" name:"bug" help:"${bugs_names}"`

	Hunt     bool    `name:"run" help:"Hunt them, and tell what caught each, and after how many seeds."`
	Seed     *uint64 `placeholder:"S" help:"${bugs_seed}"`
	Explain  bool    `help:"With --seed: work out how the run came to break the promise that names the bug."`
	Out      string  `placeholder:"DIR" help:"${bugs_out}"`
	Parallel count   `placeholder:"N" help:"How many to hunt at a time. Left out: one for each core."`
	JSON     bool    `name:"json" help:"Print it as JSON."`
	Modes    bool    `help:"Hunt them by every mode of derail explore, and tell how many runs each took."`
	shrinkFlags

	// What a program with a patch in it is asked by the one that has built it.
	Order string `hidden:""`
	Here  bool   `hidden:""`
}

// Help is the end of `derail bugs --help`.
func (bugsCommand) Help() string {
	return `Each planted bug breaks one promise of derail's own core, as some real system does or a careless
change would: by a wrapper around a part of it, or by a patch of its source. Each is to be caught by the property
that names it. To hunt one that is a patch takes a checkout of derail's source, in which this is called, and the
go command; nothing in the checkout is changed.

Examples:

    derail bugs                            which there are, and how many seeds it took to find each
    derail bugs no-limit                   what is broken, the patch, and how to see it
    derail bugs --run no-limit             hunt it, from several seeds
    derail bugs --run --json               hunt all of them
    derail bugs --run no-limit --seed 1    one run that shows it, as a story (--explain: with what led to it)
    derail bugs --run no-limit --seed 1 --out bug    saved as well; derail report bug tells it again
    derail bugs --modes twins-mistaken     what the modes of search are worth for it

Exit codes: 0 if all that were hunted were caught by the property that names them, 1 if not; see also
derail --help.
`
}

// Run does what is asked for.
func (b *bugsCommand) Run(c *console) error {
	if b.Order != "" {
		return obey(c, b.Order)
	}
	list, err := b.chosen()
	if err != nil {
		return err
	}
	switch {
	case b.Prove && !b.Shrink:
		return wrongInput(errors.New("--prove: it goes with --shrink"))
	case b.Shrink && (b.Hunt || b.Explain || b.Out != "" || b.Parallel != 0):
		return wrongInput(errors.New("--shrink: it goes with none of --run, --explain, --out and --parallel"))
	case b.Modes:
		return b.compare(c, list)
	case b.Shrink:
		return b.shrinkAll(c, list)
	case b.Seed != nil && (!b.Hunt || len(b.Names) != 1):
		return wrongInput(errors.New("--seed: it goes with --run and the name of one bug"))
	case b.Explain && b.Seed == nil:
		return wrongInput(errors.New("--explain: it goes with --seed"))
	case b.Out != "" && b.Seed == nil:
		return wrongInput(errors.New("--out: it goes with --seed"))
	case b.Parallel != 0 && !b.Hunt:
		return wrongInput(errors.New("--parallel: it goes with --run"))
	case b.Seed != nil:
		return b.show(c, &list[0])
	case b.Hunt:
		return b.hunt(c, list)
	case b.JSON:
		return b.listJSON(c, list)
	case len(b.Names) > 0:
		return b.explain(c, list)
	default:
		return b.list(c, list)
	}
}

// obey hunts a bug in this very program, which was built with its patch.
func obey(c *console, text string) error {
	var order workshop.Order
	if err := json.Unmarshal([]byte(text), &order); err != nil {
		return wrongInput(fmt.Errorf("--order: %w", err))
	}
	sightings, err := workshop.Obey(&order)
	if err != nil {
		return wrongInput(fmt.Errorf("--order: %w", err))
	}
	return c.json(sightings)
}

// chosen are the bugs that are named, or all of them.
func (b *bugsCommand) chosen() ([]planted.Bug, error) {
	all := planted.Bugs()
	if len(b.Names) == 0 {
		return all, nil
	}
	var names []string
	for i := range all {
		names = append(names, all[i].Name)
	}
	var list []planted.Bug
	for i, name := range b.Names {
		at := slices.Index(names, name)
		if at < 0 {
			return nil, mistaken(fmt.Sprintf("there is no bug %q", name), " (derail bugs lists them)", name, names)
		}
		if !slices.Contains(b.Names[:i], name) {
			list = append(list, all[at])
		}
	}
	return list, nil
}

// list prints the table of what is known, without hunting.
func (b *bugsCommand) list(c *console, list []planted.Bug) error {
	known, err := planted.Record()
	if err != nil {
		return fault(err)
	}
	rows := [][]string{{"bug", "area", "caught by", "scenario", "made by", "seeds"}}
	for i := range list {
		bug := &list[i]
		rows = append(rows, []string{
			bug.Name, bug.Area, bug.Property, bug.Scenario, bug.MadeBy(), fmt.Sprint(known[bug.Name].Median),
		})
	}
	c.print(columns(rows))
	c.printf("\n%d bugs; seeds: how many it took to catch it, the median of %d hunts when last measured.\n"+
		"derail bugs NAME tells more about one, derail bugs --run hunts them.\n",
		len(list), len(planted.Hunted()))
	return nil
}

// columns aligns the cells of a table.
func columns(rows [][]string) string {
	var wide []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(wide) {
				wide = append(wide, 0)
			}
			wide[i] = max(wide[i], len(cell))
		}
	}
	var text strings.Builder
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			fmt.Fprintf(&line, "%-*s  ", wide[i], cell)
		}
		text.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return text.String()
}
