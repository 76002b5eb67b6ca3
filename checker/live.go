package checker

import (
	"slices"

	"derail/checker/history"
)

// Live looks at a history while it is being written, record by record, and finds the first that breaks a
// promise. It is for stopping a run there; the verdict on what was written until then is [Checker.Check]'s.
//
// It looks through those properties that can be decided by what has been written, with the code of the
// properties themselves: whatever it finds broken is broken in the history as it is then, and in every
// longer one as well. So it leaves alone what only the end shows, and what a later record can excuse or
// explain: a cycle ends where a late save turns out to be progress, an order of claims is found where an
// unknown one turns out to have happened. For the same reason it believes the best of every call that has no
// answer yet. It takes the word of an invoke for the epoch that a release is about: where the answer names
// another, the history contradicts itself, and what was found may not stand.
//
// It keeps its memory from one history to the next. It is not for concurrent use.
type Live struct {
	reading Reading
	seen    int // records
	looking looking
	first   [len(looks)]int64 // by property: the record that broke it, or zero
	broken  string            // the one that was broken first, and the record
	at      int64

	tenures []tenure // claim.exclusive: by job
	ledgers []ledger // job.conserved: by job
	tolls   []toll   // trash.exact: by job
}

// looking is a property through which Live looks.
type looking uint8

const (
	lookWork looking = iota
	lookPlaces
	lookLimit
	lookFence
	lookMoves
	lookOrder
	lookDeeds
	lookTries
	lookDeciders
	lookArguments
	lookFailures
)

var looks = [...]string{
	lookWork: "claim.exclusive", lookPlaces: "job.conserved", lookLimit: "trash.exact", lookFence: "fence.held",
	lookMoves: "moves.legal", lookOrder: "revert.ordered", lookDeeds: "resume.once", lookTries: "retry.counted",
	lookDeciders: "decider.kept", lookArguments: "result.handed", lookFailures: "failure.current",
}

// LiveProperties is the names of the properties through which a [Live] looks.
func LiveProperties() []string { return slices.Clone(looks[:]) }

var covers = func() (all [len(looks)]cover) {
	for i, name := range looks {
		all[i] = coverOf(name)
	}
	return all
}()

// Reset begins a history. Its header says already what is promised; records, jobs and processes may still
// come.
func (l *Live) Reset(h *history.History) {
	r := &l.reading
	r.reset(h)
	r.ruling = ruling{}
	r.tracks, r.written, r.stands, r.deeds = r.tracks[:0], r.written[:0], r.stands[:0], r.deeds[:0]
	r.kept, r.turned, r.backed = r.kept[:0], r.turned[:0], r.backed[:0]
	r.opening, r.headways = r.opening[:0], r.headways[:0]
	l.tenures, l.ledgers, l.tolls = l.tenures[:0], l.ledgers[:0], l.tolls[:0]
	r.opAt = r.opAt[:0]
	l.seen, l.looking, l.broken, l.at = 0, 0, "", 0
	clear(l.first[:])
	l.makeRoom()
}

// See looks at the records that were added since the last time. It returns the property that is broken and
// the sequence number of the record that breaks it, or nothing; once something is broken, always the same.
func (l *Live) See() (broken string, at int64) {
	r := &l.reading
	for l.broken == "" && r.malformed == "" && l.seen < len(r.history.Records) {
		l.seen++
		l.see(int32(l.seen), &r.history.Records[l.seen-1])
	}
	return l.broken, l.at
}

// see looks at one record.
func (l *Live) see(seq int32, rec *history.Record) {
	r := &l.reading
	if len(r.jobs) < len(r.history.Jobs) {
		l.makeRoom()
	}
	r.opAt = append(r.opAt, 0)
	switch rec.Kind {
	case history.Owner, history.List, history.Wait, history.Count, history.Listed, history.Engine, history.Heard,
		history.Metric, history.Message, history.Note:
		return // nothing here looks at them
	}
	marks := len(r.marks)
	if !r.next(seq, rec) {
		return // no history: nothing that it says is believed
	}
	switch rec.Kind {
	case history.Move, history.Retry:
		l.move(seq, rec)
	case history.Save:
		l.save()
	case history.Misled:
		l.look(lookArguments)
		r.complains(seq)
	case history.Post, history.Claim, history.Abandon, history.Consume, history.Trash, history.Restore:
		l.operation(seq, rec)
		fallthrough
	case history.LeaseEnd:
		for _, m := range r.marks[marks:] {
			l.mark(m)
		}
	default:
		return
	}
	l.settle()
}

