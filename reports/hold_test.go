package reports

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"derail/checker/history"
)

func TestHolds(t *testing.T) {
	w := newTeller(history.Header{End: 10 * second})
	a, b := w.post(100*millisecond, "a"), w.post(110*millisecond, "b")
	w.claim(second, "x", a)
	w.claim(2*second, "x", b)
	w.operation(2500*millisecond, history.Record{
		Type: history.OK, Kind: history.Claim, Job: b, Process: w.Process("x"), Epoch: 1,
		Reason: history.ClaimAdopted,
	})
	w.happens(3*second, history.Crash, "x", "")
	w.event(4*second, history.LeaseEnd, "board", history.Record{Job: a, Epoch: 1})
	w.claim(5*second, "y", a)
	// A late word about the old claim does not end the new one.
	w.operation(6*second, history.Record{
		Type: history.Fail, Kind: history.Consume, Job: a,
		Process: w.Process("x"), Epoch: 1,
	})
	w.operation(6*second, history.Record{
		Type: history.OK, Kind: history.Consume, Job: a,
		Process: w.Process("x"), Epoch: 1,
	})
	w.end(7*second, history.Consume, "y", a, "")
	type claim struct {
		Job, Who          string
		From, Until, Died int64
		End               string
	}
	var got []claim
	for _, c := range holds(w.History()) {
		got = append(got, claim{
			jobName(w.History(), c.Job), processName(w.History(), c.Process),
			c.From / second, c.Until / second, c.Died / second, c.End.String(),
		})
	}
	want := []claim{
		{"a", "x", 1, 4, 3, "lease"},
		{"b", "x", 2, 10, 3, "open"},
		{"a", "y", 5, 7, 0, "consumed"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
}

// within are the spans of a class, as their instants and what they are of.
func within(h *history.History, class string) (spans []string) {
	for _, s := range newTimeline(h).Spans {
		if s.Class != class {
			continue
		}
		text := fmt.Sprintf("%s to %s %s", instant(s.From), instant(s.Until), processName(h, s.Process))
		if s.Job >= 0 {
			text += " " + jobName(h, s.Job)
		}
		spans = append(spans, strings.TrimSpace(text+" "+s.Label))
	}
	return spans
}

func TestTimelineOfClaims(t *testing.T) {
	h := doubleRun().History
	if diff := cmp.Diff([]string{"0.200s to 4.000s conductor-1 order-1 1"}, within(h, "open")); diff != "" {
		t.Errorf("claims held at the end (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"0.900s to 2.000s conductor-2 order-1 2"}, within(h, "trashed")); diff != "" {
		t.Errorf("claims until the job was trashed (-want +got):\n%s", diff)
	}
}

func TestTimelineOfPausedProcessThatCrashes(t *testing.T) {
	w := newTeller(history.Header{End: 10 * second})
	w.happens(second, history.Pause, "x", "")
	w.happens(2*second, history.Crash, "x", "")
	w.happens(4*second, history.Start, "x", "")
	w.happens(9*second, history.Crash, "x", "")
	if diff := cmp.Diff([]string{"1.000s to 2.000s x"}, within(w.History(), "paused")); diff != "" {
		t.Errorf("pauses (-want +got):\n%s", diff)
	}
	down := []string{"2.000s to 4.000s x", "9.000s to 10.000s x"}
	if diff := cmp.Diff(down, within(w.History(), "down")); diff != "" {
		t.Errorf("times down (-want +got):\n%s", diff)
	}
}

func TestTimelineOfTasksAndEngines(t *testing.T) {
	w := newTeller(history.Header{End: 10 * second})
	job := w.post(0, "a")
	moves := func(at int64, who, task, to string) {
		w.event(at, history.Move, who, history.Record{Job: job, Subject: task, To: to})
	}
	w.claim(second, "x", job)
	w.event(second, history.Engine, "x", history.Record{Job: job, To: "RUNNING"})
	moves(second, "x", history.SubjectFlow, "RUNNING")
	moves(2*second, "x", "load", "RUNNING")
	moves(3*second, "x", "load", "SUCCESS")
	moves(3*second, "x", "send", "RUNNING")
	moves(4*second, "x", "send", "FAILURE")
	w.event(4*second, history.Engine, "x", history.Record{Job: job, To: "REVERTING"})
	moves(4*second, "x", "load", "REVERTING")
	w.happens(5*second, history.Crash, "x", "") // and nobody says that the task ended
	w.claim(7*second, "y", job)
	moves(8*second, "y", "load", "RUNNING")
	for class, want := range map[string][]string{
		taskClass:       {"2.000s to 3.000s x a load", "8.000s to 10.000s y a load"},
		taskFailedClass: {"3.000s to 4.000s x a send"},
		revertClass:     {"4.000s to 5.000s x a load"},
		engineClass:     {"1.000s to 4.000s x a RUNNING", "4.000s to 5.000s x a REVERTING"},
	} {
		if diff := cmp.Diff(want, within(w.History(), class)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", class, diff)
		}
	}
}
