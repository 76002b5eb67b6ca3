package engine_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"derail/core/state"
)

// As TestRetryStoriesCutShort, but whoever goes on after a crash dies too, early in its life, and so does the
// one after that.
func TestRetryStoriesCutShortAgain(t *testing.T) {
	for _, s := range allStories() {
		if s.loose {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			for _, kind := range engineKinds[:2] {
				whole := newRetrial(t, kind, s.inputs()...)
				s.play(whole)
				for at := 1; at <= whole.store.saves; at++ {
					for second := 1; second <= 3; second++ {
						for third := 1; third <= 2; third++ {
							s.playInPieces(t, whole, kind, at, second, third)
						}
					}
				}
			}
		})
	}
}

// playInPieces plays a story in engines of which each dies at the save of its life that is given, in turn
// before and after the store has carried it out, and the last one does not.
func (s *story) playInPieces(t *testing.T, whole *retrial, kind engineKind, ats ...int) {
	t.Helper()
	r := newRetrial(t, kind, s.inputs()...)
	var calls []string
	end := ""
	for n := 0; end != string(s.end); n++ {
		r.store.at = 0
		if n < len(ats) {
			r.store.at, r.store.how = r.store.saves+ats[n], []string{diesBefore, diesAfter}[(n+ats[0])%2]
		}
		if end = s.play(r); end == "killed" {
			r.calls = r.calls[:r.saved]
			end = string(r.found(s.flow(r)).FlowState())
		} else if end != string(s.end) {
			t.Fatalf("%v: it ended in %s, want %s", ats, end, s.end)
		}
		calls = slices.Concat(calls, r.take())
		if end == string(state.Failure) && s.end != state.Failure || n > len(ats) {
			t.Fatalf("%v: after %d lives it is in %s", ats, n, end)
		}
	}
	if diff := cmp.Diff(whole.calls, calls); diff != "" {
		t.Fatalf("%v: the calls differ (-whole +in pieces):\n%s", ats, diff)
	}
	if diff := cmp.Diff(standing(whole.engine), r.recorded(s.flow(r))); diff != "" {
		t.Fatalf("%v: what came of it differs (-whole +in pieces):\n%s", ats, diff)
	}
}
