package checker

// lot is what has become of an atom since it last began anew.
type lot struct {
	epoch   int64 // of its last move
	begun   int64 // the epoch in which it was last told to run
	run     int32 // see course.run, of that
	at      int32 // sequence number of its last move
	grant   int32 // of its last move
	untold  int32 // see step: at its last move
	attempt int32 // of a retry: which one it was last told to make, or 0
	void    proof // that it is as if it had never run
	now     state // after its last move
	ran     bool  // that it ran has been told since void
	failed  bool  // it failed in the run of an engine that had executed it
	doubt   bool  // its last move was told by a claim that was over
}

// proof is when something was told that a later claim goes by if it was recorded.
type proof struct {
	epoch  int64
	at     int32 // sequence number; zero: it was so in the beginning
	grant  int32
	untold int32 // see step
}

// course is what is known of a flow's reverts since it last began.
type course struct {
	epoch  int64 // of the newest claim that has told a move of the job
	afresh proof // that it began
	run    int32 // how many times an engine has set to work on it
	turned int32 // step.untold of the first revert, and one more; 0: there was none
	ended  int32 // the same of its end in REVERTED
	failed bool  // an atom has failed
}

// returns is memory of revert.exact.
type returns struct {
	lots    []lot    // by subject
	courses []course // by job
	undoing undoing
}

// exacts is the check of revert.exact.
//
// What is reverted has to have run since it was last undone. That it runs is told before it does, so it
// cannot have succeeded in a save that nobody told of; it can only have been begun in one. And what was told
// to be undone is so for a later claim only where a known write came after it.
//
// When a flow ends in REVERTED, what has succeeded is missed where it had to go as well: when it comes after
// a retry that is reverted; when it is, or comes after, the nearest retry around what failed; and in any
// case when there was no retry to ask about what failed, when the one that was asked has used up its
// attempts and reverts all then, or when something is reverted that comes after no retry which is.
//
// A flow that is reverted can have begun afresh in a save of which nothing was told, and then what it had
// done before is nothing to it. That takes two such saves, one for the end and one for the beginning, or one
// where the end was told.
func (r *Reading) exacts() {
	r.lots = zeroed(r.lots, len(r.subjects))
	r.courses = zeroed(r.courses, len(r.jobs))
	r.besideWrites((*Reading).undoes)
}

// undoes looks at one step. The writes before it are in r.kept.
func (r *Reading) undoes(s *step) {
	c := &r.courses[s.job]
	late := s.epoch < c.epoch
	if !late {
		c.epoch = s.epoch
	}
	switch {
	case s.kind.atom():
		l := &r.lots[s.subject]
		if s.to == reverting && !late {
			r.ruling.checked++
			r.hasRun(s, l)
			if c.turned == 0 {
				c.turned = s.untold + 1
			}
		}
		c.failed = c.failed || s.to == failure || s.from == failure
		r.lives(s, l, c, late)
	case s.kind != flowSubject || late:
	case s.to == running:
		c.run++
	case s.to == reverted:
		r.ruling.checked++
		r.isUndone(s, c)
		c.ended = s.untold + 1
	case s.to == pending:
		*c = course{epoch: c.epoch, run: c.run, afresh: proofOf(s)}
	}
}

// called are the states that say that an atom was called.
var called = setOf(running, success, failure, retrying)

// lives brings a lot up to date.
func (r *Reading) lives(s *step, l *lot, c *course, late bool) {
	undone := s.to == reverted || s.to == pending
	if undone && !late && (l.ran || !r.proven(&l.void, s.epoch)) {
		l.void = proofOf(s)
	}
	l.ran = (l.ran || called.has(s.to)) && (late || !undone)
	if l.doubt = late; late {
		return
	}
	switch s.to {
	case running:
		l.begun, l.run, l.attempt, l.failed = s.epoch, c.run, s.attempt, false
	case failure:
		l.failed = l.begun == s.epoch && l.run == c.run
	case success, pending:
		l.failed = false
	}
	l.now, l.epoch, l.at, l.grant, l.untold = s.to, s.epoch, s.seq, s.grant, s.untold
}

func proofOf(s *step) proof {
	return proof{epoch: s.epoch, at: s.seq, grant: s.grant, untold: s.untold}
}

// proven reports whether a claim with that epoch goes by what was told: it told it itself, or that was
// recorded.
func (r *Reading) proven(p *proof, epoch int64) bool {
	return p.at == 0 || p.epoch == epoch || p.grant >= 0 && r.kept[p.grant] > p.at
}

// hasRun looks whether what begins to be reverted has run.
func (r *Reading) hasRun(s *step, l *lot) {
	begun := s.untold > l.void.untold && s.from != success // and nobody lived to tell
	if l.ran || begun || !r.proven(&l.void, s.epoch) {
		return
	}
	why := "it had never run"
	if l.void.at > 0 {
		why = "it had not run since it was undone"
	}
	r.breaks(s.job, []int32{l.void.at, s.seq}, "%s began to revert %s of %s%s, and %s", r.process(s.process),
		r.subjects[s.subject].name, r.job(s.job), epochText(s.epoch), why)
}

