package engine_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"derail/core/engine"
	"derail/core/state"
)

func (s *story) play(r *retrial) (end string) {
	r.config.DeferReverts = s.deferred
	return r.run(s.flow(r))
}

// Every story comes to its end by the moves that are told, in their order, with every kind of engine, and
// leaves no failure behind that a retry resolved.
func TestRetryStories(t *testing.T) {
	for _, s := range allStories() {
		t.Run(s.name, func(t *testing.T) {
			everyKind(t, func(t *testing.T, kind engineKind) {
				r := newRetrial(t, kind, s.inputs()...)
				if end := s.play(r); end != string(s.end) {
					t.Fatalf("it ended in %s, want %s", end, s.end)
				}
				compareMoves(t, &s, kind, r.moves)
				if got := fetched(r.engine); got != s.fetched {
					t.Errorf("its values are %q, want %q", got, s.fetched)
				}
				races := s.races && kind.name == "workers" // then the one may be resolved before the other
				if got := r.engine.Failures().Error(); got != s.failures && !races {
					t.Errorf("its failures are %q, want %q", got, s.failures)
				}
				if diff := cmp.Diff(standing(r.engine), r.recorded(s.flow(r))); diff != "" {
					t.Errorf("another process finds something else (-engine +recorded):\n%s", diff)
				}
			})
		})
	}
}

func compareMoves(t *testing.T, s *story, kind engineKind, got []string) {
	t.Helper()
	want := expand(s.moves)
	switch {
	case kind.workers > 2 && s.loose, kind.workers == 2 && s.loose && !s.races:
		slices.Sort(want)
		got = slices.Sorted(slices.Values(got))
	case kind.workers == 2 && s.races:
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the moves differ (-want +got):\n%s", diff)
	}
}

// A crash, a suspension or a store that gives no answer changes nothing about what comes of a flow, at
// whichever save or call it comes: what the logbook knew of is not done again, what it did not know of is
// done again once, no attempt is counted twice, and none is lost.
func TestRetryStoriesCutShort(t *testing.T) {
	for _, s := range allStories() {
		t.Run(s.name, func(t *testing.T) {
			everyKind(t, func(t *testing.T, kind engineKind) {
				whole := newRetrial(t, kind, s.inputs()...)
				s.play(whole)
				for at := 1; at <= whole.store.saves; at++ {
					for _, how := range []string{diesBefore, diesAfter, losesAnswer, losesRequest, refuses} {
						r := newRetrial(t, kind, s.inputs()...)
						r.store.at, r.store.how = at, how
						s.playOn(t, r, whole)
					}
				}
				for at := range whole.calls {
					r := newRetrial(t, kind, s.inputs()...)
					r.suspendAt, r.store.how = at+1, "suspended"
					s.playOn(t, r, whole)
				}
			})
		})
	}
}

// playOn plays a story that is cut short, goes on with it in another engine, and compares what came of it
// with what came of the whole story.
func (s *story) playOn(t *testing.T, r, whole *retrial) {
	t.Helper()
	end := s.play(r)
	dies := r.store.how == diesBefore || r.store.how == diesAfter
	if dies != (end == "killed") && !(s.loose && r.kind.name == "workers") { // where there may be fewer saves
		t.Fatalf("save %d %s: it ended in %s", r.store.at, r.store.how, end)
	}
	calls := r.calls
	if end == "killed" {
		calls = calls[:r.saved]
	}
	if end == "killed" || end == string(state.Suspended) {
		r.calls, r.suspendAt = nil, 0
		if end = string(r.found(s.flow(r)).FlowState()); end != string(s.end) {
			end = s.play(r)
			calls = append(slices.Clip(calls), r.calls...)
		}
	}
	if end != string(s.end) {
		t.Fatalf("save %d %s: it ended in %s, want %s", r.store.at, r.store.how, end, s.end)
	}
	if s.loose {
		s.compareLoosely(t, r, whole)
		return
	}
	if diff := cmp.Diff(whole.calls, calls); diff != "" {
		t.Fatalf("save %d %s: the calls differ (-whole +cut short):\n%s", r.store.at, r.store.how, diff)
	}
	if diff := cmp.Diff(standing(whole.engine), r.recorded(s.flow(r))); diff != "" {
		t.Fatalf("save %d %s: what came of it differs (-whole +cut short):\n%s", r.store.at, r.store.how, diff)
	}
}

// compareLoosely compares what has to be the same although some atoms of a batch had run before the crash
// and others had not: what is done in the end, with the attempts that it took.
func (s *story) compareLoosely(t *testing.T, r, whole *retrial) {
	t.Helper()
	if diff := cmp.Diff(done(whole.engine), done(r.found(s.flow(r)))); diff != "" {
		t.Fatalf("save %d %s: what is done differs (-whole +cut short):\n%s", r.store.at, r.store.how, diff)
	}
}

func done(e *engine.Engine) (lines []string) {
	for _, a := range e.Atoms() {
		if a.State == state.Success {
			lines = append(lines, fmt.Sprintf("%s=%v after %v", a.Name, a.Result, a.History.Values()))
		}
	}
	return lines
}
