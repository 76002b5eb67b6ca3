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
	heal := r.heal
	switch {
	case heal > 0:
		at := r.history.Records[heal-1].At
		from = at + min(max(r.history.Header.ClaimWithin, 0), math.MaxInt64-at)
	case r.faults > 0 || r.history.Header.Faults != "":
		return 0, 0, false
	}
	for i := int(heal); i < len(r.history.Records); i++ {
		if rec := &r.history.Records[i]; rec.Kind == history.Fault {
			until = rec.At
			break
		}
	}
	return from, until, from < until
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
			if o := &r.ops[r.opAt[seq-1]]; o.fate != failed && !o.effect.Adopted {
				f.busy++
			}
		}
	case history.Abandon, history.Consume, history.Trash:
		if rec.Type == history.OK && r.ops[r.opAt[rec.Call-1]].effect.Epoch > 0 {
			f.busy = max(f.busy-1, 0)
		}
	case history.Crash:
		f.busy, f.down = 0, true
	case history.Pause:
		f.down = true
	case history.Start, history.Resume:
		f.down, f.free = false, false // it may not have been there before
		f.well = max(f.well, rec.At+min(within, math.MaxInt64-rec.At))
	default:
		return
	}
	if places := max(r.history.Header.Slots, 1); f.down || int(f.busy) >= places {
		r.occupies(rec.Process, rec.At, within)
	} else {
		r.frees(rec.Process, max(rec.At, f.well))
	}
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
