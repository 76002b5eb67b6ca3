// Package explore makes many runs of a scenario, spread over the processor's cores, checks every
// history, and keeps what is worth keeping: counts of all runs, and the whole of a few.
//
// A campaign ([Run]) runs seeds. A [Search] makes the runs that a [Strategy] asks for, which is told what
// came of each and may learn from it. Strategies differ in the sources of choices that they give to runs,
// and in nothing else: what a strategy found is made again by its record of choices, without the strategy.
// The runs of a search, and the order in which the strategy hears of them, do not depend on the number of
// workers.
//
// This is the campaign runner: the only place beside the real host that may start goroutines, since
// each of its workers runs worlds of its own that share nothing. What may not live here: anything
// that has an effect inside a run.
package explore

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"

	"derail/checker"
	"derail/checker/history"
	"derail/sim/world"
)

// Config says what to run.
type Config struct {
	Blueprint *world.Blueprint
	First     uint64 // the first seed; the others follow it
	Count     int    // how many seeds
	Parallel  int    // workers; 0: one for each core
	Twice     bool   // run every seed twice and compare the hashes
	Options   world.Options

	// Stop, if set, is asked before every run; true ends the campaign.
	Stop func() bool
	// Progress, if set, is called after every run, by any worker.
	Progress func(done int)
	// Keep is how many failures are kept in detail; 0: 20.
	Keep int
}

// Campaign is what came of it.
type Campaign struct {
	Totals
	Faults     map[string]int64
	Properties []Tally
	Failures   []Failure // at most Config.Keep of them by seed: the gravest kind, and of it the first
	// Points is every failpoint, and how often it was passed and fired in all runs.
	Points []world.PointCount
	// Marks is every mark of [checker.Sometimes], in that order.
	Marks []MarkCount
	// Unmet is what was expected of the runs together and did not happen. It stays empty when there
	// were fewer whole runs than the scenario says its suite needs.
	Unmet []string
	// Exemplary is, for each property that was expected to be found broken, in every run or in any, and was, the
	// lowest seed.
	Exemplary map[string]uint64
	// Plots is what the runs were like, by size.
	Plots   Plots
	Stopped bool // not all seeds were run
}

// Totals is what adds up over runs.
type Totals struct {
	Runs                            int
	Simulated                       int64 // virtual nanoseconds
	Steps                           uint64
	Calls                           int64
	Posted, Consumed, Trashed, Left int
	// Failed counts the runs that were not as expected, and Nondeterministic and Unfinished those of
	// them that are of these kinds, kept or not.
	Failed, Nondeterministic, Unfinished int
	// Ruined counts the runs that were broken beyond what the promises cover, wholly or for some jobs.
	Ruined int
	// Cut counts the runs that were ended where a promise was broken: see [world.Options].
	Cut int
}

func (t *Totals) add(more Totals) {
	t.Runs += more.Runs
	t.Simulated += more.Simulated
	t.Steps += more.Steps
	t.Calls += more.Calls
	t.Posted += more.Posted
	t.Consumed += more.Consumed
	t.Trashed += more.Trashed
	t.Left += more.Left
	t.Failed += more.Failed
	t.Nondeterministic += more.Nondeterministic
	t.Unfinished += more.Unfinished
	t.Ruined += more.Ruined
	t.Cut += more.Cut
}

// Tally counts a property's verdicts.
type Tally struct {
	Property                string
	Held, Broken, Undecided int
}

// MarkCount says how often a mark was met.
type MarkCount struct {
	Name  string
	Runs  int   // in which it was met
	Times int64 // in all of them together
}

// Failure is a run that was not as expected.
type Failure struct {
	Seed     uint64
	Hash     uint64
	Breaches []Breach
	Unmet    []string
	// Plan is the text of the faults that the seed drew, empty where the scenario leaves nothing open.
	Plan string
	// SecondHash is the hash of the run's repetition; where it differs, Difference says where the two
	// part.
	SecondHash uint64
	// Retold is set where the repetition has the same hash and another history.
	Retold     bool
	Difference string
	// Unfinished says that the run could not be run, or checked, to its end: derail or core has a
	// fault. Stack says where, when it is known.
	Unfinished bool
	Stack      string
}

// Nondeterministic reports whether running it again was something else.
func (f *Failure) Nondeterministic() bool { return f.Hash != f.SecondHash || f.Retold }

// AsExpected reports whether everything was as the scenario expects.
func (c *Campaign) AsExpected() bool { return c.Failed == 0 && len(c.Unmet) == 0 }

// Run runs the campaign. When ctx ends it stops after the runs that are under way, and what ran is
// in the result.
func Run(ctx context.Context, c Config) *Campaign {
	if c.Parallel <= 0 {
		c.Parallel = runtime.GOMAXPROCS(0)
	}
	if c.Keep == 0 {
		c.Keep = 20
	}
	c.Parallel = max(min(c.Parallel, c.Count), 1)
	defer collectLess()()
	var next, done atomic.Int64
	shares := make([]share, c.Parallel)
	var workers sync.WaitGroup
	for i := range shares {
		workers.Go(func() {
			s := &shares[i]
			s.begin(&c)
			defer func() { s.world.Close() }() // the one that there is then
			for ctx.Err() == nil && (c.Stop == nil || !c.Stop()) {
				n := next.Add(1) - 1
				if n >= int64(c.Count) {
					return
				}
				s.run(c.First + uint64(n))
				if c.Progress != nil {
					c.Progress(int(done.Add(1)))
				}
			}
		})
	}
	workers.Wait()
	return gather(&c, shares)
}

