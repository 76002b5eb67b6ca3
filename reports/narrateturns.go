package reports

import (
	"fmt"
	"slices"
	"strings"

	"derail/checker/history"
)

// harmless are the faults that by themselves change nothing but the time: what somebody is doing goes on.
var harmless = []string{
	"network.delay", "network.reorder", "network.repeat", "network.slow", "watch.lag", "watch.repeat",
	"storage.slow", "disk.slow", "clock.skew", "clock.drift",
}

// happened tells an event.
func (n *narrator) happened(r *history.Record) {
	switch r.Kind {
	case history.Move:
		if r.Subject != history.SubjectJob { // that the operations tell
			n.work(r).moved(r)
		}
	case history.Retry:
		n.work(r).retried(r)
	case history.Fault:
		n.fault(r)
	case history.Crash:
		n.crashed(r)
	case history.Start:
		n.started(r)
	case history.Pause:
		n.paused(r)
	case history.Resume:
		n.resumed(r)
	case history.LeaseEnd:
		n.leaseEnded(r)
	case history.Lost, history.Misled:
		if r.Kind == history.Lost {
			n.forget(r.Process, r.Job)
		}
		n.add(r, trouble, Sentence(n.h, n.now))
		n.shake(r.Job, history.None)
	case history.Heal, history.Ruined:
		n.everybody(r)
	case history.Final:
		b := n.add(r, smooth, "")
		state := FinalState(r.To)
		b.group = &group{"at the end ", " is " + state, " are " + state, []string{n.job(r.Job)}}
		b.Tally = "job|" + state + " at the end"
	default: // it is told only where it shows that a promise was broken, or where everything is told
		n.add(r, silent, Sentence(n.h, n.now))
	}
}

// everybody tells what changes something for all, or for one job where it names one.
func (n *narrator) everybody(r *history.Record) {
	b := n.add(r, trouble, Sentence(n.h, n.now))
	if r.Kind == history.Ruined {
		b.Mark = markFault
	}
	switch {
	case r.Job >= 0:
		n.shake(r.Job, history.None)
	case r.Kind == history.Ruined:
		b.All = true
		n.turned, n.shaken = n.now, n.now
	default: // at the end of the faults, everybody goes on with what they were doing
		b.All = true
	}
}

// fault tells a fault, with the call that it hit where it hit one.
func (n *narrator) fault(r *history.Record) {
	node, job := n.node(r.Process), r.Job
	if id, named := n.ids[r.Subject]; job < 0 && named {
		job = id
	}
	text, call := Sentence(n.h, n.now), n.hitCall(r, job)
	if call == "" && n.hitWork(r, job) {
		return
	}
	if call != "" {
		text = "fault " + clean(r.Reason) + " hit " + call
		if words := faultWords[r.Reason]; words != "" {
			text += ": " + words
		}
	}
	b := n.add(r, trouble, text)
	b.Mark, b.Tally = markFault, clean(r.Reason)
	b.Shape = fmt.Sprintf("%s %d %s", r.Reason, job, r.Subject)
	switch {
	case hitsAll(r):
		b.All = true
		n.turned, n.shaken = n.now, n.now
		return
	case job >= 0:
		b.Jobs = []history.JobID{job}
	case node != nil:
		b.Jobs = append(b.Jobs, node.believes...)
	}
	if slices.Contains(harmless, r.Reason) {
		b.Sort = max(b.Sort, petty)
		return
	}
	if node != nil && (r.Reason == "node.crash" || r.Reason == "node.pause") {
		node.blow, node.blowAt = len(n.beats), r.At
	}
	if job >= 0 {
		n.shake(job, history.None)
		return
	}
	n.shake(history.None, r.Process)
}

// hitWork tells a fault that hit a task, or a call for a job that is not an operation on the board, as a
// part of what its conductor did with the job, where that is under way.
func (n *narrator) hitWork(r *history.Record, job history.JobID) bool {
	s := n.spells[[2]int32{int32(job), int32(r.Process)}]
	small := strings.HasPrefix(r.Reason, "task.") || strings.HasPrefix(r.Reason, "storage.")
	if !small || r.N > 0 || s == nil || s.end != "" || n.over(s) {
		return false
	}
	s.struck(r)
	b := n.beatOf(s)
	b.Mark, b.Records = markFault, b.Records+1
	s.last, s.until = n.now, r.At
	return true
}

// hitCall is the call under way that a fault hit, as "conductor-1's call to claim orders-1".
func (n *narrator) hitCall(r *history.Record, job history.JobID) string {
	node := n.node(r.Process)
	if node == nil || job < 0 || r.N > 0 {
		return ""
	}
	for _, seq := range slices.Backward(node.calls) {
		if c := &n.h.Records[seq-1]; c.Job == job {
			return fmt.Sprintf("%s's call to %s %s", n.name(r.Process), verb(c.Kind), n.job(job))
		}
	}
	return ""
}

