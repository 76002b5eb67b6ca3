package checker

import "fmt"

// track is where a subject is.
type track struct {
	epoch int64
	been  states // every state it was in, the first one included
	now   state  // after its last move in that epoch, unless that is zero
}

// opening is what is known of an atom that went back to PENDING without a retry that lets it: its flow has to
// start afresh.
type opening struct {
	epoch int64 // of the flow's last move
	now   state // after it
	owed  int32 // the first such step that waits for the flow, as one more than its index; 0 is none
}

// headway is how far the flow of a job has come in its newest claim, as was told.
type headway struct {
	epoch   int64
	seq     int32 // of its last move
	untold  int32 // see step
	unended bool  // after which it has begun and not ended, so that somebody is to go on with it
}

// legal is the check of moves.legal. Within an epoch each move begins where the one before it ended. A
// later claim begins from the logbook, which may be behind what the earlier claim did, so the first
// move in an epoch begins in any state that the subject has been in; and it alone may be a move into
// the same state, which is work done again. Where a claim before it may have saved what it did not
// live to tell, the first move may also begin a few moves further on: what one save holds. A move in an
// epoch that is over already (by a conductor that does not know yet) or without an epoch is held against
// the table only; with an epoch it may be work done again as well, told late because its save was answered
// late.
//
// An atom goes back to PENDING because a retry before it tries again, or because its flow starts afresh,
// which is told before the atoms or right after them. The former takes a shape to tell, so without one
// only what had succeeded is asked for its reason: that goes back with its flow alone. With a shape it is
// also known what a flow's end says: SUCCESS that every atom has succeeded or was ignored, REVERTED that none
// is left in between. And a job is not complete while its flow runs, or was suspended, in that very claim; if
// the claim never told of it, the flow may be one that cannot be run at all.
func (r *Reading) legal() {
	r.headways = zeroed(r.headways, len(r.jobs))
	r.tracks = zeroed(r.tracks, len(r.subjects))
	r.opening = zeroed(r.opening, len(r.jobs))
	r.stands = zeroed(r.stands, r.atoms)
	for i := range r.steps {
		s := &r.steps[i]
		r.allowed(int32(i), s)
		if f, atom := r.formed(s); f != nil {
			r.standsOf(s.job)[atom].move(s)
		}
	}
}

// allowed looks at one move.
func (r *Reading) allowed(index int32, s *step) {
	t := &r.tracks[s.subject]
	rules := &tables[s.kind]
	if t.been == 0 {
		t.been = setOf(rules.initial)
	}
	first := s.epoch > t.epoch
	again := first || s.epoch > 0 && s.epoch < t.epoch
	r.ruling.checked++
	switch {
	case s.from == noState || s.to == noState:
		r.illegal(s, "and a "+rules.what+" has no such state")
	case !rules.legal[s.from].has(s.to) && !(again && s.from == s.to && rules.again.has(s.to)) &&
		!(s.to == rules.initial && rules.afresh.has(s.from)):
		r.illegal(s, "which no "+rules.what+" may do")
	case first && !t.been.has(s.from) && !r.savedUntold(s, t.been, rules):
		r.illegal(s, "but it had never been there")
	case s.epoch > 0 && s.epoch == t.epoch && s.from != t.now:
		r.illegal(s, "but it was somewhere else by then")
	}
	t.been |= setOf(s.to)
	if s.epoch >= t.epoch {
		t.epoch, t.now = s.epoch, s.to
	}
	r.begun(index, s)
}

// begun looks at why atoms go back to PENDING.
func (r *Reading) begun(index int32, s *step) {
	o := &r.opening[s.job]
	if s.epoch != o.epoch {
		*o = opening{epoch: s.epoch}
	}
	owes := func() {
		if o.owed > 0 {
			r.illegal(&r.steps[o.owed-1], "but no retry tried again, and its flow did not start afresh")
			o.owed = 0
		}
	}
	switch {
	case s.kind == flowSubject:
		if o.now = s.to; s.to != pending {
			owes()
		}
		o.owed = 0
		r.ended(s)
		r.headways[s.job].moves(s)
	case !s.kind.atom():
		r.completes(s)
	case s.to == pending:
		if o.now != pending && o.owed == 0 && (s.from == success || r.jobs[s.job].form >= 0 && !r.lets(s)) {
			o.owed = index + 1
		}
	case s.to == running || s.to == reverting:
		owes()
	}
}

