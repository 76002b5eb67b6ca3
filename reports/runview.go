package reports

import (
	"fmt"
	"html/template"
	"slices"
	"strings"

	"derail/checker"
	"derail/checker/history"
)

// runView is the section of one run.
type runView struct {
	ID       string
	Number   int
	Prefix   string // of the ids of its records
	Run      *Run
	Outcome  string
	Class    string
	Counts   string
	Changed  string // how it differed when it was run again
	Broken   []verdictView
	Kept     []keptView
	Chain    *chainView
	Jobs     []jobOption
	Selected string // the name of the job that is shown at first
	Violated int64  // the record by which a promise was broken; 0: none is known
	Legend   []legendEntry
	Records  []rowOfRecord
	Shown    string // how many of the records are in the page; empty: all
	Columns  template.JS
}

type verdictView struct {
	Name      string
	Undecided bool
	Summary   string
	Cause     string
	Findings  []evidenceView
	More      string
	Cycle     *explanation
}

type keptView struct{ Name, Text string }

type evidenceView struct {
	Text  string
	Steps []step
}

type jobOption struct {
	Name   string
	Index  int
	Blamed bool
}

// rowOfRecord is one row of the table of records.
type rowOfRecord struct {
	Seq    int64
	At     string
	Text   string
	Tone   string
	Folded bool
}

// mostRows is how many records are in the page without its script.
const mostRows = 120

// newRunView is the section of a run. The folder is where its files are, as seen from the page.
func newRunView(f *RunFolder, number int, at place) runView {
	h, r := f.History, &f.Run
	broken := brokenVerdicts(r.Verdicts)
	first := blamed(f)
	v := runView{
		ID: sectionID(number), Number: number, Prefix: recordPrefix(number), Run: r,
		Outcome: firstUpper(runOutcome(r.Verdicts)), Class: "bad", Counts: runCounts(f),
		Chain: newChain(f, number, at), Violated: violated(f),
	}
	if r.AsExpected {
		v.Class = "good"
	}
	if r.Nondeterministic {
		v.Changed = clean(differenceText(r.SecondHash, r.Difference))
	}
	for _, verdict := range broken {
		v.Broken = append(v.Broken, newVerdictView(f, verdict))
	}
	for _, verdict := range r.Verdicts {
		if verdict.Outcome == checker.Valid {
			v.Kept = append(v.Kept, keptView{clean(verdict.Property), clean(keptText(verdict))})
		}
	}
	for id := range h.Jobs {
		v.Jobs = append(v.Jobs, jobOption{
			Name: jobName(h, history.JobID(id)), Index: id, Blamed: slices.Contains(first, history.JobID(id)),
		})
	}
	if len(first) > 0 {
		v.Selected = jobName(h, first[0])
	}
	v.Records = staticRows(f, first)
	columns, legend := newColumnarRun(f, number, first)
	v.Columns, v.Legend = columns.script(), legend
	if in, all := int64(len(columns.Records.At)), int64(len(h.Records)); in < all {
		v.Shown = fmt.Sprintf("This page holds %s of %s; all are in %s.", grouped(in), plural(all, "record"),
			HistoryFile)
	}
	return v
}

func newVerdictView(f *RunFolder, v checker.Verdict) verdictView {
	view := verdictView{
		Name: clean(v.Property), Undecided: v.Outcome != checker.Invalid, Summary: clean(v.Summary),
	}
	view.Cause = Cause(f.History, v)
	for i, found := range v.Findings {
		if i == mostFindings {
			view.More = "and " + plural(int64(len(v.Findings)-i), "more finding")
			break
		}
		if v.Cycle != nil && v.Cycle.Job == found.Job {
			continue // the explanation tells it
		}
		evidence := evidenceView{Steps: folded(records(f.History, found.Records), mostEvidence)}
		if !strings.HasPrefix(v.Summary, found.Text) { // as the first finding mostly is
			evidence.Text = clean(found.Text)
		}
		view.Findings = append(view.Findings, evidence)
	}
	if v.Cycle != nil {
		view.Cycle = cycleView(v.Cycle, f.Run.Policy, f.Run.Groups)
	}
	return view
}

// tones are all of them.
var tones = [...]string{"", "quiet", "asked", "fault", "process", "bad", "good"}

