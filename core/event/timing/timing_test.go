package timing_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"derail/core/event"
	"derail/core/event/timing"
	"derail/core/state"
)

var start = time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC)

// teller tells events of one claim, on a clock of its own.
type teller struct {
	to    event.Listener
	now   time.Time
	job   string
	flow  string
	epoch int64
}

func tellerTo(l event.Listener) *teller {
	return &teller{to: l, now: start, job: "job", flow: "flow", epoch: 1}
}

func (t *teller) tell(after time.Duration, e event.Event) {
	t.now = t.now.Add(after)
	e.At, e.Job, e.Flow, e.Epoch = t.now, t.job, t.flow, t.epoch
	event.Tell(t.to, &e)
}

func (t *teller) kind(after time.Duration, kind event.Kind) { t.tell(after, event.Event{Kind: kind}) }

func (t *teller) stage(after time.Duration, kind event.Kind, name string) {
	t.tell(after, event.Event{Kind: kind, Reason: name})
}

func (t *teller) moved(after time.Duration, kind event.Kind, atom string, to state.State) {
	t.tell(after, event.Event{Kind: kind, Atom: atom, To: to})
}

// run is what an engine tells of a task that takes so long.
func (t *teller) run(atom string, took time.Duration, end state.State) {
	t.moved(0, event.AtomMoved, atom, state.Running)
	t.moved(took, event.AtomMoved, atom, end)
}

func Example() {
	took, when := timing.NewDurations(0), timing.NewTimestamps(0)
	listener := event.Listeners{took, when} // given to an engine, which tells what follows

	noon := time.Date(2025, 1, 2, 12, 0, 0, 0, time.UTC)
	for n, to := range []state.State{state.Running, state.Success} {
		at := noon.Add(time.Duration(n) * 1500 * time.Millisecond)
		listener.Hear(&event.Event{Kind: event.AtomMoved, Flow: "trip", Atom: "pay", To: to, At: at})
	}

	pay, _ := took.Of(timing.Task, "pay")
	fmt.Println(pay.Last)
	done, _ := when.At("trip", "pay", state.Success)
	fmt.Println(done.Format(time.TimeOnly))
	fmt.Print(took)
	// Output:
	// 1.5s
	// 12:00:01
	// what  name  count  last  total  max
	// task  pay   1      1.5s  1.5s   1.5s
}

// A job's whole life: every subject is measured, by the time of the events.
func TestDurations(t *testing.T) {
	d := timing.NewDurations(0)
	l := tellerTo(d)
	for range 2 { // the second time it is another claim of the same job
		l.kind(0, event.JobClaimed)
		l.stage(0, event.StageBegan, "run")
		l.moved(0, event.FlowMoved, "", state.Running)
		l.moved(0, event.RetryMoved, "retry", state.Running)
		l.moved(time.Second, event.RetryMoved, "retry", state.Success)
		l.run("a", 2*time.Second, state.Success)
		l.run("b", 3*time.Second, state.Failure)
		l.moved(0, event.AtomMoved, "b", state.Reverting)
		l.moved(time.Second, event.AtomMoved, "b", state.RevertFailure)
		l.moved(0, event.AtomMoved, "a", state.Reverting)
		l.moved(4*time.Second, event.AtomMoved, "a", state.Reverted)
		l.moved(0, event.RetryMoved, "retry", state.Retrying)
		l.moved(0, event.RetryMoved, "retry", state.Running)
		l.moved(2*time.Second, event.RetryMoved, "retry", state.Failure)
		l.moved(0, event.RetryMoved, "retry", state.Reverting)
		l.moved(time.Second, event.RetryMoved, "retry", state.Reverted)
		l.run("a", time.Duration(l.epoch)*time.Second, state.Success)
		l.moved(0, event.FlowMoved, "", state.Suspending)
		l.moved(time.Second, event.FlowMoved, "", state.Suspended)
		l.stage(0, event.StageEnded, "run")
		l.kind(time.Minute, event.JobAbandoned)
		l.epoch++
		l.now = l.now.Add(time.Hour)
	}
	want := `what    name   count  last   total   max
task    a      4      2s     7s      2s
task    b      2      3s     6s      3s
revert  a      2      4s     8s      4s
revert  b      2      1s     2s      1s
revert  retry  2      1s     2s      1s
retry   retry  4      2s     6s      2s
flow    flow   2      17s    33s     17s
job     job    2      1m17s  2m33s   1m17s
stage   run    2      17s    33s     17s
`
	got := strings.Join(strings.Fields(d.String()), " ")
	if got != strings.Join(strings.Fields(want), " ") {
		t.Errorf("got\n%swant\n%s", d, want)
	}
	if d.Forgotten() != 0 {
		t.Errorf("%d are forgotten", d.Forgotten())
	}
	if all := d.All(); len(all) != 9 || all[0] != (timing.Sum{
		Subject: timing.Task, Name: "a", Count: 4, Last: 2 * time.Second, Total: 7 * time.Second, Max: 2 * time.Second,
	}) {
		t.Errorf("got %+v", all)
	}
}

