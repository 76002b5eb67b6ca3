package checker

import "derail/checker/history"

// resounds notes what a process has told, if somebody else listens.
func (r *Reading) resounds(seq int32, v *voice) {
	if !v.hears {
		return
	}
	if v.due > 0 {
		r.unheard(v.due, seq)
	}
	v.due = seq
}

// hears looks at what a second listener has heard.
func (r *Reading) hears(seq int32, rec *history.Record, v *voice) {
	r.ruling.checked++
	if rec.N != v.heard+1 {
		r.breaks(rec.Job, []int32{seq}, "what a listener of %s heard as number %d came after number %d",
			r.process(rec.Process), rec.N, v.heard)
	}
	due := v.due
	v.heard, v.due = rec.N, 0
	if due == 0 {
		r.breaks(rec.Job, []int32{seq}, "a listener of %s heard of %q, and nothing had been told that it had "+
			"not heard of", r.process(rec.Process), rec.Reason)
	} else if first := &r.history.Records[due-1]; !sameNews(first, rec) {
		r.breaks(rec.Job, []int32{due, seq}, "a listener of %s heard of %q, and what was told was %q",
			r.process(rec.Process), rec.Reason, news(first))
	}
}

// unheard notes that a listener did not hear what was told, by the record that comes too early for it or by
// the end.
func (r *Reading) unheard(due, by int32) {
	rec := &r.history.Records[due-1]
	r.breaks(rec.Job, []int32{due, by}, "a listener of %s did not hear of %q of %s", r.process(rec.Process),
		news(rec), r.job(rec.Job))
}

// sameNews reports whether a listener heard what was told. What its record leaves out is not asked for.
func sameNews(told, heard *history.Record) bool {
	return told.Job == heard.Job && heard.Reason == news(told) &&
		(heard.Epoch == 0 || heard.Epoch == told.Epoch) &&
		(heard.Subject == "" || heard.Subject == told.Subject) &&
		(heard.From == "" || heard.From == told.From) && (heard.To == "" || heard.To == told.To)
}

// news is the word that a listener has for what a record tells.
func news(rec *history.Record) string {
	switch rec.Kind {
	case history.Retry:
		return "retry"
	case history.Lost:
		return "lost"
	case history.Engine:
		return "engine"
	case history.Save:
		if rec.Type == history.OK {
			return "saved"
		}
		return "unsaved"
	}
	switch {
	case rec.Subject == history.SubjectFlow:
		return "flow"
	case rec.Subject != history.SubjectJob:
		return "atom"
	}
	return jobNews[stateOf(rec.To)]
}

var jobNews = [numStates]string{
	claimed: "claimed", complete: "consumed", unclaimed: "abandoned", trashed: "trashed",
}
