package reports

import (
	"fmt"
	"html/template"
	"io"
	"net/url"
	"path"
	"strings"

	"derail/checker"
)

// pageView is everything that the page shows.
type pageView struct {
	Title    string
	Verdict  string // the whole in a sentence or two
	Class    string // good, bad or part
	Command  string
	Campaign bool
	Table    []rowView
	Coverage *coverageView
	Marks    *marksView
	Plots    *plotsView
	Runs     []runView
	Style    template.CSS
	Script   template.JS
	Policy   template.HTMLAttr // what the browser may load and run
}

// rowView is one scenario: its row in the table and its details.
type rowView struct {
	ID       string
	Scenario *Scenario
	Outcome  string
	Class    string
	Open     bool
	Numbers  []numberView
	Summary  string // of the properties
	Marks    string // of the marks
	Failures []failureView
	More     string // how many failures are not listed
	Findings []findingView
}

// coverageView is which faults there were.
type coverageView struct {
	*Coverage
	Sentence string
	Gap      bool // a whole suite was run, and not everything fired
}

type numberView struct{ Title, Text string }

type failureView struct {
	Failure    *Failure
	Saved      savedView
	Difference string
	Broken     []string
	Run        string // the id of its section in the page; empty: it is not shown
	Cycle      *explanation
}

type findingView struct {
	Finding *Finding
	Saved   savedView
	Title   string
	Run     string
	Cycle   *explanation
}

// savedView is the folder of a run, and its address, where it has one.
type savedView struct{ Folder, Link string }

// WriteHTML writes a page that needs nothing but itself: the campaign, when there is one, and a
// section with evidence, timeline and records for each of the runs shown.
//
// Stable for those who test or link to the page: record n of the first run has the id eN, of the k-th run
// run-k-eN; run sections have the ids run-1, run-2, ..., and their explanations run-1-why, ...; the
// fragment #job=NAME (or #run=2&job=NAME) selects a job; the drawing of a run (data-role="plot") says in
// data-lanes which lanes it has, in data-from and data-until which time it shows, in nanoseconds, and in
// data-record which record is chosen.
//
// The page is for the folder of what it shows: it links to the files there.
func WriteHTML(w io.Writer, c *Campaign, shown []*RunFolder) error {
	return WriteHTMLElsewhere(w, c, shown, ".")
}

// WriteHTMLElsewhere writes the page for another place, from where the folder of what it shows is at folder,
// with slashes. Where that is not known it is empty, and the page has no links to files.
func WriteHTMLElsewhere(w io.Writer, c *Campaign, shown []*RunFolder, folder string) error {
	page, err := template.New("page").Funcs(template.FuncMap{
		"clean": clean, "instant": instant, "quantity": Quantity, "duration": Duration, "means": markMeans,
		"plural": func(n int, noun string) string { return plural(int64(n), noun) },
	}).Parse(pageTemplate)
	if err != nil {
		return err
	}
	return page.Execute(w, newPage(c, shown, place(folder)))
}

// place is where files are, as seen from the page, with slashes. What is at no place the page cannot lead to.
type place string

// link is the address of something at the place; empty: there is none.
func (p place) link(name string) string {
	if p == "" || name == "" {
		return ""
	}
	return (&url.URL{Path: path.Join(string(p), name)}).String()
}

func (p place) saved(folder string) savedView { return savedView{Folder: folder, Link: p.link(folder)} }

func newPage(c *Campaign, shown []*RunFolder, at place) *pageView {
	v := &pageView{Style: template.CSS(pageStyle), Script: template.JS(pageScript)}
	for i, f := range shown {
		v.Runs = append(v.Runs, newRunView(f, i+1, at.of(c, &f.Run)))
	}
	if c == nil {
		v.titleOfRuns(shown)
		v.Policy = v.policy()
		return v
	}
	v.Plots = newPlots(c)
	v.Policy = v.policy()
	v.Campaign, v.Command, v.Verdict = true, clean(c.Command), conclusion(c)
	v.Title = "derail: campaign"
	v.Class = "bad"
	switch {
	case c.AsExpected():
		v.Class = "good"
	case c.Interrupted:
		v.Class = "part"
	}
	if c.Coverage != nil {
		v.Coverage = &coverageView{Coverage: c.Coverage, Sentence: c.Coverage.Sentence()}
		v.Coverage.Gap = c.Coverage.Suite && !c.Coverage.Complete()
		if len(c.Coverage.Marks) > 0 {
			v.Marks = newMarks(c)
		}
	}
	for i := range c.Scenarios {
		row := newRow(&c.Scenarios[i], i+1, shown, at)
		row.Marks = marksSummary(&c.Scenarios[i], c.Coverage)
		v.Table = append(v.Table, row)
	}
	return v
}

