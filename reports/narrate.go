package reports

import (
	"fmt"
	"slices"
	"strings"

	"derail/checker/history"
)

// Telling says which part of a run is told, and how much of it. The zero Telling tells the whole run, as long
// as it is short, and of a long one what the broken promises are about.
type Telling struct {
	Jobs  []string // only what happened to these
	Nodes []string // only what happened on these machines
	From  int64    // only from this virtual time on
	Until int64    // only up to this virtual time; 0: to the end
	Whole bool     // fold nothing away

	Messages bool // tell the messages between machines and store too, where they are recorded
	// Command is the command that tells it, to which flags can be added; empty: it is not known.
	Command string
}

// mostTold and mostAsked are how many lines a story has, where nobody has said what to tell, and where
// somebody has.
const (
	mostTold  = 60
	mostAsked = 200
)

// Chosen says whether a part of the run is asked for.
func (t *Telling) Chosen() bool {
	return len(t.Jobs) > 0 || len(t.Nodes) > 0 || t.From > 0 || t.Until > 0
}

// border says whether one of the ends of what is told lies between two moments.
func (t *Telling) border(before, now int64) bool {
	return before < t.From && t.From <= now || t.Until > 0 && before <= t.Until && t.Until < now
}

// has says whether a beat belongs to what is told.
func (t *Telling) has(h *history.History, b *beat) bool {
	if b.At < t.From || t.Until > 0 && b.At > t.Until {
		return false
	}
	if b.All {
		return true
	}
	if len(t.Jobs) > 0 && !slices.ContainsFunc(b.Jobs, func(id history.JobID) bool {
		return slices.Contains(t.Jobs, h.JobName(id))
	}) {
		return false
	}
	return len(t.Nodes) == 0 || slices.ContainsFunc(b.Nodes, func(id history.ProcessID) bool {
		return slices.Contains(t.Nodes, h.ProcessName(id))
	})
}

// title is the head of the story.
func (t *Telling) title() string {
	text := "What happened"
	if len(t.Jobs) > 0 {
		text += " to " + join(t.Jobs)
	}
	if len(t.Nodes) > 0 {
		text += " on " + join(t.Nodes)
	}
	if t.From > 0 {
		text += " from " + instant(t.From)
	}
	if t.Until > 0 {
		text += " until " + instant(t.Until)
	}
	return text
}

// Narrate is a run, or a part of it, as a story: one line for each thing that happened, in order.
func Narrate(f *RunFolder, tale *Telling, style Style) string {
	w := &prose{style: style, numbered: true}
	w.narrative(storyOf(f, tale), tale)
	return w.b.String()
}

// storyOf is the lines of the story.
func storyOf(f *RunFolder, tale *Telling) []line {
	var beats []beat
	for _, b := range narrate(f, tale) {
		if tale.has(f.History, &b) {
			beats = append(beats, b)
		}
	}
	weigh(beats, subjects(f, tale))
	return shortened(f.History, joined(beats), tale)
}

// isWhole says whether nothing was folded away.
func isWhole(lines []line) bool {
	return !slices.ContainsFunc(lines, func(l line) bool { return l.fold != nil })
}

// narrative writes the story.
func (w *prose) narrative(lines []line, tale *Telling) {
	w.head("", strong, tale.title())
	if len(lines) == 0 {
		w.para("  ", "Nothing that is told in a story.")
		return
	}
	if legend := legendOf(lines); legend != "" {
		w.line("  " + w.style.paint(faint, legend))
	}
	lines = chapters(lines)
	indent := "  "
	for _, l := range lines {
		if l.heading != "" {
			w.line("  " + w.style.paint(strong, l.heading))
			indent = "    "
			continue
		}
		if l.fold == nil || !l.fold.hidden {
			w.told(indent, l)
		}
	}
	w.folded(lines, tale)
}

