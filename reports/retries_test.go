package reports

import (
	"slices"
	"strings"
	"testing"

	"derail/checker"
	"derail/checker/history"
)

// triedRun is a run in which a retry tries again and then gives up, too early.
func triedRun() *RunFolder {
	t := newTeller(history.Header{Scenario: "tries", Seed: 3, End: 4 * second})
	job := t.post(100*millisecond, "order-1")
	t.claim(200*millisecond, "conductor-1", job)
	move := func(at int64, kind history.Kind, what, from, to string, attempt int32) int64 {
		return t.event(at*millisecond, kind, "conductor-1", history.Record{
			Job: job, Epoch: 1, Subject: what, From: from, To: to, Attempt: attempt,
		})
	}
	move(300, history.Retry, "tries", "PENDING", "RUNNING", 1)
	move(301, history.Retry, "tries", "RUNNING", "SUCCESS", 1)
	move(310, history.Move, "pay", "PENDING", "RUNNING", 0)
	move(500, history.Move, "pay", "RUNNING", "FAILURE", 0)
	move(510, history.Move, "pay", "FAILURE", "REVERTING", 0)
	move(600, history.Move, "pay", "REVERTING", "REVERTED", 0)
	move(700, history.Retry, "tries", "SUCCESS", "RETRYING", 1)
	move(710, history.Move, "pay", "REVERTED", "PENDING", 0)
	gave := move(900, history.Retry, "tries", "SUCCESS", "REVERTING", 2)
	t.end(2*second, history.Consume, "conductor-1", job, "")
	return &RunFolder{History: t.History(), Run: Run{
		Scenario: "tries", Seed: 3, Replay: "derail replay tries.yaml --seed 3", SimulatedNS: 4 * second,
		Verdicts: []checker.Verdict{{
			Property: "retry.counted", Outcome: checker.Invalid, Checked: 2,
			Summary: "conductor-1 gave tries of order-1 up after attempt 2 of 3",
			Findings: []checker.Finding{{
				Job: "order-1", Text: "conductor-1 gave tries of order-1 up after attempt 2 of 3",
				Records: []int64{gave},
			}},
		}},
	}}
}

func TestRetriesInTheStory(t *testing.T) {
	text := RunText(triedRun(), Style{})
	_, story, _ := strings.Cut(strings.Join(strings.Fields(text), " "), "What happened")
	for _, want := range []string{
		"saw pay fail",
		"tried again (retry tries, after attempt 1)",
		"gave up with retry tries",
	} {
		if !strings.Contains(story, want) {
			t.Errorf("the story does not tell that %s:\n%s", want, text)
		}
	}
	for _, quiet := range []string{"to PENDING", "to RUNNING", "from RUNNING to SUCCESS"} {
		if strings.Contains(story, quiet) {
			t.Errorf("the story tells what went %s:\n%s", quiet, text)
		}
	}
}

func TestRetriesInTheTimeline(t *testing.T) {
	f := triedRun()
	line := newTimeline(f.History)
	if !slices.ContainsFunc(line.Legend, func(e legendEntry) bool { return e.Symbol == "again" }) {
		t.Errorf("the legend does not explain a retry's mark: %+v", line.Legend)
	}
	marks := 0
	for _, m := range line.Marks {
		if m.Symbol == "again" && m.Lane == ofJob {
			marks++
		}
	}
	if marks != 1 {
		t.Errorf("%d marks of a retry that tries again, want 1: %+v", marks, line.Marks)
	}
}

// TestMisledInTheStory: what a task says of its arguments is told where its job's story is, as something bad.
func TestMisledInTheStory(t *testing.T) {
	f := triedRun()
	at := slices.IndexFunc(f.History.Records, func(r history.Record) bool { return r.Subject == "pay" })
	r := &f.History.Records[at]
	r.Kind, r.From, r.To, r.Reason = history.Misled, "", "", "result-1 is gone"
	text := strings.Join(strings.Fields(RunText(f, Style{})), " ")
	_, story, _ := strings.Cut(text, "What happened")
	if want := "task pay of order-1 on conductor-1 was given something wrong (result-1 is gone)"; !strings.Contains(
		story, want) {
		t.Errorf("the story does not tell that %s:\n%s", want, text)
	}
	if got := tone(r, quietRecords(f.History)[at]); got != "bad" {
		t.Errorf("its tone is %q", got)
	}
}
