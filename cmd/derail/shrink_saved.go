package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"derail/checker"
	"derail/reports"
	"derail/sim/shrink"
)

// smallName is the file of a run's folder that has the run made small.
const smallName = "small.yaml"

// How long the failures of a campaign are made small: each, and all of them together.
const (
	shrinkEach     = 10 * time.Second
	shrinkTogether = 30 * time.Second
)

// noShrinkFlag lets failures that are saved be as they are.
type noShrinkFlag struct {
	NoShrink bool `help:"Do not make the first failure of each promise small (small.yaml in the run's folder)."`
}

// smaller makes the first saved failure of each property small, in its folder. It comes when everything
// else was written, and whatever becomes of it changes no exit code.
func (f noShrinkFlag) smaller(
	ctx context.Context, c *console, dir string, list []reports.Scenario, quiet bool,
) {
	if f.NoShrink || dir == "" {
		return
	}
	within, end := context.WithTimeout(ctx, shrinkTogether)
	defer end()
	seen := map[string]bool{}
	for i := range list {
		for j := range list[i].Failures {
			failure := &list[i].Failures[j]
			folder := filepath.Join(dir, filepath.FromSlash(failure.Folder))
			if !c.smallest(ctx, within, folder, toShrink(failure), seen, quiet) {
				return
			}
		}
	}
}

// smallest makes a saved failure small as far as each of those properties goes that is not seen yet. It
// reports whether there is time left for others: ctx ends when nobody wants any more, within also when all
// have had their time.
func (c *console) smallest(
	ctx, within context.Context, folder string, properties []string, seen map[string]bool, quiet bool,
) bool {
	first := true
	for _, property := range properties {
		switch {
		case seen[property]:
			continue
		case ctx.Err() != nil:
			c.complain(fmt.Errorf("interrupted: nothing more is made small; %s does it",
				c.command("shrink", folder)))
			return false
		case within.Err() != nil:
			return false
		}
		seen[property] = c.shrinkSaved(within, folder, smallFor(property, first), property, quiet)
		first = false
	}
	return true
}

// smallFor names the file of a run that was made small as far as a property goes.
func smallFor(property string, first bool) string {
	if first {
		return smallName
	}
	return "small-" + strings.ReplaceAll(property, ".", "-") + ".yaml"
}

// toShrink is as far as what a saved failure is made small: each promise that it broke; or, where it broke
// none, what the run says itself.
func toShrink(f *reports.Failure) (properties []string) {
	if f.Folder == "" {
		return nil
	}
	for _, b := range f.Broken {
		if b.Outcome == checker.Invalid {
			properties = append(properties, b.Property)
		}
	}
	if len(properties) == 0 && len(f.Unmet) > 0 {
		return []string{shrink.TheRun}
	}
	return properties
}

// shrinkSaved makes a saved run small, as far as that property goes. It reports whether there was that to be
// made small: a scenario can also expect what nothing less than it could miss.
func (c *console) shrinkSaved(ctx context.Context, folder, name, property string, quiet bool) bool {
	again, err := (&chosenRun{Path: folder}).find(c, planFlag{}, stopFlag{})
	if err != nil {
		c.complain(err)
		return true
	}
	file := filepath.Join(folder, name)
	meter := c.shrinking(quiet)
	small, err := shrink.Shrink(ctx, shrink.Config{
		Scenario: again.experiment.scenario, Record: again.choices, Seed: again.seed, Property: property,
		Options: c.options(backendFlag{}), Limit: shrinkEach, Progress: meter.tell,
	})
	meter.end()
	if property == shrink.TheRun && errors.Is(err, shrink.ErrHolds) {
		return false
	}
	if err == nil {
		err = c.toFile(file, func(w io.Writer) error {
			_, err := io.WriteString(w, smallFile(small))
			return err
		})
	}
	switch {
	case err != nil:
		c.complain(fmt.Errorf("%s was not made small: %w", folder, err))
	case !quiet:
		c.printf("Made small: %s, with %v: %s.\n", property, small.After, file)
	}
	return true
}
