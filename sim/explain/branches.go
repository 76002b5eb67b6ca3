package explain

import (
	"fmt"
	"slices"
	"sort"

	"derail/reports"
	"derail/sim/choice"
)

// coarse is how many instants are spread over the run before it is looked at more closely where the share
// jumps.
const coarse = 8

// leastJump is which part of the runs the share has to rise by for a moment to be told as the one that
// decided it: one in so many. Less may be chance.
const leastJump = 4

// future is how many of the runs that go on anew from a moment break the promise.
type future struct {
	moment int // its number
	broken int // of any job
	same   int // of the same job
}

// inevitable branches the run at some moments, and finds where the share of runs that break the promise
// jumps: first at moments that are spread over the run, then between the two where it rises most. It is nil
// where not even two moments could be tried.
func (l *lab) inevitable(chain []reports.Link) *reports.Inevitable {
	instants, runs := l.config.Instants, l.config.Runs
	if instants == 0 {
		instants = DefaultInstants
	}
	if runs == 0 {
		affordable := l.left / (int64(instants) * int64(max(l.base.Steps, 1)))
		runs = int(min(max(affordable, leastRuns), DefaultRuns))
	}
	known := l.everywhere(l.spread(min(coarse, instants)), runs)
	for len(known) >= 2 && len(known) < instants {
		m, found := l.between(known)
		if !found {
			break
		}
		f := future{moment: m}
		if !l.branch(&f, 0, l.runs) {
			break
		}
		known = append(known, f)
		slices.SortFunc(known, func(a, b future) int { return a.moment - b.moment })
	}
	if len(known) < 2 {
		return nil
	}
	return l.told(known, l.runs, chain)
}

// everywhere branches the run at some moments, a few times at each, and then a few times more, so that where
// there is little time, there is a little of each. What was not done at all of them does not count.
func (l *lab) everywhere(moments []int, runs int) (known []future) {
	l.runs = 0
	for l.runs < runs {
		more := min(l.runs+leastRuns, runs)
		next := make([]future, len(moments))
		for i, m := range moments {
			next[i].moment = m
			if known != nil {
				next[i] = known[i]
			}
			if !l.branch(&next[i], l.runs, more) {
				return known
			}
		}
		known, l.runs = next, more
	}
	return known
}

// spread is so many moments from the beginning to the violation, with as many records between any two.
func (l *lab) spread(n int) []int {
	end := l.violation.at
	if end == 0 {
		end = int64(len(l.base.History.Records))
	}
	last := l.after(end)
	var spread []int
	for i := range n {
		m := last
		if i < n-1 {
			m = l.after(end * int64(i) / int64(n-1))
		}
		if len(spread) == 0 || m > spread[len(spread)-1] {
			spread = append(spread, m)
		}
	}
	return spread
}

// after is the first moment before which a record was written: with all that was drawn when it was.
func (l *lab) after(record int64) int {
	at := sort.Search(len(l.moments), func(i int) bool { return l.moments[i].before >= record })
	return min(at, len(l.moments)-1)
}

// branch runs it anew from a moment, in some of its futures, and counts the runs that break the promise. The
// futures are the same for all moments, so that they differ by their pasts alone.
func (l *lab) branch(f *future, from, until int) (done bool) {
	for i := from; i < until; i++ {
		if l.spent(wholePercent) {
			return false
		}
		seed := l.config.Seed + 1_000_000_007*uint64(i+1)
		v := l.try(choice.Branch(l.config.Record, l.moments[f.moment].drawn, seed), l.options())
		if breaks(v, "") {
			f.broken++
		}
		if breaks(v, l.violation.job) {
			f.same++
		}
	}
	return true
}

// between is a moment in the middle of where the share rises most, of those stretches that have one.
func (l *lab) between(known []future) (moment int, found bool) {
	most, count := -1, l.counted(known)
	for i := 1; i < len(known); i++ {
		a, b := known[i-1], known[i]
		middle := l.middle(a.moment, b.moment)
		if rise := count(b) - count(a); rise > most && middle > a.moment && middle < b.moment {
			most, moment, found = rise, middle, true
		}
	}
	return moment, found
}

