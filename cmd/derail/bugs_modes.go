package main

import (
	"errors"
	"fmt"

	"derail/sim/explore"
	"derail/sim/planted"
)

// compare hunts bugs by every mode of search, one bug after the other, and tells how many runs it took.
func (b *bugsCommand) compare(c *console, list []planted.Bug) error {
	if b.Hunt || b.Shrink || b.Seed != nil {
		return wrongInput(errors.New("--modes: it goes with none of --run, --shrink and --seed"))
	}
	shop, err := openFor(list)
	if err != nil {
		return err
	}
	if shop != nil {
		defer func() { _ = shop.Close() }()
	}
	ctx, end := c.interruptible()
	defer end()
	var all []planted.Compared
	missed := 0
	for i := range list {
		one, err := shop.Compare(ctx, &list[i], planted.Hunted())
		switch {
		case ctx.Err() != nil:
			return silently(exitInterrupted)
		case err != nil:
			missed++
			c.complain(fmt.Errorf("%s: %w", list[i].Name, err))
		default:
			all = append(all, one)
		}
	}
	if b.JSON {
		err = c.json(all)
	} else {
		c.print(comparedText(all))
	}
	if err == nil && missed > 0 {
		err = silently(exitUnexpected)
	}
	return err
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
