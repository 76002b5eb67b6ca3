package checker

import (
	"slices"
	"strings"

	"derail/checker/history"
)

func oracleConserved(h *history.History) map[string]bool {
	broken := map[string]bool{}
	for job, name := range h.Jobs {
		if !accounted(h, history.JobID(job)) {
			broken[name] = true
		}
	}
	return broken
}

// accounted says whether the comings and goings of a job fit together.
func accounted(h *history.History, job history.JobID) bool {
	var final []string
	for _, rec := range h.Records {
		if rec.Kind == history.Final && rec.Job == job {
			final = append(final, rec.To)
		}
	}
	posts := slices.DeleteFunc(operations(h, job, history.Post), func(a answered) bool { return !a.may() })
	posted := slices.ContainsFunc(posts, answered.ok)
	consumes := slices.DeleteFunc(operations(h, job, history.Consume), func(a answered) bool { return !a.may() })
	var consumed []answered
	for _, a := range consumes {
		if a.ok() {
			consumed = append(consumed, a)
		}
	}
	slices.SortFunc(consumed, func(a, b answered) int { return a.completed - b.completed })
	// Nothing happens to a job before it is posted, or twice at its end.
	for _, a := range operations(h, job, 0) {
		if a.invoke.Kind != history.Post && a.ok() && (len(posts) == 0 || posts[0].called > a.completed) {
			return false
		}
		if a.invoke.Kind == history.Claim && a.ok() && len(consumed) > 0 && a.called > consumed[0].completed {
			return false
		}
	}
	for at := range leaseEnds(h, job) {
		if len(posts) == 0 || posts[0].called > at {
			return false
		}
	}
	if len(consumed) > 1 || slices.ContainsFunc(final, func(to string) bool { return to != final[0] }) {
		return false
	}
	if len(final) == 0 {
		return true
	}
	inTrash, mayBeInTrash := trashState(h, job)
	switch final[0] {
	case history.FinalGone:
		inTime := func(a answered) bool { return a.ok() || !leaseEndedBefore(h, job, a) }
		return !posted || slices.ContainsFunc(consumes, inTime)
	case history.FinalTrashed:
		return len(posts) > 0 && len(consumed) == 0 && mayBeInTrash
	default:
		return len(posts) > 0 && len(consumed) == 0 && !inTrash
	}
}

// trashState says whether the job, if it was not consumed, is certainly in the trash, and whether it may
// be: by which trash can be the last, and which restore.
func trashState(h *history.History, job history.JobID) (certain, possible bool) {
	trashes, restores := operations(h, job, history.Trash), operations(h, job, history.Restore)
	for _, trash := range trashes {
		if !trash.may() {
			continue
		}
		undone, after := false, false
		for _, restore := range restores {
			if restore.may() && (!restore.ok() || restore.completed >= trash.called) {
				after = true // it may have come after the trash
			}
			if restore.ok() && trash.ok() && restore.called > trash.completed {
				undone = true // it certainly did
			}
		}
		possible = possible || !undone
		certain = certain || trash.ok() && !after
	}
	return certain, possible
}

// oracleMoves walks through the moves of each subject alone.
func oracleMoves(h *history.History) map[string]bool {
	broken := map[string]bool{}
	subjects := map[string][]int{}
	for i, rec := range h.Records {
		if rec.Kind == history.Move || rec.Kind == history.Retry {
			key := h.Jobs[rec.Job] + "/" + rec.Kind.String() + "/" + rec.Subject
			subjects[key] = append(subjects[key], i)
		}
	}
	for _, at := range subjects {
		for n, i := range at {
			if !movable(h, at[:n], i) || !beginning(h, i) || !ending(h, i) || !completing(h, i) {
				broken[h.Jobs[h.Records[i].Job]] = true
			}
		}
	}
	return broken
}

// leaseEndedBefore says whether the claim under which an operation was called was over by then.
func leaseEndedBefore(h *history.History, job history.JobID, a answered) bool {
	epoch := a.epoch()
	return slices.ContainsFunc(h.Records[:a.called-1], func(r history.Record) bool {
		return r.Kind == history.LeaseEnd && r.Job == job && epoch > 0 && r.Epoch >= epoch
	})
}

// allowed says whether a table has the move.
func allowed(rec history.Record, from, to string) bool {
	kind := taskSubject
	switch {
	case rec.Kind == history.Retry:
		kind = retrySubject
	case rec.Subject == "flow":
		kind = flowSubject
	case rec.Subject == "job":
		kind = jobSubject
	}
	return slices.Contains(strings.Fields(moves[kind]), from+">"+to)
}

