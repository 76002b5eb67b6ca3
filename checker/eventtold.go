package checker

import "derail/checker/history"

// owing is something that a process has to tell: that it was given a job, or has released it.
type owing struct {
	epoch    int64
	at       int64 // when it was acknowledged
	seq      int32 // sequence number of that
	next     int32 // the next of the job, as one more than its index; 0: none
	process  history.ProcessID
	from, to state
	may      bool // it need not be told
}

// voice is what is known of what a process tells, and of what its second listener hears.
type voice struct {
	last    int64 // the time of the last record that shows that all before it was told
	resumed int64 // the time at which it last went on after a pause
	owes    int32 // how much it has to tell
	heard   int32 // the number of what was heard last in this life
	due     int32 // sequence number of what was told and is to be heard next, or 0
	tells   bool  // it tells what becomes of jobs
	hears   bool  // somebody else listens
}

// overheard is what a reading knows of what was told to others than the checker.
type overheard struct {
	heards  []int32 // sequence numbers of what second listeners heard
	metrics []int32 // sequence numbers of metrics
	stages  []stage // what engines told of themselves
}

// empty is the same memory, for the next history.
func (o *overheard) empty() overheard {
	return overheard{heards: o.heards[:0], metrics: o.metrics[:0], stages: o.stages[:0]}
}

// hearsay is memory of event.told.
type hearsay struct {
	voices []voice // by process
	owed   []owing
	owes   []int32 // by job: the first that is owed, as one more than its index
}

// told is the check of event.told.
//
// What a process is to tell of a job, it tells before it does anything later. So what it had not told when
// it crashed, or when the run ended, is forgiven only if it had done nothing later than it was acknowledged.
// What it does at the same instant shows nothing: it does several things at once, and in no order. Neither
// does what it does at the instant at which a pause ends, since who was about to tell may be the last to go
// on. Nor does time that goes by: a crash is written down when it is noticed.
//
// A process that tells of no job at all is asked for nothing, and neither is one to which nobody else
// listens: others than conductors have nothing to tell. In which order what was told of different jobs comes
// is not looked at.
func (r *Reading) told() {
	r.voices = zeroed(r.voices, len(r.history.Processes))
	r.owed, r.owes = r.owed[:0], zeroed(r.owes, len(r.jobs))
	for i := range r.steps {
		if s := &r.steps[i]; s.kind == jobSubject && s.process >= 0 {
			r.voices[s.process].tells = true
		}
	}
	for _, seq := range r.heards {
		if p := r.history.Records[seq-1].Process; p >= 0 {
			r.voices[p].hears = true
		}
	}
	r.eachRecord(func(seq int32, rec *history.Record, s *step) {
		if rec.Process >= 0 {
			r.speaks(seq, rec, s)
		}
	})
	r.unsaid()
}

// speaks looks at one record of a process; s is its step, if it is a move.
func (r *Reading) speaks(seq int32, rec *history.Record, s *step) {
	v := &r.voices[rec.Process]
	switch rec.Kind {
	case history.Crash, history.Start:
		r.dies(seq, rec.Process)
		return
	case history.Resume:
		v.resumed = rec.At
		return
	case history.Move, history.Retry:
		if s.kind == jobSubject {
			r.tells(s)
		}
		r.resounds(seq, v)
	case history.Save, history.Lost, history.Engine:
		r.resounds(seq, v)
	case history.Heard:
		r.hears(seq, rec, v)
	case history.Misled:
	default:
		if !rec.Kind.Operation() {
			return // it was not the process that did this
		}
		if rec.Type == history.OK && v.tells {
			r.acknowledges(seq, rec, v)
		}
	}
	if rec.At > v.resumed {
		v.last = rec.At
	}
}

