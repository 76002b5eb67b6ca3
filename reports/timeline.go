package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"derail/checker/history"
)

// timeline is what there is to draw of a run: spans of time, and moments. Which of them make up a lane, and
// in which of its rows they lie, the page's script decides: it depends on what its reader asks for.
type timeline struct {
	Spans  []stretch // in order of time
	Marks  []mark    // in order of their records
	Legend []legendEntry
}

// stretch is something that lasted. Its text has placeholders for what the script knows anyway: see [coder].
type stretch struct {
	Class       string // of a claim how it ended, of others what they are
	Process     history.ProcessID
	Job         history.JobID
	From, Until int64
	Died        int64 // when its owner crashed and left it to its lease; 0: it did not
	Record      int64 // by which it began
	Label       string
	Text        string
}

// mark is a moment in a lane.
type mark struct {
	Lane   laneKind
	Record int64
	Symbol string
}

// laneKind says in which sort of lane a mark is.
type laneKind uint8

const (
	ofFaults  laneKind = iota // everything that was injected, and the end of it
	ofProcess                 // what happened to the record's process
	ofJob                     // what happened to the record's job
	ofStore                   // what the store took, and what it ended by itself
	ofMessage                 // what was sent, where that was recorded
)

// The classes of spans that are no claims.
const (
	taskClass       = "task"
	taskFailedClass = "task-failed"
	revertClass     = "task-revert"
	engineClass     = "engine"
	faultClass      = "fault"
	// cutClass is of spans in which a process is there, and cannot be reached or cannot reach the store.
	cutClass = "cut"
)

// The placeholders of texts.
const (
	whoHere    = "\x01" // the name of the process
	jobHere    = "\x02" // the name of the job
	numberHere = "\x03" // the next number
	fromHere   = "\x04" // the instant at which a span begins
	untilHere  = "\x05" // and at which it ends
	lengthHere = "\x06" // how long it is
	diedHere   = "\x07" // the instant at which its owner crashed
)

// newTimeline finds what there is to draw.
func newTimeline(h *history.History) timeline {
	d := &drawing{h: h, end: max(1, end(h))}
	d.claims(holds(h))
	d.work()
	d.away()
	d.faults()
	slices.SortStableFunc(d.spans, func(a, b stretch) int { return cmp.Compare(a.From, b.From) })
	for i := range h.Records {
		d.moments(&h.Records[i], int64(i+1))
	}
	slices.SortStableFunc(d.marks, func(a, b mark) int { return cmp.Compare(a.Record, b.Record) })
	return timeline{Spans: d.spans, Marks: d.marks, Legend: legend(d.spans, d.marks)}
}

// drawing is a timeline under way.
type drawing struct {
	h     *history.History
	end   int64
	spans []stretch
	marks []mark
}

func (d *drawing) add(s stretch) {
	s.Until = min(max(s.Until, s.From), d.end)
	d.spans = append(d.spans, s)
}

func (d *drawing) claims(claims []hold) {
	for i := range claims {
		c := &claims[i]
		text, label := whoHere+" held "+jobHere, ""
		if c.Attempt > 0 {
			label = strconv.Itoa(int(c.Attempt))
			text += ", attempt " + label
		}
		text += ", from " + fromHere + " to " + untilHere + " (" + lengthHere + ")"
		if c.Died > 0 {
			text += "; it crashed at " + diedHere
		}
		d.add(stretch{
			Class: c.End.String(), Process: c.Process, Job: c.Job, From: c.From, Until: c.Until, Died: c.Died,
			Record: c.Granted, Label: label, Text: text + "; " + c.End.words() + because(trashReason(c.Reason)),
		})
		symbol := [...]string{open: "", abandoned: "failed", consumed: "done", leaseEnded: "lease"}[c.End]
		if symbol != "" && (c.End != abandoned || c.Reason != "") {
			d.marks = append(d.marks, mark{ofJob, c.Ended, symbol})
		}
	}
}

// moments are the marks of a record.
func (d *drawing) moments(r *history.Record, seq int64) {
	for _, in := range []struct {
		lane   laneKind
		symbol string
	}{
		{ofFaults, injectedSymbol(r)},
		{ofProcess, processSymbol(r)},
		{ofJob, jobSymbol(r)},
		{ofStore, storeSymbol(r)},
		{ofMessage, messageSymbol(r)},
	} {
		if in.symbol != "" {
			d.marks = append(d.marks, mark{in.lane, seq, in.symbol})
		}
	}
}

