package checker

import (
	"strconv"

	"derail/checker/history"
)

// exclusive is the check of claim.exclusive. A conductor promises to look at its own, cautious, idea of
// its lease before each task, so work that begins after the claim was over breaks the promise, however
// short the time. Sequence numbers say what was after what.
func (r *Reading) exclusive() {
	for i := range r.steps {
		r.entitled(&r.steps[i])
	}
	for job := range r.jobs {
		var t tenure
		for _, m := range r.boardOf(job) {
			r.succeeds(&t, m)
		}
	}
}

// entitled looks at a move by which work begins.
func (r *Reading) entitled(s *step) {
	if s.to != running && s.to != reverting || !s.kind.atom() {
		return
	}
	r.ruling.checked++
	if s.grant < 0 || r.grants[s.grant].process != s.process || r.grants[s.grant].end < s.seq {
		r.trespass(s)
	}
}

// trespass tells under which claim the work began, and why that was none.
func (r *Reading) trespass(s *step) {
	subject := &r.subjects[s.subject]
	began := r.process(s.process) + " began to "
	if s.to == reverting {
		began += "revert "
	} else {
		began += "execute "
	}
	began += subject.name + " of " + r.job(subject.job) + epochText(s.epoch)
	if s.grant < 0 {
		r.breaks(subject.job, []int32{s.seq}, "%s, which nobody had been given by then", began)
		return
	}
	g := &r.grants[s.grant]
	if g.process != s.process {
		r.breaks(subject.job, []int32{g.granted, s.seq}, "%s, which was %s's", began, r.process(g.process))
		return
	}
	r.breaks(subject.job, []int32{g.granted, g.end, s.seq}, "%s after %s", began, r.ending(g))
}

// ending says what the record is that shows the claim to be over.
func (r *Reading) ending(g *grant) string {
	rec := &r.history.Records[g.end-1]
	switch {
	case rec.Kind == history.LeaseEnd:
		return "its lease had ended"
	case rec.Kind == history.Crash:
		return "it had crashed, and so lost the claim"
	case rec.Kind == history.Claim && rec.Epoch == g.epoch:
		return "the claim had ended, before it even heard of it"
	case rec.Kind == history.Claim:
		return r.process(rec.Process) + " had claimed it" + epochText(rec.Epoch)
	default:
		return "its own " + spoken(rec.Kind) + " had been acknowledged"
	}
}

// tenure is who has had a job so far.
type tenure struct {
	held  int32 // one more than the op of the claim with the highest epoch; 0 is none
	freed int64 // the highest epoch that something may have ended
}

// succeeds looks for a claim that was granted while the one before cannot have ended yet.
func (r *Reading) succeeds(t *tenure, m mark) {
	o := &r.ops[m>>1]
	epoch := o.effect.Epoch
	switch o.effect.Kind {
	case history.Abandon, history.Consume, history.Trash, history.LeaseEnd:
		t.freed = max(t.freed, epoch)
	case history.Claim:
		if m&1 == 0 || o.effect.Adopted {
			return
		}
		before := int64(0)
		if t.held > 0 {
			before = r.ops[t.held-1].effect.Epoch
		}
		if t.held > 0 && (epoch == before || epoch > before && t.freed < before) {
			r.both(t.held-1, m>>1)
		}
		if epoch >= before {
			t.held = m>>1 + 1
		}
	}
}

func (r *Reading) both(first, second int32) {
	a, b := &r.ops[first], &r.ops[second]
	if a.effect.Epoch == b.effect.Epoch {
		r.breaks(a.job, []int32{a.done, b.done}, "%s and %s were both given epoch %s of %s",
			r.process(a.effect.Process), r.process(b.effect.Process),
			strconv.FormatInt(a.effect.Epoch, 10), r.job(a.job))
		return
	}
	r.breaks(a.job, []int32{a.done, b.done}, "%s was given %s%s while %s had it%s", r.process(b.effect.Process),
		r.job(a.job), epochText(b.effect.Epoch), r.process(a.effect.Process), epochText(a.effect.Epoch))
}