// movable says whether the move at record i may follow those before it.
func movable(h *history.History, before []int, i int) bool {
	rec := h.Records[i]
	been := []string{"PENDING"}
	if rec.Subject == "job" && rec.Kind == history.Move {
		been[0] = "UNCLAIMED"
	}
	newest, last := int64(0), ""
	for _, k := range before {
		been = append(been, h.Records[k].To)
		if e := h.Records[k].Epoch; e >= newest {
			newest, last = e, h.Records[k].To
		}
	}
	first := rec.Epoch > newest
	over := rec.Epoch > 0 && rec.Epoch < newest
	again := (first || over) && rec.From == rec.To && isAtom(rec) &&
		(rec.To == "RUNNING" || rec.To == "REVERTING")
	afresh := isAtom(rec) && rec.From == "SUCCESS" && rec.To == "PENDING"
	switch {
	case !allowed(rec, rec.From, rec.To) && !again && !afresh:
		return false
	case first:
		return slices.Contains(been, rec.From) || slices.Contains(beyond(h, been, i), rec.From)
	case rec.Epoch > 0 && rec.Epoch == newest:
		return rec.From == last
	}
	return true
}

// completing says whether a job may be complete at record i, as far as its flow goes.
func completing(h *history.History, i int) bool {
	done := h.Records[i]
	if done.Kind != history.Move || done.Subject != "job" || done.To != "COMPLETE" || done.Epoch < 1 {
		return true
	}
	var newest history.Record
	at := 0
	for k, rec := range h.Records[:i] {
		if rec.Kind == history.Move && rec.Subject == "flow" && rec.Job == done.Job && rec.Epoch >= newest.Epoch {
			newest, at = rec, k
		}
	}
	hidden := untoldBetween(h, done.Job, at, i) > 0
	if newest.Epoch != done.Epoch || hidden {
		return true
	}
	switch newest.To {
	case "RUNNING", "SUSPENDING":
		return false
	case "SUSPENDED":
		return newest.From == "RESUMING"
	}
	return true
}

// beyond is where a subject can be by a save of which nobody told.
func beyond(h *history.History, been []string, i int) []string {
	rec := h.Records[i]
	if untoldBetween(h, rec.Job, 0, i) == 0 {
		return nil
	}
	words := strings.Fields(`PENDING RUNNING SUCCESS FAILURE REVERTING REVERTED REVERT_FAILURE IGNORE
		RETRYING SUSPENDING SUSPENDED RESUMING UNCLAIMED CLAIMED COMPLETE TRASHED`)
	for range 3 {
		var next []string
		for _, from := range been {
			for _, to := range words {
				if allowed(rec, from, to) {
					next = append(next, to)
				}
			}
		}
		been = append(been, next...)
		slices.Sort(been)
		been = slices.Compact(been)
	}
	return been
}

// oracleCycle tells for each job, claim by claim, whether it made progress and whether it was given up.
func oracleCycle(h *history.History) map[string]bool {
	broken := map[string]bool{}
	if h.Header.CycleLength == 0 {
		return broken
	}
	for job, name := range h.Jobs {
		if longestStreak(h, history.JobID(job)) >= h.Header.CycleLength {
			broken[name] = true
		}
	}
	return broken
}

func longestStreak(h *history.History, job history.JobID) int {
	streak, longest := 0, 0
	claim := answered{} // the one that is going on
	up := func() {
		if claim.called == 0 {
			return
		}
		if streak++; progressed(h, job, claim) {
			streak = 0
		}
		longest = max(longest, streak)
		claim = answered{}
	}
	for i, rec := range h.Records {
		if rec.Job != job || rec.Type != history.OK && rec.Kind != history.LeaseEnd {
			continue
		}
		switch rec.Kind {
		case history.Claim:
			if a, _ := grantAt(h, job, rec.Epoch, i+2); a.completed == i+1 {
				up()
				claim = a
			}
		case history.Abandon, history.LeaseEnd:
			epoch := rec.Epoch
			if rec.Kind == history.Abandon && epoch == 0 {
				epoch = h.Records[rec.Call-1].Epoch
			}
			if claim.called > 0 && claim.epoch() == epoch {
				up()
			}
		case history.Consume, history.Trash, history.Restore:
			streak, claim = 0, answered{}
		}
	}
	return longest
}

// progressed says whether the logbook recorded for the first time that a task of the job was done in
// some way, under the claim.
func progressed(h *history.History, job history.JobID, claim answered) bool {
	recorded := map[string]bool{}
	for i, rec := range h.Records {
		done := slices.Contains([]string{"SUCCESS", "FAILURE", "REVERTED", "REVERT_FAILURE", "IGNORE"}, rec.To)
		if rec.Kind != history.Move || rec.Job != job || !done || rec.Subject == "flow" || rec.Subject == "job" {
			continue
		}
		owner, given := grantAt(h, job, rec.Epoch, i+1)
		if !given || !savedUnder(h, job, owner, i) {
			continue
		}
		if key := rec.Subject + " " + rec.To; !recorded[key] {
			recorded[key] = true
			if owner.called == claim.called {
				return true
			}
		}
	}
	return false
}

// savedUnder says whether a write under the claim came after record i.
func savedUnder(h *history.History, job history.JobID, claim answered, i int) bool {
	for k, rec := range h.Records {
		if k <= i || rec.Kind != history.Save || rec.Job != job || rec.N == 0 || rec.Type == history.Fail {
			continue
		}
		if owner, given := grantAt(h, job, rec.Epoch, k+1); given && owner.called == claim.called {
			return true
		}
	}
	return false
}
