package checker

import "derail/checker/history"

// employment is what is known of how many jobs a process works on.
type employment struct {
	busy  int   // now
	since int32 // sequence number of the last record by which it had nothing: it died, or began
}

// slots is the check of slots.kept. Nobody else knows when a conductor gives a claim up: it may believe
// its lease to be over before it is, and go on without a place for a task that does not heed that. But who
// is told that its release has happened has had the claim until it called for that, since the claim was
// answered. These claims are counted, and no others. One that it found to be its own counts from the first
// move that it tells of the work: who is about to leave takes such a claim up without a place for it, only
// to give it back. So does one that it had been given, and took to be lost for a time.
func (r *Reading) slots() {
	places := r.history.Header.Slots
	if places <= 0 {
		r.ruling.remark = nothingAsked
		return
	}
	r.tenancies()
	r.employments = zeroed(r.employments, len(r.history.Processes))
	for i := range r.history.Records {
		rec := &r.history.Records[i]
		if (rec.Kind == history.Crash || rec.Kind == history.Start) && rec.Process >= 0 {
			r.employments[rec.Process] = employment{since: int32(i) + 1}
			continue
		}
		turn := r.turns[i]
		if turn == 0 {
			continue
		}
		g := &r.grants[max(turn, -turn)-1]
		e := &r.employments[g.process]
		switch {
		case turn > 0:
			r.ruling.checked++
			if e.busy++; e.busy > places {
				r.crowds(turn-1, e.busy)
			}
		case g.began > e.since:
			e.busy--
		}
	}
}

// tenancies finds the records at which claims begin and end to be had for certain: turns has for each record
// the claim, as one more than its index, less than zero where it ends.
func (r *Reading) tenancies() {
	r.turns = zeroed(r.turns, len(r.history.Records))
	for i := range r.grants {
		g := &r.grants[i]
		g.began = 0
		if g.found == 0 {
			r.begins(int32(i), g.granted)
		}
	}
	for i := range r.steps {
		s := &r.steps[i]
		if s.grant < 0 || s.kind == jobSubject {
			continue
		}
		if g := &r.grants[s.grant]; g.found > 0 && g.began == 0 && s.seq > g.found && s.process == g.process {
			r.begins(s.grant, s.seq)
		}
	}
}

// begins notes that a claim is had for certain from a record on, if it is until its release is called.
func (r *Reading) begins(index, seq int32) {
	g := &r.grants[index]
	if g.released == 0 {
		return
	}
	if end := r.ops[g.released-1].invoke; seq < end {
		g.began = seq
		r.turns[seq-1], r.turns[end-1] = index+1, -index-1
	}
}

// crowds tells which claims are too many at once: the last of them, and the others of its process.
func (r *Reading) crowds(last int32, busy int) {
	if r.toldEnough() {
		return
	}
	g := &r.grants[last]
	records := []int32{g.began, r.ops[g.released-1].done}
	for i := range r.grants {
		other := &r.grants[i]
		if other.process != g.process || other.began == 0 || other.began >= g.began {
			continue
		}
		if o := &r.ops[other.released-1]; o.invoke > g.began && other.began > r.employments[g.process].since {
			records = append(records, other.began, o.done)
		}
	}
	r.breaks(g.job, records, "%s worked on %d jobs at once when it began %s%s, and has places for %d",
		r.process(g.process), busy, r.job(g.job), epochText(g.epoch), r.history.Header.Slots)
}