func injectedSymbol(r *history.Record) string {
	switch r.Kind {
	case history.Fault:
		if own := faultSymbol(r); own != "" {
			return own
		}
		return "fault"
	case history.Heal:
		return "heal"
	case history.Ruined:
		return "ruined"
	default:
		return ""
	}
}

func processSymbol(r *history.Record) string {
	if r.Process < 0 || r.Type != history.Event {
		return ""
	}
	switch r.Kind {
	case history.Crash:
		return "crash"
	case history.Start, history.Resume:
		return "start"
	case history.Pause:
		return "pause"
	case history.Lost:
		return "lost"
	case history.Fault:
		return faultSymbol(r)
	default:
		return ""
	}
}

// jobSymbol is the mark that a record gets in the lane of its job. The ends of claims have theirs by the
// claim.
func jobSymbol(r *history.Record) string {
	switch {
	case r.Job < 0:
		return ""
	case r.Kind == history.Post && r.Type == history.OK, r.Kind == history.Restore && r.Type == history.OK:
		return "post"
	case r.Kind == history.Trash && r.Type == history.OK:
		return "trash"
	case r.Kind == history.Save && r.Type == history.OK && r.N > 0:
		return "save"
	case triesAgain(r):
		return "again"
	case r.Kind == history.Ruined:
		return "ruined"
	case r.Kind == history.Fault:
		return "fault"
	case r.Type == history.Info:
		return "unknown"
	default:
		return ""
	}
}

// triesAgain says whether a record is of a retry that tries again.
func triesAgain(r *history.Record) bool { return r.Kind == history.Retry && r.To == "RETRYING" }

// storeSymbol is the mark that a record gets in the lane of the store.
func storeSymbol(r *history.Record) string {
	switch r.Kind {
	case history.LeaseEnd:
		return "lease"
	case history.Fault:
		for _, of := range []string{"storage.", "disk.", "lease.", "watch."} {
			if strings.HasPrefix(r.Reason, of) {
				return injectedSymbol(r)
			}
		}
	case history.Ruined:
		return "ruined"
	case history.Post, history.Claim, history.Abandon, history.Consume, history.Trash, history.Restore,
		history.Save:
		switch {
		case r.Type == history.Info:
			return "unknown"
		case r.Type == history.OK && r.Reason != history.ClaimAdopted:
			return "commit"
		}
	}
	return ""
}

// faults are the spans of those that last.
func (d *drawing) faults() {
	for i := range d.h.Records {
		r, seq := &d.h.Records[i], int64(i+1)
		if r.Kind != history.Fault || r.N <= 0 {
			continue
		}
		s := stretch{
			Class: faultClass, Process: r.Process, Job: r.Job, From: r.At, Until: r.At + int64(r.N)*millisecond,
			Record: seq, Label: clean(r.Reason), Text: Sentence(d.h, seq),
		}
		d.add(s)
		if symbol := faultSymbol(r); r.Process >= 0 && (symbol == "cut" || symbol == "outage") {
			s.Class = cutClass
			d.add(s)
		}
	}
}

// away are the times at which processes were down or stood still.
func (d *drawing) away() {
	since := make([]stretch, len(d.h.Processes))
	back := func(id history.ProcessID, at int64) {
		if s := &since[id]; s.Class != "" {
			s.Until = at
			d.add(*s)
			s.Class = ""
		}
	}
	for i := range d.h.Records {
		r, seq := &d.h.Records[i], int64(i+1)
		if r.Process < 0 || int(r.Process) >= len(since) || r.Type != history.Event {
			continue
		}
		class := ""
		switch r.Kind {
		case history.Crash: // a paused process can crash
			back(r.Process, r.At)
			class = "down"
		case history.Pause:
			class = "paused"
		case history.Start, history.Resume:
			back(r.Process, r.At)
		}
		if class != "" && since[r.Process].Class == "" {
			since[r.Process] = stretch{
				Class: class, Process: r.Process, Job: history.None, From: r.At, Record: seq,
				Text: fmt.Sprintf("%s was %s from %s to %s", whoHere, class, fromHere, untilHere),
			}
		}
	}
	for id := range since {
		back(history.ProcessID(id), d.end)
	}
}

// percent is n/whole in percent with four digits: a millionth of a drawing is less than a screen shows.
func percent(n, whole int64) string {
	for whole > 1<<42 { // a million times more must fit into 63 bits
		n, whole = n/2, whole/2
	}
	if whole <= 0 {
		return "0%"
	}
	scaled := n * 1_000_000 / whole
	return fmt.Sprintf("%d.%04d%%", scaled/10_000, scaled%10_000)
}
