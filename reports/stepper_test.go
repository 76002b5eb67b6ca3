package reports

import (
	"strings"
	"testing"

	"derail/checker/history"
)

func TestStepperGoesForwardsAndBack(t *testing.T) {
	f := savedRun(t, "claim-from-stale-view")
	s := NewStepper(f, &Telling{})
	n := int64(len(f.History.Records))
	if s.Record() != 1 || s.Empty() {
		t.Fatalf("it begins at %d", s.Record())
	}
	if s.Move(-1) || s.Record() != 1 {
		t.Errorf("it went back before the first record, to %d", s.Record())
	}
	for range n - 1 {
		if !s.Move(1) {
			t.Fatalf("it stops at %d of %d", s.Record(), n)
		}
	}
	if s.Move(1) || s.Record() != n {
		t.Errorf("it went on after the last record, to %d", s.Record())
	}
	last := s.Text(Style{})
	s.Move(-3)
	s.Move(3)
	if again := s.Text(Style{}); again != last {
		t.Errorf("back and forth, it shows\n%s\nand not\n%s", again, last)
	}
	if s.Move(-1_000_000) || s.Record() != 1 {
		t.Errorf("far back it is at %d", s.Record())
	}
}

func TestStepperGoesTo(t *testing.T) {
	f := savedRun(t, "claim-from-stale-view")
	s := NewStepper(f, &Telling{})
	for _, c := range []struct {
		name string
		do   func() bool
		done bool
		at   int64
	}{
		{"a record", func() bool { return s.GoTo(8) }, true, 8},
		{"a record that is not there", func() bool { return s.GoTo(1_000) }, false, 25},
		{"a time", func() bool { return s.GoToTime(second) }, true, 19},
		{"the beginning", func() bool { return s.GoToTime(0) }, true, 1},
		{"after the end", func() bool { return s.GoToTime(hour) }, false, 25},
		{"what is broken, from the beginning again", func() bool { return s.GoToBroken() }, true, 20},
		{"what is broken next", func() bool { return s.GoToBroken() }, true, 21},
		{"a text", func() bool { return s.Search("FAULT storage.slow") }, true, 7},
		{"a text that is not there", func() bool { return s.Search("moon") }, false, 7},
	} {
		if done := c.do(); done != c.done || s.Record() != c.at {
			t.Errorf("%s: %v, at %d; want %v, at %d", c.name, done, s.Record(), c.done, c.at)
		}
	}
}

func TestStepperOfAPart(t *testing.T) {
	f := busyRun(6)
	s := NewStepper(f, &Telling{Nodes: []string{"conductor-1"}, From: 4 * second})
	got, want := Sentence(f.History, s.Record()), "conductor-1 asks the board to claim orders-4"
	if !strings.Contains(got, want) {
		t.Errorf("it begins with %q", got)
	}
	s = NewStepper(f, &Telling{})
	s.GoToTime(3 * second)
	if !s.OnlyJob("orders-5") || !strings.Contains(Sentence(f.History, s.Record()), "post orders-5") {
		t.Errorf("only orders-5: it is at %q", Sentence(f.History, s.Record()))
	}
	if s.OnlyJob("orders-99") {
		t.Error("there is a job that there is not")
	}
	s.Move(-1)
	if got := Sentence(f.History, s.Record()); !strings.Contains(got, "orders-5") {
		t.Errorf("before the first record about orders-5 comes %q", got)
	}
	if !s.OnlyJob("") || !s.Move(-1) {
		t.Error("after that, it does not stop at everything again")
	}
	if NewStepper(f, &Telling{From: hour}).Empty() == false {
		t.Error("there is something an hour later")
	}
}

// What is so after a record: where the jobs are and how far their tasks have come, who is up, and what they
// ask for.
func TestStepperStanding(t *testing.T) {
	tale := newTeller(history.Header{Scenario: "standing", Seed: 1, End: 9 * second})
	for i := range 3 {
		tale.happens(0, history.Start, conductor(i), "")
	}
	job := tale.post(second, "order-1")
	tale.claim(2*second, "conductor-1", job)
	tale.move(2*second, "conductor-1", job, "task-1", "PENDING", "RUNNING")
	tale.happens(3*second, history.Pause, "conductor-1", "")
	tale.happens(3*second, history.Crash, "conductor-3", "")
	tale.event(4*second, history.LeaseEnd, "board", history.Record{Job: job, Epoch: 1})
	tale.Append(history.Record{
		At: 5 * second, Type: history.Invoke, Kind: history.Claim, Job: job, Process: tale.Process("conductor-2"),
	})
	s := NewStepper(&RunFolder{History: tale.History()}, &Telling{})
	for at, wants := range map[int64][]string{
		1: {"#1 of 12  0.000s   conductor-1 started", "conductor-1: up\n"},
		4: {"order-1: not posted yet\n", "client-1: up, asks the board to post order-1\n"},
		5: {"order-1: on the board\n"},
		8: {"order-1: claimed by conductor-1 (epoch 1); task-1 RUNNING", "conductor-1: up, has order-1\n"},
		10: {
			"conductor-1: stands still, has order-1", "conductor-3: down", "conductor-2 and client-1: up\n",
		},
		12: {"order-1: on the board; task-1 RUNNING", "conductor-2: up, asks the board to claim order-1\n"},
	} {
		s.GoTo(at)
		text := s.Text(Style{})
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("at %d there is no %q:\n%s", at, want, text)
			}
		}
	}
}

// Whatever the size of the terminal is, a screen fits into it and has the record that is stood at.
func TestStepperScreenFits(t *testing.T) {
	f := savedRun(t, "release-tried-once")
	s := NewStepper(f, &Telling{})
	for _, height := range []int{12, 24, 50, 200} {
		for record := range int64(len(f.History.Records)) {
			s.GoTo(record + 1)
			text := s.Screen(Style{Width: 60}, height)
			if n := strings.Count(text, "\n"); n > height {
				t.Fatalf("%d lines on %d, at %d:\n%s", n, height, record+1, text)
			}
			if !strings.Contains(text, "> #"+instantless(record+1)) {
				t.Fatalf("where it stands is not there, at %d:\n%s", record+1, text)
			}
		}
	}
}

// instantless is the number of a record as the screen has it.
func instantless(record int64) string { return strings.ReplaceAll(grouped(record), ",", "") + " " }
