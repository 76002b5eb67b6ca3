package history

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// write writes a little down.
func write(r *Recorder, names ...string) {
	for _, name := range names {
		r.Append(Record{Type: Invoke, Kind: Post, Process: r.Process("client"), Job: r.Job(name)})
	}
}

func TestRecorder(t *testing.T) {
	r := NewRecorder(Header{Scenario: "s", Seed: 7})
	if seq := r.Append(Record{Kind: Heal, Type: Event, Job: None, Process: None}); seq != 1 {
		t.Errorf("the first record has number %d", seq)
	}
	write(r, "i", "j", "i")
	r.Header().End = 9
	want := &History{
		Header: Header{Version: Version, Scenario: "s", Seed: 7, End: 9}, Processes: []string{"client"},
		Jobs: []string{"i", "j"},
		Records: []Record{
			{Kind: Heal, Type: Event, Job: None, Process: None},
			{Type: Invoke, Kind: Post, Job: 0},
			{Type: Invoke, Kind: Post, Job: 1},
			{Type: Invoke, Kind: Post, Job: 0},
		},
	}
	if diff := cmp.Diff(want, r.History()); diff != "" {
		t.Error(diff)
	}
	if seq := r.Append(Record{}); seq != 5 {
		t.Errorf("the fifth record has number %d", seq)
	}
}

func TestResetForgetsEverything(t *testing.T) {
	r := NewRecorder(Header{Scenario: "first", Attempts: 3})
	write(r, "i", "j")
	kept := r.History().Clone()
	r.Reset(Header{Scenario: "second"})
	write(r, "k")
	want := &History{
		Header: Header{Version: Version, Scenario: "second"}, Processes: []string{"client"}, Jobs: []string{"k"},
		Records: []Record{{Type: Invoke, Kind: Post}},
	}
	if diff := cmp.Diff(want, r.History()); diff != "" {
		t.Error(diff)
	}
	if kept.Header.Scenario != "first" || kept.Jobs[1] != "j" || len(kept.Records) != 2 {
		t.Errorf("the clone changed: %+v", kept)
	}
	// What is beyond the length must not hold on to texts of the first run.
	if jobs := r.History().Jobs[:2]; jobs[1] != "" {
		t.Errorf("a job of the first run is kept: %q", jobs[1])
	}
}

func TestCloneSharesNothing(t *testing.T) {
	r := NewRecorder(Header{})
	write(r, "i")
	c := r.History().Clone()
	if diff := cmp.Diff(r.History(), c); diff != "" {
		t.Error(diff)
	}
	c.Records[0].Epoch, c.Jobs[0], c.Processes[0] = 4, "x", "y"
	if h := r.History(); h.Records[0].Epoch != 0 || h.Jobs[0] != "i" || h.Processes[0] != "client" {
		t.Errorf("changing the clone changed the history: %+v", h)
	}
}

func TestRecordingTakesNoMemory(t *testing.T) {
	r := NewRecorder(Header{})
	run := func() {
		r.Reset(Header{})
		for range 10 {
			write(r, "i", "j", "k")
		}
	}
	run()
	if n := testing.AllocsPerRun(100, run); n > 0 {
		t.Errorf("%v allocations in a run like the one before, want none", n)
	}
}

func BenchmarkAppend(b *testing.B) {
	r := NewRecorder(Header{})
	client, job := r.Process("client"), r.Job("j")
	b.ReportAllocs()
	for b.Loop() {
		if r.Append(Record{Type: Invoke, Kind: Claim, Process: client, Job: job, At: 5}) == 10_000 {
			r.Reset(Header{})
		}
	}
}
