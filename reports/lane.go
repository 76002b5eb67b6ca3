package reports

import (
	"fmt"
	"slices"

	"derail/checker/history"
)

// faults is the lane of everything that was injected, and of the end of it.
func (t *drawing) faults() lane {
	l := lane{Kind: "faults", Name: "faults", Job: -1, Height: lanePadding*2 + rowHeight}
	injected := int64(0)
	for i := range t.h.Records {
		r := &t.h.Records[i]
		switch r.Kind {
		case history.Fault:
			injected++
			l.Marks = append(l.Marks, t.mark(r, int64(i+1), "fault"))
		case history.Heal:
			l.Marks = append(l.Marks, t.mark(r, int64(i+1), "heal"))
		case history.Ruined:
			l.Marks = append(l.Marks, t.mark(r, int64(i+1), "ruined"))
		}
	}
	l.About = fmt.Sprintf("Faults: %s injected.", grouped(injected))
	l.Marks = t.thin(l.Marks)
	return l
}

func (t *drawing) mark(r *history.Record, seq int64, symbol string) mark {
	return mark{
		X: t.x(r.At), Y: lanePadding + rowHeight/2, Symbol: symbol, Record: seq,
		Text: fmt.Sprintf("%s: %s", instant(r.At), Sentence(t.h, seq)),
	}
}

// process is the lane of a process, and whether there is anything in it.
func (t *drawing) process(id history.ProcessID) (l lane, worth bool) {
	name := processName(t.h, id)
	l = lane{Kind: "process", Name: name, Job: -1}
	var mine []hold
	for _, c := range t.claims {
		if c.Process == id {
			mine = append(mine, c)
		}
	}
	l.Bars, l.Height = t.bars(mine, func(c *hold) (label, who string) { return jobName(t.h, c.Job), "" })
	l.Gaps, l.Marks = t.life(id)
	l.Marks = t.thin(l.Marks)
	away := len(l.Gaps)
	for _, g := range l.Gaps {
		if g.Class == cutClass {
			away--
		}
	}
	l.About = fmt.Sprintf("%s: %s, %s.", name, plural(int64(len(mine)), "claim"),
		plural(int64(away), "time")+" down or paused")
	struck := slices.ContainsFunc(l.Marks, func(m mark) bool { return slices.Contains(ownSymbols[:], m.Symbol) })
	return l, len(l.Bars)+len(l.Gaps) > 0 || struck
}

// life is when a process was away, and the marks of what happened to it.
func (t *drawing) life(id history.ProcessID) (gaps []gap, marks []mark) {
	away, class := int64(-1), ""
	leave := func(at int64, how string) {
		if away < 0 {
			away, class = at, how
		}
	}
	back := func(at int64) {
		if away < 0 {
			return
		}
		gaps = append(gaps, gap{
			X: t.x(away), W: percent(at-away, t.span), Class: class,
			Text: fmt.Sprintf("%s was %s from %s to %s", processName(t.h, id), class, instant(away), instant(at)),
		})
		away = -1
	}
	for i := range t.h.Records {
		r := &t.h.Records[i]
		if r.Process != id || r.Type != history.Event {
			continue
		}
		symbol := ""
		switch r.Kind {
		case history.Crash:
			back(r.At) // a paused process can crash
			leave(r.At, "down")
			symbol = "crash"
		case history.Start:
			back(r.At)
			symbol = "start"
		case history.Pause:
			leave(r.At, "paused")
			symbol = "pause"
		case history.Resume:
			back(r.At)
			symbol = "start"
		case history.Lost:
			symbol = "lost"
		case history.Fault:
			if symbol = faultSymbol(r); r.N > 0 && (symbol == "cut" || symbol == "outage") {
				gaps = append(gaps, t.cutOff(r, int64(i+1)))
			}
		}
		if symbol != "" {
			marks = append(marks, t.mark(r, int64(i+1), symbol))
		}
	}
	back(t.span)
	return gaps, marks
}

// cutClass is the class of gaps in which a process is there, and cannot be reached or cannot reach the store.
const cutClass = "cut"

// cutOff is the time for which a process and the store cannot reach each other.
func (t *drawing) cutOff(r *history.Record, seq int64) gap {
	until := min(r.At+int64(r.N)*millisecond, t.span)
	return gap{X: t.x(r.At), W: percent(until-r.At, t.span), Class: cutClass, Text: Sentence(t.h, seq)}
}

// jobMarks are the moments in the lanes of all jobs that are not ends of claims.
func (t *drawing) jobMarks() [][]mark {
	marks := make([][]mark, len(t.h.Jobs))
	for i := range t.h.Records {
		r := &t.h.Records[i]
		if r.Job < 0 || int(r.Job) >= len(marks) {
			continue
		}
		if symbol := jobSymbol(r); symbol != "" {
			marks[r.Job] = append(marks[r.Job], t.mark(r, int64(i+1), symbol))
		}
	}
	return marks
}

// jobSymbol is the mark that a record gets in the lane of its job; empty is none.
func jobSymbol(r *history.Record) string {
	switch {
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

// endMarks are the marks at the ends of claims. Claims that were drawn as one have none.
func (t *drawing) endMarks(claims []hold, bars []bar) []mark {
	alone := make(map[int64]bool, len(bars))
	for _, b := range bars {
		alone[b.Record] = b.count == 1
	}
	var marks []mark
	for i := range claims {
		c := &claims[i]
		symbol := [...]string{open: "", abandoned: "failed", consumed: "done", leaseEnded: "lease"}[c.End]
		if !alone[c.Granted] || symbol == "" || c.End == abandoned && c.Reason == "" {
			continue
		}
		marks = append(marks, t.mark(&t.h.Records[c.Ended-1], c.Ended, symbol))
	}
	return marks
}
