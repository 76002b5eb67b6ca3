package shrink

import (
	"slices"
	"strings"
	"time"

	"derail/scenarios"
	"derail/sim/choice"
)

// mostNumbers is of how many choices at most each is made a smaller number.
const mostNumbers = 40

// numbers makes times round and choices small: what a reader has to remember.
func (s *shrinker) numbers() {
	for i := range s.best.scenario.Faults {
		s.rounded(i, func(f *scenarios.Fault, unit scenarios.Duration) { f.At = f.At / unit * unit })
		s.rounded(i, func(f *scenarios.Fault, unit scenarios.Duration) { f.For = roundedSpan(f.For, unit) })
		s.rounded(i, func(f *scenarios.Fault, unit scenarios.Duration) { f.By = roundedSpan(f.By, unit) })
	}
	for i := 0; i < len(s.best.record) && len(s.best.record) <= mostNumbers && !s.crew.over(); i++ {
		if !isStrike(s.best.record[i]) {
			s.lower(i)
		}
	}
}

// evenly lets the tasks of a group all take equally long, where choices say how long each takes.
func (s *shrinker) evenly() (smaller bool) {
	for g := range s.best.scenario.Jobs {
		group := s.best.scenario.Jobs[g]
		ofIt := func(d choice.Draw) bool {
			return isWork(d.Stream) && strings.HasPrefix(d.Entity, group.Name+"-")
		}
		if len(places(s.best.record, ofIt)) == 0 {
			continue
		}
		var drafts []draft
		for _, eighths := range [...]scenarios.Duration{8, 4, 6, 2} {
			length := group.Work.Low + (group.Work.High-group.Work.Low)*eighths/8
			d := s.best.with(func(sc *scenarios.Scenario) {
				sc.Jobs[g].Work = scenarios.Span{Low: length, High: length}
			})
			d.record = slices.DeleteFunc(slices.Clone(d.record), ofIt)
			drafts = append(drafts, d)
		}
		smaller = s.try(drafts...) || smaller
	}
	return smaller
}

func roundedSpan(of scenarios.Span, unit scenarios.Duration) scenarios.Span {
	up := func(d scenarios.Duration) scenarios.Duration { return (d + unit - 1) / unit * unit }
	return scenarios.Span{Low: up(of.Low), High: up(of.High)}
}

// rounded rounds a time of a fault, as coarsely as possible.
func (s *shrinker) rounded(i int, round func(f *scenarios.Fault, unit scenarios.Duration)) {
	var drafts []draft
	before := s.best.scenario.Faults[i]
	for _, unit := range [...]time.Duration{
		time.Second, 500 * time.Millisecond, 100 * time.Millisecond, 10 * time.Millisecond, time.Millisecond,
		100 * time.Microsecond, 10 * time.Microsecond, time.Microsecond,
	} {
		f := before
		if round(&f, scenarios.Duration(unit)); f.At == before.At && f.For == before.For && f.By == before.By {
			break
		}
		drafts = append(drafts, s.best.with(func(sc *scenarios.Scenario) { sc.Faults[i] = f }))
	}
	s.try(drafts...)
}

// lower finds a smaller number for a choice: 1, 2, 5, 10, 20, 50 and so on, or a rounder one than it is.
func (s *shrinker) lower(place int) {
	value := s.best.record[place].Value
	var drafts []draft
	set := func(to uint64) {
		d := s.best
		d.record = slices.Clone(d.record)
		d.record[place].Value = to
		drafts = append(drafts, d)
	}
	for ten := uint64(1); ten < value && ten <= 1<<60; ten *= 10 {
		for _, n := range [...]uint64{1, 2, 5} {
			if n*ten < value {
				set(n * ten)
			}
		}
	}
	for ten := uint64(1e15); ten >= 10; ten /= 10 {
		if round := value / ten * ten; round > 0 && round < value {
			set(round)
		}
	}
	s.try(drafts...)
}
