package explain

import (
	"fmt"
	"slices"

	"derail/checker/history"
	"derail/reports"
	"derail/sim/choice"
	"derail/sim/world"
)

// How many lines are told of each of the two runs.
const (
	firstLines = 5
	lastLines  = 2
)

// without is the run without one strike, where it parts from the run as it was.
func (l *lab) without(strike world.Strike) *reports.Parting {
	h := l.base.History
	p := &reports.Parting{Fault: reports.Sentence(h, strike.Record)}
	o := l.options()
	o.Full, o.Messages = true, true
	o.Spare = func(at choice.Address) bool { return at == strike.At }
	r := l.world.Run(choice.Replay(l.config.Record), l.config.Seed, o)
	l.left -= int64(r.Steps)
	p.Broken = breaks(l.check(r), l.violation.job)
	at, other := parting(h, r.History, strike.Record)
	if at == 0 {
		return p
	}
	p.Record, p.AtNS = at, h.Records[min(at, int64(len(h.Records)))-1].At
	about := h.Records[strike.Record-1].Process
	end := l.violation.at
	if end < at {
		end = int64(len(h.Records))
	}
	with := l.lines(h, at, end, about)
	without := l.lines(r.History, other, int64(len(r.History.Records)), about)
	alike := 0
	for alike < min(len(with), len(without)) && with[alike] == without[alike] {
		alike++
	}
	p.With, p.Without = shortened(with[alike:]), shortened(without[alike:])
	return p
}

// parting is the first record in which two histories differ, in the one and in the other, apart from the
// record of the strike that only the first has; zero where they do not differ.
func parting(with, without *history.History, strike int64) (at, other int64) {
	one, two := int64(1), int64(1)
	for one <= int64(len(with.Records)) && two <= int64(len(without.Records)) {
		if one == strike {
			one++
			continue
		}
		if !same(with, &with.Records[one-1], without, &without.Records[two-1]) {
			return one, two
		}
		one++
		two++
	}
	if one > int64(len(with.Records)) && two > int64(len(without.Records)) {
		return 0, 0
	}
	return min(one, int64(len(with.Records))), min(two, int64(len(without.Records)))
}

// same says whether two records of two histories tell the same. Numbers of records are not compared, and
// jobs by their names: they depend on what came before.
func same(one *history.History, a *history.Record, two *history.History, b *history.Record) bool {
	if nameOf(one, a.Job) != nameOf(two, b.Job) {
		return false
	}
	x, y := *a, *b
	x.Call, y.Call, x.Job, y.Job = 0, 0, 0, 0
	return x == y
}

// lines tells what happened from one record to another: to the job that the violation is about, and to the
// machine that the fault struck.
func (l *lab) lines(h *history.History, from, to int64, node history.ProcessID) (text []string) {
	for seq := from; seq <= to; seq++ {
		if shows := h == l.base.History && seq == l.violation.at; shows || l.tells(h, &h.Records[seq-1], node) {
			at := h.Records[seq-1].At
			text = append(text, fmt.Sprintf("%d.%03ds %s", at/1e9, at/1e6%1000, reports.Sentence(h, seq)))
		}
	}
	return text
}

// shortened leaves out the middle of a long list.
func shortened(lines []string) []string {
	left := len(lines) - firstLines - lastLines
	if left <= 1 {
		return lines
	}
	return slices.Concat(lines[:firstLines], []string{fmt.Sprintf("... %d more ...", left)},
		lines[len(lines)-lastLines:])
}

// tells says whether a record is worth telling in a comparison: calls are told by their answers, and the
// moves of the job itself by those that made them.
func (l *lab) tells(h *history.History, r *history.Record, node history.ProcessID) bool {
	switch r.Kind {
	case history.Heard, history.Metric, history.Engine, history.Message, history.Note, history.Listed:
		return false
	case history.Crash, history.Start, history.Pause, history.Resume:
		return r.Process == node && node != storeProcess
	case history.Move:
		if r.Subject == history.SubjectJob {
			return false
		}
	}
	job := l.violation.job
	return r.Type != history.Invoke && (job == "" || nameOf(h, r.Job) == job) && r.Job >= 0
}
