package reports

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// explainedRun is the double run with an explanation that has everything.
func explainedRun() *RunFolder {
	f := doubleRun()
	at := func(seq int64) int64 { return f.History.Records[seq-1].At }
	f.Explanation = &Explanation{
		Property: "claim.exclusive", Job: "order-1",
		Summary: "order-1 was to have one owner at a time; conductor-2 was granted it while conductor-1 held it.",
		Faults:  "It took 1 of the 2 faults that struck.",
		Chain: []Link{
			{Record: 4, AtNS: at(4), Node: "conductor-1", Text: "conductor-1 claimed order-1"},
			{Record: 5, AtNS: at(5), Text: "conductor-1 was paused", Why: "nothing led to it: a fault", Folded: 0},
			{Record: 9, AtNS: at(9), Node: "conductor-2", Text: "conductor-2 <claimed> it too", Why: "its lease ended after record 5, and record 4 is old", Folded: 3},
		},
		Folded: 6,
		Unordered: &Unordered{
			Records: []int64{3, 6}, UntilNS: at(7), UntilRecord: 7, Text: "Both held it with epoch 1.", Drawing: "claims.html",
		},
		Without: &Parting{
			Fault: "the pause of conductor-1", Record: 5, AtNS: at(5),
			With: []string{"conductor-1 was paused", "the lease ended"}, Without: []string{"conductor-1 consumed order-1"},
		},
		Inevitable: &Inevitable{
			Branches: []Branch{{0, 0, 20, 1}, {at(4), 4, 20, 3}, {at(5), 5, 20, 19}, {at(9), 9, 20, 20}},
			Record:   5, AtNS: at(5), Text: "After the pause 95 % of the branches break it.",
		},
	}
	return f
}

func TestHTMLOfExplanation(t *testing.T) {
	content := page(t, nil, explainedRun())
	section := regexp.MustCompile(`(?s)<section class="why" id="run-1-why".*?</section>`).FindString(content)
	for _, want := range []string{
		"order-1 was to have one owner at a time", "It took 1 of the 2 faults", "3 records in between", "its lease ended after record <a class=\"record\" href=\"#e5\">5</a>, and record",
		`<a class="record" href="#e9">#9</a>`, "conductor-2 &lt;claimed&gt; it too", "The other 6 records of this run are left out.",
		`href="claims.html"`, "With the fault", "Without it", "with record <a class=\"record\" href=\"#e5\">5</a>.",
		"Without it, the promise is not broken for order-1.", `points="0,95 125,85 187,5 1000,0"`, "After the pause 95 % of the branches",
	} {
		if !strings.Contains(section, want) {
			t.Errorf("the explanation has no %q:\n%s", want, section)
		}
	}
	if n := strings.Count(section, `<div class="when">`); n != 3 {
		t.Errorf("the chain has %d links, want 3", n)
	}
	if strings.Contains(page(t, nil, doubleRun()), "run-1-why") {
		t.Error("a run that nobody explained has a section for it")
	}
}

// TestExplanationOfCampaignLinksIntoItsFolders: the page of a campaign lies beside the folders of its runs, and
// so does not have porcupine's drawing beside it.
func TestExplanationOfCampaignLinksIntoItsFolders(t *testing.T) {
	if content := page(t, mixedCampaign(), explainedRun()); !strings.Contains(content,
		`href="runs/double-seed-7/claims.html"`) {
		t.Error("the drawing of a run of a campaign is not linked in the folder of the run")
	}
	f := explainedRun()
	f.Explanation.Unordered.Drawing = "../../secret.html"
	if content := page(t, nil, f); strings.Contains(content, "secret.html") {
		t.Error("a drawing that is not beside the run is linked")
	}
}

func TestFlagsOfExplanation(t *testing.T) {
	var got []string
	for _, f := range flags(explainedRun()) {
		got = append(got, f.Name)
	}
	if want := []string{"the runs part", "point of no return", "violation"}; !slices.Equal(got, want) {
		t.Errorf("the drawing names %q, want %q", got, want)
	}
}

// Where leaving the fault out changes nothing, the page does not name a place where the runs part.
func TestPartingOfRunsThatDoNotPart(t *testing.T) {
	f := explainedRun()
	f.Explanation.Without.Record = 0
	content := page(t, nil, f)
	if !strings.Contains(content, "The two runs are the same in every other record.") {
		t.Error("the page does not say that leaving the fault out changes nothing")
	}
	for _, wrong := range []string{"The two runs part at", "With the fault", "Without it, the promise"} {
		if strings.Contains(content, wrong) {
			t.Errorf("the page of two runs that are the same says %q", wrong)
		}
	}
}
