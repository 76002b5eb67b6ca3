package reports

import (
	"fmt"
	"strings"

	"derail/checker"
)

// Text is a whole campaign as text: one line a scenario, an explanation of each that failed or found
// what it was there to find, and a last line that says what came of it all.
func Text(c *Campaign, style Style) string {
	for i := range c.Scenarios {
		style.Name = max(style.Name, columns(clean(c.Scenarios[i].Name)))
	}
	var b strings.Builder
	if len(c.Scenarios) > 0 {
		b.WriteString(Heading(style) + "\n")
	}
	for i := range c.Scenarios {
		b.WriteString(Line(&c.Scenarios[i], style) + "\n")
	}
	b.WriteString(Explain(c, style))
	return b.String()
}

// Explain is what [Text] has after the lines of the scenarios.
func Explain(c *Campaign, style Style) string {
	w := &prose{style: style}
	for i := range c.Scenarios {
		w.scenario(&c.Scenarios[i])
	}
	if len(c.Scenarios) > 0 {
		w.blank()
	}
	sgr := bad
	if c.AsExpected() {
		sgr = good
	} else if c.Interrupted {
		sgr = warn
	}
	for line := range strings.Lines(fold(conclusion(c), "", "", style.width())) {
		w.line(style.paint(sgr, strings.TrimSuffix(line, "\n")))
	}
	w.idle(c)
	if c.Coverage != nil && c.Coverage.Suite {
		w.para("", c.Coverage.Sentence())
		if marks := c.Coverage.MarksSentence(); marks != "" {
			w.para("", marks)
		}
	}
	return w.b.String()
}

// conclusion is the whole campaign in a sentence or two.
func conclusion(c *Campaign) string {
	var runs, failed, seeds, simulated, ruined int64
	unexpected, begun := 0, 0
	for i := range c.Scenarios {
		s := &c.Scenarios[i]
		runs, failed, seeds = runs+int64(s.Runs), failed+int64(s.Failed), seeds+int64(s.Seeds.Count)
		simulated, ruined = simulated+s.SimulatedNS, ruined+int64(s.Ruined)
		if s.Runs > 0 {
			begun++
		}
		if s.Failed > 0 || len(s.Unmet) > 0 || !s.AsExpected && s.Runs >= s.Seeds.Count {
			unexpected++
		}
	}
	var parts []string
	switch {
	case len(c.Scenarios) == 0:
		parts = append(parts, "No scenario was run.")
	case unexpected == 0 && !c.Interrupted:
		parts = append(parts, fmt.Sprintf("%s, %s: all as expected.",
			plural(int64(len(c.Scenarios)), "scenario"), plural(runs, "run")))
	case unexpected == 0:
		parts = append(parts, fmt.Sprintf("What ran was as expected: %s.", plural(runs, "run")))
	default:
		parts = append(parts, fmt.Sprintf("%d of %s did not go as expected; %s of %s failed.", unexpected,
			plural(int64(len(c.Scenarios)), "scenario"), grouped(failed), plural(runs, "run")))
	}
	if runs > 0 {
		parts = append(parts, fmt.Sprintf("%s simulated in %s.", Duration(simulated), Duration(c.WallNS)))
	}
	if ruined > 0 {
		parts = append(parts, fmt.Sprintf("In %s, data was broken beyond what the promises cover.",
			plural(ruined, "run")))
	}
	if c.Interrupted {
		parts = append(parts, fmt.Sprintf("Interrupted%s: %s of %s ran, %s of %s; this reports what ran.",
			because(c.Reason), grouped(int64(begun)), plural(int64(len(c.Scenarios)), "scenario"),
			grouped(runs), plural(seeds, "run")))
	}
	return strings.Join(parts, " ")
}

// prose is text under way, folded to the width of its style.
type prose struct {
	b        strings.Builder
	style    Style
	numbered bool   // steps are told with their records' numbers, because the records are at hand
	caused   string // what was told last of what lies behind a broken promise
}

func (w *prose) blank()           { w.b.WriteByte('\n') }
func (w *prose) line(text string) { w.b.WriteString(text + "\n") }

func (w *prose) para(indent, text string) {
	w.b.WriteString(fold(clean(text), indent, indent, w.style.width()))
}

func (w *prose) item(indent, mark, text string) {
	rest := indent + strings.Repeat(" ", columns(mark))
	w.b.WriteString(fold(clean(text), indent+mark, rest, w.style.width()))
}

func (w *prose) head(indent, sgr, text string) {
	for line := range strings.Lines(fold(clean(text), indent, indent+"  ", w.style.width())) {
		w.line(w.style.paint(sgr, strings.TrimSuffix(line, "\n")))
	}
}

// mostFailures is how many failing runs of a scenario are told one by one.
const mostFailures = 3

func (w *prose) scenario(s *Scenario) {
	if s.Runs > 0 && !s.AsExpected {
		w.failedScenario(s)
	}
	for i := range s.Findings {
		w.finding(s, &s.Findings[i])
	}
}

