package planted

import (
	"embed"
	"fmt"
	"strings"

	"derail/checker"
	"derail/scenarios"
	"derail/sim/shrink"
	"derail/sim/world"
)

//go:embed *.yaml
var own embed.FS

// Source is the text of a bug's scenario: one of this package's own, or one that comes with derail.
func Source(name string) ([]byte, error) {
	if text, err := own.ReadFile(name + ".yaml"); err == nil {
		return text, nil
	}
	source, is := scenarios.Find(name)
	if !is {
		return nil, fmt.Errorf("there is no scenario %q", name)
	}
	return source.Text, nil
}

// Blueprint makes a bug's scenario ready.
func Blueprint(name string) (*world.Blueprint, error) {
	text, err := Source(name)
	if err != nil {
		return nil, err
	}
	s, err := scenarios.Parse(name+".yaml", text, scenarios.ParseOptions{Points: world.Points()})
	if err != nil {
		return nil, err
	}
	return world.Compile(s)
}

// Hunted are the first seeds of the hunts of which the medians are told. They have nothing in common.
func Hunted() []uint64 { return []uint64{1, 1001, 2001, 3001, 4001} }

// Sighting is the first run in which a bug showed.
type Sighting struct {
	Runs    int      // how many it took, this one included; 0: it never showed
	Seed    uint64   // of the run
	Broken  []string // the properties that were broken, the one that names the bug among them
	Summary string   // what that one says, or the run
	// Unfinished is the first run that could not be run to its end, and why: a bug can also end in a
	// panic.
	Unfinished string
}

// Hunt runs seeds until the bug's property is broken. A patched bug shows only in a program that was
// built with its patch.
func (b *Bug) Hunt(first uint64, seeds int) (Sighting, error) {
	plan, err := Blueprint(b.Scenario)
	if err != nil {
		return Sighting{}, err
	}
	var found Sighting
	Examine(plan, b.Wrap, first, seeds, func(r *world.Result, report checker.Report) bool {
		if r.Broken != nil && found.Unfinished == "" {
			found.Unfinished = fmt.Sprintf("seed %d: %v", r.Seed, r.Broken)
		}
		caught, says := b.Shows(plan, r, report)
		if !caught {
			return true
		}
		found.Seed, found.Runs = r.Seed, int(r.Seed-first)+1
		found.Broken, found.Summary = report.Broken(), says
		return false
	})
	return found, nil
}

// HuntAll hunts the bug from each of the seeds.
func (b *Bug) HuntAll(first []uint64) ([]Sighting, error) {
	sightings := make([]Sighting, len(first))
	for i, seed := range first {
		var err error
		if sightings[i], err = b.Hunt(seed, b.Seeds); err != nil {
			return nil, err
		}
	}
	return sightings, nil
}

// Shows reports whether a run shows the bug, and what is said of it.
func (b *Bug) Shows(
	plan *world.Blueprint, r *world.Result, report checker.Report,
) (caught bool, says string) {
	if b.Property == TheRun {
		says = shrink.Said(plan, r)
		return says != "" && strings.Contains(says, b.Says), says
	}
	v, _ := report.Verdict(b.Property)
	return v.Outcome == checker.Invalid, v.Summary
}

// Examine runs seeds and has each of them checked, until see says that it has seen enough. What see
// is shown is valid until the next run.
func Examine(
	plan *world.Blueprint, wrap world.Wrap, first uint64, seeds int,
	see func(r *world.Result, report checker.Report) bool,
) {
	w, c := world.New(plan), checker.New()
	defer w.Close()
	for seed := first; seed < first+uint64(seeds); seed++ {
		r := w.Run(plan.Source(seed), seed, world.Options{Wrap: wrap})
		if !see(r, c.Check(r.History)) {
			return
		}
	}
}