// tone is how a record is painted and filtered: as quiet, as a question, as something bad, good or
// injected, as what happens to processes, or as any other.
func tone(r *history.Record, quiet bool) string {
	switch {
	case quiet:
		return "quiet"
	case r.Type == history.Invoke:
		return "asked"
	case r.Kind == history.Fault, r.Kind == history.Ruined:
		return "fault"
	case happensTo(r.Kind), r.Kind == history.Heal:
		return "process"
	case r.Type == history.Fail, r.Type == history.Info, r.Kind == history.LeaseEnd, r.Kind == history.Lost,
		r.Kind == history.Misled:
		return "bad"
	case r.Type == history.OK && (r.Kind == history.Abandon || r.Kind == history.Trash):
		return "bad"
	case r.Type == history.OK && (r.Kind == history.Consume || r.Kind == history.Claim):
		return "good"
	default:
		return ""
	}
}

// staticRows are the records in the page without its script: the story of the first job that a broken
// promise is about, and every record that is evidence.
func staticRows(f *RunFolder, first []history.JobID) []rowOfRecord {
	h := f.History
	var steps []step
	if len(first) > 0 {
		steps = jobStory(h, first[0])
	} else {
		all := make([]int64, min(len(h.Records), mostRows))
		for i := range all {
			all[i] = int64(i + 1)
		}
		steps = records(h, all)
	}
	keep := make(map[int64]bool)
	for i, s := range steps {
		if i < mostRows/2 || i >= len(steps)-mostRows/2 {
			keep[s.Record] = true
		}
	}
	for _, seq := range cited(f) {
		keep[seq] = true
	}
	var rows []rowOfRecord
	quiet := quietRecords(h)
	last := int64(0)
	for i := range h.Records {
		seq := int64(i + 1)
		if !keep[seq] {
			continue
		}
		if left := seq - last - 1; left > 0 && last > 0 {
			rows = append(rows, rowOfRecord{Folded: true, Text: plural(left, "record") + " left out"})
		}
		last = seq
		rows = append(rows, rowOfRecord{
			Seq: seq, At: instant(h.Records[i].At), Text: Sentence(h, seq), Tone: tone(&h.Records[i], quiet[i]),
		})
	}
	return rows
}

// cited are the records that the page links to.
func cited(f *RunFolder) []int64 {
	list := explained(f)
	for _, v := range brokenVerdicts(f.Run.Verdicts) {
		for i, found := range v.Findings {
			if i == mostFindings {
				break
			}
			for _, s := range folded(records(f.History, found.Records), mostEvidence) {
				if !s.Folded {
					list = append(list, s.Record)
				}
			}
		}
		if v.Cycle != nil {
			for _, s := range v.Cycle.Steps {
				list = append(list, s.Record)
			}
		}
	}
	return list
}

// chosen are the indices of at most so many records (and of those that the page links to): the first
// and the last that are about the jobs in first or about processes, and of the others as many as there
// is room for.
func chosen(f *RunFolder, first []history.JobID, most int) []int {
	h := f.History
	var important, other []int
	for i := range h.Records {
		r := &h.Records[i]
		switch {
		case r.Kind == history.Message: // there are more of them than of all else
			other = append(other, i)
		case slices.Contains(first, r.Job), r.Job < 0 && (r.Kind != history.Fault || faultSymbol(r) != ""):
			important = append(important, i)
		default:
			other = append(other, i)
		}
	}
	var list []int
	if len(important) > most {
		list = slices.Concat(important[:most/2], important[len(important)-most/2:])
	} else {
		list = append(important, other[:min(len(other), most-len(important))]...)
	}
	for _, seq := range cited(f) {
		if seq >= 1 && seq <= int64(len(h.Records)) {
			list = append(list, int(seq-1))
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// explained are the records that the explanation of the run links to.
func explained(f *RunFolder) []int64 {
	list := []int64{}
	for _, flag := range flags(f) {
		list = append(list, flag.Record)
	}
	e := f.Explanation
	if e == nil {
		return list
	}
	named := func(words []wordView) {
		for _, w := range words {
			list = append(list, w.Record)
		}
	}
	for _, l := range e.Chain {
		list = append(list, l.Record)
		named(linked(l.Why))
	}
	if e.Without != nil {
		list = append(list, e.Without.Record)
	}
	if e.Unordered != nil {
		list = append(list, e.Unordered.UntilRecord)
		named(linked(e.Unordered.Text))
		for _, s := range folded(records(f.History, e.Unordered.Records), mostEvidence) {
			list = append(list, s.Record)
		}
	}
	if e.Inevitable != nil {
		named(linked(e.Inevitable.Text))
		for _, b := range e.Inevitable.Branches {
			list = append(list, b.Record)
		}
	}
	return list
}
