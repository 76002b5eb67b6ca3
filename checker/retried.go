package checker

// retried is the check of retry.counted.
//
// An execution of a retry is told before it begins, so what was told is what was executed. It is the same
// attempt once more when a later claim begins it again and nothing after it has moved meanwhile; otherwise
// it is the next one. What is not certain is whether the flow had started afresh in a save of which nobody
// lived to tell, which takes that something was reverted: then the number is a span.
//
// A retry is given up when its revert begins. That is too early when attempts are left and whatever has
// failed is what the retry is asked about.
func (r *Reading) retried() {
	r.declared()
	r.backed = zeroed(r.backed, len(r.jobs))
	for i := range r.steps {
		s := &r.steps[i]
		f, atom := r.formed(s)
		r.tries(s, f, atom)
		if f != nil {
			r.standsOf(s.job)[atom].move(s)
		}
	}
}

// tries looks at one step; there may be no form for it.
func (r *Reading) tries(s *step, f *form, atom int32) {
	if s.kind == flowSubject && s.to == pending {
		r.backed[s.job] = false
	}
	if f == nil {
		return
	}
	stands := r.standsOf(s.job)
	if s.kind == retrySubject {
		r.attempted(s, f, atom, stands)
	}
	if s.to == reverting {
		r.backed[s.job] = true
	}
	if s.to == pending || s.to == ignored {
		return
	}
	for _, q := range f.retries {
		if f.comesAfter(atom, q) {
			stands[q].passed = true
		}
	}
}

// move brings a stand up to date.
func (t *stand) move(s *step) {
	switch {
	case s.to == failure || s.to == revertFailure || s.to == reverting && s.from == failure:
		t.failed = true
	case s.to == pending || s.to == running:
		t.failed, t.untold = false, s.untold
	case s.to == success:
		t.failed = false
	}
	t.now, t.epoch, t.moved = s.to, s.epoch, s.untold
}

// attempted follows a retry's own move.
func (r *Reading) attempted(s *step, f *form, atom int32, stands []stand) {
	t := &stands[atom]
	switch s.to {
	case pending:
		t.attempts = span{}
	case running:
		r.ruling.checked++
		t.attempts = t.nextAttempt(s, r.backed[s.job])
		t.passed = false
		if limit := f.limit(atom); t.attempts.low > limit {
			r.breaks(s.job, []int32{s.seq}, "%s let %s of %s make attempt %s of at most %d%s",
				r.process(s.process), f.atoms[atom].Name, r.job(s.job), t.attempts, limit, epochText(s.epoch))
		}
	case reverting:
		if limit := f.limit(atom); t.now != reverting && t.attempts.high < limit {
			r.ruling.checked++
			if culprit := blamed(f, atom, stands); culprit >= 0 {
				name := f.atoms[culprit].Name
				r.breaks(s.job, []int32{r.lastMove(s, name), s.seq},
					"%s gave %s of %s up%s after attempt %s of %d, although it was %s that failed",
					r.process(s.process), f.atoms[atom].Name, r.job(s.job), epochText(s.epoch), t.attempts, limit, name)
			}
		}
		t.attempts = span{}
	}
}

// nextAttempt is the number of the attempt that the step begins.
func (t *stand) nextAttempt(s *step, turned bool) span {
	next := span{t.attempts.low + 1, t.attempts.high + 1}
	switch {
	case s.from == pending, undone.has(t.now), t.now == reverting:
		return span{1, 1}
	case s.from == retrying:
		return next
	case t.now == running && !t.passed:
		return t.attempts
	case turned && s.untold > t.untold:
		return span{1, next.high}
	default:
		return next
	}
}

// blamed is an atom whose failure was the retry's to decide about, and not anybody else's: -1 where there
// is none, or where something else failed, or may have.
func blamed(f *form, retry int32, stands []stand) int32 {
	culprit := int32(-1)
	for atom := range stands {
		mine := f.asks(int32(atom), retry)
		switch t := &stands[atom]; {
		case !mine && (t.failed || t.now == running && int32(atom) != retry):
			return -1
		case mine && t.failed && culprit < 0:
			culprit = int32(atom)
		}
	}
	return culprit
}
