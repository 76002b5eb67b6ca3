package planted

import (
	"embed"
	"fmt"
	"slices"
	"strings"

	"derail/checker"
	"derail/scenarios"
	"derail/sim/choice"
	"derail/sim/world"
)

//go:embed *.yaml
var own embed.FS

// Blueprint makes a scenario ready: one of this package's own, or one that comes with derail.
func Blueprint(name string) (*world.Blueprint, error) {
	file := name + ".yaml"
	text, err := own.ReadFile(file)
	if err != nil {
		all := scenarios.Embedded()
		at := slices.IndexFunc(all, func(s scenarios.Source) bool { return s.Name == file })
		if at < 0 {
			return nil, fmt.Errorf("there is no scenario %q", name)
		}
		text = all[at].Text
	}
	s, err := scenarios.Parse(file, text, scenarios.ParseOptions{Points: world.Points()})
	if err != nil {
		return nil, err
	}
	return world.Compile(s)
}

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
		caught, says := b.catches(r, report)
		if !caught {
			return true
		}
		found.Seed, found.Runs = r.Seed, int(r.Seed-first)+1
		found.Broken, found.Summary = report.Broken(), says
		return false
	})
	return found, nil
}

// catches reports whether a run shows the bug, and what is said of it.
func (b *Bug) catches(r *world.Result, report checker.Report) (caught bool, says string) {
	if b.Property == TheRun {
		return r.Broken != nil && strings.Contains(r.Broken.Error(), b.Says), fmt.Sprint(r.Broken)
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
		r := w.Run(choice.Seeded(seed), seed, world.Options{Wrap: wrap})
		if !see(r, c.Check(r.History)) {
			return
		}
	}
}
