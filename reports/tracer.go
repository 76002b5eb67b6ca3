package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"derail/checker/history"
)

// tracer makes the events of a trace.
type tracer struct {
	f      *RunFolder
	h      *history.History
	end    int64
	spans  []traceSpan
	points []tracePoint
	arrows []traceArrow

	names  []traceEvent
	events []traceEvent
}

// rowKey says which row of a machine something is in: a row is one track, or more where spans overlap.
type rowKey struct {
	process int
	group   int
	job     history.JobID
}

// The groups of rows of a machine, from the top.
const (
	machineRows = iota
	faultRows
	callRows
	messageRows
	jobRows
)

// traceSpan is something that lasts.
type traceSpan struct {
	row       rowKey
	name      string
	category  string
	at, until int64
	arguments []field
	track     int
}

// tracePoint is something that does not.
type tracePoint struct {
	row            rowKey
	name, category string
	scope          string
	at             int64
	arguments      []field
}

// traceArrow leads from the end of one span to the beginning of another.
type traceArrow struct {
	name     string
	from, to int // spans
}

func newTracer(f *RunFolder) *tracer {
	t := &tracer{f: f, h: f.History, end: end(f.History)}
	t.lives()
	calls := t.calls()
	t.claims(calls)
	t.atoms()
	t.happenings()
	t.findings()
	t.layOut()
	t.emit()
	t.counters()
	slices.SortStableFunc(t.events, func(a, b traceEvent) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(b.lasts, a.lasts))
	})
	return t
}

func (t *tracer) add(s traceSpan) int {
	s.until = max(s.at, min(s.until, t.end))
	t.spans = append(t.spans, s)
	return len(t.spans) - 1
}

func machine(id history.ProcessID, group int) rowKey {
	return rowKey{process: int(id), group: group, job: history.None}
}

// lives are when machines were up and when they stood still.
func (t *tracer) lives() {
	n := len(t.h.Processes)
	up, paused := make([]int64, n), make([]int64, n)
	for i := range n {
		up[i], paused[i] = -1, -1
	}
	shut := func(id history.ProcessID, since []int64, at int64, name string) {
		if since[id] >= 0 {
			t.add(traceSpan{
				row: machine(id, machineRows), name: name, category: "machine", at: since[id], until: at,
			})
			since[id] = -1
		}
	}
	for i := range t.h.Records {
		r := &t.h.Records[i]
		if r.Process < 0 {
			continue
		}
		switch r.Kind {
		case history.Start:
			up[r.Process] = r.At
		case history.Pause:
			paused[r.Process] = r.At
		case history.Resume:
			shut(r.Process, paused, r.At, "stands still")
		case history.Crash:
			shut(r.Process, paused, r.At, "stands still")
			shut(r.Process, up, r.At, "up")
		}
	}
	for id := range n {
		shut(history.ProcessID(id), paused, t.end, "stands still")
		shut(history.ProcessID(id), up, t.end, "up")
	}
}

// calls are the operations from their beginning to their answer, by the record at their beginning.
func (t *tracer) calls() map[int64]int {
	spans := map[int64]int{}
	for i := range t.h.Records {
		r, seq := &t.h.Records[i], int64(i+1)
		if r.Type == history.Invoke && r.Process >= 0 {
			name := verb(r.Kind) + " " + jobName(t.h, r.Job)
			if r.Kind.Read() {
				name = strings.TrimPrefix(askedSentence(r, "", jobName(t.h, r.Job)), " ")
			}
			spans[seq] = t.add(traceSpan{
				row: machine(r.Process, callRows), name: name, category: "call", at: r.At, until: t.end,
				arguments: []field{{"record", seq}, {"answer", "none"}},
			})
			continue
		}
		if at, known := spans[r.Call]; known && r.Type != history.Event {
			s := &t.spans[at]
			s.until = r.At
			s.arguments[1].value = r.Type.String()
			s.arguments = append(s.arguments, field{"answered", seq})
			if r.Reason != "" {
				s.arguments = append(s.arguments, field{"reason", r.Reason})
			}
		}
	}
	return spans
}

