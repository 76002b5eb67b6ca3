package checker

// track is where a subject is.
type track struct {
	epoch int64
	been  states // every state it was in, the first one included
	now   state  // after its last move in that epoch, unless that is zero
}

// legal is the check of moves.legal. Within an epoch each move begins where the one before it ended. A
// later claim begins from the logbook, which may be behind what the earlier claim did, so the first
// move in an epoch begins in any state that the subject has been in; and it alone may be a move into
// the same state, which is work done again. Where a claim before it may have saved what it did not
// live to tell, the first move may also begin a few moves further on: what one save holds. A move in an
// epoch that is over already (by a conductor that does not know yet) or without an epoch is held against
// the table only.
func (r *Reading) legal() {
	r.tracks = zeroed(r.tracks, len(r.subjects))
	for i := range r.steps {
		s := &r.steps[i]
		t := &r.tracks[s.subject]
		rules := &tables[s.kind]
		if t.been == 0 {
			t.been = setOf(rules.initial)
		}
		first := s.epoch > t.epoch
		r.ruling.checked++
		switch {
		case s.from == noState || s.to == noState:
			r.illegal(s, "and a "+rules.what+" has no such state")
		case !rules.legal[s.from].has(s.to) && !(first && s.from == s.to && rules.again.has(s.to)):
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
	}
}

// movesInASave is the most moves of one subject that one save can hold: of a flow that is resumed.
const movesInASave = 3

// savedUntold reports whether a subject that has been in those states may be where the step begins
// because of a save that nobody told of.
func (r *Reading) savedUntold(s *step, been states, rules *table) bool {
	untold := r.jobs[r.subjects[s.subject].job].untold
	if untold == 0 || untold > s.seq {
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
		if before := &r.steps[i]; before.subject == s.subject && before.seq < s.seq {
			records = append(records[:1], before.seq)
		}
	}
	what := "task " + subject.name + " of "
	switch s.kind {
	case flowSubject:
		what = "the flow of "
	case jobSubject:
		what = ""
	}
	r.breaks(subject.job, records, "%s moved %s%s from %s to %s%s, %s", r.process(s.process), what,
		r.job(subject.job), quoted(rec.From, "nothing"), quoted(rec.To, "nothing"), epochText(s.epoch), why)
}
