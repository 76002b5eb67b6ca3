package logging_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"derail/core/event"
	"derail/core/event/logging"
	"derail/core/failure"
	"derail/core/state"
)

var at = time.Date(2000, 1, 2, 3, 4, 5, 6000, time.UTC)

func Example() {
	log := logging.New(slog.NewTextHandler(os.Stdout, nil), nil)

	noon := time.Date(2025, 1, 2, 12, 0, 0, 0, time.UTC) // a process that tells events fills in its own time
	log.Hear(&event.Event{Kind: event.JobClaimed, At: noon, Job: "job-1", Epoch: 1, Attempt: 1})
	log.Hear(&event.Event{Kind: event.AtomMoved, At: noon, Atom: "pay", To: state.Running}) // debug: not logged
	log.Hear(&event.Event{
		Kind: event.JobTrashed, At: noon.Add(time.Second), Job: "job-1", Reason: "exhausted",
		Failure: failure.From("", errors.New("no card")),
	})
	// Output:
	// time=2025-01-02T12:00:00.000Z level=INFO msg=job_claimed job=job-1 epoch=1 attempt=1
	// time=2025-01-02T12:00:01.000Z level=WARN msg=job_trashed job=job-1 reason=exhausted failure.text="no card" failure.class=task
}

func TestLevels(t *testing.T) {
	levels := map[event.Kind]slog.Level{
		event.ConductorStarted: slog.LevelInfo, event.ConductorStopped: slog.LevelInfo,
		event.JobClaimed: slog.LevelInfo, event.JobConsumed: slog.LevelInfo, event.JobAbandoned: slog.LevelInfo,
		event.JobTrashed: slog.LevelWarn, event.ClaimLost: slog.LevelWarn,
		event.ReleaseUnsettled: slog.LevelWarn, event.SessionLost: slog.LevelWarn,
		event.StageBegan: slog.LevelDebug, event.StageEnded: slog.LevelDebug,
		event.FlowMoved: slog.LevelDebug, event.AtomMoved: slog.LevelDebug, event.RetryMoved: slog.LevelDebug,
		event.LogbookSaved: slog.LevelDebug, event.LogbookUnsaved: slog.LevelWarn,
		event.FailpointFired: slog.LevelWarn, event.AtomProgress: slog.LevelDebug,
		event.RecordDamaged: slog.LevelWarn, event.EngineMoved: slog.LevelDebug,
	}
	for _, kind := range event.Kinds() {
		if want, ok := levels[kind]; !ok || logging.Level(&event.Event{Kind: kind, To: state.Success}) != want {
			t.Errorf("%s is logged at %s", kind, logging.Level(&event.Event{Kind: kind}))
		}
	}
	no := &failure.Failure{Text: "no"}
	for _, e := range []event.Event{
		{Kind: event.JobConsumed, Failure: no},
		{Kind: event.JobAbandoned, Failure: no},
		{Kind: event.FlowMoved, To: state.Failure},
		{Kind: event.AtomMoved, To: state.Failure},
		{Kind: event.AtomMoved, To: state.RevertFailure},
		{Kind: event.RetryMoved, To: state.Failure},
	} {
		if got := logging.Level(&e); got != slog.LevelWarn {
			t.Errorf("%s to %s is logged at %s", e.Kind, e.To, got)
		}
	}
}

