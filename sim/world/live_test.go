package world_test

import (
	"slices"
	"testing"

	"derail/checker"
	"derail/core/conductor"
	"derail/core/event"
	"derail/sim/kernel"
	"derail/sim/world"
)

// stuttering tells of everything that happens to a task twice.
var stuttering = world.Wrap{Config: func(c *conductor.Config) {
	to := c.Listener
	c.Listener = event.ListenerFunc(func(e *event.Event) {
		to.Hear(e)
		if e.Kind == event.AtomMoved {
			to.Hear(e)
		}
	})
}}

// TestLiveEndsTheRun: where a promise is broken, and not in between; what was so until then is no lie.
func TestLiveEndsTheRun(t *testing.T) {
	w, live := newWorld(t, pinnedBlueprint(t, "calm")), new(checker.Live)
	whole := run(t, w, 1, world.Options{Wrap: stuttering})
	if whole.Stopped != "" || whole.StoppedAt != 0 {
		t.Errorf("nobody watched, and it was stopped for %s", whole.Stopped)
	}
	steps := whole.Steps
	for _, backend := range []kernel.Backend{kernel.Coroutines, kernel.Tokens} {
		r := run(t, w, 1, world.Options{Backend: backend, Wrap: stuttering, Live: live})
		if r.Stopped != "moves.legal" || r.Steps >= steps {
			t.Fatalf("stopped for %q after %d of %d steps", r.Stopped, r.Steps, steps)
		}
		if r.History.Records[r.StoppedAt-1].Subject == "" || r.StoppedAt > int64(len(r.History.Records)) {
			t.Errorf("record %d is %+v", r.StoppedAt, r.History.Records[r.StoppedAt-1])
		}
		report := checker.Check(r.History)
		if broken := report.Broken(); !slices.Contains(broken, "moves.legal") || slices.Contains(broken, "rest.reached") {
			t.Errorf("the history breaks %v", broken)
		}
	}
	if r := run(t, w, 1, world.Options{Live: live}); r.Stopped != "" || r.Consumed != 8 {
		t.Errorf("the next run is stopped for %q, %d consumed", r.Stopped, r.Consumed)
	}
}

// TestLiveIsNoPart: whoever watches changes nothing, and stops only what breaks that promise in the end. Some
// of these scenarios break what the promises rest on.
func TestLiveIsNoPart(t *testing.T) {
	live := new(checker.Live)
	for _, name := range []string{"storm", "deaths", "tries", "power", "everything"} {
		w := newWorld(t, pinnedBlueprint(t, name))
		for seed := range seeds(20) {
			plain := run(t, w, seed, world.Options{})
			hash, report := plain.Hash, checker.Check(plain.History)
			switch r := run(t, w, seed, world.Options{Live: live}); {
			case r.Stopped == "" && r.Hash != hash:
				t.Errorf("%s, seed %d: hash %x, want %x", name, seed, r.Hash, hash)
			case r.Stopped != "" && !slices.Contains(report.Broken(), r.Stopped):
				t.Errorf("%s, seed %d: stopped for %s, and it breaks %v", name, seed, r.Stopped, report.Broken())
			}
		}
	}
}