func (w *prose) failedScenario(s *Scenario) {
	if s.Failed == 0 && len(s.Unmet) == 0 && s.Runs < s.Seeds.Count {
		return
	}
	w.blank()
	w.head("", bad, fmt.Sprintf("FAIL %s: %s of %s failed", s.Name, grouped(int64(s.Failed)),
		plural(int64(s.Runs), "run")))
	if s.Expectation != "" {
		w.para("  ", s.Expectation)
	}
	for _, text := range s.Unmet {
		w.item("  ", "- ", text)
	}
	explained := false
	for i := range s.Failures {
		if i == mostFailures {
			break
		}
		f := &s.Failures[i]
		w.failure(f)
		if f.Cycle != nil && !explained {
			w.explanation("    ", explainCycle(f.Cycle, s.Policy, s.Groups))
			explained = true
		}
		w.again("    ", f.Folder, f.Replay)
		w.drawn("    ", f.Drawn)
	}
	if left := s.Failed - min(len(s.Failures), mostFailures); left > 0 {
		w.blank()
		w.para("  ", plural(int64(left), "more run")+" of this scenario failed.")
	}
}

func (w *prose) failure(f *Failure) {
	w.blank()
	w.head("  ", strong, "seed "+seedAndHash(f.Seed, f.Hash))
	if f.Nondeterministic {
		w.item("    ", "- ", differenceText(f.SecondHash, f.Difference))
	}
	for _, b := range f.Broken {
		w.item("    ", "- ", b.sentence())
	}
	if f.Cause != "" {
		w.para("      ", f.Cause)
	}
	for _, text := range f.Unmet {
		w.item("    ", "- ", text)
	}
}

func seedAndHash(seed uint64, hash string) string {
	if hash == "" {
		return fmt.Sprint(seed)
	}
	return fmt.Sprintf("%d, hash %s", seed, hash)
}

func differenceText(second, difference string) string {
	text := "not deterministic: the same seed, run again, went another way"
	if second != "" {
		text += " (hash " + second + ")"
	}
	if difference != "" {
		text += "; the first step that differs: " + difference
	}
	return text
}

func breachWord(o checker.Outcome) string {
	switch o {
	case checker.Invalid:
		return "was broken"
	case checker.Valid:
		return "was kept, but was to be broken"
	default:
		return "could not be decided"
	}
}

func sentenceAfter(summary string) string {
	if summary == "" {
		return ""
	}
	return ": " + summary
}

func (w *prose) finding(s *Scenario, f *Finding) {
	w.blank()
	w.head("", strong, fmt.Sprintf("%s: %s was found broken in %s of %s, as this scenario expects",
		s.Name, f.Property, grouped(int64(f.Runs)), plural(int64(s.Runs), "run")))
	w.para("  ", "Seed "+seedAndHash(f.Seed, f.Hash)+sentenceAfter(f.Summary))
	if f.Cause != "" {
		w.para("  ", f.Cause)
	}
	if f.Cycle != nil {
		w.explanation("  ", explainCycle(f.Cycle, s.Policy, s.Groups))
	}
	w.again("  ", f.Folder, f.Replay)
	w.drawn("  ", f.Drawn)
}

func (w *prose) explanation(indent string, e explanation) {
	for _, part := range e.Sections {
		w.blank()
		w.head(indent, strong, part.Heading)
		for _, text := range part.Paragraphs {
			w.para(indent+"  ", text)
		}
		w.steps(indent+"  ", part.Steps)
	}
}

func (w *prose) steps(indent string, steps []step) {
	width := 0
	for _, s := range steps {
		width = max(width, columns(instant(s.At)))
	}
	for _, s := range steps {
		if w.numbered {
			w.record(indent, s)
			continue
		}
		if s.Folded {
			w.line(w.style.paint(faint, indent+strings.Repeat(" ", width)+"  ... "+s.Text+" ..."))
			continue
		}
		w.item(indent, padLeft(instant(s.At), width)+"  ", s.Text)
	}
}

// again says where a run is saved and how to run it again. The command has a line of its own and is
// never folded, so that it can be copied.
func (w *prose) again(indent, folder, replay string) {
	if folder == "" && replay == "" {
		return
	}
	w.blank()
	if folder != "" {
		if w.style.Out != "" {
			folder = strings.TrimSuffix(w.style.Out, "/") + "/" + folder
		}
		w.line(indent + "saved in " + clean(folder))
	}
	if replay != "" {
		w.line(indent + "run it again with")
		w.line(indent + "  " + w.style.paint(strong, clean(replay)))
	}
}

// drawn says what faults a run drew for itself, and how to run it with just these. Neither is folded, so that
// they can be copied.
func (w *prose) drawn(indent string, d Drawn) {
	if d.Plan == "" {
		return
	}
	w.line(indent + "the faults of this run, as its seed drew them")
	w.line(indent + "  " + w.style.paint(strong, clean(d.Plan)))
	if d.ReplayPlan != "" {
		w.line(indent + "run it again with these faults, whatever the scenario says")
		w.line(indent + "  " + w.style.paint(strong, clean(d.ReplayPlan)))
	}
}
