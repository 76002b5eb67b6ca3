package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"derail/checker"
	"derail/sim/explore"
	"derail/sim/shrink"
	"derail/sim/world"
)

// shrinkCommand makes a failing run small.
type shrinkCommand struct {
	chosenRun
	Property string  `placeholder:"NAME" help:"${shrink_property}"`
	Time     stretch `placeholder:"D" default:"10s" help:"How long it may take (10s)."`
	Prove    bool    `help:"Then take away each single thing that is left, to see that it is needed."`
	Out      string  `placeholder:"FILE" help:"${shrink_out}"`
	JSON     bool    `name:"json" help:"Print what came of it as JSON, the scenario in it."`

	planFlag
	backendFlag
}

// Help is the end of `derail shrink --help`.
func (shrinkCommand) Help() string {
	return `It makes the run smaller for as long as the same promise is broken: whole faults go, then single
strikes, conductors, jobs, tasks, retries, time, and choices that need not be made. What is left is a scenario with
its choices in it, which fails on every run, and can be kept in scenarios/regression. It is printed, or written
to --out; what is said of it goes to standard error then.

Examples:

    derail shrink out/runs/mine-seed-7
    derail shrink mine.yaml --seed 7 --out small.yaml
    derail shrink weak-store --seed 1 --property claim.exclusive --time 30s
    derail shrink mine.yaml --seed 7 > small.yaml && derail replay small.yaml

Ctrl-C ends it, with the smallest that was found until then. Exit codes: 0 if it was made smaller, 1 if the run
breaks nothing, or it could not be; see also derail --help.
`
}

// shrunk is what `derail shrink --json` prints.
type shrunk struct {
	Property string      `json:"property"`
	Says     string      `json:"says"`
	Before   shrink.Size `json:"before"`
	After    shrink.Size `json:"after"`
	Least    bool        `json:"least"` // nothing is left that can be taken away: everything was tried
	Tried    int         `json:"tried"` // runs
	WallNS   int64       `json:"wall_ns"`
	Removals int         `json:"removals,omitempty"` // with --prove: how many things were taken away again
	Left     []string    `json:"left,omitempty"`     // with --prove: what turned out not to be needed
	Scenario string      `json:"scenario"`
	// Seed is set where the choices are too many for a file: the scenario fails with this seed then.
	Seed *uint64 `json:"seed,omitempty"`
}

// Run shrinks it, and tells what is left.
func (s *shrinkCommand) Run(c *console) error {
	again, err := s.find(c, s.planFlag, stopFlag{})
	if err != nil {
		return err
	}
	options := c.options(s.backendFlag)
	property, err := s.property(again, options)
	if err != nil {
		return err
	}
	ctx, end := c.interruptible()
	defer end()
	meter := c.shrinking(s.JSON)
	config := shrink.Config{
		Scenario: again.experiment.scenario, Record: again.choices, Seed: again.seed, Property: property,
		Options: options, Limit: time.Duration(s.Time), Progress: meter.tell,
	}
	small, err := shrink.Shrink(ctx, config)
	meter.end()
	switch {
	case errors.Is(err, shrink.ErrHolds):
		return &ending{exitUnexpected, err}
	case err != nil:
		return fault(err)
	}
	result := shrunkOf(property, small)
	if s.Prove && small.Seed == nil {
		config.Scenario = small.Scenario
		switch left, removals, err := shrink.Prove(ctx, config); {
		case err == nil:
			result.Left, result.Removals = left, removals
		case ctx.Err() == nil:
			return fault(err)
		}
	}
	return s.hand(ctx, c, result)
}

func shrunkOf(property string, small *shrink.Small) *shrunk {
	return &shrunk{
		Property: property, Says: small.Says, Before: small.Before, After: small.After, Least: small.Least,
		Tried: small.Tried, WallNS: int64(small.Took), Scenario: smallFile(small), Seed: small.Seed,
	}
}

// smallFile is the text of the file of a shrunk scenario, as the folder of regressions has them.
func smallFile(small *shrink.Small) string {
	return "# yaml-language-server: $schema=../schema.json\n" + string(small.Scenario.Brief())
}

