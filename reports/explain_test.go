package reports_test

import (
	"strings"
	"testing"

	"derail/reports"
)

// explained is an explanation with everything in it.
func explained() *reports.Explanation {
	return &reports.Explanation{
		Property: "claim.linearizable", Job: "orders-1", Summary: "Two had it.", Faults: "One fault mattered.",
		Chain: []reports.Link{
			{Record: 3, AtNS: 1_500_000_000, Text: "the store forgot"},
			{Record: 9, AtNS: 12_000_000_000, Text: "conductor-2 claimed orders-1", Why: "the store had forgotten", After: 3},
		},
		Folded: 1234,
		Unordered: &reports.Unordered{
			Records: []int64{2, 8}, UntilNS: 12_000_000_000, UntilRecord: 9, Text: "Both cannot be.",
			Drawing: reports.DrawingFile,
		},
		Without: &reports.Parting{
			Fault: "the store forgot", Record: 4, AtNS: 1_500_000_000, With: []string{"12.000s conductor-2 claimed orders-1"},
			Without: []string{"2.000s conductor-1 consumed orders-1", "... 5 more ..."},
		},
		Inevitable: &reports.Inevitable{
			Text: "It was decided then.", Record: 3, Branches: []reports.Branch{
				{AtNS: 0, Runs: 20, Broken: 1}, {AtNS: 1, Runs: 20, Broken: 1}, {AtNS: 2_000_000_000, Runs: 20, Broken: 20},
			},
		},
		Cut: "There was no time for more.",
	}
}

const explainedText = `Why it broke: claim.linearizable, orders-1
  Two had it.

  One fault mattered.

  What led to it
     1.500s  the store forgot (record 3)
    12.000s  conductor-2 claimed orders-1 (record 9)
             because the store had forgotten
    The other 1,234 records of this run are left out.

  What has no order
    Both cannot be.
    Until 12.000s there was an order of all that was known; since record 9 there is none.
    claims.html, beside this, is a drawing of all the calls.

  The same run without the last of these faults
    Left out: the store forgot.
    The two runs part at 1.500s, with record 4.
    With it:
      12.000s  conductor-2 claimed orders-1
    Without it:
      2.000s  conductor-1 consumed orders-1
      ...  5 more ...
    Without it, the promise is not broken for orders-1.

  When it was decided
    It was decided then.
    Of 20 runs with choices drawn anew, so many break the promise: 1 from 0.000s on, 20 from 2.000s on.

  There was no time for more.
`

func TestExplanationText(t *testing.T) {
	if got := reports.ExplanationText(explained(), reports.Style{Width: 110}); got != explainedText {
		t.Errorf("got:\n%s\nwant:\n%s", got, explainedText)
	}
}

// What was not worked out is not there, and what names hold moves no cursor.
func TestExplanationTextOfLittle(t *testing.T) {
	got := reports.ExplanationText(&reports.Explanation{
		Property: "run.happened", Summary: "No\x1b[2Jthing.",
		Without: &reports.Parting{Fault: "a fault"},
	}, reports.Style{})
	want := "Why it broke: run.happened\n  No\\x1b[2Jthing.\n\n  The same run without the last of these faults\n" +
		"    Left out: a fault.\n    The two runs are the same in every other record.\n"
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	e := explained()
	e.Without.Broken, e.Inevitable.Job, e.Folded = true, "orders-1", 1
	text := strings.Join(strings.Fields(reports.ExplanationText(e, reports.Style{})), " ")
	for _, part := range []string{
		"is broken for orders-1 without it as well", "so many break it for orders-1: 1 from",
		"One other record of this run is left out.",
	} {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in:\n%s", part, text)
		}
	}
}