func (v *pageView) titleOfRuns(shown []*RunFolder) {
	v.Title, v.Class, v.Verdict = "derail: no run", "part", "No run was saved."
	if len(shown) == 0 {
		return
	}
	r := &shown[0].Run
	v.Title = fmt.Sprintf("derail: %s, seed %d", clean(r.Scenario), r.Seed)
	v.Verdict = "The run was as expected."
	v.Class = "good"
	for _, f := range shown {
		if !f.Run.AsExpected {
			v.Class, v.Verdict = "bad", "The run was not as expected."
		}
	}
	if len(shown) > 1 {
		v.Title, v.Verdict = "derail: runs", plural(int64(len(shown)), "run")+"."
	}
}

func newRow(s *Scenario, number int, shown []*RunFolder, at place) rowView {
	word, _ := outcome(s)
	row := rowView{
		ID: fmt.Sprintf("scenario-%d", number), Scenario: s, Summary: properties(s, 1000),
		Open: word == "FAIL" || len(s.Findings) > 0,
	}
	switch word {
	case "ok":
		row.Outcome, row.Class = "as expected", "good"
	case "FAIL":
		row.Outcome, row.Class = "failed", "bad"
	case "part":
		row.Outcome, row.Class = "interrupted", "part"
	default:
		row.Outcome, row.Class = "not run", "part"
	}
	for _, c := range numberColumns() {
		row.Numbers = append(row.Numbers, numberView{Title: c.title, Text: c.of(s)})
	}
	explained := false
	for i := range s.Failures {
		f := &s.Failures[i]
		view := failureView{Failure: f, Saved: at.saved(f.Folder), Run: sectionOf(shown, s.Name, f.Seed)}
		if f.Nondeterministic {
			view.Difference = clean(differenceText(f.SecondHash, f.Difference))
		}
		for _, b := range f.Broken {
			view.Broken = append(view.Broken, clean(b.sentence()))
		}
		if f.Cycle != nil && !explained && view.Run == "" {
			view.Cycle = cycleView(f.Cycle, s.Policy, s.Groups)
			explained = true
		}
		row.Failures = append(row.Failures, view)
	}
	if left := s.Failed - len(s.Failures); left > 0 {
		row.More = plural(int64(left), "more run") + " of this scenario failed."
	}
	for i := range s.Findings {
		row.Findings = append(row.Findings, newFinding(s, &s.Findings[i], shown, at))
	}
	return row
}

func newFinding(s *Scenario, f *Finding, shown []*RunFolder, at place) findingView {
	view := findingView{
		Finding: f, Saved: at.saved(f.Folder),
		Title: fmt.Sprintf("%s was found broken in %s of %s, as this scenario expects",
			clean(f.Property), grouped(int64(f.Runs)), plural(int64(s.Runs), "run")),
		Run: sectionOf(shown, s.Name, f.Seed),
	}
	if f.Cycle != nil && view.Run == "" { // the run's own section explains it
		view.Cycle = cycleView(f.Cycle, s.Policy, s.Groups)
	}
	return view
}

// sectionOf is the id of the section that shows a run, or empty.
func sectionOf(shown []*RunFolder, scenario string, seed uint64) string {
	for i, f := range shown {
		if f.Run.Scenario == scenario && f.Run.Seed == seed {
			return sectionID(i + 1)
		}
	}
	return ""
}

// of is where the files of a run are: at the place itself, or where the campaign there says.
func (p place) of(c *Campaign, r *Run) place {
	if c == nil {
		return p
	}
	for i := range c.Scenarios {
		s := &c.Scenarios[i]
		if s.Name != r.Scenario {
			continue
		}
		for _, f := range s.Failures {
			if f.Seed == r.Seed {
				return p.in(f.Folder)
			}
		}
		for _, f := range s.Findings {
			if f.Seed == r.Seed {
				return p.in(f.Folder)
			}
		}
	}
	return ""
}

// in is a folder at the place; no place at all if it has no name: then the run was not saved.
func (p place) in(folder string) place {
	if p == "" || folder == "" {
		return ""
	}
	return place(path.Join(string(p), folder))
}

func sectionID(number int) string { return fmt.Sprintf("run-%d", number) }

func cycleView(c *checker.CyclePath, policy Policy, groups []JobGroup) *explanation {
	e := explainCycle(c, policy, groups)
	return &e
}

// recordPrefix precedes the number in the id of a run's records.
func recordPrefix(number int) string {
	if number == 1 {
		return "e"
	}
	return sectionID(number) + "-e"
}

// firstUpper is a sentence with its first letter large.
func firstUpper(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
