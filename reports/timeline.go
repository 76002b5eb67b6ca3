package reports

import (
	"fmt"
	"slices"
	"strconv"

	"derail/checker/history"
)

// timeline is a run as lanes over virtual time. Places are percentages of the run's length, so that
// the drawing stretches with the page and needs no script.
type timeline struct {
	Ticks  []tick
	Lanes  []lane
	Legend []legendEntry
}

// tick is a round moment. Those of a level above 0 are shown when the drawing is stretched.
type tick struct {
	X, Label string
	Level    int
}

// lane is one row of a timeline: the faults, a conductor or a job.
type lane struct {
	Kind   string // faults, process or job
	Name   string
	Job    int // kind job: the job's index; otherwise -1
	Hidden bool
	Height int
	About  string // what the lane holds, in a sentence
	Gaps   []gap
	Bars   []bar
	Marks  []mark
}

// gap is a time in which a process was down or paused, or cut off from the store.
type gap struct{ X, W, Class, Text string }

// bar is one claim, or several that are too close together to be told apart.
type bar struct {
	X, W   string
	Y      int
	Class  string
	Job    int // -1: several
	Record int64
	Label  string
	Who    string // behind the label, where there is room
	Fit    string // thin or short: no room for the label, or for who; the page's script measures anew
	Text   string
	DeadX  string // where its owner crashed, within the bar; empty: it did not
	DeadW  string

	from, until int64
	count       int
}

// mark is a moment.
type mark struct {
	X      string
	Y      int
	Symbol string
	Level  int // shown when the drawing is stretched so far
	Record int64
	Text   string
}

const (
	rowHeight   = 22
	lanePadding = 6
	markHeight  = 18  // of the strip below a job's claims, where its marks are
	mostLanes   = 300 // job lanes; the jobs that promises were broken about come first
	mostBars    = 800 // bars of one lane before those close together are drawn as one
	finest      = 1500
)

// percent is n/whole in percent with four digits: a millionth of a lane is less than a screen shows.
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

// newTimeline draws a history. The lanes of the jobs in first are shown, the other jobs' lanes are
// there but hidden.
func newTimeline(h *history.History, first []history.JobID) timeline {
	t := &drawing{h: h, span: max(1, end(h)), claims: holds(h)}
	lanes := t.jobs(first)
	for id := range h.Processes {
		if l, worth := t.process(history.ProcessID(id)); worth {
			lanes = append(lanes, l)
		}
	}
	if l := t.faults(); len(l.Marks) > 0 {
		lanes = append(lanes, l)
	}
	return timeline{Ticks: ticks(t.span), Lanes: lanes, Legend: legend(lanes)}
}

// drawing is a timeline under way.
type drawing struct {
	h      *history.History
	span   int64
	claims []hold
}

func (t *drawing) x(at int64) string { return percent(min(max(at, 0), t.span), t.span) }

// bars draws claims: in as many rows as it takes for those that overlap.
func (t *drawing) bars(claims []hold, label func(*hold) (label, who string)) (bars []bar, height int) {
	var rows []int64 // when the last claim of each row ends
	near := int64(0)
	if len(claims) > mostBars {
		near = t.span / finest
	}
	last := make(map[int]int) // by row: index of the newest bar
	for i := range claims {
		c := &claims[i]
		row := slices.IndexFunc(rows, func(until int64) bool { return until <= c.From })
		if row < 0 {
			row = len(rows)
			rows = append(rows, 0)
		}
		rows[row] = c.Until
		if at, ok := last[row]; ok && near > 0 && c.Until-bars[at].until < near {
			t.merge(&bars[at], c)
			continue
		}
		last[row] = len(bars)
		name, who := label(c)
		bars = append(bars, t.bar(c, row, name, who))
	}
	return bars, lanePadding*2 + rowHeight*max(1, len(rows))
}

func (t *drawing) bar(c *hold, row int, label, who string) bar {
	b := bar{
		X: t.x(c.From), W: percent(c.Until-c.From, t.span), Y: lanePadding + row*rowHeight,
		Class: c.End.String(), Job: int(c.Job), Record: c.Granted, Label: label, Who: who, Text: t.told(c),
		Fit:  t.fit(c.Until-c.From, label, who),
		from: c.From, until: c.Until, count: 1,
	}
	if c.Died > 0 && c.Died < c.Until {
		b.DeadX = percent(c.Died-c.From, c.Until-c.From)
		b.DeadW = percent(c.Until-c.Died, c.Until-c.From)
	}
	return b
}

