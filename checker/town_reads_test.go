package checker

import (
	"fmt"
	"slices"

	"derail/checker/history"
)

// onlooker asks a town's board one question at a time. The answer is of one instant, and may be long in coming.
type onlooker struct {
	process history.ProcessID
	asked   history.Record // the invoke, with its own sequence number as its call
	job     *townJob
	looked  bool
	answer  history.Record
	listed  []history.Record
}

// look lets an onlooker do the next thing.
func (w *town) look() {
	if len(w.onlookers) == 0 {
		for n := range 2 {
			w.onlookers = append(w.onlookers, &onlooker{process: w.recorder.Process(fmt.Sprint("reader-", n+1))})
		}
	}
	r := w.onlookers[w.chance(len(w.onlookers))]
	switch {
	case r.asked.Call == 0:
		w.ask(r)
	case !r.looked:
		w.see(r)
	case w.chance(2) == 0:
		w.tell(r)
	}
}

// ask begins a question.
func (w *town) ask(r *onlooker) {
	kinds := []history.Kind{history.Owner, history.List, history.List, history.Count, history.Wait, history.Wait}
	rec := history.Record{
		Type: history.Invoke, Kind: kinds[w.chance(len(kinds))], Process: r.process, Job: history.None,
	}
	r.job = nil
	switch {
	case rec.Kind == history.List && w.chance(3) == 0:
		rec.Subject = history.ListTrash
	case rec.Kind == history.Owner || rec.Kind == history.Wait && w.chance(2) == 0:
		r.job = w.jobs[w.chance(len(w.jobs))]
		rec.Job = r.job.id
	}
	rec.Call = w.write(rec)
	r.asked, r.looked = rec, false
}

// see looks at the board. A wait that finds that it has to wait does so, or gives up.
func (w *town) see(r *onlooker) {
	r.listed, r.looked = r.listed[:0], true
	r.answer = r.asked
	r.answer.Type = history.OK
	vain := false
	switch {
	case r.job != nil:
		w.find(r)
		vain = r.asked.Kind == history.Wait && onTown(r.job)
	case r.asked.Kind == history.Count:
		r.answer.N = int32(len(w.present("claimed", "unclaimed")))
	case r.asked.Subject == history.ListTrash:
		w.list(r, w.present("trashed"))
	default:
		w.list(r, w.present("claimed", "unclaimed"))
		vain = r.asked.Kind == history.Wait && r.answer.N == 0
	}
	if vain {
		r.answer = r.asked
		r.answer.Type, r.answer.Reason = history.Fail, history.WaitTimeout
		r.looked = w.chance(3) == 0
	}
}

func onTown(j *townJob) bool { return j.place == "claimed" || j.place == "unclaimed" }

// find answers where the job is.
func (w *town) find(r *onlooker) {
	switch {
	case r.job.place == "trashed" && r.asked.Kind == history.Wait:
		r.answer.To = history.FinalTrashed
	case !onTown(r.job):
		r.answer.To = history.FinalGone
	default:
		one := w.shown(r.job)
		r.answer.To, r.answer.Epoch, r.answer.Subject = one.To, one.Epoch, one.Subject
	}
}

// shown is a job as a list shows it.
func (w *town) shown(j *townJob) history.Record {
	rec := history.Record{To: j.place, Attempt: j.attempts}
	if j.place == "claimed" {
		rec.Epoch, rec.Subject = j.epoch, w.recorder.History().Processes[j.owner.process]
	}
	return rec
}

// present is the jobs in some places, the most urgent first, and then the oldest.
func (w *town) present(places ...string) []*townJob {
	var jobs []*townJob
	for _, j := range w.jobs {
		if slices.Contains(places, j.place) {
			jobs = append(jobs, j)
		}
	}
	slices.SortFunc(jobs, func(a, b *townJob) int {
		if a.urgency() != b.urgency() {
			return int(b.urgency() - a.urgency())
		}
		return int(a.created - b.created)
	})
	return jobs
}

// urgency is how urgent a job is.
func (j *townJob) urgency() int32 { return int32(j.id) % 2 }

func (w *town) list(r *onlooker, jobs []*townJob) {
	for _, j := range jobs {
		rec := w.shown(j)
		rec.Type, rec.Kind, rec.Process, rec.Job = history.Event, history.Listed, r.process, j.id
		rec.Call = r.asked.Call
		r.listed = append(r.listed, rec)
	}
	if r.answer.N = int32(len(jobs)); w.chance(2) == 0 {
		r.answer.Revision = w.revision
	}
}

// tell answers a question, if the answer arrives.
func (w *town) tell(r *onlooker) {
	if !w.plain && w.bad() {
		r.answer = r.asked
		r.answer.Type, r.listed = history.Info, nil
	}
	for _, rec := range r.listed {
		w.write(rec)
	}
	w.write(r.answer)
	r.asked.Call = 0
}
