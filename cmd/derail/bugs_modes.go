package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"derail/sim/explore"
	"derail/sim/planted"
)

// compare hunts bugs by every mode of search, one bug after the other, and tells how many runs it took.
func (b *bugsCommand) compare(c *console, list []planted.Bug) error {
	if b.Hunt || b.Shrink || b.Seed != nil || b.Explain || b.Out != "" || b.Parallel != 0 {
		return wrongInput(errors.New("--modes: it goes with none of --run, --shrink, --seed, --explain, --out " +
			"and --parallel"))
	}
	shop, err := openFor(list)
	if err != nil {
		return err
	}
	defer func() { _ = shop.Close() }()
	all := []planted.Compared{} // in JSON, none is a list too
	missed := c.inTurn(list, func(ctx context.Context, bug *planted.Bug) error {
		one, err := shop.Compare(ctx, bug, planted.Hunted())
		if err == nil {
			all = append(all, one)
		}
		return err
	})
	if b.JSON {
		err = c.json(all)
	} else {
		c.print(comparedText(all))
	}
	return cmp.Or(err, missed)
}

// inTurn does something with one bug after the other, and complains of each with which it could not. The
// error says how the program is to end for that, or because it was interrupted.
func (c *console) inTurn(list []planted.Bug, do func(ctx context.Context, bug *planted.Bug) error) error {
	ctx, end := c.interruptible()
	defer end()
	var missed error
	for i := range list {
		err := do(ctx, &list[i])
		if ctx.Err() != nil {
			return silently(exitInterrupted)
		}
		if err != nil {
			missed = silently(exitUnexpected)
			c.complain(fmt.Errorf("%s: %w", list[i].Name, err))
		}
	}
	return missed
}

// comparedText is the table.
func comparedText(all []planted.Compared) string {
	head := []string{"bug", "where"}
	for _, m := range explore.Modes() {
		head = append(head, m.Name)
	}
	rows := [][]string{head}
	row := func(name, where string, tried []planted.Tried) {
		cells := []string{name, where}
		for i := range tried {
			cells = append(cells, tried[i].Text())
		}
		rows = append(rows, cells)
	}
	for _, c := range all {
		bug, _ := planted.Find(c.Name)
		row(c.Name, bug.Scenario, c.Own)
		if c.Open != nil {
			row(c.Name, planted.OpenScenario, c.Open)
		}
	}
	const legend = "\nRuns until it showed: the median of %d hunts, each of %d runs at most.\n"
	return columns(rows) + fmt.Sprintf(legend, len(planted.Hunted()), planted.MostRuns)
}
