package planted

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"

	"derail/sim/explore"
	"derail/sim/world"
)

// OpenScenario is the one in which bugs are hunted as by somebody who does not know of them: it has faults of
// every kind, drawn anew in each run, and was made for no bug.
const OpenScenario = "swarm-core"

// MostRuns is how long a hunt by a mode goes on.
const MostRuns = 100

// Compared is what the hunts of a bug came to, by mode.
type Compared struct {
	Name string  `json:"name"`
	Own  []Tried `json:"own"`            // in the bug's own scenario
	Open []Tried `json:"open,omitempty"` // in [OpenScenario]; nil where that was not tried
}

// Tried is the hunts of a bug by one mode.
type Tried struct {
	Mode string `json:"mode"`
	// Runs is how many it took to the first detection, of each hunt in ascending order, those that missed it
	// last.
	Runs []int `json:"runs"`
}

// missed stands for a hunt that did not find the bug, as a number of runs.
const missed = MostRuns + 1

// Median is how many runs half of the hunts took at most; found says that they found it.
func (t *Tried) Median() (runs int, found bool) {
	if len(t.Runs) == 0 {
		return 0, false
	}
	middle := t.Runs[len(t.Runs)/2]
	return middle, middle < missed
}

// Text is the median as tables have it.
func (t *Tried) Text() string {
	runs, found := t.Median()
	if !found {
		return fmt.Sprintf(">%d", MostRuns)
	}
	return fmt.Sprint(runs)
}

// Sorted is what several hunts by a mode came to.
func Sorted(mode string, sightings []Sighting) Tried {
	t := Tried{Mode: mode}
	for _, s := range sightings {
		if s.Runs == 0 {
			s.Runs = missed
		}
		t.Runs = append(t.Runs, s.Runs)
	}
	slices.Sort(t.Runs)
	return t
}

//go:embed modes.json
var comparison []byte

// Comparison is what the modes of search were worth when that was measured last, in the order of the table.
func Comparison() ([]Compared, error) {
	var list []Compared
	if err := json.Unmarshal(comparison, &list); err != nil {
		return nil, fmt.Errorf("modes.json: %w", err)
	}
	return list, nil
}

// HuntIn hunts the bug by a mode of search, from each of the seeds, in at most [MostRuns] runs each. In the
// open it is hunted in [OpenScenario], where whatever is not as expected shows it. A patched bug shows only
// in a program that was built with its patch.
func (b *Bug) HuntIn(mode string, first []uint64, open bool) ([]Sighting, error) {
	modes := explore.Modes()
	at := slices.IndexFunc(modes, func(m explore.Mode) bool { return m.Name == mode })
	if at < 0 {
		return nil, fmt.Errorf("there is no mode %q", mode)
	}
	scenario := b.Scenario
	if open {
		scenario = OpenScenario
	}
	plan, err := Blueprint(scenario)
	if err != nil {
		return nil, err
	}
	var sightings []Sighting
	for _, seed := range first {
		from := explore.Beginning{First: seed, Depth: explore.DefaultDepth}
		sightings = append(sightings, b.search(plan, modes[at].Begin(plan.Scenario, from), open))
	}
	return sightings, nil
}

// search makes the runs that a strategy asks for until one of them shows the bug.
func (b *Bug) search(plan *world.Blueprint, strategy explore.Strategy, open bool) (found Sighting) {
	explore.Search(context.Background(), explore.Searching{
		Blueprint: plan, Strategy: strategy, Runs: MostRuns, Parallel: 1, Options: world.Options{Wrap: b.Wrap},
		Heard: func(o *explore.Outcome) bool {
			if o.Result.Broken != nil && found.Unfinished == "" {
				found.Unfinished = fmt.Sprintf("run %d: %v", o.Number, o.Result.Broken)
			}
			caught, says := o.Failed, ""
			if !open {
				caught, says = b.Shows(plan, &o.Result, o.Report)
			}
			if caught {
				found.Runs, found.Seed, found.Broken, found.Summary = o.Number, o.Label, o.Report.Broken(), says
			}
			return !caught
		},
	})
	return found
}
