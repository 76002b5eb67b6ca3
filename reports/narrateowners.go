package reports

import (
	"fmt"
	"slices"

	"derail/checker/history"
)

// hold notes that a process has a job, and says who had it already.
func (n *narrator) hold(r *history.Record) string {
	if !n.known(r.Job) {
		return ""
	}
	j := &n.jobs[r.Job]
	text := ""
	if j.gone != "" {
		text = ", although it had been " + j.gone + " before"
	}
	for _, h := range j.holders {
		switch {
		case h.process == r.Process:
		case h.dead:
			text = fmt.Sprintf(", although the lease of %s, which had crashed, went on", n.name(h.process))
		default:
			text = fmt.Sprintf(", although %s still had it%s", n.name(h.process),
				numbers(&history.Record{Epoch: h.epoch}))
		}
	}
	j.holders = slices.DeleteFunc(j.holders, func(h holder) bool { return h.process == r.Process })
	j.holders = append(j.holders, holder{process: r.Process, epoch: r.Epoch})
	if node := n.node(r.Process); node != nil && !slices.Contains(node.believes, r.Job) {
		node.believes = append(node.believes, r.Job)
	}
	return text
}

// release notes that a process has a job no more, and says who has it, where that is another.
func (n *narrator) release(r *history.Record) string {
	if !n.known(r.Job) {
		return ""
	}
	n.forget(r.Process, r.Job)
	j := &n.jobs[r.Job]
	gone := j.gone
	if how := endingOf(r); how == consumed || how == trashed {
		j.gone = how.words()
	}
	if gone != "" {
		j.holders = nil
		return ", although it had been " + gone + " before"
	}
	mine := func(h holder) bool { return h.process == r.Process }
	if len(j.holders) == 0 || slices.ContainsFunc(j.holders, mine) {
		j.holders = slices.DeleteFunc(j.holders, mine)
		return ""
	}
	h := j.holders[len(j.holders)-1]
	j.holders = nil
	return fmt.Sprintf(", although %s had it%s", n.name(h.process), numbers(&history.Record{Epoch: h.epoch}))
}

// forget notes that a process knows that it has a job no more.
func (n *narrator) forget(process history.ProcessID, job history.JobID) {
	if node := n.node(process); node != nil {
		node.believes = slices.DeleteFunc(node.believes, func(id history.JobID) bool { return id == job })
	}
}
