package checker

// decided is the check of decider.kept.
func (r *Reading) decided() {
	r.declared()
	for i := range r.steps {
		r.spared(&r.steps[i])
	}
}

// spared looks at one step.
func (r *Reading) spared(s *step) {
	at := r.subjects[s.subject].atom
	if at < 0 {
		return
	}
	j := &r.jobs[s.job]
	atom := &r.forms.list[j.form].atoms[at-j.atoms]
	if !atom.Never {
		return
	}
	r.ruling.checked++
	what := "executed"
	switch s.to {
	case running, retrying:
	case reverting:
		what = "reverted"
	default:
		return
	}
	r.breaks(s.job, []int32{s.seq}, "%s %s %s of %s%s, which a decider says is never to run",
		r.process(s.process), what, atom.Name, r.job(s.job), epochText(s.epoch))
}
