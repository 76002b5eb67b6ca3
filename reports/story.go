package reports

import (
	"fmt"
	"slices"
	"strings"

	"derail/checker"
	"derail/checker/history"
)

const (
	mostFindings = 3  // findings of one verdict told one by one
	mostEvidence = 12 // records of one finding
)

// RunText is one saved run as text: the promises that were broken with their evidence, the story of the run,
// what was kept, and the command that runs it again.
func RunText(f *RunFolder, style Style) string {
	return RunTold(f, &Telling{Jobs: f.Tell}, style)
}

// RunTold is [RunText] with the story that is asked for. Where only a part of it is asked for, the evidence
// and the promises that were kept are left out.
func RunTold(f *RunFolder, tale *Telling, style Style) string {
	w := &prose{style: style, numbered: true}
	r := &f.Run
	w.outcome(r)
	lines := storyOf(f, tale)
	if tale.Chosen() {
		for _, v := range brokenVerdicts(r.Verdicts) {
			w.para("  ", verdictWord(v)+v.Property+sentenceAfter(v.Summary))
		}
		w.blank()
		w.narrative(lines, tale)
		w.again("", "", r.Replay)
		return w.b.String()
	}
	w.circumstances(f)
	for _, v := range brokenVerdicts(r.Verdicts) {
		w.verdict(f, v, !isWhole(lines))
	}
	if f.Explanation != nil {
		w.blank()
		w.b.WriteString(ExplanationText(f.Explanation, style))
	}
	w.blank()
	w.narrative(lines, tale)
	w.kept(r.Verdicts)
	w.again("", "", r.Replay)
	w.drawn("", r.Drawn)
	return w.b.String()
}

// outcome is what came of a run, in one line.
func (w *prose) outcome(r *Run) {
	sgr := bad
	if r.AsExpected {
		sgr = strong
	}
	w.head("", sgr, fmt.Sprintf("%s, seed %s: %s", r.Scenario, seedAndHash(r.Seed, r.Hash),
		runOutcome(r.Verdicts)))
}

// circumstances are what was expected of a run, how much happened in it, and what else was not as expected.
func (w *prose) circumstances(f *RunFolder) {
	r := &f.Run
	if r.Expectation != "" {
		w.para("  ", r.Expectation)
	}
	w.para("  ", runCounts(f))
	w.ruined(r)
	if r.Nondeterministic {
		w.item("  ", "- ", differenceText(r.SecondHash, r.Difference))
	}
	for _, text := range r.Unmet {
		w.item("  ", "- ", text)
	}
}

// verdictWord is the word before the name of a promise that was not kept.
func verdictWord(v checker.Verdict) string {
	if v.Outcome == checker.Invalid {
		return "BROKEN "
	}
	return "UNDECIDED "
}

// brokenVerdicts are the verdicts that are not passes: the broken ones first, then the undecided.
func brokenVerdicts(verdicts []checker.Verdict) []checker.Verdict {
	var broken, undecided []checker.Verdict
	for _, v := range verdicts {
		switch v.Outcome {
		case checker.Invalid:
			broken = append(broken, v)
		case checker.Valid:
		default:
			undecided = append(undecided, v)
		}
	}
	return append(broken, undecided...)
}

// runOutcome says how many promises were kept. Undecided is not kept, and not broken either.
func runOutcome(verdicts []checker.Verdict) string {
	broken, undecided := 0, 0
	for _, v := range brokenVerdicts(verdicts) {
		if v.Outcome == checker.Invalid {
			broken++
		} else {
			undecided++
		}
	}
	all := plural(int64(len(verdicts)), "promise")
	switch {
	case len(verdicts) == 0:
		return "no promise was checked"
	case broken == 0 && undecided == 0:
		return fmt.Sprintf("all of %s kept", all)
	case broken == 0:
		return fmt.Sprintf("%d of %s undecided", undecided, all)
	case undecided == 0:
		return fmt.Sprintf("%d of %s broken", broken, all)
	default:
		return fmt.Sprintf("%d of %s broken, %d undecided", broken, all, undecided)
	}
}