func TestDurationsEnd(t *testing.T) {
	for _, end := range []event.Kind{event.JobConsumed, event.JobAbandoned, event.JobTrashed} {
		d := timing.NewDurations(0)
		l := tellerTo(d)
		l.kind(0, event.JobClaimed)
		l.kind(time.Second, end)
		l.kind(time.Second, end) // told again: nothing runs any more
		if sum, ok := d.Of(timing.Job, "job"); !ok || sum.Count != 1 || sum.Last != time.Second {
			t.Errorf("%s: got %+v, %t", end, sum, ok)
		}
	}
	for _, end := range []state.State{state.Success, state.Failure, state.Reverted, state.Suspended} {
		d := timing.NewDurations(0)
		l := tellerTo(d)
		l.moved(0, event.FlowMoved, "", state.Running)
		l.moved(time.Second, event.FlowMoved, "", end)
		if sum, ok := d.Of(timing.Flow, "flow"); !ok || sum.Count != 1 || sum.Last != time.Second {
			t.Errorf("%s: got %+v, %t", end, sum, ok)
		}
	}
}

// What nobody hears the end of does not count, and does not run on into the next claim.
func TestDurationsOfWhatWasLost(t *testing.T) {
	for _, end := range []event.Kind{event.ClaimLost, event.JobAbandoned} {
		d := timing.NewDurations(0)
		l := tellerTo(d)
		other := tellerTo(d)
		other.job = "other"
		other.kind(0, event.JobClaimed)
		l.kind(0, event.JobClaimed)
		l.stage(0, event.StageBegan, "prepare") // and it fails
		l.moved(0, event.AtomMoved, "a", state.Running)
		l.kind(time.Second, end)
		l.stage(time.Second, event.StageEnded, "prepare")
		l.moved(0, event.AtomMoved, "a", state.Success)
		other.kind(time.Minute, event.JobConsumed)
		for _, sum := range d.All() {
			if sum.Subject != timing.Job || end == event.ClaimLost && sum.Name == "job" {
				t.Errorf("%s: %+v was measured", end, sum)
			}
		}
		if sum, ok := d.Of(timing.Job, "other"); !ok || sum.Last != time.Minute {
			t.Errorf("%s: the other job is %+v", end, sum)
		}
	}
	d := timing.NewDurations(0)
	l := tellerTo(d)
	l.moved(0, event.AtomMoved, "a", state.Running)
	l.run("a", time.Second, state.Success) // the process died and began again
	if sum, _ := d.Of(timing.Task, "a"); sum.Count != 1 || sum.Last != time.Second {
		t.Errorf("got %+v", sum)
	}
	if _, ok := d.Of(timing.Task, "b"); ok {
		t.Error("what never ran was measured")
	}
}

// One atom can run in several flows at once.
func TestDurationsBesideEachOther(t *testing.T) {
	d := timing.NewDurations(0)
	one, two := tellerTo(d), tellerTo(d)
	two.flow = "flow-2"
	one.moved(0, event.AtomMoved, "a", state.Running)
	two.moved(time.Second, event.AtomMoved, "a", state.Running)
	one.moved(5*time.Second, event.AtomMoved, "a", state.Success)
	two.moved(time.Second, event.AtomMoved, "a", state.Success)
	if sum, _ := d.Of(timing.Task, "a"); sum.Count != 2 || sum.Last != time.Second || sum.Max != 5*time.Second {
		t.Errorf("got %+v", sum)
	}
}

func TestClockSetBack(t *testing.T) {
	d := timing.NewDurations(0)
	tellerTo(d).run("a", -time.Hour, state.Success)
	if sum, ok := d.Of(timing.Task, "a"); !ok || sum.Count != 1 || sum.Total != 0 {
		t.Errorf("got %+v", sum)
	}
}