// hand writes the scenario, and tells about it.
func (s *shrinkCommand) hand(ctx context.Context, c *console, r *shrunk) error {
	var err error
	switch {
	case s.Out != "":
		err = c.toFile(s.Out, func(w io.Writer) error {
			_, err := io.WriteString(w, r.Scenario)
			return err
		})
		if err == nil && !s.JSON {
			c.print(r.text() + "Written: " + s.Out + ".\n")
		}
	case !s.JSON:
		c.print(r.Scenario)
		_, _ = io.WriteString(c.err, r.text())
	}
	if s.JSON && err == nil {
		err = c.json(r)
	}
	switch {
	case err != nil:
		return err
	case ctx.Err() != nil:
		return silently(exitInterrupted)
	case len(r.Left) > 0:
		return silently(exitUnexpected)
	}
	return nil
}

// text is what there is to say of it.
func (r *shrunk) text() string {
	text := fmt.Sprintf("%s is still broken: %s\nLeft: %v.\nBefore: %v.\n%d runs, %v", r.Property, r.Says,
		r.After, r.Before, r.Tried, time.Duration(r.WallNS).Round(time.Millisecond))
	switch {
	case r.Seed != nil:
		return text + fmt.Sprintf(". The time was up, with more choices left than a file can hold: it fails with "+
			"--seed %d, and there may be more to take away (--time).\n", *r.Seed)
	case len(r.Left) > 0:
		return text + ". Not needed, it turned out: " + strings.Join(r.Left, ", ") + ".\n"
	case r.Removals > 0:
		return text + fmt.Sprintf(". Each of %d things was taken away alone, and the failure went with it.\n",
			r.Removals)
	case r.Least:
		return text + ". Nothing else can be taken away.\n"
	}
	return text + ". The time was up: there may be more to take away (--time).\n"
}

// property is the one that is asked for, or the first that the run breaks.
func (s *shrinkCommand) property(again *rerun, o world.Options) (string, error) {
	if s.Property != "" {
		names := []string{shrink.TheRun}
		for _, p := range checker.Properties() {
			names = append(names, p.Name)
		}
		if !slices.Contains(names, s.Property) {
			problem := fmt.Sprintf("--property: there is no property %q", s.Property)
			return "", mistaken(problem, " (derail list properties lists them)", s.Property, names)
		}
		return s.Property, nil
	}
	r, err := recorded(func() *explore.Replayed { return again.once(o) })
	if err != nil {
		return "", fault(err)
	}
	if property := brokenBy(r, again.experiment.blueprint); property != "" {
		return property, nil
	}
	return "", &ending{exitUnexpected, errors.New("the run breaks nothing: there is nothing to make small")}
}

// brokenBy is what a run breaks: a property that it was not to break, or else what the run says itself,
// or else a property that it was to break.
func brokenBy(r *explore.Replayed, b *world.Blueprint) string {
	if names := breachedBy(r); len(names) > 0 {
		return names[0]
	}
	if shrink.Said(b, &r.Result) != "" {
		return shrink.TheRun
	}
	if names := r.Report.Broken(); len(names) > 0 {
		return names[0]
	}
	return ""
}

// meter is a line at the bottom of the terminal that says how far the shrinking has come.
type meter struct {
	console *console
	begun   time.Time
	wrote   bool
}

// shrinking begins one. Where there is no terminal it is nothing.
func (c *console) shrinking(hidden bool) *meter {
	m := &meter{begun: time.Now()}
	if c.errTerminal && !(hidden && !c.outTerminal) {
		m.console = c
	}
	return m
}

func (m *meter) tell(p shrink.Progress) {
	if m.console == nil {
		return
	}
	m.wrote = true
	passed := time.Since(m.begun).Round(100 * time.Millisecond)
	line := fmt.Sprintf("%v, %d runs: %v (%s)", passed, p.Tried, p.Size, p.Step)
	line = line[:min(len(line), max(m.console.width-1, 1))]
	_, _ = fmt.Fprintf(m.console.err, "\r\x1b[K%s", line)
}

func (m *meter) end() {
	if m.wrote {
		_, _ = io.WriteString(m.console.err, "\r\x1b[K")
	}
}
