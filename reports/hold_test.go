package reports

import (
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

func TestTimelineDrawsOverlapInTwoRows(t *testing.T) {
	line := newTimeline(doubleRun().History, []history.JobID{0})
	job := line.Lanes[0]
	if job.Kind != "job" || job.Name != "order-1" || job.Hidden || len(job.Bars) != 2 {
		t.Fatalf("the first lane is %s %s with %d claims, want order-1 with 2", job.Kind, job.Name, len(job.Bars))
	}
	if job.Bars[0].Y == job.Bars[1].Y {
		t.Error("two claims at the same time are drawn on top of each other")
	}
	if job.Bars[0].Label != "1" || job.Bars[0].Who != "conductor-1" {
		t.Errorf("the first claim is labelled %q %q, want its attempt and its conductor", job.Bars[0].Label,
			job.Bars[0].Who)
	}
	if got, want := job.Bars[0].X+" "+job.Bars[0].W, "5.0000% 95.0000%"; got != want {
		t.Errorf("the first claim is at %s, want %s", got, want)
	}
}

func TestTimelineJoinsWhatIsTooClose(t *testing.T) {
	line := newTimeline(longRun(40_000).History, []history.JobID{0})
	for _, l := range line.Lanes {
		if len(l.Bars) > 2*finest || len(l.Marks) > 4*finest {
			t.Errorf("lane %s has %d bars and %d marks", l.Name, len(l.Bars), len(l.Marks))
		}
	}
	claims := 0
	for _, b := range line.Lanes[0].Bars {
		claims += b.count
	}
	if claims < 4_000 {
		t.Errorf("the bars of the failing job stand for %d claims, want all, about 5,000", claims)
	}
}

func TestTimelineOfPausedProcessThatCrashes(t *testing.T) {
	w := newTeller(history.Header{End: 10 * second})
	w.happens(second, history.Pause, "x", "")
	w.happens(2*second, history.Crash, "x", "")
	w.happens(4*second, history.Start, "x", "")
	w.happens(9*second, history.Crash, "x", "")
	var got []string
	for _, l := range newTimeline(w.History(), nil).Lanes {
		for _, g := range l.Gaps {
			got = append(got, g.Text)
		}
	}
	want := []string{
		"x was paused from 1.000s to 2.000s", "x was down from 2.000s to 4.000s",
		"x was down from 9.000s to 10.000s",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("gaps (-want +got):\n%s", diff)
	}
}
