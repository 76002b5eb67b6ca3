package checker

// deed is what a subject last did, as far as it was told.
type deed struct {
	epoch  int64
	at     int32 // sequence number
	grant  int32
	untold int32 // see step
	what   state // success, failure or reverted; noState is anything else
}

// once is the check of resume.once. A deed is recorded when a write of its claim that is known to have
// happened was told after it. It is void once the subject is reverted, or goes back to PENDING, which is
// told before anything is done again; a fresh start of the flow alone may have been saved without being
// told, and only after something was reverted.
func (r *Reading) once() {
	r.deeds = zeroed(r.deeds, len(r.subjects))
	r.turned = zeroed(r.turned, len(r.jobs))
	r.besideWrites((*Reading).repeats)
}

// besideWrites hands every step to look, with what was written before it in r.kept.
func (r *Reading) besideWrites(look func(r *Reading, s *step)) {
	r.kept = zeroed(r.kept, len(r.grants))
	save := 0
	for i := range r.steps {
		s := &r.steps[i]
		for ; save < len(r.saves) && r.saves[save].seq < s.seq; save++ {
			if g := r.saves[save].grant; g >= 0 {
				r.kept[g] = r.saves[save].seq
			}
		}
		look(r, s)
	}
}

// repeats looks at one step. The writes before it are in r.kept.
func (r *Reading) repeats(s *step) {
	if s.kind == flowSubject && s.to == pending {
		r.turned[s.job] = false
	}
	if d := &r.deeds[s.subject]; s.kind.atom() && s.epoch >= d.epoch {
		r.hold(s, d)
	}
}

// hold holds a step against the deed before it.
func (r *Reading) hold(s *step, d *deed) {
	recorded := d.at > 0 && d.grant >= 0 && r.kept[d.grant] > d.at
	next := deed{epoch: s.epoch, at: s.seq, grant: s.grant, untold: s.untold}
	switch s.to {
	case running:
		r.ruling.checked++
		afresh := r.turned[s.job] && s.untold > d.untold
		if recorded && (d.what == success || d.what == failure) && !afresh {
			r.doneAgain(s, d, "executed")
		}
	case reverting:
		r.ruling.checked++
		r.turned[s.job] = true
		// That it was executed meanwhile and nothing of it told takes three saves: one with PENDING, one with
		// RUNNING, one with REVERTING.
		if recorded && d.what == reverted && s.untold-d.untold < 3 {
			r.doneAgain(s, d, "reverted")
		}
	case success, failure, reverted:
		next.what = s.to
	}
	*d = next
}

func (r *Reading) doneAgain(s *step, d *deed, what string) {
	subject := &r.subjects[s.subject]
	r.breaks(s.job, []int32{d.at, r.kept[d.grant], s.seq}, "%s of %s was recorded as %s%s, and %s %s it again%s",
		subject.name, r.job(s.job), what, epochText(d.epoch), r.process(s.process), what, epochText(s.epoch))
}