// dies looks for what a process should have told, or its listener heard, before its life ended.
func (r *Reading) dies(seq int32, process history.ProcessID) {
	v := &r.voices[process]
	for job := 0; job < len(r.owes) && v.owes > 0; job++ {
		for at := &r.owes[job]; *at > 0; {
			o := &r.owed[*at-1]
			if o.process != process {
				at = &o.next
				continue
			}
			*at = o.next
			v.owes--
			if v.last > o.at {
				r.silent(o, seq)
			}
		}
	}
	if v.due > 0 && v.last > r.history.Records[v.due-1].At {
		r.unheard(v.due, seq)
	}
	v.heard, v.due = 0, 0
}

// acknowledges notes what the process has to tell now.
func (r *Reading) acknowledges(seq int32, rec *history.Record, v *voice) {
	o := owing{at: rec.At, seq: seq, process: rec.Process}
	switch rec.Kind {
	case history.Claim:
		o.from, o.to = unclaimed, claimed
	case history.Abandon:
		o.from, o.to = claimed, unclaimed
	case history.Consume:
		o.from, o.to = claimed, complete
	case history.Trash:
		o.from, o.to = claimed, trashed
	case history.Restore:
		o.from, o.to, o.may = trashed, unclaimed, true
	default:
		return
	}
	o.epoch = r.ops[r.opAt[rec.Call-1]].effect.Epoch
	if rec.Kind == history.Trash && o.epoch == 0 {
		o.from = unclaimed // nobody owned it
	}
	r.ruling.checked++
	at := &r.owes[rec.Job]
	for *at > 0 {
		at = &r.owed[*at-1].next
	}
	*at = int32(len(r.owed)) + 1
	r.owed = append(r.owed, o)
	v.owes++
}

// tells looks at what a process tells of a job.
func (r *Reading) tells(s *step) {
	r.ruling.checked++
	if s.process < 0 || !tables[jobSubject].legal[s.from].has(s.to) {
		return // which is for moves.legal
	}
	if !r.hadTo(s) {
		r.breaks(s.job, []int32{s.seq}, "%s told that %s went from %s to %s%s, and that was not acknowledged to it",
			r.process(s.process), r.job(s.job), s.from, s.to, epochText(s.epoch))
		return
	}
	for at := &r.owes[s.job]; *at > 0; {
		o := &r.owed[*at-1]
		if o.process != s.process {
			at = &o.next
			continue
		}
		*at = o.next
		r.voices[o.process].owes--
		if o.is(s) {
			return
		}
		r.silent(o, s.seq)
	}
}

// is reports whether it is what a step tells.
func (o *owing) is(s *step) bool {
	return o.process == s.process && o.epoch == s.epoch && o.from == s.from && o.to == s.to
}

// hadTo reports whether the step tells something that is to be told.
func (r *Reading) hadTo(s *step) bool {
	for at := r.owes[s.job]; at > 0; at = r.owed[at-1].next {
		if r.owed[at-1].is(s) {
			return true
		}
	}
	return false
}

// silent notes that something was not told, by a record that comes too early for it or by the end, where that
// is 0.
func (r *Reading) silent(o *owing, by int32) {
	if o.may {
		return
	}
	r.breaks(r.history.Records[o.seq-1].Job, []int32{o.seq, by},
		"%s did not tell that %s had gone from %s to %s%s, as was acknowledged to it", r.process(o.process),
		r.job(r.history.Records[o.seq-1].Job), o.from, o.to, epochText(o.epoch))
}

// unsaid looks for what was still to be told, or heard, when the history ended, and whose process went on.
func (r *Reading) unsaid() {
	for job := range r.owes {
		for at := r.owes[job]; at > 0; at = r.owed[at-1].next {
			if o := &r.owed[at-1]; r.voices[o.process].last > o.at {
				r.silent(o, 0)
			}
		}
	}
	for p := range r.voices {
		if v := &r.voices[p]; v.due > 0 && v.last > r.history.Records[v.due-1].At {
			r.unheard(v.due, 0)
		}
	}
}