func TestRecords(t *testing.T) {
	f := failure.From("a", errors.New("no"))
	tests := []struct {
		e    event.Event
		want string
	}{
		{event.Event{Kind: event.ConductorStarted, Conductor: "c"}, "level=INFO msg=conductor_started conductor=c"},
		{
			event.Event{Kind: event.JobAbandoned, Job: "j", Epoch: 3, Counted: true, Attempt: 2, Failure: f},
			"level=WARN msg=job_abandoned job=j epoch=3 attempt=2 counted=true failure.text=no failure.class=task failure.atom=a",
		},
		{
			event.Event{Kind: event.JobAbandoned, Job: "j", Epoch: 3},
			"level=INFO msg=job_abandoned job=j epoch=3 attempt=0 counted=false",
		},
		{event.Event{Kind: event.StageBegan, Job: "j", Reason: "run"}, "level=DEBUG msg=stage_began job=j reason=run"},
		{
			event.Event{Kind: event.FlowMoved, Job: "j", Flow: "f", From: state.Running, To: state.Failure},
			"level=WARN msg=flow_moved job=j flow=f from=RUNNING to=FAILURE",
		},
		{
			event.Event{Kind: event.RetryMoved, Flow: "f", Atom: "r", From: state.Pending, To: state.Running, Attempt: 2},
			"level=DEBUG msg=retry_moved attempt=2 flow=f atom=r from=PENDING to=RUNNING",
		},
		{
			event.Event{Kind: event.AtomProgress, Flow: "f", Atom: "a", Reason: "begun"},
			"level=DEBUG msg=atom_progress flow=f atom=a done=0 note=begun",
		},
		{event.Event{Kind: event.LogbookSaved, Flow: "f", Revision: 9}, "level=DEBUG msg=logbook_saved flow=f finished=0 revision=9"},
		{event.Event{}, "level=INFO msg=unknown"},
	}
	for _, test := range tests {
		var b bytes.Buffer
		log := logging.New(slog.NewTextHandler(&b, &slog.HandlerOptions{Level: slog.LevelDebug}), nil)
		test.e.At = at
		log.Hear(&test.e)
		if want := "time=2000-01-02T03:04:05.000Z " + test.want + "\n"; b.String() != want {
			t.Errorf("got  %swant %s", b.String(), want)
		}
	}
}

// The time of a record is the event's to the last digit, and none where the event has none: what a
// simulated run logs is the same every time.
func TestTimeIsTheEvents(t *testing.T) {
	for _, when := range []time.Time{at, {}} {
		var got []time.Time
		log := logging.New(recorder{func(r slog.Record) error {
			got = append(got, r.Time)
			return errors.New("the disk is full")
		}}, nil)
		log.Hear(&event.Event{Kind: event.JobClaimed, At: when})
		if len(got) != 1 || !got[0].Equal(when) {
			t.Errorf("logged at %v, want %v once", got, when)
		}
	}
}

type recorder struct{ keep func(r slog.Record) error }

func (recorder) Enabled(context.Context, slog.Level) bool        { return true }
func (h recorder) Handle(_ context.Context, r slog.Record) error { return h.keep(r) }
func (h recorder) WithAttrs([]slog.Attr) slog.Handler            { return h }
func (h recorder) WithGroup(string) slog.Handler                 { return h }

func TestOwnLevels(t *testing.T) {
	var b bytes.Buffer
	log := logging.New(slog.NewTextHandler(&b, nil), func(e *event.Event) slog.Level {
		return min(logging.Level(e), slog.LevelInfo)
	})
	log.Hear(&event.Event{Kind: event.ClaimLost, Job: "j"})
	if want := "level=INFO msg=claim_lost job=j\n"; b.String() != want {
		t.Errorf("got %q", b.String())
	}
}

// A mistake in setting up must be seen at once: that of a listener would never be.
func TestNowhereToLog(t *testing.T) {
	defer func() {
		if cause := fmt.Sprint(recover()); !strings.Contains(cause, "no handler") {
			t.Errorf("got %s", cause)
		}
	}()
	logging.New(nil, nil)
}

func TestDisabledLoggingAllocatesNothing(t *testing.T) {
	log := event.Listeners{logging.New(slog.NewTextHandler(&bytes.Buffer{}, nil), nil)}
	e := &event.Event{Kind: event.AtomMoved, At: at, Job: "j", Flow: "f", Atom: "a", From: state.Pending, To: state.Running}
	if allocations := testing.AllocsPerRun(100, func() { log.Hear(e) }); allocations != 0 {
		t.Errorf("not logging takes %v allocations", allocations)
	}
}

func BenchmarkDisabled(b *testing.B) {
	log := logging.New(slog.NewTextHandler(&bytes.Buffer{}, nil), nil)
	e := &event.Event{Kind: event.AtomMoved, To: state.Running}
	b.ReportAllocs()
	for b.Loop() {
		log.Hear(e)
	}
}
