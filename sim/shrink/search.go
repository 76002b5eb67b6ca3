package shrink

import (
	"slices"
	"time"

	"derail/scenarios"
	"derail/sim/choice"
)

// adopt makes a draft that has failed the best one. What its run did not draw is not in the record any more.
func (s *shrinker) adopt(d draft, o outcome) {
	record := plain(d.scenario, o.record)
	if d.rolls == everything {
		size := sizeOf(d.scenario, o.strikes, record, o.simulated)
		s.whole = &seeded{d.scenario, d.roll, size, o.says}
	}
	d.record = record
	d.rolls, d.roll, d.below = 0, 0, 0
	s.best, s.size, s.says = d, sizeOf(d.scenario, o.strikes, d.record, o.simulated), o.says
	if s.config.Progress != nil {
		s.config.Progress(Progress{Step: s.step, Size: s.size, Tried: int(s.crew.tried.Load())})
	}
}

// adoptFirst runs n drafts and adopts the first that fails. It returns which that was; -1: none.
func (s *shrinker) adoptFirst(n int, at func(i int) draft) (found int) {
	found, d, o := s.crew.first(n, at)
	if found >= 0 {
		s.adopt(d, o)
	}
	return found
}

// try runs drafts and adopts the first that fails.
func (s *shrinker) try(drafts ...draft) bool {
	return s.adoptFirst(len(drafts), func(i int) draft { return drafts[i] }) >= 0
}

// settle writes down what the first run has drawn of its scenario: the faults of a swarm, and those that were
// left out.
func (s *shrinker) settle() {
	d := s.best
	if d.scenario.Swarm != nil {
		o := s.crew.one(&d)
		if sc, err := d.scenario.WithPlan(o.plan, scenarios.ParseOptions{}); err == nil {
			s.try(draft{scenario: sc, record: d.record})
		}
	}
	var gone []int
	names := streams(s.best.scenario)
	for _, draw := range s.best.record {
		if at := slices.Index(names, draw.Entity); draw.Stream == choice.LeftOut && at >= 0 {
			gone = append(gone, at)
		}
	}
	if len(gone) > 0 {
		s.try(s.best.with(nil, gone...))
	}
}

// How many other choices are tried for a draft that does not fail as it is, and how many where the draft
// is one in which it takes luck to fail.
const (
	fewDice  = 16
	manyDice = 60
	// otherDice is how far the dice of two tries are apart.
	otherDice = 1000
	// After so many tenths of the time no search begins that takes away from what there is, and none at all.
	lastSearch, lastTry = 3, 8
)

// searches looks for the smallest more than once, each time with other dice, until it is small or the time
// is nearly up: by taking away from what there is, and by looking for a run that has few faults to begin
// with. The smallest of them is the result.
func (s *shrinker) searches() {
	begun := time.Now()
	var found result
	passed := func(tenths time.Duration) bool { return time.Since(begun) > s.config.Limit*tenths/10 }
	begin := true
	for sparse, done := false, false; !done; begin = false {
		s.result = s.first
		switch {
		case !sparse:
			s.search()
		case s.sparsely():
			s.boldly(fewDice)
			s.refine()
		}
		if better := found.size.weight() - s.size.weight(); begin || better > 0 || better == 0 && s.least {
			found = s.result
		}
		done = found.least && found.size.Aimed() || passed(lastTry) || s.crew.over()
		if sparse {
			s.offset += otherDice
		}
		sparse = !sparse || passed(lastSearch)
	}
	s.result = found
}

// search makes the best draft smaller until nothing can be taken away any more, or the time is up.
func (s *shrinker) search() {
	s.step = "a small world"
	s.sought(leaps(s.best), fewDice)
	s.boldly(fewDice)
	if s.offset >= 2*otherDice { // it was not good enough twice
		s.rarely(manyDice)
	}
	s.refine()
}

// refine makes a world small that has no more in it than it needs.
func (s *shrinker) refine() {
	s.explicitly()
	s.plainly(fewDice)
	s.round()
	s.step = "numbers"
	if s.evenly() {
		s.round()
	}
	s.numbers()
	s.round()
	s.least = !s.crew.over()
}

// round takes away what can be, one after the other, until nothing can be.
func (s *shrinker) round() {
	for smaller := true; smaller && !s.crew.over(); {
		smaller = s.fewerEntries()
		smaller = s.thin("strikes", isStrike) || smaller
		smaller = s.always() || smaller
		smaller = s.thin("switches", isSwitch) || smaller
		smaller = s.thin("choices", isOther) || smaller
		smaller = s.boldly(0) || smaller
		smaller = s.singly() || smaller
	}
}

// singly takes away single things for as long as that is possible.
func (s *shrinker) singly() (smaller bool) {
	s.step = "one by one"
	for again := true; again && !s.crew.over(); {
		removals := s.best.removals()
		again = s.adoptFirst(len(removals), func(i int) draft { return removals[i].draft() }) >= 0
		smaller = smaller || again
	}
	return smaller
}
