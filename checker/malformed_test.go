package checker

import (
	"slices"
	"strings"
	"testing"

	"derail/checker/history"
)

// TestMalformedHistoriesAreUndecided gives the checker what no reader would have let through.
func TestMalformedHistoriesAreUndecided(t *testing.T) {
	invoke := history.Record{Type: history.Invoke, Kind: history.Claim, At: 5}
	event := func(kind history.Kind) history.Record {
		return history.Record{Type: history.Event, Kind: kind, Job: history.None, Process: history.None, At: 5}
	}
	change := func(rec history.Record, f func(*history.Record)) history.Record {
		f(&rec)
		return rec
	}
	answer := change(invoke, func(r *history.Record) { r.Type, r.Call, r.Epoch = history.OK, 1, 1 })
	for _, c := range []struct {
		name    string
		records []history.Record
		at      int64
		why     string
	}{
		{"no kind", []history.Record{{}}, 1, "a record of no known kind"},
		{"a kind of the future", []history.Record{event(history.Metric + 1)}, 1, "a record of no known kind"},
		{
			"time goes back",
			[]history.Record{invoke, change(answer, func(r *history.Record) { r.At = 4 })},
			2, "time goes back",
		},
		{
			"a job without a name",
			[]history.Record{change(invoke, func(r *history.Record) { r.Job = 1 })},
			1, "its job or its process has no name",
		},
		{
			"a process without a name",
			[]history.Record{change(invoke, func(r *history.Record) { r.Process = 9 })},
			1, "its job or its process has no name",
		},
		{
			"an operation on nothing",
			[]history.Record{change(invoke, func(r *history.Record) { r.Job = -1 })},
			1, "an operation without a job or a process",
		},
		{
			"an operation of nobody",
			[]history.Record{change(invoke, func(r *history.Record) { r.Process = -2 })},
			1, "an operation without a job or a process",
		},
		{"a lease end of nothing", []history.Record{event(history.LeaseEnd)}, 1, "a lease end without a job"},
		{"a save of nothing", []history.Record{event(history.Save)}, 1, "a save without a job"},
		{"a move of nothing", []history.Record{event(history.Move)}, 1, "a move without a job"},
		{"misled, of nothing", []history.Record{event(history.Misled)}, 1, "a task of no job was misled"},
		{"a final of nothing", []history.Record{event(history.Final)}, 1, "a final state without a job"},
		{
			"a final of no kind",
			[]history.Record{change(event(history.Final), func(r *history.Record) { r.Job, r.To = 0, "lost" })},
			1, "a final state that no job can have",
		},
		{
			"a completion without a call",
			[]history.Record{invoke, change(answer, func(r *history.Record) { r.Call = 0 })},
			2, "a completion of no earlier record",
		},
		{
			"a completion of the future",
			[]history.Record{invoke, change(answer, func(r *history.Record) { r.Call = 3 }), invoke},
			2, "a completion of no earlier record",
		},
		{
			"a completion of itself",
			[]history.Record{invoke, change(answer, func(r *history.Record) { r.Call = 2 })},
			2, "a completion of no earlier record",
		},
		{
			"a completion of an event",
			[]history.Record{event(history.Heal), answer},
			2, "a completion of what is no invoke",
		},
		{
			"a completion of another kind",
			[]history.Record{invoke, change(answer, func(r *history.Record) { r.Kind = history.Trash })},
			2, "a completion that does not fit its invoke, or a second one",
		},
		{
			"a completion by another",
			[]history.Record{invoke, change(answer, func(r *history.Record) { r.Process = 1 })},
			2, "a completion that does not fit its invoke, or a second one",
		},
		{
			"two completions",
			[]history.Record{invoke, answer, answer},
			3, "a completion that does not fit its invoke, or a second one",
		},
		{
			"a claim without an epoch",
			[]history.Record{invoke, change(answer, func(r *history.Record) { r.Epoch = 0 })},
			2, "a claim that was granted without an epoch",
		},
		{
			"an operation that is an event",
			[]history.Record{invoke, change(answer, func(r *history.Record) { r.Type = history.Event })},
			2, "a completion that is neither ok, fail nor info",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := &history.History{Jobs: []string{"j"}, Processes: []string{"A", "B"}, Records: c.records}
			for _, v := range Check(h).Verdicts {
				if v.Outcome != Unknown || len(v.Findings) != 1 || !strings.HasSuffix(v.Summary, c.why) ||
					!slices.Equal(v.Findings[0].Records, []int64{c.at}) {
					t.Fatalf("%+v, want record %d: %s", v, c.at, c.why)
				}
			}
		})
	}
}

// TestRecordsThatSayNothing asks that kinds which no property looks at disturb none.
func TestRecordsThatSayNothing(t *testing.T) {
	h := told(t, `
		A start
		nemesis fault slow reason=slow
		nemesis pause
		client post j
		A note
		A claim j e=1 a=1
		A message
		nemesis resume
		A lost j e=1
		A consume j e=1
		store final j gone
	`)
	if report := Check(h); report.Outcome() != Valid {
		t.Errorf("%+v", report)
	}
}

// TestImpossibleEpochs asks only that nothing breaks, and that the board is not believed.
func TestImpossibleEpochs(t *testing.T) {
	for _, epoch := range []int64{1 << 62, 3} {
		h := told(t, good)
		for i := range h.Records {
			if h.Records[i].Epoch != 0 {
				h.Records[i].Epoch = epoch
			}
		}
		if report := Check(h); !slices.Contains(report.Broken(), "claim.linearizable") {
			t.Errorf("epoch %d: %+v", epoch, report)
		}
	}
}

// TestNamesThatAreEmpty asks that a sentence about what has no name is still one.
func TestNamesThatAreEmpty(t *testing.T) {
	h := told(t, "client post j\nA claim j e=1 a=1\nA consume j e=1\nB consume j e=1\nstore final j gone")
	h.Jobs[0], h.Processes[2] = "", ""
	v, _ := Check(h).Verdict("claim.linearizable")
	want := "an unnamed job: the consume by an unnamed process in epoch 1 cannot have happened: by then " +
		"an unnamed job was consumed, epoch 1"
	if v.Summary != want {
		t.Errorf("got  %s\nwant %s", v.Summary, want)
	}
}
