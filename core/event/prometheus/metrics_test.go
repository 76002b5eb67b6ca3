package prometheus_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	client "github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"derail/core/event"
	"derail/core/event/prometheus"
	"derail/core/failpoints"
	"derail/core/state"
)

var update = flag.Bool("update", false, "write the golden file anew")

var point = failpoints.Register("prometheus/test", "a point for this test")

var start = time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC)

// teller tells events on a clock of its own.
type teller struct {
	metrics *prometheus.Metrics
	now     time.Time
}

func newTeller() (*teller, *client.Registry) {
	registry := client.NewPedanticRegistry()
	return &teller{metrics: prometheus.New(registry), now: start}, registry
}

func (t *teller) tell(after time.Duration, e event.Event) {
	t.now = t.now.Add(after)
	e.At = t.now
	t.metrics.Hear(&e)
}

func (t *teller) stage(job, name string, took time.Duration) {
	t.tell(0, event.Event{Kind: event.StageBegan, Job: job, Epoch: 1, Reason: name})
	t.tell(took, event.Event{Kind: event.StageEnded, Job: job, Epoch: 1, Reason: name})
}

// story tells at least one event of every kind.
func story(t *teller) {
	t.tell(0, event.Event{Kind: event.ConductorStarted})
	t.tell(0, event.Event{Kind: event.ConductorStarted})
	for n, job := range []string{"a", "b", "c", "d", "e"} {
		t.tell(0, event.Event{Kind: event.JobClaimed, Job: job, Epoch: 1, Attempt: int32(n + 1)})
	}
	t.stage("a", "compile", time.Microsecond)
	t.stage("a", "prepare", 2*time.Millisecond)
	t.stage("a", "validate", 20*time.Microsecond)
	t.stage("a", "run", 7*time.Second)
	t.stage("a", "dance", time.Second)
	for _, to := range []state.State{state.Running, state.Success, state.Running, state.Failure, state.Reverting, "?"} {
		t.tell(0, event.Event{Kind: event.AtomMoved, Job: "a", To: to})
	}
	for _, to := range []state.State{state.Running, state.Success, state.Retrying, "?"} {
		t.tell(0, event.Event{Kind: event.RetryMoved, Job: "a", To: to, Attempt: 1})
	}
	t.tell(0, event.Event{Kind: event.AtomProgress, Job: "a", Count: 500, Reason: "half"})
	t.tell(0, event.Event{Kind: event.FlowMoved, Job: "a", To: state.Running})
	t.tell(0, event.Event{Kind: event.LogbookSaved, Job: "a", Count: 1})
	for _, reason := range []string{"fenced", "changed", "refused", "unknown", "unknown"} {
		t.tell(0, event.Event{Kind: event.LogbookUnsaved, Job: "a", Reason: reason})
	}
	t.tell(0, event.Event{Kind: event.FailpointFired, Reason: point.Name})
	t.tell(0, event.Event{Kind: event.FailpointFired, Reason: "nowhere"})
	t.tell(0, event.Event{Kind: event.EngineMoved, Job: "a", From: state.Undefined, To: state.Resuming})
	t.tell(0, event.Event{Kind: event.RecordDamaged, Job: "z", Reason: "board/l/z"})
	t.tell(0, event.Event{Kind: event.JobTrashed, Job: "z", Reason: "unreadable"})

	t.tell(time.Second, event.Event{Kind: event.JobConsumed, Job: "a", Epoch: 1})
	t.tell(time.Second, event.Event{Kind: event.JobAbandoned, Job: "b", Epoch: 1, Attempt: 2, Counted: true})
	t.tell(0, event.Event{Kind: event.ReleaseUnsettled, Job: "c", Epoch: 1})
	t.tell(0, event.Event{Kind: event.JobAbandoned, Job: "c", Epoch: 1, Attempt: 2})
	t.tell(time.Minute, event.Event{Kind: event.JobTrashed, Job: "d", Epoch: 1, Attempt: 4, Reason: "exhausted"})
	t.tell(0, event.Event{Kind: event.JobTrashed, Job: "x", Attempt: 9, Reason: "operator"})
	t.tell(0, event.Event{Kind: event.JobTrashed, Job: "y", Attempt: 500, Reason: "whim"})
	t.tell(0, event.Event{Kind: event.ClaimLost, Job: "e", Epoch: 1})
	t.tell(0, event.Event{Kind: event.SessionLost})
	t.tell(0, event.Event{Kind: event.ConductorStopped})

	// What comes too late, or belongs to another claim, is counted but not measured.
	t.stage("e", "run", time.Second)
	t.tell(0, event.Event{Kind: event.StageEnded, Job: "a", Epoch: 1, Reason: "run"})
	t.tell(0, event.Event{Kind: event.JobConsumed, Job: "e", Epoch: 1})
	t.tell(0, event.Event{Kind: 0})
	t.tell(0, event.Event{Kind: 200})
}

func TestMetrics(t *testing.T) {
	teller, registry := newTeller()
	story(teller)
	got := text(t, registry)
	const golden = "testdata/metrics.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.Open(golden)
	if err != nil {
		t.Fatal(err)
	}
	defer want.Close()
	if err := testutil.GatherAndCompare(registry, want); err != nil {
		t.Error(err)
	}
	if problems, err := testutil.GatherAndLint(registry); err != nil || len(problems) > 0 {
		t.Errorf("the metrics break the rules of their trade: %v, %v", problems, err)
	}
}