// legendOf says what the marks mean that are used.
func legendOf(lines []line) string {
	var words []string
	for _, m := range []struct {
		mark byte
		word string
	}{{markFault, "! a fault"}, {markBroken, "X a promise is broken"}} {
		if slices.ContainsFunc(lines, func(l line) bool { return l.beat != nil && l.beat.Mark == m.mark }) {
			words = append(words, m.word)
		}
	}
	return strings.Join(words, "   ")
}

// told writes one line of the story.
func (w *prose) told(indent string, l line) {
	b := l.beat
	if b == nil {
		w.lines(faint, fold(clean(l.fold.text()), indent+strings.Repeat(" ", 19)+"... ",
			indent+strings.Repeat(" ", 19)+"    ", w.style.width()))
		return
	}
	mark, sgr := " ", ""
	switch b.Mark {
	case markFault:
		mark, sgr = string(markFault), warn
	case markBroken:
		mark, sgr = string(markBroken), bad
	}
	number := ""
	if b.Record > 0 && b.Mark != markBroken {
		number = fmt.Sprintf("#%d", b.Record)
	}
	head := indent + fmt.Sprintf("%-6s %9s %s ", number, instant(b.At), mark)
	text := fold(clean(b.Text), head, indent+strings.Repeat(" ", columns(head)-columns(indent)), w.style.width())
	w.lines(sgr, text)
}

// lines writes lines in one colour.
func (w *prose) lines(sgr, text string) {
	for one := range strings.Lines(text) {
		if sgr == "" {
			w.b.WriteString(one)
			continue
		}
		w.line(w.style.paint(sgr, strings.TrimSuffix(one, "\n")))
	}
}

// folded says what was left out, and how to see it.
func (w *prose) folded(lines []line, tale *Telling) {
	left := 0
	for _, l := range lines {
		if l.fold != nil {
			left += l.fold.records
		}
	}
	if left == 0 {
		return
	}
	text := fmt.Sprintf("%s folded away (...)", plural(int64(left), "record"))
	if tale.Command == "" {
		w.para("  ", text+".")
		return
	}
	w.para("  ", text+". To see them all, or a part of them:")
	w.line("    " + w.style.paint(strong, clean(tale.Command+" --all")))
	w.line("    " + w.style.paint(strong, clean(tale.Command+" "+partOf(lines))))
}

// partOf are flags that choose where most is folded away.
func partOf(lines []line) string {
	at := 0
	for i, l := range lines {
		if l.fold != nil && (lines[at].fold == nil || l.fold.records > lines[at].fold.records) {
			at = i
		}
	}
	from, until := lines[at].fold.from, lines[at].fold.until
	return fmt.Sprintf("--from %s --until %s", instant(from), instant(until+millisecond))
}

// weigh says how much each beat matters in a story about some jobs.
func weigh(beats []beat, about []history.JobID) {
	for i := range beats {
		b := &beats[i]
		b.Rank = b.Sort
		if b.Sort != trouble && b.Sort != smooth {
			continue
		}
		if b.All || slices.ContainsFunc(b.Jobs, func(id history.JobID) bool { return slices.Contains(about, id) }) {
			b.Rank = central
		}
	}
}

// subjects are the jobs that the story is about: those that are asked for; or the first of each broken
// promise; or those that came to another end than was expected.
func subjects(f *RunFolder, tale *Telling) []history.JobID {
	var names []string
	names = append(names, tale.Jobs...)
	if len(names) == 0 {
		for _, v := range brokenVerdicts(f.Run.Verdicts) {
			if v.Cycle != nil {
				names = append(names, v.Cycle.Job)
			} else if len(v.Findings) > 0 {
				names = append(names, v.Findings[0].Job)
			}
		}
	}
	var jobs []history.JobID
	for _, name := range names {
		id := history.JobID(slices.Index(f.History.Jobs, name))
		if id >= 0 && !slices.Contains(jobs, id) {
			jobs = append(jobs, id)
		}
	}
	if len(jobs) == 0 && len(f.Run.Unmet) > 0 {
		jobs = unconsumed(f.History)
	}
	return jobs[:min(len(jobs), max(mostFindings, len(tale.Jobs)))]
}
