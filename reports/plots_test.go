package reports

import (
	"slices"
	"strings"
	"testing"
)

// plottedCampaign has plots of two of its scenarios.
func plottedCampaign() *Campaign {
	c := mixedCampaign()
	c.Scenarios[0].Plots = &Plots{
		Attempts: []Bucket{{1, 1990}, {2, 10}}, Rest: []Bucket{{0, 150}, {second, 50}},
		Wasted: []Bucket{{0, 200}}, Faults: []Bucket{{0, 200}},
	}
	c.Scenarios[1].Plots = &Plots{
		Attempts: []Bucket{{1, 80}, {16, 20}}, Restless: 20, Wasted: []Bucket{{90, 20}}, Faults: []Bucket{{5, 20}},
	}
	return c
}

func TestPlotsAddScenariosUp(t *testing.T) {
	v := newPlots(plottedCampaign())
	p := v.Plots[0]
	if want := []string{"1", "2", "3", "4", "5", "6–7", "8–10", "11–15", "16–20"}; !slices.Equal(p.Labels, want) {
		t.Errorf("attempts are counted by %q, want %q", p.Labels, want)
	}
	if len(p.Sets) != 3 || !slices.Equal(p.Sets[0].Counts, []int64{2070, 10, 0, 0, 0, 0, 0, 0, 20}) ||
		!slices.Equal(p.Sets[2].Counts, []int64{80, 0, 0, 0, 0, 0, 0, 0, 20}) {
		t.Errorf("attempts: %+v", p.Sets)
	}
	if rest := v.Plots[1]; rest.Labels[0] != "<1ms" || rest.Labels[len(rest.Labels)-1] != "<2s" ||
		rest.Sets[0].Note != "Not counted: 20 runs that ended with jobs on the board." || rest.Sets[1].Note != "" {
		t.Errorf("time to rest: %+v", rest)
	}
	if newPlots(mixedCampaign()) != nil {
		t.Error("a campaign without counts has plots")
	}
}

func TestHTMLOfPlots(t *testing.T) {
	content := page(t, plottedCampaign())
	for _, want := range []string{
		"Attempts per job", "Time to rest", "Wasted work", "Faults reached", "The MIT License", "uPlot=",
		`<tr><th scope="row">16–20</th><td class="number">20</td></tr>`, "<code>storage.refused</code>",
	} {
		if !strings.Contains(content, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	if content := page(t, mixedCampaign()); strings.Contains(content, "uPlot=") {
		t.Error("a page without plots carries what draws them")
	}
}

func TestBucketsLeaveOutWhatIsEmpty(t *testing.T) {
	got := Buckets([]int64{0, 1, 5}, []int64{3, 0, 2})
	if want := []Bucket{{0, 3}, {5, 2}}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	for name, edges := range map[string][]int64{
		"attempts": AttemptEdges, "rest": RestEdges, "wasted": WastedEdges, "faults": FaultEdges,
	} {
		if !slices.IsSorted(edges) || edges[0] != 0 {
			t.Errorf("the edges of %s are %v: not in order from 0", name, edges)
		}
	}
}
