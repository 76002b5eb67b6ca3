package checker

import (
	"strings"

	"derail/checker/history"
)

// current is the check of failure.current. The failure with which a job is released names its atom, and
// that one must have failed since it was last begun. It may also have failed in a save of which nobody
// lived to tell; but what was told to have succeeded has to begin anew for that, which takes two more.
func (r *Reading) current() {
	r.declared()
	if r.atoms == 0 {
		return
	}
	r.eachRecord(func(seq int32, rec *history.Record, s *step) {
		r.blames(seq, rec, s)
		if s == nil {
			return
		}
		if f, atom := r.formed(s); f != nil {
			r.standsOf(s.job)[atom].move(s)
		}
	})
}

// blames looks at one record, which may release a job; s is its step where it is a move.
func (r *Reading) blames(seq int32, rec *history.Record, s *step) {
	switch {
	case s != nil:
		if s.kind == jobSubject {
			r.released(rec, seq, rec.Reason, s.untold)
		}
	case rec.Type != history.Invoke:
	case rec.Kind == history.Abandon:
		r.released(rec, seq, rec.Reason, r.ops[r.opAt[seq-1]].untold)
	case rec.Kind == history.Trash && rec.Epoch > 0: // or it is for what an earlier claim reported
		r.released(rec, seq, rec.Subject, r.ops[r.opAt[seq-1]].untold)
	}
}

// released looks at the failure with which a job is released, if there is one.
func (r *Reading) released(rec *history.Record, seq int32, failure string, untold int32) {
	if r.jobs[rec.Job].form < 0 || failure == "" {
		return
	}
	f := &r.forms.list[r.jobs[rec.Job].form]
	atom := f.named(failure)
	if atom < 0 {
		return
	}
	t := &r.standsOf(rec.Job)[atom]
	if t.epoch > rec.Epoch {
		return // it speaks of its own claim's last attempt, and a newer one has gone on
	}
	r.ruling.checked++
	unseen := untold - t.untold
	if t.failed || unseen > 0 && (t.now != success || unseen > 2) {
		return
	}
	r.breaks(rec.Job, []int32{r.lastMove(&step{job: rec.Job, seq: seq}, f.atoms[atom].Name), seq},
		"%s released %s%s for %q, and %s did not fail in its last attempt", r.process(rec.Process),
		r.job(rec.Job), epochText(rec.Epoch), failure, f.atoms[atom].Name)
}

// named is the atom in which a failure says that it happened, or -1.
func (f *form) named(failure string) int32 {
	kind, rest, found := strings.Cut(failure, " in ")
	if !found || strings.Contains(kind, ":") {
		return -1
	}
	best := int32(-1)
	for i := range f.atoms {
		name := f.atoms[i].Name
		if strings.HasPrefix(rest, name) && strings.HasPrefix(rest[len(name):], ": ") &&
			(best < 0 || len(name) > len(f.atoms[best].Name)) {
			best = int32(i)
		}
	}
	return best
}
