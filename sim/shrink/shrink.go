// Package shrink makes a failing run small: the same promise is broken with fewer faults, machines, jobs and
// tasks, in less time, and with fewer choices that are not the benign ones.
//
// A run is a scenario and the record of its choices. The shrinker changes either, runs the result, and
// keeps it where the same property is broken as before. It goes by signature: the name of the property,
// or, where it is the run itself that says what is wrong, what it says. In the end there is a scenario
// file with choices in it, which fails on every run.
//
// The order is that of what is worth most: whole faults, single strikes, conductors, jobs, tasks, retries,
// time; then the schedule and all other choices, many at once and one by one; then numbers. Where taking
// something away moves all draws behind it (a job less, and what was the tenth message is the eighth), the
// same failure is looked for again in the smaller world, with other choices. It goes round until nothing can
// be taken away any more, or the time is up.
//
// What lives here: what can be taken away, and the search. What may not: what a promise is (package checker),
// and anything that has an effect inside a run.
package shrink

import (
	"context"
	"errors"
	"fmt"
	"time"

	"derail/scenarios"
	"derail/sim/choice"
	"derail/sim/world"
)

// TheRun stands in the place of a property where it is the run itself that says what is wrong: it could
// not be run to its end, or other numbers of jobs were consumed or trashed than the scenario expects.
const TheRun = "the run itself"

// Config says what to shrink.
type Config struct {
	Scenario *scenarios.Scenario
	// Record is what the run drew; nil: what Seed draws.
	Record choice.Record
	Seed   uint64
	// Property is which one the run broke, or [TheRun].
	Property string
	// Says is, with [TheRun], a part of what the run is to say. Empty: what this run says, but for numbers.
	Says string
	// Options are how runs are run. A planted bug is in Wrap.
	Options world.Options
	// Limit is how long it may take; 0: [DefaultLimit].
	Limit time.Duration
	// Parallel is how many candidates are run at a time; 0: 2.
	Parallel int
	// Progress, if set, hears how far it has come, after every step that made something smaller.
	Progress func(Progress)
}

// DefaultLimit is how long shrinking may take when nobody says.
const DefaultLimit = 10 * time.Second

// Progress is how far it has come.
type Progress struct {
	Step  string // what is being tried
	Size  Size
	Tried int
}

// Small is what came of it.
type Small struct {
	// Scenario has the choices in it, and fails on every run.
	Scenario *scenarios.Scenario
	// Says is what the property, or the run, says of it.
	Says          string
	Before, After Size
	Tried         int // how many runs it took
	Took          time.Duration
	// Seed is set where time ran out with more choices left than a file can hold: the scenario has none then,
	// and fails with this seed.
	Seed *uint64
	// Least says that nothing is left that can be taken away: each was tried. Where it is not, the time
	// was up.
	Least bool
}

// ErrHolds is returned where the run that is to be shrunk does not break the property.
var ErrHolds = errors.New("the run does not break it")

// Shrink makes a failing run small. When the time is up, or ctx ends, it returns the smallest that it has
// found until then; an error says that there was nothing to shrink.
func Shrink(ctx context.Context, c Config) (*Small, error) {
	if c.Limit <= 0 {
		c.Limit = DefaultLimit
	}
	begun := time.Now()
	ctx, end := context.WithTimeout(ctx, c.Limit)
	defer end()
	s := &shrinker{config: &c, crew: newCrew(ctx, &c)}
	defer s.crew.close()
	if err := s.begin(); err != nil {
		return nil, err
	}
	s.searches()
	small, err := s.conclude()
	if err != nil {
		return nil, err
	}
	small.Took = time.Since(begun)
	return small, nil
}

// shrinker is one search.
type shrinker struct {
	config *Config
	crew   *crew
	before Size
	first  result // what there is to be shrunk
	result        // the smallest of this try
	step   string
	offset uint64 // of the dice: each try has its own
}

// result is what was found.
type result struct {
	best  draft
	size  Size
	says  string
	least bool
	whole *seeded // the smallest of which every choice is what a seed says; nil: there is none
}

// seeded is a scenario that fails with a seed.
type seeded struct {
	scenario *scenarios.Scenario
	roll     uint64
	size     Size
	says     string
}

// begin runs what is to be shrunk, and learns by what it is to be known again.
func (s *shrinker) begin() error {
	first := draft{scenario: s.config.Scenario, record: s.config.Record}
	switch {
	case first.record != nil:
	case first.scenario.Choices != "":
		record, err := choice.ParseRecord(first.scenario.Choices)
		if err != nil {
			return fmt.Errorf("choices: %w", err)
		}
		first.record = record
	default:
		first = first.rolled(everything, s.config.Seed)
	}
	first.property = s.config.Property
	first = first.with(func(sc *scenarios.Scenario) {
		sc.Choices, sc.Expect = "", scenarios.Expect{}
		if s.config.Property == TheRun {
			sc.Expect.Consumed, sc.Expect.Trashed = s.config.Scenario.Expect.Consumed, s.config.Scenario.Expect.Trashed
		}
	})
	o, err := s.crew.learn(first)
	switch {
	case err != nil:
		return err
	case !o.fails:
		return fmt.Errorf("%s: %w", s.config.Property, ErrHolds)
	}
	s.adopt(first, o)
	s.before = s.size
	s.before.Faults = total(o.strikes)
	s.settle()
	s.first = s.result
	return nil
}

// conclude makes the scenario of what is left.
func (s *shrinker) conclude() (*Small, error) {
	small := &Small{
		Before: s.before, After: s.size, Tried: int(s.crew.tried.Load()), Least: s.least, Says: s.says,
	}
	var err error
	if small.Scenario, err = s.tell(); errors.Is(err, errTooLarge) && s.whole != nil {
		small.Seed, small.After, small.Says = &s.whole.roll, s.whole.size, s.whole.says
		small.Scenario, err = s.tellSeeded()
	}
	return small, err
}
