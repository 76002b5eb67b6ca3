package checker

import (
	"cmp"
	"slices"

	"derail/checker/history"
)

// handed is the check of result.handed. What was handed over only the task knows, so this goes by its word;
// that a retry tried again afterwards, and all went well then, does not take it back.
func (r *Reading) handed() {
	for i := range r.steps {
		if s := &r.steps[i]; s.kind == taskSubject && (s.to == running || s.to == reverting) {
			r.ruling.checked++
		}
	}
	for _, seq := range r.misled {
		r.complains(seq)
	}
}

// complains tells of a task that was misled.
func (r *Reading) complains(seq int32) {
	rec := &r.history.Records[seq-1]
	epoch, doing := rec.Epoch, "handed"
	begun, granted := int32(0), int32(0)
	if s := r.begunBy(seq, rec); s != nil {
		epoch, begun = s.epoch, s.seq
		if s.to == reverting {
			doing = "handed, to be undone,"
		}
		if s.grant >= 0 {
			granted = r.grants[s.grant].granted
		}
	}
	r.breaks(rec.Job, []int32{granted, begun, seq}, "%s %s %s of %s%s what those before it did not return: %s",
		r.process(rec.Process), doing, quoted(rec.Subject, "an unnamed task"), r.job(rec.Job),
		epochText(epoch), quoted(rec.Reason, "nobody says what"))
}

// begunBy is the last beginning of the task that complains, on the process where it does; nil if none is
// told.
func (r *Reading) begunBy(seq int32, rec *history.Record) *step {
	before, _ := slices.BinarySearchFunc(r.steps, seq, func(s step, seq int32) int {
		return cmp.Compare(s.seq, seq)
	})
	for i := range slices.Backward(r.steps[:before]) {
		s := &r.steps[i]
		if s.job == rec.Job && s.process == rec.Process && s.kind == taskSubject &&
			(s.to == running || s.to == reverting) && (rec.Epoch == 0 || rec.Epoch == s.epoch) &&
			r.subjects[s.subject].name == rec.Subject {
			return s
		}
	}
	return nil
}
