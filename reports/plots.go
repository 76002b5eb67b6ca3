package reports

import (
	"encoding/json"
	"fmt"
	"html/template"
	"slices"
)

// Plots is what the runs of a scenario were like, by size: how many jobs or runs there were of each.
type Plots struct {
	// Attempts counts jobs by how often each was claimed.
	Attempts []Bucket `json:"attempts,omitempty"`
	// Rest counts runs by how long after the end of the last fault the board still changed, in nanoseconds.
	// Restless is how many runs are not among them, because a job was still on the board when they ended.
	Rest     []Bucket `json:"rest_ns,omitempty"`
	Restless int64    `json:"restless,omitempty"`
	// Wasted counts runs by how many percent of their task executions came to nothing: they failed, or what they
	// did was undone, or done again, or their job was not consumed.
	Wasted []Bucket `json:"wasted_percent,omitempty"`
	// Faults counts runs by how many faults struck.
	Faults []Bucket `json:"faults,omitempty"`
}

// Bucket counts what is at least From, and less than the From of any bucket above it that any scenario has.
// Empty ones are left out.
type Bucket struct {
	From  int64 `json:"from"`
	Count int64 `json:"count"`
}

// The edges of buckets: each is where one begins. The last has no end.
var (
	AttemptEdges = []int64{0, 1, 2, 3, 4, 5, 6, 8, 11, 16, 21, 51, 101}
	RestEdges    = []int64{
		0, millisecond, 10 * millisecond, 50 * millisecond, 100 * millisecond, 200 * millisecond, 500 * millisecond,
		second, 2 * second, 5 * second, 10 * second, 20 * second, 50 * second, 100 * second,
	}
	WastedEdges = []int64{0, 1, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100}
	FaultEdges  = []int64{0, 1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000}
)

// Buckets is a count for each edge as a list, without those that are empty.
func Buckets(edges, counts []int64) []Bucket {
	var list []Bucket
	for i, n := range counts {
		if n > 0 {
			list = append(list, Bucket{From: edges[i], Count: n})
		}
	}
	return list
}

// plotView is one plot over a campaign: bars, and the same as a table.
type plotView struct {
	ID, Title, About string
	Unit             string // what the bars count
	Axis             string // what they are counted by
	Labels           []string
	Sets             []plotSet // of all scenarios together, and of each
}

// plotSet is the bars of one choice of scenarios.
type plotSet struct {
	Name   string
	Counts []int64
	Note   string
}

// plotsView is the plots of a campaign.
type plotsView struct {
	Plots     []plotView
	Scenarios []string
	Struck    []struckView
	Columns   template.JS
	Library   template.JS
	Style     template.CSS
}

// struckView is one bar in the list of faults.
type struckView struct{ Name, Text, Width string }

// newPlots is nil where nothing was counted.
func newPlots(c *Campaign) *plotsView {
	v := &plotsView{Struck: struckBars(c)}
	for _, p := range []struct {
		plotView
		edges []int64
		label func(from, below int64) string
		of    func(*Plots) []Bucket
	}{
		{plotView{
			ID: "attempts", Title: "Attempts per job", Unit: "jobs", Axis: "claims of the job",
			About: "How often a job was claimed before its run ended.",
		}, AttemptEdges, wholes, func(p *Plots) []Bucket { return p.Attempts }},
		{plotView{
			ID: "rest", Title: "Time to rest", Unit: "runs", Axis: "time after the last fault",
			About: "How long the board still changed after the last fault had ended.",
		}, RestEdges, lengths, func(p *Plots) []Bucket { return p.Rest }},
		{plotView{
			ID: "wasted", Title: "Wasted work", Unit: "runs", Axis: "percent of task executions",
			About: "Executions that failed, were undone or done again, or whose job was not consumed.",
		}, WastedEdges, wholes, func(p *Plots) []Bucket { return p.Wasted }},
		{plotView{
			ID: "faults", Title: "Faults reached", Unit: "runs", Axis: "faults that struck the run",
			About: "How many faults struck a run.",
		}, FaultEdges, wholes, func(p *Plots) []Bucket { return p.Faults }},
	} {
		plot := p.plotView
		plot.fill(c, p.edges, p.label, p.of)
		if len(plot.Sets) > 0 {
			v.Plots = append(v.Plots, plot)
		}
	}
	if len(v.Plots) == 0 {
		return nil
	}
	for i := range c.Scenarios {
		if c.Scenarios[i].Plots != nil {
			v.Scenarios = append(v.Scenarios, clean(c.Scenarios[i].Name))
		}
	}
	v.Columns, v.Library, v.Style = plotScript(v.Plots), template.JS(plotLibrary), template.CSS(plotStyle)
	return v
}