func runCounts(f *RunFolder) string {
	r := &f.Run
	undone := ""
	if n := reverted(f.History); n > 0 {
		undone = fmt.Sprintf(" (%s of them reverted)", grouped(n))
	}
	text := fmt.Sprintf("%s simulated, %s, %s, %s. Jobs: %s posted, %s consumed%s, %s trashed, %s left.",
		Duration(r.SimulatedNS), counted(r.Events, "event"), counted(r.StoreCalls, "store call"),
		counted(total(r.Faults), "fault"), grouped(r.Jobs.Posted), grouped(r.Jobs.Consumed), undone,
		grouped(r.Jobs.Trashed), grouped(r.Jobs.Left))
	if len(r.Faults) > 0 {
		faults := make([]string, len(r.Faults))
		for i, f := range r.Faults {
			faults[i] = fmt.Sprintf("%s (%s)", f.Name, times(f.Count))
		}
		text += " Faults: " + join(faults) + "."
	}
	if points := pointsText(r.Points); points != "" {
		text += " " + points
	}
	return text
}

func counted(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return Quantity(n) + " " + noun + "s"
}

// verdict is a promise that was not kept, with the records that show it where the story does not have them
// all.
func (w *prose) verdict(f *RunFolder, v checker.Verdict, evidence bool) {
	w.blank()
	w.head("", bad, verdictWord(v)+v.Property)
	if v.Summary != "" {
		w.para("  ", v.Summary)
	}
	if cause := Cause(f.History, v); cause != "" && cause != w.caused { // one cause often breaks several
		w.para("  ", cause)
		w.caused = cause
	}
	for i, found := range v.Findings {
		if i == mostFindings {
			w.para("  ", fmt.Sprintf("... and %s.", plural(int64(len(v.Findings)-i), "more finding")))
			break
		}
		if v.Cycle != nil && v.Cycle.Job == found.Job {
			continue // the explanation tells it
		}
		if evidence {
			w.blank()
		}
		if !strings.HasPrefix(v.Summary, found.Text) { // as the first finding mostly is
			w.item("  ", "- ", found.Text)
		}
		if !evidence {
			continue
		}
		for _, line := range folded(records(f.History, found.Records), mostEvidence) {
			w.record("    ", line)
		}
	}
	if v.Cycle != nil {
		w.explanation("  ", explainCycle(v.Cycle, f.Run.Policy, f.Run.Groups))
	}
}

// records are records of a history as steps.
func records(h *history.History, sequence []int64) []step {
	steps := make([]step, 0, len(sequence))
	for _, seq := range sequence {
		s := step{Record: seq, Text: Sentence(h, seq)}
		if seq >= 1 && seq <= int64(len(h.Records)) {
			s.At = h.Records[seq-1].At
		}
		steps = append(steps, s)
	}
	return steps
}

// folded is steps with those in the middle left out, when they are more than most.
func folded(steps []step, most int) []step {
	if len(steps) <= most {
		return steps
	}
	head, tail := most/2, most-most/2-1
	left := len(steps) - head - tail
	short := slices.Clone(steps[:head])
	short = append(short, step{Folded: true, Text: plural(int64(left), "more record")})
	return append(short, steps[len(steps)-tail:]...)
}

func (w *prose) record(indent string, s step) {
	if s.Folded {
		w.line(w.style.paint(faint, indent+"... "+s.Text+" ..."))
		return
	}
	w.item(indent, fmt.Sprintf("%-7s %9s  ", fmt.Sprintf("#%d", s.Record), instant(s.At)), s.Text)
}

// kept names the promises that were kept, and those of which nothing came up that could have broken them.
func (w *prose) kept(verdicts []checker.Verdict) {
	var kept, idle []string
	for _, v := range verdicts {
		switch {
		case v.Outcome != checker.Valid:
		case v.Checked == 0 && v.Excused == 0:
			idle = append(idle, v.Property)
		default:
			kept = append(kept, fmt.Sprintf("%s (%s)", v.Property, keptText(v)))
		}
	}
	if len(kept)+len(idle) == 0 {
		return
	}
	w.blank()
	if len(kept) > 0 {
		w.para("", "Kept: "+strings.Join(kept, ", ")+".")
	}
	if len(idle) > 0 {
		w.para("", "Nothing came up that could have broken "+join(idle)+".")
	}
}

// keptText says on what grounds a promise counts as kept.
func keptText(v checker.Verdict) string {
	text := v.Summary
	if text == "" {
		text = counted(int64(v.Checked), "check")
	}
	if v.Excused > 0 {
		text += ", " + plural(int64(v.Excused), "finding") + " excused"
	}
	return text
}