// ofJob says how the runs are counted that break the promise: of the same job, or of any. What is asked is
// when it was decided, so it is counted as shows that best: as the greatest rise from one moment to the next
// is greatest.
func (l *lab) ofJob(known []future) bool {
	if l.violation.job == "" {
		return false
	}
	any, same := 0, 0
	for i := 1; i < len(known); i++ {
		any = max(any, known[i].broken-known[i-1].broken)
		same = max(same, known[i].same-known[i-1].same)
	}
	return same > any
}

func (l *lab) counted(known []future) func(future) int {
	if l.ofJob(known) {
		return func(f future) int { return f.same }
	}
	return func(f future) int { return f.broken }
}

// middle is the moment between two that has as many records on either side.
func (l *lab) middle(a, b int) int {
	m := l.after((l.moments[a].before + l.moments[b].before + 1) / 2)
	if m <= a || m >= b {
		return a + (b-a)/2
	}
	return m
}

func (l *lab) told(known []future, runs int, chain []reports.Link) *reports.Inevitable {
	e := &reports.Inevitable{}
	jump, count := 1, l.counted(known)
	if l.ofJob(known) {
		e.Job = l.violation.job
	}
	for i, f := range known {
		m := l.moments[f.moment]
		e.Branches = append(e.Branches, reports.Branch{AtNS: m.at, Record: m.before, Runs: runs, Broken: count(f)})
		if i > 0 && count(f)-count(known[i-1]) > count(known[jump])-count(known[jump-1]) {
			jump = i
		}
	}
	before, after := e.Branches[jump-1], e.Branches[jump]
	var sure bool
	e.Record, sure = l.decisive(before.Record, after.Record, chain)
	if e.Record > 0 {
		e.AtNS = l.base.History.Records[e.Record-1].At
	}
	e.Text = l.inWords(before, after, e, sure)
	return e
}

// decisive is the record between two for which the share jumps: the last of the chain that is there, or else
// the last of all. sure says that it is of the chain, or alone.
func (l *lab) decisive(after, until int64, chain []reports.Link) (record int64, sure bool) {
	record, sure = until, until == after+1
	for _, link := range chain {
		if link.Record > after && link.Record <= until {
			record, sure = link.Record, true
		}
	}
	return record, sure
}

func (l *lab) inWords(before, after reports.Branch, e *reports.Inevitable, sure bool) string {
	first, final := e.Branches[0], e.Branches[len(e.Branches)-1]
	what := "the promise"
	if e.Job != "" {
		what = "it for " + e.Job
	}
	if first.Broken == first.Runs {
		return fmt.Sprintf("It was to be expected from the start: of %d runs in which every choice was drawn "+
			"anew, all broke %s as well.", first.Runs, what)
	}
	if rise := after.Broken - before.Broken; rise*leastJump < after.Runs {
		return fmt.Sprintf("No one moment decided it: from one instant to the next the number of runs that break "+
			"%s rises by no more than %d of %d. From the start it is %d, in the end %d.", what, max(rise, 0),
			after.Runs, first.Broken, final.Broken)
	}
	text := fmt.Sprintf("With every choice drawn anew from %s on, %d of %d runs broke %s; from %s on, %d of %d.",
		clock(before.AtNS), before.Broken, before.Runs, what, clock(after.AtNS), after.Broken, after.Runs)
	between, sentence := after.Record-before.Record, reports.Sentence(l.base.History, e.Record)
	switch {
	case between == 0:
		text += " Between the two nothing was written down: what decided it is how long a message took, or " +
			"who went first."
	case between == 1:
		text += fmt.Sprintf(" Between the two, at %s (record %d): %s.", clock(e.AtNS), e.Record, sentence)
	case sure:
		text += fmt.Sprintf(" Of the %d records between the two, what led to it is at %s (record %d): %s.",
			between, clock(e.AtNS), e.Record, sentence)
	default:
		text += fmt.Sprintf(" Between the two are %d records; the last is record %d: %s.", between, e.Record,
			sentence)
	}
	if after.Broken == after.Runs {
		text += fmt.Sprintf(" In none of these %d runs did anything that came later prevent it.", after.Runs)
	}
	return text
}

// clock is an instant of virtual time.
func clock(ns int64) string { return fmt.Sprintf("%d.%06ds", ns/1e9, ns/1e3%1_000_000) }