// fit says what a bar has no room for, on a page as wide as most are.
func (t *drawing) fit(length int64, label, who string) string {
	const letters = 130 // that fit into a whole lane
	switch room := length / max(1, t.span/letters); {
	case room < int64(columns(label)):
		return "thin"
	case who != "" && room < int64(columns(label)+1+columns(who)):
		return "short"
	default:
		return ""
	}
}

// told is a claim in a sentence.
func (t *drawing) told(c *hold) string {
	text := fmt.Sprintf("%s held %s", processName(t.h, c.Process), jobName(t.h, c.Job))
	if c.Attempt > 0 {
		text += fmt.Sprintf(", attempt %d", c.Attempt)
	}
	text += fmt.Sprintf(", from %s to %s (%s)", instant(c.From), instant(c.Until), Duration(c.Until-c.From))
	if c.Died > 0 {
		text += fmt.Sprintf("; it crashed at %s", instant(c.Died))
	}
	return text + "; " + c.End.words() + because(trashReason(c.Reason))
}

func (t *drawing) merge(b *bar, c *hold) {
	b.count++
	b.until = max(b.until, c.Until)
	b.W = percent(b.until-b.from, t.span)
	b.Label, b.Who, b.Fit, b.DeadX = "", "", "", ""
	if b.Class != c.End.String() {
		b.Class = "several"
	}
	if b.Job != int(c.Job) {
		b.Job = -1
	}
	of := "several jobs"
	if b.Job >= 0 {
		of = jobName(t.h, c.Job)
	}
	b.Text = fmt.Sprintf("%s of %s between %s and %s", plural(int64(b.count), "claim"), of,
		instant(b.from), instant(b.until))
}

// jobs are the lanes of the jobs: those in first, then the others that were ever claimed.
func (t *drawing) jobs(first []history.JobID) []lane {
	byJob := make([][]hold, len(t.h.Jobs))
	for _, c := range t.claims {
		byJob[c.Job] = append(byJob[c.Job], c)
	}
	moments := t.jobMarks()
	var lanes []lane
	for _, id := range first {
		lanes = append(lanes, t.job(id, byJob[id], moments[id]))
	}
	for id := range t.h.Jobs {
		job := history.JobID(id)
		if slices.Contains(first, job) || len(byJob[id])+len(moments[id]) == 0 {
			continue
		}
		if len(lanes) >= mostLanes {
			break
		}
		l := t.job(job, byJob[id], moments[id])
		l.Hidden = true
		lanes = append(lanes, l)
	}
	return lanes
}

func (t *drawing) job(id history.JobID, claims []hold, moments []mark) lane {
	l := lane{
		Kind: "job", Name: jobName(t.h, id), Job: int(id),
		About: fmt.Sprintf("Job %s: %s.", jobName(t.h, id), plural(int64(len(claims)), "claim")),
	}
	l.Bars, l.Height = t.bars(claims, func(c *hold) (label, who string) {
		if c.Attempt == 0 {
			return processName(t.h, c.Process), ""
		}
		return strconv.Itoa(int(c.Attempt)), processName(t.h, c.Process)
	})
	l.Marks = t.thin(append(moments, t.endMarks(claims, l.Bars)...))
	for i := range l.Marks {
		l.Marks[i].Y = l.Height + markHeight/2 - lanePadding
	}
	l.Height += markHeight
	return l
}

// levels are how far the drawing can be stretched before more ticks are shown: eight ticks at first,
// then up to so many times as many.
var levels = [...]int64{1, 4, 16}

// ticks are round moments, for each level those that no lower one has.
func ticks(span int64) []tick {
	var list []tick
	seen := make(map[int64]bool)
	for level, more := range levels {
		step := tickStep(span, 8*more)
		for at := int64(0); at <= span; at += step {
			if !seen[at] {
				seen[at] = true
				list = append(list, tick{X: percent(at, span), Label: tickLabel(at), Level: level})
			}
		}
	}
	return list
}

// tickStep is the smallest round step of which at most so many fit into span.
func tickStep(span, most int64) int64 {
	step := int64(1)
	for _, round := range roundSteps() {
		step = round
		if span/step <= most {
			return step
		}
	}
	for span/step > most {
		step *= 2
	}
	return step
}

func tickLabel(at int64) string {
	if at == 0 {
		return "0s"
	}
	return Duration(at)
}

// roundSteps are the distances between ticks that people find round, from a microsecond to a day.
func roundSteps() []int64 {
	var steps []int64
	for unit := microsecond; unit < 10*second; unit *= 10 {
		steps = append(steps, unit, 2*unit, 5*unit)
	}
	return append(steps, 10*second, 15*second, 30*second,
		minute, 2*minute, 5*minute, 10*minute, 15*minute, 30*minute,
		hour, 2*hour, 3*hour, 6*hour, 12*hour, day)
}
