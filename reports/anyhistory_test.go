package reports

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"derail/checker"
	"derail/checker/history"
)

// anyRun is a run in which anything may happen at any time, sensible or not: what is told of it is not to depend on
// its being so.
func anyRun(t *rapid.T) *RunFolder {
	r := history.NewRecorder(history.Header{Scenario: "any", Seed: 1})
	for _, name := range []string{"store", "client-1", "conductor-1", "conductor-2"} {
		r.Process(name)
	}
	for _, name := range []string{"orders-1", "orders-2", "orders-3"} {
		r.Job(name)
	}
	kinds := []history.Kind{
		history.Claim, history.Claim, history.Consume, history.Abandon, history.Save, history.Move, history.Move,
		history.Fault, history.Crash, history.Start, history.Pause, history.Resume, history.LeaseEnd, history.Retry,
	}
	states := rapid.SampledFrom([]string{"PENDING", "RUNNING", "SUCCESS", "FAILURE", "REVERTING", "RETRYING", "gone"})
	subjects := rapid.SampledFrom([]string{"", "task-1", "task-2", "flow", "job", "orders-2", "revision 3 were lost"})
	at := int64(0)
	for i := range rapid.IntRange(0, 120).Draw(t, "records") {
		at += rapid.Int64Range(0, int64(second)).Draw(t, "later")
		kind := rapid.SampledFrom(kinds).Draw(t, "kind")
		if rapid.IntRange(0, 4).Draw(t, "other") == 0 {
			kind = history.Kind(rapid.IntRange(1, int(history.Metric)).Draw(t, "any kind"))
		}
		one := history.Record{
			At: at, Type: history.Event, Kind: kind, Process: history.ProcessID(rapid.IntRange(-1, 3).Draw(t, "who")),
			Job: history.JobID(rapid.IntRange(-1, 2).Draw(t, "job")), Epoch: int64(rapid.IntRange(0, 3).Draw(t, "epoch")),
			N: int32(rapid.IntRange(0, 900).Draw(t, "n")), Subject: subjects.Draw(t, "subject"),
			From: states.Draw(t, "from"), To: states.Draw(t, "to"),
			Reason: rapid.SampledFrom([]string{"", "held", "node.crash", "task.error", "storage.failover"}).Draw(t, "why"),
		}
		if kind.Operation() {
			one.Type = history.Type(rapid.IntRange(int(history.Invoke), int(history.Info)).Draw(t, "type"))
			one.Process, one.Job = max(one.Process, 0), max(one.Job, 0)
			if one.Type != history.Invoke {
				one.Call = int64(rapid.IntRange(0, i).Draw(t, "call"))
			}
		}
		r.Append(one)
	}
	f := &RunFolder{History: r.History(), Run: Run{Scenario: "any"}}
	if n := len(f.History.Records); n > 0 {
		f.Run.Verdicts = []checker.Verdict{{
			Property: "job.conserved", Outcome: checker.Invalid, Findings: []checker.Finding{{
				Job: "orders-1", Text: "it is lost", Records: []int64{int64(rapid.IntRange(1, n).Draw(t, "evidence"))},
			}},
		}}
	}
	return f
}

// Whatever happens in a run, it can be told, nothing is lost in folding, and its broken promise is in the story.
func TestAnythingCanBeTold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := anyRun(t)
		whole, short := 0, 0
		for _, l := range storyOf(f, &Telling{Whole: true}) {
			if l.beat.Rank < silent {
				whole += l.beat.Records
			}
		}
		for _, l := range storyOf(f, &Telling{}) {
			if l.beat != nil {
				short += l.beat.Records
			} else {
				short += l.fold.records
			}
		}
		if whole != short {
			t.Errorf("%d records in the short story, %d in the whole", short, whole)
		}
		text := RunText(f, Style{})
		if len(f.Run.Verdicts) > 0 && strings.Count(text, " X BROKEN job.conserved: it is lost") != 1 {
			t.Errorf("the broken promise is not marked, or more than once:\n%s", text)
		}
		if n := strings.Count(Narrate(f, &Telling{}, Style{Width: 1000}), "\n"); n > mostTold+12 {
			t.Errorf("a story of %d lines", n)
		}
		RunTold(f, &Telling{Nodes: []string{"conductor-1"}, From: second}, Style{Width: 40})
	})
}

// Whatever happens in a run, it can be walked through, forwards and back.
func TestAnythingCanBeWalkedThrough(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := anyRun(t)
		s := NewStepper(f, &Telling{})
		if s.Empty() {
			return
		}
		var seen []string
		for more := true; more; more = s.Move(1) {
			seen = append(seen, s.Text(Style{}))
			s.Screen(Style{Width: 60}, 24)
		}
		for i := len(seen) - 1; i >= 0; i-- {
			if got := s.Text(Style{}); got != seen[i] {
				t.Fatalf("back at %d it shows\n%s\nand not\n%s", i+1, got, seen[i])
			}
			s.Move(-1)
		}
	})
}

// Whatever happens in a run, its trace is one.
func TestAnythingCanBeTraced(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		for _, problem := range readTrace(t, traced(t, anyRun(t))).problems {
			t.Error(problem)
		}
	})
}