// ended looks at the atoms of a flow that ends. What was told to have failed has to be reverted first, and
// no revert begins without being told; anything else may have gone on in a save of which nobody told.
func (r *Reading) ended(s *step) {
	if s.to != success && s.to != reverted || r.jobs[s.job].form < 0 {
		return
	}
	f, stands := &r.forms.list[r.jobs[s.job].form], r.standsOf(s.job)
	fits := setOf(success, ignored)
	if s.to == reverted {
		fits = setOf(noState, pending, success, ignored, reverted)
	}
	wrong := -1
	for atom := range stands {
		t := &stands[atom]
		if t.epoch > s.epoch {
			return // it ends for a claim that is over, and a newer one has gone on
		}
		if wrong < 0 && !fits.has(t.now) && (t.now == failure || s.untold == t.moved) {
			wrong = atom
		}
	}
	if wrong >= 0 {
		r.illegal(s, fmt.Sprintf("but %s was in %s", f.atoms[wrong].Name, max(stands[wrong].now, pending)))
	}
}

// moves takes in a move of the flow. One that is resumed is suspended for as long as it takes to look at what
// is left to do, which may turn out to be nothing that can be done.
func (c *headway) moves(s *step) {
	if s.epoch < c.epoch {
		return // of a claim that is over
	}
	unended := s.to == running || s.to == suspending || s.to == suspended && s.from != resuming
	*c = headway{epoch: s.epoch, seq: s.seq, untold: s.untold, unended: unended}
}

// completes looks at the flow of a job that is complete. It may have ended in a save of which nobody told.
func (r *Reading) completes(s *step) {
	c := &r.headways[s.job]
	if s.to != complete || s.epoch <= 0 || s.epoch != c.epoch || !c.unended || s.untold != c.untold {
		return
	}
	r.breaks(s.job, []int32{c.seq, s.seq}, "%s moved %s from %s to %s%s, but its flow was in %s",
		r.process(s.process), r.job(s.job), s.from, s.to, epochText(s.epoch), r.history.Records[c.seq-1].To)
}

// lets reports whether a retry before the step's atom is about to try again.
func (r *Reading) lets(s *step) bool {
	f, atom := r.formed(s)
	if f == nil {
		return true // it is not in the shape, or has moved under a newer claim
	}
	stands := r.standsOf(s.job)
	for _, q := range f.retries {
		if t := &stands[q]; t.now == retrying && t.epoch == s.epoch && f.comesAfter(atom, q) {
			return true
		}
	}
	return false
}

// movesInASave is the most moves of one subject that one save can hold: of a flow that is resumed.
const movesInASave = 3

// savedUntold reports whether a subject that has been in those states may be where the step begins
// because of a save that nobody told of.
func (r *Reading) savedUntold(s *step, been states, rules *table) bool {
	if s.untold == 0 {
		return false
	}
	for range movesInASave {
		further := been
		for from := range numStates {
			if been.has(from) {
				further |= rules.legal[from]
			}
		}
		been = further
	}
	return been.has(s.from)
}

func (r *Reading) illegal(s *step, why string) {
	subject := &r.subjects[s.subject]
	rec := &r.history.Records[s.seq-1]
	records := []int32{s.seq}
	for i := range r.steps { // the move before it tells where it was
		if r.toldEnough() {
			break
		}
		if before := &r.steps[i]; before.subject == s.subject && before.seq < s.seq {
			records = append(records[:1], before.seq)
		}
	}
	what := "task " + subject.name + " of "
	switch s.kind {
	case retrySubject:
		what = "retry " + subject.name + " of "
	case flowSubject:
		what = "the flow of "
	case jobSubject:
		what = ""
	}
	r.breaks(subject.job, records, "%s moved %s%s from %s to %s%s, %s", r.process(s.process), what,
		r.job(subject.job), quoted(rec.From, "nothing"), quoted(rec.To, "nothing"), epochText(s.epoch), why)
}
