package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"derail/cmd/derail/workshop"
	"derail/sim/planted"
	"derail/sim/shrink"
)

// shrinkFlags say how planted bugs are shrunk.
type shrinkFlags struct {
	Shrink bool    `help:"Make a run that shows each as small as can be, and tell how small that is."`
	Prove  bool    `help:"With --shrink: take away each single thing that is left, to see that it is needed."`
	Time   stretch `placeholder:"D" default:"10s" help:"With --shrink: how long each may take (10s)."`
}

// shrinkAll shrinks bugs, one after the other: each has the machine to itself, for the time it takes is told.
func (b *bugsCommand) shrinkAll(c *console, list []planted.Bug) error {
	known, err := planted.Record()
	if err != nil {
		return fault(err)
	}
	var shop *workshop.Workshop
	if !b.Here {
		if shop, err = openFor(list); err != nil {
			return err
		}
	}
	defer func() { _ = shop.Close() }()
	all := []planted.Shrunk{} // in JSON, none is a list too
	missed := c.inTurn(list, func(ctx context.Context, bug *planted.Bug) error {
		seed := known[bug.Name].Seed
		if b.Seed != nil {
			seed = *b.Seed
		}
		one, err := b.shrinkOne(ctx, shop, bug, seed)
		if err != nil || ctx.Err() != nil {
			return err
		}
		if all = append(all, *one); !b.JSON {
			c.print(shrunkLine(one) + "\n")
		}
		return nil
	})
	if b.JSON {
		err = c.json(all)
	} else {
		c.print("\n" + shrunkText(all))
	}
	return cmp.Or(err, missed)
}

// shrinkOne shrinks a bug here, or has it done by the program that is built with its patch.
func (b *bugsCommand) shrinkOne(
	ctx context.Context, shop *workshop.Workshop, bug *planted.Bug, seed uint64,
) (*planted.Shrunk, error) {
	if shop == nil {
		return bug.Shrink(ctx, seed, time.Duration(b.Time), b.Prove, nil)
	}
	return shop.Shrink(ctx, bug, seed, time.Duration(b.Time), b.Prove)
}

// shrunkLine is what came of one.
func shrunkLine(s *planted.Shrunk) string {
	mark := "ok"
	if !s.Aimed() {
		mark = "LARGE"
	}
	line := fmt.Sprintf("%-5s %s, seed %d: %v; it was %v; %s, %v", mark, s.Name, s.Seed, s.After, s.Before,
		plural(s.Tried, "run"), time.Duration(s.WallNS).Round(time.Millisecond))
	switch {
	case len(s.Left) > 0:
		line += "; not needed: " + strings.Join(s.Left, ", ")
	case s.Removals > 0:
		line += fmt.Sprintf("; %s tried, each loses it", plural(s.Removals, "removal"))
	case !s.Least:
		line += "; the time was up"
	}
	if broken, err := s.Harmless(); err != nil {
		line += "; " + err.Error()
	} else if len(broken) > 0 {
		line += "; the core without the bug breaks as well: " + strings.Join(broken, ", ")
	}
	return line
}

// shrunkText is how many are as small as they are to be.
func shrunkText(all []planted.Shrunk) string {
	aimed := 0
	for i := range all {
		if all[i].Aimed() {
			aimed++
		}
	}
	return fmt.Sprintf("%d of %d have at most %d faults, %d forced switches and %d conductors, and nothing "+
		"more can be taken away.\n", aimed, len(all), shrink.MostFaults, shrink.MostSwitches, shrink.MostConductors)
}
