package checker

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"derail/checker/history"
)

// calm finds out from when on no fault is at work, and how long that lasts: from some time after the last
// Heal, or from the beginning of a history without faults, until a fault begins. Not every fault is recorded
// where it strikes, so whoever has any says when they end. A machine that dies or stands still is no fault to
// others: see freedom.
func (r *Reading) calm() (from, until int64, is bool) {
	from, until = 0, math.MaxInt64
	switch {
	case r.heal > 0:
		at := r.history.Records[r.heal-1].At
		from = at + min(max(r.history.Header.ClaimWithin, 0), math.MaxInt64-at)
	case r.faults > 0 || r.history.Header.Faults != "":
		return 0, 0, false
	}
	if r.fault > 0 {
		until = r.history.Records[r.fault-1].At
	}
	return from, until, from < until
}

// neverCalm is the summary of a check that asks only while no fault is at work.
const neverCalm = "nothing was asked: the history does not say when its last fault ended"

// askedInCalm is calm for a check that asks nothing outside it, and nothing at all without a limit. Where
// nothing is asked it says why.
func (r *Reading) askedInCalm(limit int64) (from, until int64, is bool) {
	if limit <= 0 {
		r.ruling.remark = nothingAsked
		return 0, 0, false
	}
	if from, until, is = r.calm(); !is {
		r.ruling.remark = neverCalm
	}
	return from, until, is
}

// idle is a stretch of time in which a conductor certainly could have claimed a job.
type idle struct {
	from, until int64 // it could have begun to wait by the first, and have waited long enough by the second
	latest      int64 // the latest until of all that began before it, itself included
	process     history.ProcessID
}

// freedom is what is known of a process on the way to its idle stretches.
type freedom struct {
	since     int64 // it is free since then
	well      int64 // nothing has been wrong with it since then
	busy      int32 // claims that it may be working under
	born      int32 // sequence number of its last crash, or zero
	conductor bool  // it claims jobs
	down      bool  // it has died, or stands still, or was left behind by the heal
	free      bool
}

// idleness finds the stretches of calm in which a conductor was alive, well and had a place for a job, where
// they are longer than within. A conductor is taken to be busy with all that it may have: a claim whose
// outcome is unknown, one whose lease ended while its task went on, one whose release got no answer. One that
// has begun, or begun again, has the time of within to find its way.
func (r *Reading) idleness(from, until, within int64) {
	r.freedoms, r.idles = zeroed(r.freedoms, len(r.history.Processes)), r.idles[:0]
	for i := range r.ops {
		if o := &r.ops[i]; o.effect.Kind == history.Claim {
			r.freedoms[o.effect.Process].conductor = true
		}
	}
	for p := range r.freedoms {
		r.freedoms[p].well = from
		r.frees(history.ProcessID(p), from)
	}
	for i := range r.history.Records {
		rec := &r.history.Records[i]
		if rec.At >= until {
			break
		}
		if rec.Kind == history.Heal {
			r.healed(rec)
		} else if rec.Process >= 0 && r.freedoms[rec.Process].conductor {
			r.employs(int32(i)+1, rec, within)
		}
	}
	end := min(until, r.now)
	for p := range r.freedoms {
		r.occupies(history.ProcessID(p), end, within)
	}
	slices.SortFunc(r.idles, func(a, b idle) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.until, b.until))
	})
	latest := int64(0)
	for i := range r.idles {
		latest = max(latest, r.idles[i].until)
		r.idles[i].latest = latest
	}
}

// employs looks at one record of a conductor.
func (r *Reading) employs(seq int32, rec *history.Record, within int64) {
	f := &r.freedoms[rec.Process]
	switch rec.Kind {
	case history.Claim:
		if rec.Type == history.Invoke {
			if r.isMore(&r.ops[r.opAt[seq-1]], f.born) {
				f.busy++
			}
		}
	case history.Abandon, history.Consume, history.Trash:
		if rec.Type == history.OK && r.ops[r.opAt[rec.Call-1]].effect.Epoch > 0 {
			f.busy = max(f.busy-1, 0)
		}
	case history.Crash:
		f.busy, f.born = 0, seq
	case history.Start, history.Resume:
		f.free = false // it may not have been there before
	case history.Pause:
	default:
		return
	}
	f.fares(rec, within)
	if places := max(r.history.Header.Slots, 1); f.down || int(f.busy) >= places {
		r.occupies(rec.Process, rec.At, within)
	} else {
		r.frees(rec.Process, max(rec.At, f.well))
	}
}

