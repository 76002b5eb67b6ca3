package world_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"derail/checker"
	"derail/checker/history"
	"derail/scenarios"
	"derail/sim/world"
)

// TestPosting: the client posts each group's jobs in order and at their times, and posts again what was
// certainly not taken, and nothing else.
func TestPosting(t *testing.T) {
	for _, b := range []*world.Blueprint{blueprint(t, "healthy"), pinnedBlueprint(t, "storm")} {
		w := newWorld(t, b)
		for seed := range seeds(30) {
			h := run(t, w, seed, world.Options{}).History
			for g := range b.Scenario.Jobs {
				checkPosts(t, seed, h, &b.Scenario.Jobs[g])
			}
		}
	}
}

func checkPosts(t *testing.T, seed uint64, h *history.History, group *scenarios.Jobs) {
	t.Helper()
	next, settled := 0, true // the job to come, and whether the one before is done with
	due := int64(group.At)
	for i := range h.Records {
		r := &h.Records[i]
		if r.Kind != history.Post || h.Processes[r.Process] != scenarios.NodeClient ||
			!strings.HasPrefix(h.JobName(r.Job), group.Name+"-") {
			continue
		}
		again := !settled && next > 0 && h.JobName(r.Job) == jobName(group, next)
		switch {
		case r.Type == history.Fail:
			settled = false
		case r.Type != history.Invoke:
			settled = true
		case again: // after a fail
		case !settled || h.JobName(r.Job) != jobName(group, next+1) || r.At < due:
			t.Errorf("seed %d, record %d: %s is posted at %v, after job %d of %s and not before %v",
				seed, i+1, h.JobName(r.Job), time.Duration(r.At), next, group.Name, time.Duration(due))
		default:
			next++
			due = r.At + int64(group.Every.Low)
		}
	}
	if next != group.Count || !settled {
		t.Errorf("seed %d: %d of %d %s were posted", seed, next, group.Count, group.Name)
	}
}

func jobName(group *scenarios.Jobs, n int) string {
	return group.Name + "-" + strconv.Itoa(n)
}

// TestALatePostIsWaitedFor: a post that was long on its way comes after the system was at rest. The run
// goes on until that job is done as well.
func TestALatePostIsWaitedFor(t *testing.T) {
	b := compiled(t, "late.yaml", []byte(`
name: late
about: The only post gets to the store when everybody has given it up.
break: 10s
rest: 1m
network:
  delay: 1ms
jobs:
  - name: order
    at: 9s
    tasks: 1
    work: 20s
faults:
  - kind: storage.slow
    on: [post]
    from: 9002ms
    for: 4s
    times: 1
`))
	w := newWorld(t, b)
	r := run(t, w, 1, world.Options{})
	if r.Posted != 1 || r.Consumed != 1 {
		t.Errorf("%d jobs were posted, %d consumed; the run ended at %v",
			r.Posted, r.Consumed, time.Duration(r.Simulated))
	}
	if v, _ := checker.Check(r.History).Verdict(scenarios.PropertyRestReached); v.Outcome != checker.Valid {
		t.Errorf("rest is %v: %s", v.Outcome, v.Summary)
	}
	for _, rec := range r.History.Records {
		if rec.Kind == history.Post && rec.Type == history.OK {
			t.Error("the post was answered")
		}
	}
}

// TestALostPostIsNotWaitedFor: when the client has given its last job up, the run ends.
func TestALostPostIsNotWaitedFor(t *testing.T) {
	b := compiled(t, "lost.yaml", []byte(`
name: lost
about: The only post is lost.
break: 10s
rest: 1m
network:
  delay: 1ms
jobs:
  - name: order
    at: 9s
faults:
  - kind: network.loss
    rate: 100%
    nodes: [client-1]
    from: 9002ms
    times: 1
`))
	r := run(t, newWorld(t, b), 1, world.Options{})
	took := time.Duration(r.Simulated)
	if r.Posted != 0 || r.Consumed != 0 || took < 11*time.Second || took > 20*time.Second {
		t.Errorf("%d jobs were posted, and the run ended at %v", r.Posted, took)
	}
}
