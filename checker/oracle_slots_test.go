package checker

import (
	"slices"

	"derail/checker/history"
)

// tenancy is for how long somebody certainly had a job.
type tenancy struct {
	job         history.JobID
	process     history.ProcessID
	begin, over int // sequence numbers
}

// tenanciesOf is every stretch from the answer to a claim, or the first sign of work since it was last
// found, to the call of its release, if nothing wiped out what the process knew.
func tenanciesOf(h *history.History) []tenancy {
	var all []tenancy
	for job := range h.Jobs {
		for _, claim := range operations(h, history.JobID(job), history.Claim) {
			t := tenancy{job: history.JobID(job), process: claim.invoke.Process, begin: claim.completed}
			if !claim.ok() {
				continue
			}
			its := func(process history.ProcessID, epoch int64, seq int) bool {
				g, found := grantAt(h, t.job, epoch, seq)
				return found && g.completed == claim.completed && process == t.process
			}
			found := 0
			for _, again := range operations(h, t.job, history.Claim) {
				if again.ok() && again.adopted() && its(again.invoke.Process, again.epoch(), again.completed+1) {
					found = max(found, again.completed)
				}
			}
			if found > 0 {
				t.begin = 1 + slices.IndexFunc(numbered(h), func(seq int) bool {
					rec := h.Records[seq-1]
					return seq > found && rec.Job == t.job && (rec.Kind == history.Retry || rec.Kind == history.Move &&
						rec.Subject != history.SubjectJob) && its(rec.Process, rec.Epoch, seq)
				})
			}
			var releases []answered
			for _, kind := range []history.Kind{history.Abandon, history.Consume, history.Trash} {
				for _, a := range operations(h, t.job, kind) {
					if a.ok() && its(a.invoke.Process, a.epoch(), a.completed) {
						releases = append(releases, a)
					}
				}
			}
			if len(releases) == 0 || t.begin == 0 {
				continue
			}
			t.over = slices.MinFunc(releases, func(a, b answered) int { return a.completed - b.completed }).called
			if t.begin > t.over {
				continue
			}
			for i, rec := range h.Records[t.begin:t.over] {
				if (rec.Kind == history.Crash || rec.Kind == history.Start) && rec.Process == t.process {
					t.over = t.begin + i + 1
					break
				}
			}
			all = append(all, t)
		}
	}
	return all
}

// numbered is the sequence numbers of a history's records.
func numbered(h *history.History) []int {
	all := make([]int, len(h.Records))
	for i := range all {
		all[i] = i + 1
	}
	return all
}

// oracleSlots counts for each claim what its process had at that moment.
func oracleSlots(h *history.History) map[string]bool {
	broken := map[string]bool{}
	if h.Header.Slots < 1 {
		return broken
	}
	all := tenanciesOf(h)
	for _, t := range all {
		had := 0
		for _, other := range all {
			if other.process == t.process && other.begin <= t.begin && t.begin < other.over {
				had++
			}
		}
		if had > h.Header.Slots {
			broken[h.Jobs[t.job]] = true
		}
	}
	return broken
}
