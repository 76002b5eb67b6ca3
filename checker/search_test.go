package checker

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"derail/checker/history"
)

// hard is a job that cannot be right, and for which there are too many orders to try them all: so many
// claims with unknown outcomes and half as many lease ends.
func hard(claims int) string {
	var text strings.Builder
	text.WriteString("client post j\n")
	for i := range claims {
		fmt.Fprintf(&text, "p%d claim? j\n", i)
	}
	for i := range claims / 2 {
		fmt.Fprintf(&text, "store lease_end j e=%d\n", i+1)
	}
	text.WriteString("x consume j e=3\nstore final j gone")
	return text.String()
}

func TestTheSearchIsCutOff(t *testing.T) {
	h := told(t, hard(24))
	v := properties[0].Check(Read(h))
	if v.Outcome != Unknown || !strings.HasPrefix(v.Summary, "nothing was decided about j") {
		t.Errorf("%+v", v)
	}
	if v := properties[0].Check(Read(told(t, hard(6)))); v.Outcome != Invalid {
		t.Errorf("what is small enough is not decided: %+v", v)
	}
}

// TestBudgets counts what a search takes, and gives it exactly that or one less.
func TestBudgets(t *testing.T) {
	h := told(t, hard(8))
	s := searched(h, 0, jobBudget)
	if s.outcome != Invalid || s.steps < 1000 {
		t.Fatalf("%s after %d steps", s.outcome, s.steps)
	}
	for _, c := range []struct {
		job, run int
		want     Outcome
	}{
		{s.steps, s.steps, Invalid},
		{s.steps - 1, s.steps, Unknown},
		{s.steps, s.steps - 1, Unknown},
	} {
		r := Read(h)
		r.linearizableWithin(c.job, c.run)
		if got := r.ruling.verdict("x").Outcome; got != c.want {
			t.Errorf("with %d steps for the job and %d for the run: %s, want %s", c.job, c.run, got, c.want)
		}
	}
}

// TestJobsShareABudget has two hard jobs and steps for one.
func TestJobsShareABudget(t *testing.T) {
	text := hard(8)
	steps := searched(told(t, text), 0, jobBudget).steps
	both := text + "\n" + strings.NewReplacer(" j", " k").Replace(text)
	r := Read(told(t, both))
	r.linearizableWithin(steps, 3*steps/2)
	if len(r.ruling.broken) != 1 || len(r.ruling.open) != 1 || r.ruling.open[0].Job != "k" {
		t.Errorf("%+v", r.ruling)
	}
	r = Read(told(t, both))
	r.linearizableWithin(steps-1, 3*steps)
	if v := r.ruling.verdict("x"); v.Outcome != Unknown || len(v.Findings) != 2 || v.Findings[0].Job != "j" {
		t.Errorf("%+v", v)
	}
}

func TestPicture(t *testing.T) {
	h := told(t, `
		client post i
		client post j
		A claim i e=1 a=1
		A claim j e=1 a=1
		B claim? j
		B claim~ j
		B consume j e=1
		store final i claimed
		store final j gone
	`)
	job := history.JobID(1)
	var first, again bytes.Buffer
	if err := Picture(h, job, &first); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"A: claim (epoch 1)", "B: claim, outcome unknown", "B: consume (epoch 1)", "claimed by A, epoch 1",
	} {
		if !strings.Contains(first.String(), want) {
			t.Errorf("the picture does not show %q", want)
		}
	}
	for range 20 {
		again.Reset()
		if err := Picture(h, job, &again); err != nil || again.String() != first.String() {
			t.Fatalf("the same job is drawn differently: %v", err)
		}
	}
	if err := Picture(h, 0, &again); err != nil {
		t.Errorf("a job that is right is not drawn: %v", err)
	}
}

func TestPicturesThatCannotBe(t *testing.T) {
	h := told(t, good)
	for _, c := range []struct {
		h    *history.History
		job  history.JobID
		want string
	}{
		{h, -1, "no such job"},
		{h, 1, "no such job"},
		{&history.History{Jobs: []string{"j"}, Records: make([]history.Record, 1)}, 0, "not a history"},
		{told(t, hard(24)), 0, "too many orders to draw j"},
	} {
		var b bytes.Buffer
		if err := Picture(c.h, c.job, &b); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
}
