package explain

import (
	"fmt"
	"strings"
	"testing"

	"derail/checker"
	"derail/checker/history"
	"derail/reports"
	"derail/scenarios"
)

// A machine that was gone for good ended its lease; a pause that was over before did not.
func TestLeaseEndsForWhatTookTheOwnerAway(t *testing.T) {
	for _, c := range []struct {
		turns []history.Kind // of the owner, after its claim
		want  int32          // which of them, from 1; 0: none
	}{
		{nil, 0},
		{[]history.Kind{history.Pause}, 1},
		{[]history.Kind{history.Pause, history.Resume}, 0},
		{[]history.Kind{history.Pause, history.Resume, history.Crash}, 3},
		{[]history.Kind{history.Crash, history.Start, history.Crash}, 1},
	} {
		h := &history.History{Processes: []string{"store", "conductor-1"}, Jobs: []string{"j"}}
		h.Records = append(h.Records,
			history.Record{Kind: history.Claim, Type: history.Invoke, Process: 1},
			history.Record{Kind: history.Claim, Type: history.OK, Process: 1, Call: 1, Epoch: 1})
		for _, kind := range c.turns {
			h.Records = append(h.Records,
				history.Record{Kind: kind, Type: history.Event, Process: 1, Job: history.None})
		}
		o := orderOf(h)
		got := o.goneBy(&o.processes[1], 2)
		if got > 0 {
			got -= 2
		}
		if got != c.want {
			t.Errorf("%v: it is turn %d that took it away, want %d", c.turns, got, c.want)
		}
	}
}

// A rise that may be chance decides nothing, and nothing is said to be beyond prevention that was branched a
// few times.
func TestSmallRisesDecideNothing(t *testing.T) {
	l := &lab{violation: &violation{}}
	l.base.History = &history.History{Records: make([]history.Record, 9)}
	for want, broken := range map[string][2]int{
		"No one moment decided it: from one instant to the next the number of runs that break the promise rises by " +
			"no more than 4 of 20": {3, 7},
		"5 of 20 runs broke the promise; from 0.000005s on, 20 of 20.": {5, 20},
		"In none of these 20 runs did anything":                        {5, 20},
		"No one moment decided it: ":                                   {9, 2},
		"It was to be expected from the start: of 20 runs":             {20, 20},
	} {
		before := reports.Branch{Runs: 20, Broken: broken[0]}
		after := reports.Branch{AtNS: 5_000, Record: 3, Runs: 20, Broken: broken[1]}
		e := &reports.Inevitable{Branches: []reports.Branch{before, after}, Record: 3}
		if got := l.inWords(before, after, e, false); !strings.Contains(got, want) {
			t.Errorf("%v: it says %q, want %q", broken, got, want)
		}
	}
}

// A verdict lists so many findings and no more, and a job that is not among them may be meant all the same.
func TestWhatIsNotListedMayBreakIt(t *testing.T) {
	h := &history.History{Header: history.Header{Version: history.Version}, Processes: []string{"store", "c"}}
	for i := range 2 * mostFindings {
		h.Jobs = append(h.Jobs, fmt.Sprintf("job-%d", i))
		h.Records = append(h.Records, history.Record{
			Type: history.Event, Kind: history.Move, Process: 1, Job: history.JobID(i), Epoch: 1, Subject: "task-1",
			From: "PENDING", To: "SUCCESS",
		})
	}
	verdict := func(n int) (v checker.Verdict) {
		part := *h
		part.Records = h.Records[:n]
		for _, p := range checker.Properties() {
			if p.Name == scenarios.PropertyMovesLegal {
				v = p.Check(checker.Read(&part))
			}
		}
		return v
	}
	few, most, all := verdict(mostFindings-1), verdict(mostFindings), verdict(len(h.Records))
	if len(few.Findings) != mostFindings-1 || len(most.Findings) != mostFindings || len(all.Findings) != mostFindings {
		t.Fatalf("%d, %d and %d findings are listed", len(few.Findings), len(most.Findings), len(all.Findings))
	}
	if beyond := h.Jobs[len(h.Jobs)-1]; breaks(few, beyond) || !breaks(all, beyond) || !breaks(few, h.Jobs[0]) {
		t.Error("which jobs a promise is broken of is not told by what is listed")
	}
}