// look says through which property the next look is.
func (l *Live) look(at looking) {
	l.settle()
	l.looking, l.reading.ruling.cover = at, covers[at]
}

// settle notes whether the last look found something.
func (l *Live) settle() {
	if len(l.reading.ruling.broken) > 0 {
		l.note()
	}
}

// note notes that the property through which Live looks is broken.
func (l *Live) note() {
	l.reading.ruling.broken = l.reading.ruling.broken[:0]
	if l.first[l.looking] == 0 {
		l.first[l.looking] = int64(l.seen)
	}
	if l.broken == "" {
		l.broken, l.at = looks[l.looking], int64(l.seen)
	}
}

// makeRoom makes room for the jobs that have come.
func (l *Live) makeRoom() {
	r := &l.reading
	n := len(r.history.Jobs)
	for job := len(r.jobs); job < n; job++ {
		r.jobs = append(r.jobs, jobReading{})
		r.enlist(job)
	}
	r.written, r.turned, r.backed = grown(r.written, n), grown(r.turned, n), grown(r.backed, n)
	r.opening, r.headways, r.stands = grown(r.opening, n), grown(r.headways, n), grown(r.stands, r.atoms)
	l.tenures, l.ledgers, l.tolls = grown(l.tenures, n), grown(l.ledgers, n), grown(l.tolls, n)
}

// grown is s with zero elements added until it has n.
func grown[T any](s []T, n int) []T {
	var zero T
	for len(s) < n {
		s = append(s, zero)
	}
	return s
}

// move looks at a move.
func (l *Live) move(seq int32, rec *history.Record) {
	r := &l.reading
	if len(r.tracks) < len(r.subjects) {
		r.tracks, r.deeds = grown(r.tracks, len(r.subjects)), grown(r.deeds, len(r.subjects))
	}
	if len(r.kept) < len(r.grants) {
		r.kept = grown(r.kept, len(r.grants))
	}
	index := int32(len(r.steps)) - 1
	s := &r.steps[index]
	f, atom := r.formed(s)
	l.look(lookWork)
	r.entitled(s)
	l.look(lookMoves)
	r.allowed(index, s)
	l.look(lookDeeds)
	r.repeats(s)
	l.look(lookTries)
	r.tries(s, f, atom)
	l.look(lookFailures)
	r.blames(seq, rec, s)
	l.look(lookDeciders)
	r.spared(s)
	if f == nil {
		return
	}
	l.look(lookOrder)
	r.turnsBack(s, f, atom)
	r.standsOf(s.job)[atom].move(s)
}

// save looks at a write, if it is one of which it is known that it happened.
func (l *Live) save() {
	r := &l.reading
	index := int32(len(r.saves)) - 1
	if index < 0 || int(r.saves[index].seq) != l.seen {
		return
	}
	s := &r.saves[index]
	if s.grant >= 0 {
		r.kept = grown(r.kept, len(r.grants))
		r.kept[s.grant] = s.seq
	}
	l.look(lookFence)
	r.wrote(index)
	r.crossed(s)
}

// operation looks at an invoke or a completion as such.
func (l *Live) operation(seq int32, rec *history.Record) {
	r := &l.reading
	l.look(lookFailures)
	r.blames(seq, rec, nil)
	l.look(lookLimit)
	t := &l.tolls[rec.Job]
	if rec.Type == history.Invoke {
		t.begins(rec)
		return
	}
	o := &r.ops[r.opAt[rec.Call-1]]
	if t.ends(o); o.fate == happened {
		r.within(o, t.charged(o))
	}
}

// mark looks at the beginning or the end of an operation, or at a lease end.
func (l *Live) mark(m mark) {
	r := &l.reading
	o := &r.ops[m>>1]
	l.look(lookWork)
	r.succeeds(&l.tenures[o.job], m)
	l.look(lookPlaces)
	ledger := &l.ledgers[o.job]
	if m&1 == 0 {
		ledger.begins(o)
		return
	}
	ledger.ends(o)
	r.used(o.job, ledger)
	if o.effect.Kind == history.LeaseEnd {
		l.tolls[o.job].shows(o.effect.Epoch)
	}
}
