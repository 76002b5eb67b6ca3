package explore

import (
	"errors"
	"slices"
	"testing"

	"derail/checker/history"
	"derail/reports"
	"derail/sim/world"
)

// plotted is a run of two jobs: one that is never consumed, one that is at its second attempt.
func plotted() *world.Result {
	r := history.NewRecorder(history.Header{})
	add := func(at int64, rec history.Record) { rec.At = at; r.Append(rec) }
	who := r.Process("c")
	for _, name := range []string{"b", "a"} {
		job := r.Job(name)
		event := func(at int64, t history.Type, kind history.Kind, subject, to string) {
			add(at, history.Record{Type: t, Kind: kind, Job: job, Process: who, Subject: subject, To: to})
		}
		event(1, history.OK, history.Post, "", "")
		event(2, history.OK, history.Claim, "", "")
		event(3, history.Event, history.Move, "task", "RUNNING")
		event(3, history.Event, history.Move, history.SubjectFlow, "RUNNING")
		if name == "b" {
			continue
		}
		event(4, history.OK, history.Abandon, "", "")
		event(5, history.OK, history.Claim, "", "")
		event(6, history.Event, history.Move, "task", "RUNNING")
		add(7, history.Record{Type: history.Event, Kind: history.Heal, Job: history.None, Process: history.None})
		event(7+2_000_000, history.OK, history.Consume, "", "")
	}
	return &world.Result{History: r.History()}
}

func TestPlots(t *testing.T) {
	var one, other Plots
	r := plotted()
	one.add(r, 4)
	r.Left = 1
	other.add(r, 0)
	r.Stopped = "claim.exclusive" // tells nothing
	other.add(r, 0)
	r.Stopped, r.Broken = "", errors.New("broken")
	other.add(r, 0)
	one.join(&other)
	got := one.Report()
	for _, c := range []struct {
		name      string
		got, want []reports.Bucket
	}{
		{"attempts", got.Attempts, []reports.Bucket{{From: 1, Count: 2}, {From: 2, Count: 2}}},
		{"rest", got.Rest, []reports.Bucket{{From: 1_000_000, Count: 1}}},
		{"wasted", got.Wasted, []reports.Bucket{{From: 60, Count: 2}}},
		{"faults", got.Faults, []reports.Bucket{{From: 0, Count: 1}, {From: 3, Count: 1}}},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, c.got, c.want)
		}
	}
	if got.Restless != 1 {
		t.Errorf("%d runs did not come to rest, want 1", got.Restless)
	}
	if (&Plots{}).Report() != nil {
		t.Error("no run has plots")
	}
}
