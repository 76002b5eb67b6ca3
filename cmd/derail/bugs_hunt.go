package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"derail/cmd/derail/workshop"
	"derail/sim/planted"
)

// hunted is what came of hunting a bug.
type hunted struct {
	Name      string   `json:"name"`
	Area      string   `json:"area"`
	Property  string   `json:"property"`
	Scenario  string   `json:"scenario"`
	Caught    bool     `json:"caught"`
	Seeds     []int    `json:"seeds"`            // to detection, of each hunt
	Median    int      `json:"median"`           // of Seeds
	Worst     int      `json:"worst"`            // of Seeds
	Also      []string `json:"also,omitempty"`   // what else broke
	Says      string   `json:"says,omitempty"`   // what the property says of the first run that shows it
	Reproduce string   `json:"reproduce"`        // the command
	Missed    string   `json:"missed,omitempty"` // why it was not caught
	WallNS    int64    `json:"wall_ns"`          // its build included
}

// huntReport is all of them.
type huntReport struct {
	Bugs   []hunted `json:"bugs"`
	Caught int      `json:"caught"`
	WallNS int64    `json:"wall_ns"`
}

// hunt hunts bugs and prints what came of it.
func (b *bugsCommand) hunt(c *console, list []planted.Bug) error {
	shop, err := openFor(list)
	if err != nil {
		return err
	}
	defer func() { _ = shop.Close() }()
	ctx, end := c.interruptible()
	defer end()
	begun := time.Now()
	report := huntReport{Bugs: b.huntAll(ctx, c, shop, list)}
	report.WallNS = int64(time.Since(begun))
	for i := range report.Bugs {
		if report.Bugs[i].Caught {
			report.Caught++
		}
	}
	if b.JSON {
		err = c.json(report)
	} else {
		c.print(report.text(len(list)))
	}
	switch {
	case err != nil:
		return err
	case report.Caught < len(report.Bugs):
		return silently(exitUnexpected)
	case ctx.Err() != nil:
		return silently(exitInterrupted)
	}
	return nil
}

// openFor makes a workshop, if one of the bugs needs it.
func openFor(list []planted.Bug) (*workshop.Workshop, error) {
	for i := range list {
		if !list[i].Patched() {
			continue
		}
		shop, err := workshop.Open(".")
		if err != nil {
			return nil, wrongInput(fmt.Errorf("%s: %w", list[i].Name, err))
		}
		return shop, nil
	}
	return nil, nil
}

// huntAll hunts several bugs at a time. What is interrupted before its turn comes is left out.
func (b *bugsCommand) huntAll(
	ctx context.Context, c *console, shop *workshop.Workshop, list []planted.Bug,
) []hunted {
	bar := c.progress(progressText{name: "bugs", number: 1, of: 1, runs: len(list)}, b.JSON)
	defer bar.end()
	results := make([]*hunted, len(list))
	turns := make(chan int)
	var hunters sync.WaitGroup
	for range b.Parallel.orCores() {
		hunters.Go(func() {
			for i := range turns {
				results[i] = c.huntOne(ctx, shop, &list[i])
				bar.ran(0)
			}
		})
	}
	for i := range list {
		if ctx.Err() != nil {
			break
		}
		turns <- i
	}
	close(turns)
	hunters.Wait()
	var done []hunted
	for _, r := range results {
		if r != nil {
			done = append(done, *r)
		}
	}
	return done
}

// huntOne hunts one bug; nil if it was interrupted.
func (c *console) huntOne(ctx context.Context, shop *workshop.Workshop, bug *planted.Bug) *hunted {
	begun := time.Now()
	h := &hunted{Name: bug.Name, Area: bug.Area, Property: bug.Property, Scenario: bug.Scenario}
	sightings, err := shop.Hunt(ctx, bug, planted.Hunted())
	if ctx.Err() != nil {
		return nil
	}
	var seen planted.Seen
	if err == nil {
		seen, err = bug.Sum(planted.Hunted(), sightings)
	}
	if h.WallNS = int64(time.Since(begun)); err != nil {
		h.Missed = strings.TrimSpace(err.Error())
	} else {
		h.Caught, h.Median, h.Worst, h.Also = true, seen.Median, seen.Worst, seen.Also
		h.Reproduce = c.reproduce(bug.Name, seen.Seed)
		h.Says = sightings[0].Summary
	}
	for _, s := range sightings {
		h.Seeds = append(h.Seeds, s.Runs)
	}
	return h
}

// text is the table.
func (r *huntReport) text(asked int) string {
	rows := [][]string{{"", "bug", "area", "caught by", "seeds", "worst", "time", "see it with"}}
	var missed strings.Builder
	for i := range r.Bugs {
		h := &r.Bugs[i]
		row := []string{"ok", h.Name, h.Area, h.Property, fmt.Sprint(h.Median), fmt.Sprint(h.Worst)}
		if !h.Caught {
			row = []string{"MISSED", h.Name, h.Area, h.Property, "-", "-"}
			fmt.Fprintf(&missed, "\n%s was not caught: %s\n", h.Name, h.Missed)
		}
		took := time.Duration(h.WallNS).Round(100 * time.Millisecond)
		rows = append(rows, append(row, took.String(), h.Reproduce))
	}
	text := columns(rows) + missed.String()
	took := time.Duration(r.WallNS).Round(100 * time.Millisecond)
	text += fmt.Sprintf("\n%d of %d caught by the property that names them, in %v; "+
		"seeds: the median of %d hunts.\n", r.Caught, len(r.Bugs), took, len(planted.Hunted()))
	if left := asked - len(r.Bugs); left > 0 {
		text += fmt.Sprintf("Interrupted: %d were not hunted.\n", left)
	}
	return text
}