func text(t *testing.T, registry *client.Registry) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "metrics")
	if err := client.WriteToTextfile(file, registry); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// The table in the package's documentation names every metric with its type and its label.
func TestDocumentation(t *testing.T) {
	teller, registry := newTeller()
	story(teller)
	source, err := os.ReadFile("metrics.go")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]string{}
	for line := range strings.Lines(string(source)) {
		fields := strings.Fields(strings.TrimPrefix(line, "//"))
		if len(fields) > 3 && strings.HasPrefix(fields[0], "derail_") {
			documented[fields[0]] = fields[1] + " " + fields[2]
		}
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		about, ok := documented[family.GetName()]
		kind, label, _ := strings.Cut(about, " ")
		if !ok || kind != strings.ToLower(family.GetType().String()) {
			t.Errorf("%s is documented as %q", family.GetName(), about)
		}
		for _, pair := range family.GetMetric()[0].GetLabel() {
			if pair.GetName() != label {
				t.Errorf("%s has the label %s, and is documented with %s", family.GetName(), pair.GetName(), label)
			}
		}
		delete(documented, family.GetName())
	}
	if len(documented) > 0 {
		t.Errorf("documented and not there: %v", documented)
	}
}

// No label holds a job's id: the number of series must not grow with the number of jobs.
func TestSeriesDoNotGrow(t *testing.T) {
	teller, registry := newTeller()
	story(teller)
	before, err := testutil.GatherAndCount(registry)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 100 {
		job := fmt.Sprint("job-", n)
		for _, kind := range event.Kinds() {
			teller.tell(0, event.Event{
				Kind: kind, Job: job, Epoch: 1, Reason: job, To: state.State(job), Flow: job, Atom: job, Conductor: job,
			})
		}
	}
	if after, err := testutil.GatherAndCount(registry); err != nil || after != before {
		t.Errorf("%d series became %d, %v", before, after, err)
	}
	if strings.Contains(text(t, registry), "job-") {
		t.Error("a job's id is in the metrics")
	}
}

// Claims that nobody hears the end of are forgotten, oldest first, and the others are still timed.
func TestClaimsAreBounded(t *testing.T) {
	const limit = 4096
	teller, registry := newTeller()
	for n := range limit + 10 {
		teller.tell(0, event.Event{Kind: event.JobClaimed, Job: fmt.Sprint(n), Epoch: 1, Attempt: 1})
	}
	for n := range limit + 10 {
		teller.tell(0, event.Event{Kind: event.JobConsumed, Job: fmt.Sprint(n), Epoch: 1})
	}
	got := text(t, registry)
	for _, want := range []string{
		"derail_claims_forgotten_total 10\n", "derail_jobs_consumed_total 4106\n",
		`derail_claim_duration_seconds_count{end="consumed"} 4096` + "\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing", want)
		}
	}
}

// A clock that is set back must not make a negative duration, which would spoil the sum for ever.
func TestClockSetBack(t *testing.T) {
	teller, registry := newTeller()
	teller.tell(0, event.Event{Kind: event.JobClaimed, Job: "a", Epoch: 1})
	teller.stage("a", "run", -time.Minute)
	teller.tell(-time.Hour, event.Event{Kind: event.JobConsumed, Job: "a", Epoch: 1})
	got := text(t, registry)
	for _, want := range []string{
		`derail_claim_duration_seconds_sum{end="consumed"} 0` + "\n",
		`derail_claim_duration_seconds_count{end="consumed"} 1` + "\n",
		`derail_stage_duration_seconds_sum{stage="run"} 0` + "\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing", want)
		}
	}
}

// The same job under the same epoch is one claim, however often it is told.
func TestClaimToldTwice(t *testing.T) {
	teller, registry := newTeller()
	teller.tell(0, event.Event{Kind: event.JobClaimed, Job: "a", Epoch: 1})
	teller.tell(time.Second, event.Event{Kind: event.JobClaimed, Job: "a", Epoch: 1})
	teller.tell(time.Second, event.Event{Kind: event.JobConsumed, Job: "a", Epoch: 1})
	if got := text(t, registry); !strings.Contains(got, `derail_claim_duration_seconds_sum{end="consumed"} 1`+"\n") {
		t.Error("the claim is not measured from the last time it was told")
	}
}

func TestParallelTellers(t *testing.T) {
	teller, registry := newTeller()
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			own := *teller
			for i := range 200 {
				job := fmt.Sprint(n, "-", i)
				own.tell(0, event.Event{Kind: event.JobClaimed, Job: job, Epoch: 1, Attempt: 1})
				own.stage(job, "run", time.Millisecond)
				own.tell(0, event.Event{Kind: event.JobConsumed, Job: job, Epoch: 1})
			}
		})
	}
	all.Wait()
	got := text(t, registry)
	for _, want := range []string{
		"derail_jobs_consumed_total 1600\n", `derail_stage_duration_seconds_count{stage="run"} 1600` + "\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing", want)
		}
	}
}

func TestOneMetricsARegistry(t *testing.T) {
	_, registry := newTeller()
	defer func() {
		if recover() == nil {
			t.Error("a registry took two of them")
		}
	}()
	prometheus.New(registry)
}

func BenchmarkAtomMoved(b *testing.B) {
	teller, _ := newTeller()
	e := &event.Event{Kind: event.AtomMoved, To: state.Success}
	b.ReportAllocs()
	for b.Loop() {
		teller.metrics.Hear(e)
	}
}