// fill counts, from the lowest bucket of any scenario to the highest.
func (p *plotView) fill(c *Campaign, edges []int64, label func(from, below int64) string,
	of func(*Plots) []Bucket,
) {
	all := plotSet{Name: "all scenarios", Counts: make([]int64, len(edges))}
	restless := int64(0)
	for i := range c.Scenarios {
		plots := c.Scenarios[i].Plots
		if plots == nil {
			continue
		}
		set := plotSet{Name: clean(c.Scenarios[i].Name), Counts: make([]int64, len(edges))}
		for _, b := range of(plots) {
			at, found := slices.BinarySearch(edges, b.From)
			if !found { // written by another derail: it belongs to the edge below it
				at = max(0, at-1)
			}
			set.Counts[at] += b.Count
			all.Counts[at] += b.Count
		}
		if p.ID == "rest" {
			set.Note = restlessNote(plots.Restless)
			restless += plots.Restless
		}
		p.Sets = append(p.Sets, set)
	}
	first := slices.IndexFunc(all.Counts, func(n int64) bool { return n > 0 })
	if first < 0 {
		p.Sets = nil
		return
	}
	last := len(edges)
	for all.Counts[last-1] == 0 {
		last--
	}
	all.Note = restlessNote(restless)
	p.Sets = append([]plotSet{all}, p.Sets...)
	for i := range p.Sets {
		p.Sets[i].Counts = p.Sets[i].Counts[first:last]
	}
	for i := first; i < last; i++ {
		below := int64(-1)
		if i+1 < len(edges) {
			below = edges[i+1]
		}
		p.Labels = append(p.Labels, label(edges[i], below))
	}
}

func restlessNote(n int64) string {
	if n == 0 {
		return ""
	}
	return "Not counted: " + plural(n, "run") + " that ended with jobs on the board."
}

// wholes names a bucket of whole numbers; below is -1 for the last.
func wholes(from, below int64) string {
	switch {
	case below < 0 && from == 100 || below == from+1:
		return fmt.Sprint(from)
	case below < 0:
		return fmt.Sprintf("%d+", from)
	default:
		return fmt.Sprintf("%d–%d", from, below-1)
	}
}

// lengths names a bucket of lengths of time.
func lengths(from, below int64) string {
	if below < 0 {
		return Duration(from) + "+"
	}
	return "<" + Duration(below)
}

// struckBars are the kinds of faults that struck, the most frequent first.
func struckBars(c *Campaign) []struckView {
	counts := make(map[string]int64)
	for i := range c.Scenarios {
		for _, f := range c.Scenarios[i].Faults {
			counts[f.Name] += f.Count
		}
	}
	list := Counts(counts)
	slices.SortStableFunc(list, func(a, b Count) int { return int(min(max(b.Count-a.Count, -1), 1)) })
	var views []struckView
	for _, f := range list {
		views = append(views, struckView{
			Name: clean(f.Name), Text: Quantity(f.Count),
			Width: percent(max(f.Count, list[0].Count/500), list[0].Count),
		})
	}
	return views
}

// plotScript is what the page's script draws.
func plotScript(plots []plotView) template.JS {
	type bars struct {
		ID     string    `json:"id"`
		Unit   string    `json:"unit"`
		Axis   string    `json:"axis"`
		Labels []string  `json:"labels"`
		Counts [][]int64 `json:"counts"`
		Notes  []string  `json:"notes"`
	}
	list := []bars{}
	for _, p := range plots {
		b := bars{ID: p.ID, Unit: p.Unit, Axis: p.Axis, Labels: p.Labels}
		for _, s := range p.Sets {
			b.Counts, b.Notes = append(b.Counts, s.Counts), append(b.Notes, s.Note)
		}
		list = append(list, b)
	}
	text, err := json.Marshal(list)
	if err != nil {
		panic(err) // there is nothing in it that has no form
	}
	return template.JS(text)
}