// undoing is what has to be undone by the end of a flow in REVERTED.
type undoing struct {
	lots []*lot // by the place of the atom in its form; nil where it has never moved
	// owes is by the place of a retry: the atom for which it, and all after it, is to go, and one more; or 0.
	owes []int32
	all  int32 // the same of an atom for which everything is to go
}

// isUndone looks for what a flow that ends in REVERTED should have reverted.
func (r *Reading) isUndone(s *step, c *course) {
	if c.turned > 0 && !c.failed && s.untold == c.afresh.untold && r.proven(&c.afresh, s.epoch) {
		r.breaks(s.job, []int32{c.afresh.at, s.seq},
			"%s ended the flow of %s%s in REVERTED, and nothing had failed", r.process(s.process), r.job(s.job),
			epochText(s.epoch))
		return
	}
	job := &r.jobs[s.job]
	if job.form < 0 {
		return
	}
	f, u := &r.forms.list[job.form], &r.undoing
	u.lots, u.owes, u.all = zeroed(u.lots, len(f.atoms)), zeroed(u.owes, len(f.atoms)), 0
	for i := job.first; i >= 0; i = r.subjects[i].next {
		if at := r.subjects[i].atom; at >= 0 {
			u.lots[at-job.atoms] = &r.lots[i]
		}
	}
	for atom, l := range u.lots {
		if l != nil && l.now == reverted && l.untold == s.untold && r.stillSo(l, s) {
			u.demand(f, int32(atom))
		}
	}
	for atom, l := range u.lots {
		if l == nil || l.now != success || !r.stillSo(l, s) || c.over(s, l) {
			continue
		}
		if cause := u.cause(f, int32(atom)); cause >= 0 {
			r.breaks(s.job, []int32{l.at, u.lots[cause].at, s.seq},
				"%s ended the flow of %s%s in REVERTED, with %s undone and %s left as it was",
				r.process(s.process), r.job(s.job), epochText(s.epoch), f.atoms[cause].Name, f.atoms[atom].Name)
		}
	}
}

// stillSo reports whether the step's claim goes by what was told last of an atom.
func (r *Reading) stillSo(l *lot, s *step) bool {
	return !l.doubt && r.proven(&proof{epoch: l.epoch, at: l.at, grant: l.grant}, s.epoch)
}

// over reports whether the flow may have been reverted and have begun afresh after the atom's last move,
// unheard of.
func (c *course) over(s *step, l *lot) bool {
	return c.ended > 0 && s.untold > max(c.ended-1, l.untold) ||
		c.turned > 0 && s.untold > max(c.turned-1, l.untold)+1
}

// demand notes what has to be undone because one atom is.
func (u *undoing) demand(f *form, atom int32) {
	if f.atoms[atom].Retry {
		u.owes[atom] = atom + 1
	} else if !u.behind(f, atom) {
		u.all = atom + 1
	}
	if !u.lots[atom].failed {
		return
	}
	q, known := u.asked(f, f.under[atom])
	switch {
	case known && q < 0:
		u.all = atom + 1
	case known && u.owes[q] == 0:
		u.owes[q] = atom + 1
	}
	for range f.atoms { // not for ever, whatever the shape says
		if !known || q < 0 || max(u.lots[q].attempt, 1) < f.limit(q) {
			return
		}
		if f.atoms[q].RevertAll {
			u.all = atom + 1
			return
		}
		q, known = u.asked(f, f.under[q])
	}
}

// behind reports whether the atom comes after a retry that may be reverted.
func (u *undoing) behind(f *form, atom int32) bool {
	for _, q := range f.retries {
		l := u.lots[q]
		if f.comesAfter(atom, q) && (l == nil || l.doubt || l.now != success && l.now != ignored) {
			return true
		}
	}
	return false
}

// asked is the nearest of a retry and those around it that was not ignored, and so is asked what to do; -1
// where there is none. It may not be known.
func (u *undoing) asked(f *form, q int32) (nearest int32, known bool) {
	for range f.atoms {
		if q < 0 {
			return -1, true
		}
		l := u.lots[q]
		if l == nil || l.doubt || l.now == pending {
			return q, false
		}
		if l.now != ignored {
			return q, true
		}
		q = f.under[q]
	}
	return q, false
}

// cause is the atom because of which another has to be undone, or -1.
func (u *undoing) cause(f *form, atom int32) int32 {
	for _, q := range f.retries {
		if u.owes[q] > 0 && (q == atom || f.comesAfter(atom, q)) {
			return u.owes[q] - 1
		}
	}
	return u.all - 1
}