// claims are who had which job, with the arrows from one claim to the next and from the calls that led to
// them.
func (t *tracer) claims(calls map[int64]int) {
	before := map[history.JobID]int{}
	for i := range t.h.Records {
		r := &t.h.Records[i]
		if at, known := calls[r.Call]; known && r.Kind == history.Post && r.Type == history.OK {
			before[r.Job] = at
		}
	}
	for _, c := range holds(t.h) {
		until := c.Until
		if c.Died > 0 {
			until = min(until, c.Died)
		}
		span := t.add(traceSpan{
			row:      rowKey{int(c.Process), jobRows, c.Job},
			name:     jobName(t.h, c.Job) + numbers(&history.Record{Attempt: c.Attempt, Epoch: c.Epoch}),
			category: "claim", at: c.From, until: until,
			arguments: []field{{"record", c.Granted}, {"ended", c.End.words()}},
		})
		if c.Reason != "" {
			s := &t.spans[span]
			s.arguments = append(s.arguments, field{"reason", c.Reason})
		}
		if call, known := calls[t.h.Records[c.Granted-1].Call]; known {
			t.arrows = append(t.arrows, traceArrow{name: "granted", from: call, to: span})
		}
		if last, known := before[c.Job]; known {
			t.arrows = append(t.arrows, traceArrow{name: jobName(t.h, c.Job), from: last, to: span})
		}
		before[c.Job] = span
	}
}

// atomKey is an atom of a job on a machine.
type atomKey struct {
	process history.ProcessID
	job     history.JobID
	name    string
}

// atoms are the tasks, from their beginning to their end, and the attempts of retries.
func (t *tracer) atoms() {
	begun := map[atomKey]int{}
	var order []atomKey // of what has begun, so that what ends together ends in order
	shut := func(key atomKey, at int64, how string) {
		if span, is := begun[key]; is {
			s := &t.spans[span]
			s.until = at
			s.arguments = append(s.arguments, field{"ended", how})
			delete(begun, key)
			order = slices.DeleteFunc(order, func(k atomKey) bool { return k == key })
		}
	}
	for i := range t.h.Records {
		r := &t.h.Records[i]
		switch {
		case r.Kind == history.Crash:
			for _, key := range slices.Clone(order) {
				if key.process == r.Process {
					shut(key, r.At, "crash")
				}
			}
		case r.Process < 0 || r.Job < 0:
		case r.Kind == history.Move && r.Subject == history.SubjectJob || endingOf(r) != open:
			for _, key := range slices.Clone(order) {
				if key.process == r.Process && key.job == r.Job && r.To != "CLAIMED" {
					shut(key, r.At, "with the claim")
				}
			}
		case r.Kind == history.Move && r.Subject != history.SubjectFlow, r.Kind == history.Retry:
			key := atomKey{r.Process, r.Job, r.Subject}
			if r.Kind == history.Retry && (r.To == "SUCCESS" || r.To == "PENDING") {
				continue // the attempt goes on
			}
			shut(key, r.At, clean(r.To))
			if name, category := begins(r); name != "" {
				begun[key] = t.add(traceSpan{
					row: rowKey{int(r.Process), jobRows, r.Job}, name: name, category: category, at: r.At, until: t.end,
					arguments: []field{{"record", int64(i + 1)}},
				})
				order = append(order, key)
			}
		}
	}
}

// begins is what begins with a move, and what it is; empty: nothing.
func begins(r *history.Record) (name, category string) {
	switch {
	case r.Kind == history.Retry && r.To == "RUNNING":
		return fmt.Sprintf("attempt %d of %s", r.Attempt, r.Subject), "attempt"
	case r.Kind == history.Move && r.To == "RUNNING":
		return r.Subject, "task"
	case r.Kind == history.Move && r.To == "REVERTING":
		return "undo " + r.Subject, "task"
	}
	return "", ""
}