// collectLess lets the garbage collector run less often, and returns what undoes that. A run
// allocates some 2 MB and keeps next to nothing of it, so collecting at every doubling of a small
// heap took a quarter of all time; this way the heap stays below some 100 MB. Whoever sets GOGC
// knows better.
func collectLess() (restore func()) {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	before := debug.SetGCPercent(1600)
	return func() { debug.SetGCPercent(before) }
}

// share is one worker's part of a campaign.
type share struct {
	config  *Config
	options world.Options // with a checker.Live of its own, where there is to be one
	world   *world.World
	checker *checker.Checker
	sum     Campaign
	faults  []int64
}

func (s *share) begin(c *Config) {
	s.config, s.world, s.checker = c, world.New(c.Blueprint), checker.New()
	if s.options = c.Options; s.options.Live != nil {
		s.options.Live = &checker.Live{}
	}
	s.sum.Exemplary = map[string]uint64{}
	s.faults = make([]int64, len(c.Blueprint.FaultNames()))
	for _, p := range checker.Properties() {
		s.sum.Properties = append(s.sum.Properties, Tally{Property: p.Name})
	}
	for _, m := range checker.Sometimes() {
		s.sum.Marks = append(s.sum.Marks, MarkCount{Name: m.Name})
	}
}

// run runs one seed, and once more when it failed or everything is to be run twice.
func (s *share) run(seed uint64) {
	s.sum.Runs++
	defer s.survive(seed)
	r := s.world.Run(s.config.Blueprint.Source(seed), seed, s.options)
	report := s.checker.Check(r.History)
	breaches, unmet := judge(s.config.Blueprint, r, report)
	s.add(r, report, s.checker.Marks())
	s.sum.Plots.add(r, strikes(s.config.Blueprint.FaultNames(), r.Faults))
	failed := len(breaches) > 0 || len(unmet) > 0
	if !failed && !s.config.Twice {
		return
	}
	f := Failure{
		Seed: seed, Hash: r.Hash, Breaches: breaches, Unmet: unmet, Plan: r.Plan, Unfinished: r.Broken != nil,
	}
	first := r.History.Clone()
	second := s.world.Run(s.config.Blueprint.Source(seed), seed, s.options)
	f.SecondHash = second.Hash
	switch record := differs(first, second.History); {
	case f.Nondeterministic():
		f.Difference = Difference(s.config.Blueprint, seed, s.options)
	case record > 0:
		f.Retold, f.Difference = true, fmt.Sprintf("record %d of the history; the steps are the same", record)
	case !failed:
		return
	}
	s.fail(f)
}

// differs is the number of the first record in which two histories differ, or zero.
func differs(one, other *history.History) int {
	for i := range max(len(one.Records), len(other.Records)) {
		if i >= len(one.Records) || i >= len(other.Records) || one.Records[i] != other.Records[i] {
			return i + 1
		}
	}
	return 0
}

// count counts a failure by its kinds.
func (s *share) count(f *Failure) {
	s.sum.Failed++
	if f.Nondeterministic() {
		s.sum.Nondeterministic++
	}
	if f.Unfinished {
		s.sum.Unfinished++
	}
}

func (s *share) fail(f Failure) {
	s.count(&f)
	s.sum.Failures = append(s.sum.Failures, f)
	if len(s.sum.Failures) > 4*s.config.Keep {
		s.sum.Failures = kept(s.sum.Failures, s.config.Keep)
	}
}

// survive makes a failure of a panic, so that one bad seed does not take the others with it. What
// panicked is let go: nobody knows what state it is in.
func (s *share) survive(seed uint64) {
	trouble := recover()
	if trouble == nil {
		return
	}
	closeBroken(s.world)
	s.world, s.checker = world.New(s.config.Blueprint), checker.New()
	s.fail(Failure{
		Seed: seed, Unmet: []string{fmt.Sprintf("derail panicked: %v", trouble)},
		Unfinished: true, Stack: string(debug.Stack()),
	})
}

// closeBroken closes a world in which something panicked. One that was in the middle of a run cannot
// be closed, and is left to itself.
func closeBroken(w *world.World) {
	defer func() { _ = recover() }()
	w.Close()
}

func (s *share) add(r *world.Result, report checker.Report, marks []int64) {
	sum := &s.sum
	sum.Totals.add(Totals{
		Simulated: r.Simulated, Steps: r.Steps, Calls: r.Calls,
		Posted: r.Posted, Consumed: r.Consumed, Trashed: r.Trashed, Left: r.Left,
	})
	if r.Ruined != "" {
		sum.Ruined++
	}
	if r.Stopped != "" {
		sum.Cut++
	}
	for i, n := range r.Faults {
		s.faults[i] += n
	}
	sum.Points = passed(sum.Points, r.Points)
	for i, n := range marks {
		if n > 0 {
			sum.Marks[i].Runs++
			sum.Marks[i].Times += n
		}
	}
	for i := range report.Verdicts {
		v, t := &report.Verdicts[i], &sum.Properties[i]
		switch v.Outcome {
		case checker.Valid:
			t.Held++
		case checker.Invalid:
			t.Broken++
			s.exemplary(v.Property, r.Seed)
		default:
			t.Undecided++
		}
	}
}

func (s *share) exemplary(property string, seed uint64) {
	expect := &s.config.Blueprint.Scenario.Expect
	if !slices.Contains(expect.Broken, property) && !slices.Contains(expect.Found, property) {
		return
	}
	lower(s.sum.Exemplary, property, seed)
}
