package checker

// decided is the check of decider.kept.
func (r *Reading) decided() {
	r.declared()
	for i := range r.steps {
		s := &r.steps[i]
		f, atom := r.formed(s)
		if f == nil || !f.atoms[atom].Never {
			continue
		}
		r.ruling.checked++
		what := ""
		switch s.to {
		case running, retrying:
			what = "executed"
		case reverting:
			what = "reverted"
		default:
			continue
		}
		r.breaks(s.job, []int32{s.seq}, "%s %s %s of %s%s, which a decider says is never to run",
			r.process(s.process), what, f.atoms[atom].Name, r.job(s.job), epochText(s.epoch))
	}
}
