package explore

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"

	"derail/checker"
	"derail/scenarios"
	"derail/sim/choice"
	"derail/sim/world"
)

// Searching says what to search, and how.
type Searching struct {
	Blueprint *world.Blueprint
	Strategy  Strategy
	Runs      int // at most; 0: until the strategy has nothing left, or Stop says so
	Parallel  int // workers; 0: one for each core
	Options   world.Options

	// Stop, if set, is asked before every run; true ends the search after the runs that are out.
	Stop func() bool
	// Heard, if set, is called with every run, in order, after the strategy; false ends the search there,
	// and the runs that are out do not count.
	Heard func(o *Outcome) bool
	// Keep is how many failures are kept, besides the first of each property; 0: 20.
	Keep int
}

// Found is what came of a search.
type Found struct {
	Campaign
	// Failures are the runs that were not as expected: the first that broke each property, and others, in
	// the order in which they were found. They take the place of the campaign's, which have none.
	Failures []Find
	// Features is how many different ones the runs have reached; see [Feature].
	Features int
	// Ended says that the strategy had nothing left to try.
	Ended bool
	// Covered says what was covered: see [Strategy].
	Covered []string
}

// Find is a run of a search that was not as expected.
type Find struct {
	Failure
	Number  int           // of the run in its search, from 1
	Choices choice.Record // makes it again
	Steered bool          // see [Try]
}

// Search makes the runs that a strategy asks for. The same strategy makes the same runs, with the same
// result, for any number of workers, unless Stop or ctx ends it. Of a scenario with choices in it there is
// one run, and no strategy is asked.
func Search(ctx context.Context, c Searching) *Found {
	if c.Parallel <= 0 {
		c.Parallel = runtime.GOMAXPROCS(0)
	}
	if c.Keep == 0 {
		c.Keep = 20
	}
	if c.Blueprint.Scenario.Choices != "" {
		c.Strategy = &written{blueprint: c.Blueprint}
	}
	defer collectLess()()
	ahead := max(c.Strategy.Ahead(), 1)
	s := &search{
		Searching: c, ahead: ahead, orders: make(chan order, ahead), outcomes: make(chan *Outcome, ahead),
		waiting: map[int]*Outcome{}, seen: map[Feature]struct{}{}, broken: map[string]bool{},
	}
	s.sum.begin(&Config{Blueprint: c.Blueprint, Count: c.Runs, Keep: c.Keep, Options: c.Options})
	s.sum.world = nil // it adds up, and runs nothing
	var workers sync.WaitGroup
	for range min(c.Parallel, ahead) {
		workers.Go(s.work)
	}
	s.lead(ctx)
	close(s.orders)
	workers.Wait()
	return s.found()
}

// One makes one run, as a [Search] makes each of its runs.
func One(b *world.Blueprint, t Try, o world.Options) *Outcome {
	w := newSearcher(&search{Searching: Searching{Blueprint: b, Options: o}, ahead: 1})
	defer func() { w.world.Close() }() // the one that there is then
	return w.run(order{1, t})
}

// order is a run that a worker is to make.
type order struct {
	number int
	try    Try
}

// search is a search under way.
type search struct {
	Searching
	ahead    int
	orders   chan order
	outcomes chan *Outcome

	given, heard int
	waiting      map[int]*Outcome // they have run before their turn
	over, ended  bool
	sum          share
	seen         map[Feature]struct{}
	broken       map[string]bool // the properties of which there is a find
	finds        []Find
}

// lead asks for runs and hears of them, in order, until there are no more.
func (s *search) lead(ctx context.Context) {
	for {
		s.order(ctx)
		if s.heard == s.given {
			return
		}
		o := <-s.outcomes
		s.waiting[o.Number] = o
		for next := s.waiting[s.heard+1]; next != nil; next = s.waiting[s.heard+1] {
			delete(s.waiting, next.Number)
			s.heard++
			s.hear(next)
			s.order(ctx)
		}
	}
}

// order asks for as many runs as may be out.
func (s *search) order(ctx context.Context) {
	s.ended = false
	for !s.over && s.given-s.heard < s.ahead {
		if s.Runs > 0 && s.given == s.Runs {
			return
		}
		if ctx.Err() != nil || s.Stop != nil && s.Stop() {
			s.over = true
			return
		}
		t, more := s.Strategy.Next()
		if !more {
			s.ended = true
			return
		}
		s.given++
		s.orders <- order{s.given, t}
	}
}