func TestDurationsAreBounded(t *testing.T) {
	d := timing.NewDurations(2)
	l := tellerTo(d)
	for _, atom := range []string{"a", "b", "c"} {
		l.moved(0, event.AtomMoved, atom, state.Running)
	}
	for _, atom := range []string{"a", "b", "c"} {
		l.moved(time.Second, event.AtomMoved, atom, state.Success)
	}
	if _, ok := d.Of(timing.Task, "a"); ok || len(d.All()) != 2 || d.Forgotten() != 1 {
		t.Errorf("got %+v, %d forgotten", d.All(), d.Forgotten())
	}
	l.run("d", time.Second, state.Success)
	if _, ok := d.Of(timing.Task, "b"); ok || len(d.All()) != 2 || d.Forgotten() != 2 {
		t.Errorf("got %+v, %d forgotten", d.All(), d.Forgotten())
	}
}

func TestSubjects(t *testing.T) {
	for s, want := range []string{"unknown", "task", "revert", "retry", "flow", "job", "stage", "unknown"} {
		if got := timing.Subject(s).String(); got != want {
			t.Errorf("%d is %q", s, got)
		}
	}
}

func TestLimits(t *testing.T) {
	for name, make := range map[string]func(){
		"durations": func() { timing.NewDurations(-1) }, "timestamps": func() { timing.NewTimestamps(-1) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: a negative limit was taken", name)
				}
			}()
			make()
		}()
	}
}

func TestTimestamps(t *testing.T) {
	stamps := timing.NewTimestamps(0)
	l := tellerTo(stamps)
	l.moved(0, event.FlowMoved, "", state.Running)
	l.moved(time.Second, event.RetryMoved, "r", state.Running)
	l.moved(time.Second, event.AtomMoved, "a", state.Running)
	l.moved(time.Second, event.AtomMoved, "a", state.Failure)
	l.moved(time.Second, event.AtomMoved, "a", state.Running) // again: the last time counts
	l.moved(time.Second, event.AtomMoved, "a", state.Success)
	l.kind(time.Second, event.LogbookSaved)
	tests := []struct {
		flow, atom string
		state      state.State
		after      time.Duration // or never
	}{
		{"flow", "", state.Running, 0},
		{"flow", "", state.Success, never},
		{"flow", "r", state.Running, time.Second},
		{"flow", "a", state.Running, 4 * time.Second},
		{"flow", "a", state.Failure, 3 * time.Second},
		{"flow", "a", state.Success, 5 * time.Second},
		{"flow", "b", state.Success, never},
		{"flow-2", "a", state.Success, never},
	}
	for _, test := range tests {
		at, ok := stamps.At(test.flow, test.atom, test.state)
		if ok != (test.after != never) || ok && !at.Equal(start.Add(test.after)) {
			t.Errorf("%+v: got %v, %t", test, at, ok)
		}
	}
	want := []timing.Entered{
		{State: state.Failure, At: start.Add(3 * time.Second)},
		{State: state.Running, At: start.Add(4 * time.Second)},
		{State: state.Success, At: start.Add(5 * time.Second)},
	}
	got := stamps.Of("flow", "a")
	if !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
	got[0].State = state.Ignore
	if again := stamps.Of("flow", "a"); !slices.Equal(again, want) {
		t.Error("what was handed out is what it keeps")
	}
}

const never = -time.Hour

func TestTimestampsAreBounded(t *testing.T) {
	stamps := timing.NewTimestamps(2)
	l := tellerTo(stamps)
	for _, atom := range []string{"a", "b", "a", "c"} {
		l.moved(time.Second, event.AtomMoved, atom, state.Running)
	}
	if stamps.Of("flow", "a") != nil || len(stamps.Of("flow", "b")) != 1 || len(stamps.Of("flow", "c")) != 1 {
		t.Error("not the oldest is forgotten")
	}
	if stamps.Forgotten() != 1 {
		t.Errorf("%d are forgotten", stamps.Forgotten())
	}
}

func TestParallelTellers(t *testing.T) {
	d, stamps := timing.NewDurations(0), timing.NewTimestamps(0)
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			l := tellerTo(event.Listeners{d, stamps})
			l.flow = fmt.Sprint(n)
			for range 100 {
				l.run("a", time.Second, state.Success)
				_, _, _ = d.String(), d.Forgotten(), stamps.Forgotten()
			}
		})
	}
	all.Wait()
	if sum, _ := d.Of(timing.Task, "a"); sum.Count != 800 || sum.Total != 800*time.Second {
		t.Errorf("got %+v", sum)
	}
}

func BenchmarkDurations(b *testing.B) {
	l := tellerTo(timing.NewDurations(0))
	b.ReportAllocs()
	for b.Loop() {
		l.run("a", time.Second, state.Success)
	}
}