// after is the beat of the fault that has just hit a machine, made the beat of what it did to it; or a new
// one.
func (n *narrator) after(r *history.Record, text string) *beat {
	node := n.node(r.Process)
	if node == nil || node.blow == 0 || node.blowAt != r.At {
		return n.add(r, trouble, text)
	}
	b := &n.beats[node.blow-1]
	b.Text, b.Records = text, b.Records+1
	if n.shows[n.now] {
		b.Sort = essential
	}
	return b
}

// crashed tells the death of a machine, with the jobs that it takes along.
func (n *narrator) crashed(r *history.Record) {
	node := n.node(r.Process)
	why := r.Reason
	if node != nil && node.blow > 0 && node.blowAt == r.At {
		why = n.h.Records[n.beats[node.blow-1].Record-1].Reason
	}
	text := n.name(r.Process) + " crashed" + because(why)
	if node == nil {
		n.add(r, trouble, text)
		return
	}
	if len(node.believes) > 0 {
		text += ", and left " + n.names(node.believes) + " to " + pick(len(node.believes) == 1, "its lease",
			"their leases")
	}
	b := n.after(r, text)
	b.Mark, b.Tally, b.Shape = markFault, "machine|crashed", "crash"
	b.Jobs = append(b.Jobs, node.believes...)
	for _, job := range node.believes {
		n.shake(job, history.None)
		for i := range n.jobs[job].holders {
			if h := &n.jobs[job].holders[i]; h.process == r.Process {
				h.dead = true
			}
		}
	}
	n.abandonCalls(node)
	node.believes, node.blow = nil, 0
	n.shake(history.None, r.Process)
}

// abandonCalls tells the calls of a machine that will never hear of their answers.
func (n *narrator) abandonCalls(node *nodeNow) {
	for _, seq := range node.calls {
		n.tellCall(seq)
	}
	node.calls = nil
}

func (n *narrator) names(jobs []history.JobID) string {
	list := make([]string, len(jobs))
	for i, job := range jobs {
		list[i] = n.job(job)
	}
	return span(list)
}

func (n *narrator) started(r *history.Record) {
	b := n.add(r, smooth, "")
	what := " started"
	if node := n.node(r.Process); node != nil {
		if node.begun {
			what, b.Sort = " started again", min(b.Sort, trouble)
		}
		node.begun = true
	}
	b.group = &group{after: what, afterMany: what, names: []string{n.name(r.Process)}}
	n.shake(history.None, r.Process)
}

// paused tells that a machine stands still, and for how long.
func (n *narrator) paused(r *history.Record) {
	long := ""
	for i := n.now; i < int64(len(n.h.Records)); i++ {
		if next := &n.h.Records[i]; next.Process == r.Process && next.Kind == history.Resume {
			long = " for " + Duration(next.At-r.At)
			break
		}
	}
	text := fmt.Sprintf("%s stands still%s%s, and does not know", n.name(r.Process), long, because(r.Reason))
	node := n.node(r.Process)
	if node != nil && len(node.believes) > 0 {
		text += "; it has " + n.names(node.believes)
	}
	b := n.after(r, text)
	b.Mark, b.Tally, b.Shape = markFault, "machine|paused", "pause"
	if node != nil {
		b.Jobs = append(b.Jobs, node.believes...)
		node.blow = 0
	}
	n.shake(history.None, r.Process)
}

// resumed tells that a machine goes on, and what it does not know.
func (n *narrator) resumed(r *history.Record) {
	text := n.name(r.Process) + " goes on"
	b := n.add(r, trouble, "")
	if node := n.node(r.Process); node != nil {
		b.Jobs = append(b.Jobs, node.believes...)
		var lost []history.JobID
		for _, job := range node.believes {
			mine := func(h holder) bool { return h.process == r.Process }
			if !slices.ContainsFunc(n.jobs[job].holders, mine) {
				lost = append(lost, job)
			}
		}
		if len(lost) > 0 {
			text += ", and does not know that it has lost " + n.names(lost)
		}
	}
	b.Text = text
	n.shake(history.None, r.Process)
}

// leaseEnded tells that the board took a job from its owner.
func (n *narrator) leaseEnded(r *history.Record) {
	text := Sentence(n.h, n.now)
	b := n.add(r, trouble, text)
	b.Tally = "lease|ended"
	if n.known(r.Job) {
		j := &n.jobs[r.Job]
		at := slices.IndexFunc(j.holders, func(h holder) bool { return h.epoch == r.Epoch })
		if at >= 0 {
			h := j.holders[at]
			b.Nodes = append(b.Nodes, h.process)
			b.Text = fmt.Sprintf("the lease of %s on %s%s ended: the board took it back", n.name(h.process),
				n.job(r.Job), numbers(r))
			j.holders = slices.Delete(j.holders, at, at+1)
		}
	}
	n.shake(r.Job, history.None)
}