// hear takes in what came of the run whose turn it is.
func (s *search) hear(o *Outcome) {
	if s.over && s.Heard != nil && s.sum.sum.Stopped {
		return // what was found has ended the search, and this came after it
	}
	s.Strategy.Ran(o)
	s.sum.sum.Runs++
	if o.Panicked == "" {
		s.sum.add(&o.Result, o.Report, o.Marks)
		s.sum.sum.Plots.join(&o.plots)
	}
	for _, f := range o.Features {
		s.seen[f] = struct{}{}
	}
	if o.Failed {
		s.find(o)
	}
	if s.Heard != nil && !s.Heard(o) {
		s.over, s.sum.sum.Stopped = true, true
	}
}

// find counts a failure, and keeps it if it is the first of its property or there is room.
func (s *search) find(o *Outcome) {
	f := Find{Number: o.Number, Steered: o.Steered, Failure: Failure{
		Seed: o.Label, Hash: o.Result.Hash, SecondHash: o.SecondHash, Breaches: o.Breaches, Unmet: o.Unmet,
		Plan: o.Result.Plan, Unfinished: o.Result.Broken != nil || o.Panicked != "", Stack: o.Panicked,
	}}
	fresh := false
	for _, b := range o.Breaches {
		fresh = fresh || !s.broken[b.Property]
		s.broken[b.Property] = true
	}
	s.sum.count(&f.Failure)
	if fresh || len(s.finds) < s.Keep {
		f.Choices = o.Source.Record()
		s.finds = append(s.finds, f)
	}
}

func (s *search) found() *Found {
	total := gather(s.sum.config, []share{s.sum})
	total.Stopped = s.over
	return &Found{
		Campaign: *total, Failures: s.finds, Features: len(s.seen), Ended: s.ended && !s.over,
		Covered: s.Strategy.Covered(s.ended && !s.over),
	}
}

// searcher is one worker of a search.
type searcher struct {
	*search
	world   *world.World
	checker *checker.Checker
	options world.Options
	scout   scout
}

func newSearcher(s *search) *searcher {
	w := &searcher{search: s, world: world.New(s.Blueprint), checker: checker.New(), options: s.Options}
	if w.options.Live != nil {
		w.options.Live = &checker.Live{}
	}
	return w
}

// work makes runs until there are no more.
func (s *search) work() {
	w := newSearcher(s)
	defer func() { w.world.Close() }() // the one that there is then
	for o := range s.orders {
		s.outcomes <- w.run(o)
	}
}

// run makes one run, and makes it again from its choices if it has failed.
func (w *searcher) run(order order) (o *Outcome) {
	o = &Outcome{Try: order.try, Number: order.number}
	defer w.survive(o)
	options := w.options
	options.Ready, options.Trace, options.Explorer, options.Full = o.Ready, o.Trace, o.Explorer, true
	r := w.world.Run(o.Source, o.Label, options)
	o.Report = w.checker.Check(r.History)
	o.Marks = slices.Clone(w.checker.Marks())
	o.Features = w.scout.features(r.History, o.Marks)
	o.Breaches, o.Unmet = judge(w.Blueprint, r, o.Report)
	if o.Steered {
		o.Breaches, o.Unmet = slices.DeleteFunc(o.Breaches, vacuous), unfinished(r)
	}
	o.Failed = len(o.Breaches) > 0 || len(o.Unmet) > 0
	o.Report.Verdicts = slices.Clone(o.Report.Verdicts)
	o.plots.add(r, strikes(w.Blueprint.FaultNames(), r.Faults))
	o.Result = *r
	o.Result.Faults, o.Result.Points = slices.Clone(r.Faults), slices.Clone(r.Points)
	switch {
	case o.Failed:
		o.Result.History = r.History.Clone()
		second := w.world.Run(choice.Replay(o.Source.Record()), o.Label, w.options)
		o.SecondHash = second.Hash
	case w.ahead > 1:
		o.Result.History = nil
	}
	return o
}

// vacuous is what says that nothing came of a run: no choices that somebody made are expected to be kind.
func vacuous(b Breach) bool {
	return b.Property == scenarios.PropertyRunHappened && b.Outcome == checker.Unknown
}

// unfinished is what of a run is not as expected whatever its choices.
func unfinished(r *world.Result) []string {
	if r.Broken != nil {
		return []string{r.Broken.Error()}
	}
	return nil
}

// survive makes a failure of a panic, as [share.survive] does.
func (w *searcher) survive(o *Outcome) {
	trouble := recover()
	if trouble == nil {
		return
	}
	closeBroken(w.world)
	w.world, w.checker = world.New(w.Blueprint), checker.New()
	o.Failed, o.Panicked = true, string(debug.Stack())
	o.Unmet = []string{fmt.Sprintf("derail panicked: %v", trouble)}
	o.Result = world.Result{Seed: o.Label}
}