// isMore reports whether a claim is one more that its process may be busy with. One that it finds to be its
// own is none, unless that is from before its last crash.
func (r *Reading) isMore(o *op, born int32) bool {
	switch {
	case o.fate == failed:
		return false
	case !o.effect.Adopted:
		return true
	case born == 0:
		return false
	case o.grant == 0:
		g := r.grantTo(o.job, o.effect.Epoch, o.effect.Process)
		return g < 0 || r.grants[g].called < born
	}
	for _, m := range r.boardOf(int(o.job)) {
		c := &r.ops[m>>1]
		if c.effect.Kind == history.Claim && c.fate == undecided && c.effect.Process == o.effect.Process &&
			born < c.invoke && c.invoke < o.invoke {
			return false // which it has been busy with since then
		}
	}
	return true
}

// fares takes in how a process is from one of its records on.
func (f *freedom) fares(rec *history.Record, within int64) {
	switch rec.Kind {
	case history.Crash, history.Pause:
		f.down = true
	case history.Start, history.Resume:
		f.down = false
		f.well = max(f.well, rec.At+min(within, math.MaxInt64-rec.At))
	}
}

// choices hands to look, in order, every claim whose job a conductor chose when no fault was at work and it
// was well: who has just gone on after a pause may choose by an old picture of the board.
func (r *Reading) choices(from, until, within int64, look func(o *op, at int64)) {
	r.freedoms = zeroed(r.freedoms, len(r.history.Processes))
	for p := range r.freedoms {
		r.freedoms[p].conductor = true
	}
	next := 0
	for i := range r.ops {
		o := &r.ops[i]
		at := r.history.Records[o.invoke-1].At
		if at >= until {
			break
		}
		for ; next < int(o.invoke); next++ {
			switch rec := &r.history.Records[next]; {
			case rec.Kind == history.Heal:
				r.healed(rec)
			case rec.Process < 0:
			case rec.Kind == history.Start:
				r.freedoms[rec.Process].fares(rec, 0) // it looks before it chooses
			default:
				r.freedoms[rec.Process].fares(rec, within)
			}
		}
		if at < from || !r.isChoice(o) {
			continue
		}
		if f := &r.freedoms[o.effect.Process]; f.conductor && !f.down && f.well <= at {
			look(o, at)
		}
	}
}

// isChoice says whether a conductor chose the job of a claim that happened, with no fault at work.
func (r *Reading) isChoice(o *op) bool {
	return o.effect.Kind == history.Claim && !o.effect.Adopted && o.fate == happened && o.invoke > r.heal
}

// healed looks at a Heal: one with a subject names who is well again, and nobody else ever will be.
func (r *Reading) healed(rec *history.Record) {
	if rec.Subject == "" {
		return
	}
	for p := range r.freedoms {
		if !names(rec.Subject, r.history.Processes[p]) {
			r.freedoms[p].conductor, r.freedoms[p].free = false, false
		}
	}
}

// names says whether a list of names, with commas between them, has this one.
func names(list, name string) bool {
	for {
		one, rest, more := strings.Cut(list, ",")
		if strings.TrimSpace(one) == name {
			return true
		}
		if !more {
			return false
		}
		list = rest
	}
}

// frees notes that a process is free from then on, if it was not.
func (r *Reading) frees(process history.ProcessID, since int64) {
	if f := &r.freedoms[process]; f.conductor && !f.free {
		f.free, f.since = true, since
	}
}

// occupies notes that a process is no longer free, and keeps its idle stretch if that is long enough.
func (r *Reading) occupies(process history.ProcessID, at, within int64) {
	f := &r.freedoms[process]
	if f.free && at-f.since > within {
		r.idles = append(r.idles, idle{from: f.since, until: at - within, process: process})
	}
	f.free = false
}
