package jobboard

import "time"

// clock is what a view knows of time. NotBefore is a time on the clock of whoever gave the job back, and
// is read on this machine's: neither may keep a job from being claimed for hours, nor have it claimed
// again and again with no rest at all.
type clock struct {
	now    moment    // when what is being taken in was heard of
	latest time.Time // the latest time at which the view was asked for a job
}

// moment is when a view has heard of something.
type moment struct {
	at    time.Time
	fresh bool // by a watch: it has just happened
}

// hears notes when something is taken in.
func (c *clock) hears(now time.Time, fresh bool) { c.now = moment{now, fresh} }

// lateness is which part of a rest a watch may be late by before the rest is counted from when it was
// heard of, and not from when it began.
const lateness = 4

// believed is when a job's rest ends, as far as NotBefore can be believed: the rest began before the view
// heard of it, and where a watch told, not long before.
func (l *Ledger) believed(since moment, now time.Time) time.Time {
	heard := since.at
	if heard.After(now) { // the clock went back since
		heard = now
	}
	latest := heard.Add(l.Rest)
	earliest := latest.Add(-l.Rest / lateness)
	switch until := l.NotBefore; {
	case until.After(latest):
		return latest
	case since.fresh && until.Before(earliest):
		return earliest
	default:
		return until
	}
}

// goBack has what rests rest no longer than before when this machine's clock has gone back.
func (v *View) goBack(now time.Time) {
	if by := v.clock.latest.Sub(now); by > 0 {
		for _, s := range v.resting.heap { // all by the same, so their order stays
			s.file.wakes, s.file.until = s.file.wakes.Add(-by), s.file.until.Add(-by)
			s.heard.at = s.heard.at.Add(-by)
		}
		clear(v.trouble.before)
		for id := range v.trouble.unreadable {
			v.trouble.unreadable[id] = now
		}
	}
	v.clock.latest = now
}
