package checker

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// cycle is the path that is found in a text.
func cycle(t *testing.T, text string) *CyclePath {
	t.Helper()
	v, _ := Check(told(t, text)).Verdict("cycle.none")
	if (v.Outcome == Invalid) != (v.Cycle != nil) {
		t.Fatalf("%+v", v)
	}
	return v.Cycle
}

func TestCyclePath(t *testing.T) {
	got := cycle(t, `
		with cycle=4
		client post i
		client post j
		client post k
		A claim i e=1 a=1      # not the worst
		A abandon i e=1 a=1 counted reason=other
		+1s
		A claim j e=1 a=1
		A move j t1 PENDING>RUNNING e=1
		A move j t1 RUNNING>SUCCESS e=1
		A save j e=1 n=1
		+1s
		A abandon j e=1 a=1 counted reason=boom   # it made progress
		B claim j e=2 a=2
		B move j t2 PENDING>RUNNING e=2
		+2s
		B abandon j e=2 a=2 counted reason=boom
		+1s
		A claim j e=3 a=3
		A move j t2 PENDING>RUNNING e=3
		A move j flow PENDING>RUNNING e=3
		+1s
		A abandon? j e=3 counted reason=bang
		A abandon! j e=3 a=3 counted
		B claim j e=4 a=4
		+4s
		store lease_end j e=4
		B claim j e=5 a=5
		B abandon? j e=5 counted
		B abandon~ j
		+1s
		A claim j e=6 a=6
		A abandon j e=6 a=6 counted
		B claim j e=7 a=7
		B abandon j e=7 a=7 counted reason=boom
		+5s
		C claim j e=8 a=8
		C consume j e=8
		A claim k e=1 a=1
		store final i unclaimed
		store final j gone
		store final k claimed
	`)
	want := &CyclePath{
		Job: "j", Claims: 6, From: 2e9, Until: 11e9, Held: 2e9 + 1e9 + 4e9 + 1e9, Executed: 2, Ended: true,
		Steps: []CycleStep{
			{Conductor: "B", Epoch: 2, At: 2e9, Record: 19, End: "abandon", Failure: "boom"},
			{Conductor: "A", Epoch: 3, At: 5e9, Record: 24, End: "abandon", Failure: "bang"},
			{Conductor: "B", Epoch: 4, At: 6e9, Record: 30, End: "lease end", Failure: diedOrLost},
			{Conductor: "B", Epoch: 5, At: 10e9, Record: 33, End: "unknown", Failure: nobodyKnows},
			{Conductor: "A", Epoch: 6, At: 11e9, Record: 37, End: "abandon", Failure: noReason},
			{Conductor: "B", Epoch: 7, At: 11e9, Record: 41, End: "abandon", Failure: "boom"},
		},
		Failures: []Tally{{"boom", 2}, {"bang", 1}, {noReason, 1}, {nobodyKnows, 1}, {diedOrLost, 1}},
		Owners:   []Tally{{"B", 4}, {"A", 2}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestLongCyclesAreToldShort(t *testing.T) {
	var text strings.Builder
	text.WriteString("with cycle=3\nclient post j\n")
	for i := 1; i <= 40; i++ {
		fmt.Fprintf(&text, "+1s\nA claim j e=%d a=%d\nA abandon j e=%d a=%d counted reason=boom\n", i, i, i, i)
	}
	text.WriteString("store final j unclaimed")
	p := cycle(t, text.String())
	if p.Claims != 40 || len(p.Steps) != stepsShown+1 || p.Ended {
		t.Fatalf("%+v", p)
	}
	for i, epoch := range []int64{1, 2, 3, 4, 5, 40} {
		if p.Steps[i].Epoch != epoch {
			t.Errorf("step %d is epoch %d, want %d", i, p.Steps[i].Epoch, epoch)
		}
	}
	if p.From != 1e9 || p.Until != 40e9 || p.Failures[0] != (Tally{"boom", 40}) {
		t.Errorf("%+v", p)
	}
}

// TestWorstCycle asks for the longest streak of a job and of all jobs, and whether it came to an end.
func TestWorstCycle(t *testing.T) {
	got := cycle(t, `
		with cycle=2
		client post i
		client post j
		A claim i e=1 a=1
		A abandon i e=1 a=1 counted
		A claim i e=2 a=2
		A abandon i e=2 a=2 counted
		A claim j e=1 a=1
		A abandon j e=1 a=1 counted
		A claim j e=2 a=2
		A abandon j e=2 a=2 counted
		A claim j e=3 a=3
		A abandon j e=3 a=3 counted
		operator trash j a=3     # the end of the longest
		operator restore j
		B claim j e=4 a=1
		B abandon j e=4 a=1 counted
		B claim j e=5 a=2
		B abandon j e=5 a=2 counted
		store final i unclaimed
		store final j unclaimed
	`)
	if got.Job != "j" || got.Claims != 3 || !got.Ended || got.Owners[0] != (Tally{"A", 3}) {
		t.Errorf("%+v", got)
	}
}

// TestFirstOfEqualCycles has two streaks of the same length.
func TestFirstOfEqualCycles(t *testing.T) {
	got := cycle(t, `
		with cycle=2
		client post j
		A claim j e=1 a=1
		A abandon j e=1 a=1 counted
		A claim j e=2 a=2
		A abandon j e=2 a=2 counted
		operator trash j a=2
		operator restore j
		+1s
		B claim j e=3 a=1
		B abandon j e=3 a=1 counted
		B claim j e=4 a=2
		B abandon j e=4 a=2 counted
		store final j unclaimed
	`)
	if got.From != 0 || got.Owners[0].Text != "A" || !got.Ended {
		t.Errorf("%+v", got)
	}
}

// TestLateAnswersInACycle has a claim that is answered after its lease has ended: no time was held.
func TestLateAnswersInACycle(t *testing.T) {
	got := cycle(t, `
		with cycle=2
		client post j
		A claim? j
		+1s
		store lease_end j e=1
		+1s
		A claim! j e=1 a=1
		B claim j e=2 a=2
		+1s
		B abandon j e=2 a=2 counted reason=boom
		store final j unclaimed
	`)
	if got == nil || got.Claims != 2 || got.Held != 1e9 || got.Steps[0].Failure != diedOrLost {
		t.Errorf("%+v", got)
	}
}
