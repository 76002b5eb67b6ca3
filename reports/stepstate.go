package reports

import (
	"fmt"
	"slices"
	"strings"

	"derail/checker/history"
)

// standing is what is so after a record.
type standing struct {
	h     *history.History
	jobs  []jobStanding
	nodes []nodeStanding
}

// jobStanding is what is so of a job, as those know who did it and were told that it is done.
type jobStanding struct {
	where string // empty: nobody has posted it
	owner history.ProcessID
	epoch int64
	atoms []atomStanding
}

type atomStanding struct{ name, state string }

// nodeStanding is what is so of a machine.
type nodeStanding struct {
	seen, down, paused bool    // seen: it has done something
	calls              []int64 // that have no answer yet
}

// standingAt works out what is so after a record.
func standingAt(h *history.History, seq int64) *standing {
	s := &standing{h: h, jobs: make([]jobStanding, len(h.Jobs)), nodes: make([]nodeStanding, len(h.Processes))}
	for i := range h.Records[:seq] {
		r := &h.Records[i]
		if r.Process >= 0 && int(r.Process) < len(s.nodes) {
			s.nodes[r.Process].take(r, int64(i+1))
		}
		if r.Job >= 0 && int(r.Job) < len(s.jobs) {
			s.jobs[r.Job].take(r)
		}
	}
	return s
}

func (n *nodeStanding) take(r *history.Record, seq int64) {
	switch r.Kind {
	case history.Start, history.Crash, history.Pause:
		n.seen = true
	}
	n.seen = n.seen || r.Type == history.Invoke
	switch {
	case r.Kind == history.Crash:
		n.down, n.paused, n.calls = true, false, nil
	case r.Kind == history.Start:
		n.down = false
	case r.Kind == history.Pause:
		n.paused = true
	case r.Kind == history.Resume:
		n.paused = false
	case r.Type == history.Invoke:
		n.calls = append(n.calls, seq)
	case r.Call > 0 && r.Type != history.Event:
		n.calls = slices.DeleteFunc(n.calls, func(call int64) bool { return call == r.Call })
	}
}

func (j *jobStanding) take(r *history.Record) {
	if r.Kind == history.Move && r.Subject != history.SubjectJob || r.Kind == history.Retry {
		j.move(r)
		return
	}
	if r.Kind == history.LeaseEnd && (r.Epoch == j.epoch || r.Epoch == 0) {
		j.where = "on the board"
	}
	if r.Type != history.OK {
		return
	}
	switch r.Kind {
	case history.Post, history.Abandon, history.Restore:
		j.where = "on the board"
	case history.Claim:
		j.where, j.owner, j.epoch = "claimed", r.Process, r.Epoch
	case history.Consume:
		j.where = "off the board"
	case history.Trash:
		j.where = "in the trash"
	}
}

func (j *jobStanding) move(r *history.Record) {
	at := slices.IndexFunc(j.atoms, func(a atomStanding) bool { return a.name == r.Subject })
	if at < 0 {
		at = len(j.atoms)
		j.atoms = append(j.atoms, atomStanding{name: r.Subject})
	}
	j.atoms[at].state = r.To
}

// job is a job's standing in words.
func (s *standing) job(id history.JobID) string {
	j := &s.jobs[id]
	text := jobName(s.h, id) + ": " + pick(j.where == "", "not posted yet", j.where)
	if j.where == "claimed" {
		text += " by " + processName(s.h, j.owner) + numbers(&history.Record{Epoch: j.epoch})
	}
	var states []string
	for _, a := range j.atoms {
		states = append(states, clean(a.name)+" "+clean(a.state))
	}
	if most := 12; len(states) > most {
		states = append(states[:0:0], states[len(states)-most:]...)
		states[0] = "..."
	}
	if len(states) > 0 {
		text += "; " + strings.Join(states, ", ")
	}
	return text
}

// node is a machine's standing in words, and whether it is only up.
func (s *standing) node(id history.ProcessID) (text string, idle bool) {
	n := &s.nodes[id]
	text = processName(s.h, id) + ": "
	switch {
	case n.down:
		return text + "down", false
	case n.paused:
		text += "stands still"
	default:
		text += "up"
	}
	var has, asks []string
	for id2 := range s.jobs {
		if j := &s.jobs[id2]; j.where == "claimed" && j.owner == id {
			has = append(has, s.h.Jobs[id2])
		}
	}
	if len(has) > 0 {
		text += ", has " + span(has)
	}
	for _, seq := range n.calls {
		c := &s.h.Records[seq-1]
		if c.Kind.Read() {
			continue
		}
		asks = append(asks, fmt.Sprintf("%s %s", verb(c.Kind), jobName(s.h, c.Job)))
	}
	if len(asks) > 0 {
		text += ", asks the board to " + join(asks)
	}
	return text, !n.paused && len(has) == 0 && len(asks) == 0
}

// mostStanding is of how many jobs it is told where they are.
const mostStanding = 4

// state writes what is so after the record that the stepper stands at.
func (w *prose) state(s *Stepper) {
	seq := s.Record()
	now := standingAt(s.f.History, seq)
	for _, id := range s.about(now) {
		w.fact(now.job(id))
	}
	var idle []string
	for id := range now.nodes {
		switch text, isIdle := now.node(history.ProcessID(id)); {
		case !now.nodes[id].seen:
		case isIdle:
			idle = append(idle, s.f.History.Processes[id])
		default:
			w.fact(text)
		}
	}
	if len(idle) > 0 {
		w.fact(span(idle) + ": up")
	}
}

// fact is one thing that is so.
func (w *prose) fact(text string) {
	w.b.WriteString(fold(clean(text), "    ", "      ", w.style.width()))
}

// about are the jobs of which it is told where they are: that of the record, those that are asked for, and
// those that somebody has.
func (s *Stepper) about(now *standing) []history.JobID {
	h := s.f.History
	var jobs []history.JobID
	add := func(id history.JobID) {
		if id >= 0 && int(id) < len(h.Jobs) && !slices.Contains(jobs, id) && len(jobs) < mostStanding {
			jobs = append(jobs, id)
		}
	}
	r := &h.Records[s.Record()-1]
	add(r.Job)
	add(history.JobID(slices.Index(h.Jobs, r.Subject)))
	for _, name := range s.tale.Jobs {
		add(history.JobID(slices.Index(h.Jobs, name)))
	}
	for _, id := range subjects(s.f, &s.tale) {
		add(id)
	}
	for id := range now.jobs {
		if now.jobs[id].where == "claimed" {
			add(history.JobID(id))
		}
	}
	return jobs
}
