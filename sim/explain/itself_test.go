package explain_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"derail/core/conductor"
	"derail/core/failure"
	"derail/core/jobboard"
	"derail/core/store"
	"derail/scenarios"
	"derail/sim/explain"
	"derail/sim/explore"
	"derail/sim/shrink"
	"derail/sim/world"
)

// unexpected is a run that breaks no promise, to be explained as what it says itself.
func unexpected(t *testing.T, expect string, o world.Options) explain.Config {
	t.Helper()
	s, err := scenarios.Parse("poison.yaml", []byte(`
name: poison
break: 10s
rest: 20s
cluster: {conductors: 2}
policy: {attempts: 2}
jobs:
  - {name: bad}
  - {name: good, count: 3, every: 100ms..500ms}
faults:
  - {kind: task.error, as: internal, jobs: [bad]}
expect: `+expect+"\n"), scenarios.ParseOptions{Points: world.Points()})
	if err != nil {
		t.Fatal(err)
	}
	b, err := world.Compile(s)
	if err != nil {
		t.Fatal(err)
	}
	r := explore.Replay(b, 1, o)
	return explain.Config{Blueprint: b, Record: r.Choices, Seed: 1, Property: shrink.TheRun, Options: o}
}

// A run that only misses what its scenario expects is explained by a job that is not where all were to be,
// where it is known of one.
func TestTheRunItselfIsExplained(t *testing.T) {
	for expect, want := range map[string]struct{ job, summary string }{
		"{consumed: 4}": {"bad-1", "consumed jobs: 3 instead of 4; bad-1 is in the trash in the end."},
		"{trashed: 0}":  {"bad-1", "trashed jobs: 1 instead of 0; bad-1 is in the trash in the end."},
		"{trashed: 3}":  {"", "trashed jobs: 1 instead of 3."},
		"{consumed: 1}": {"", "consumed jobs: 3 instead of 1."},
	} {
		told, err := explain.Explain(unexpected(t, expect, world.Options{}))
		if err != nil {
			t.Errorf("%s: %v", expect, err)
			continue
		}
		e := &told.Explanation
		if e.Job != want.job || !strings.HasSuffix(e.Summary, want.summary) {
			t.Errorf("%s: it is about %q: %s", expect, e.Job, e.Summary)
		}
		var texts []string
		for _, l := range e.Chain {
			texts = append(texts, l.Text)
		}
		chain := strings.Join(texts, "; ")
		if has := strings.HasSuffix(chain, "; at the end bad-1 is in the trash"); has != (want.job != "") {
			t.Errorf("%s: the chain is %s", expect, chain)
		}
		if has := strings.Contains(chain, "put bad-1 in the trash (its attempts are used up)"); has != (want.job != "") {
			t.Errorf("%s: the chain is %s", expect, chain)
		}
		if want.job != "" && !strings.Contains(e.Faults, "All of the 2 faults that struck mattered") {
			t.Errorf("%s: of the faults it says %s", expect, e.Faults)
		}
	}
}

// fallen is a board that falls over when a job is to go to the trash.
type fallen struct{ conductor.Claims }

func (fallen) Trash(context.Context, *jobboard.Claim, jobboard.Reason, *failure.Failure) error {
	panic("planted")
}

// A run that could not be run to its end is explained as well: by its faults, and by when it was decided.
func TestBrokenRunIsExplained(t *testing.T) {
	c := unexpected(t, "{trashed: 1}", world.Options{Wrap: world.Wrap{
		Claims: func(c conductor.Claims, _ *jobboard.Board, _ store.Store) conductor.Claims { return fallen{c} },
	}})
	told, err := explain.Explain(c)
	if err != nil {
		t.Fatal(err)
	}
	e := &told.Explanation
	if !strings.Contains(e.Summary, "planted") || e.Job != "" || len(e.Chain) > 0 {
		t.Errorf("it is about %q: %s\n%v", e.Job, e.Summary, e.Chain)
	}
	if e.Without == nil || !strings.Contains(e.Without.Fault, "task.error hit bad-1") || e.Inevitable == nil {
		t.Errorf("without a fault: %+v; inevitable: %+v", e.Without, e.Inevitable)
	}
}

// A run that says nothing of itself has nothing to be explained, whatever else its scenario misses.
func TestNothingToExplain(t *testing.T) {
	_, err := explain.Explain(unexpected(t, "{trashed: 1, consumed: 3}", world.Options{}))
	if !errors.Is(err, explain.ErrKept) {
		t.Errorf("got %v", err)
	}
}
