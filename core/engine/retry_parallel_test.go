package engine_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"derail/core/flow"
	"derail/core/state"
)

// lateStories: an atom is still running when another one's failure was decided about.
func lateStories() []story {
	late := func(r1, r2 *flow.Retry, wants string) func(r *retrial) *flow.Flow {
		return func(r *retrial) *flow.Flow {
			left := flow.Linear("g", r.after("b REVERTED", r.picky("c1", "x1"))).WithRetry(r.watched("r1", "x1", r1))
			right := flow.Linear("h", r.after("c1 RUNNING", r.step("b")), r.picky("c2", wants))
			f := flow.Unordered("f", left, right)
			if r2 != nil {
				f.WithRetry(r.watched("r2", "x2", r2))
			}
			return f
		}
	}
	const inside = "r1 RUNNING; b RUNNING; r1 SUCCESS(1); c1 RUNNING; b SUCCESS;" +
		"c2 RUNNING FAILURE REVERTING REVERTED; b REVERTING REVERTED; c1 FAILURE REVERTING REVERTED; r1 REVERTING REVERTED;"
	return []story{
		{
			name: "when_subflow_fails_revert_running_tasks", y: 2, loose: true, end: state.Success, fetched: "x=2",
			flow: func(r *retrial) *flow.Flow {
				f := flow.Unordered("f", r.after("c REVERTED", r.step("a")), r.picky("c", "x"))
				return f.WithRetry(r.watched("r", "x", flow.Times(3)))
			},
			moves: "f RUNNING; r RUNNING SUCCESS(1); a RUNNING; c RUNNING FAILURE REVERTING REVERTED;" +
				"a SUCCESS REVERTING REVERTED; r RETRYING; a PENDING; c PENDING; r RUNNING SUCCESS(2);" +
				"a RUNNING SUCCESS; c RUNNING SUCCESS; f SUCCESS",
		},
		{
			name: "when_subflow_fails_revert_success_tasks", y: 2, loose: true, end: state.Success, fetched: "x=2",
			flow: func(r *retrial) *flow.Flow {
				b := r.after("a SUCCESS", r.step("b"))
				f := flow.Unordered("f", r.step("a"), flow.Linear("g", b, r.picky("c", "x")))
				return f.WithRetry(r.watched("r", "x", flow.Times(3)))
			},
			moves: "f RUNNING; r RUNNING SUCCESS(1); a RUNNING SUCCESS; b RUNNING SUCCESS; c RUNNING FAILURE;" +
				"c REVERTING REVERTED; a REVERTING REVERTED; b REVERTING REVERTED; r RETRYING; a PENDING; b PENDING;" +
				"c PENDING; r RUNNING SUCCESS(2); a RUNNING SUCCESS; b RUNNING SUCCESS; c RUNNING SUCCESS; f SUCCESS",
		},
		{
			name: "while all is reverted one fails whose retry would try again", y: 2, loose: true, values: 1,
			end: state.Reverted, failures: "c1: 1 is wrong; c2: 1 is wrong", flow: late(flow.Times(3), nil, "values"),
			moves: "f RUNNING;" + inside + "f REVERTED",
		},
		{
			name: "while all is reverted one fails whose retry gives up", y: 2, loose: true, end: state.Reverted,
			failures: "c1: 1 is wrong; c2: 1 is wrong", values: 1, flow: late(flow.Times(1), nil, "values"),
			moves: "f RUNNING;" + inside + "f REVERTED",
		},
		{
			name: "while the flow around is reverted one fails whose retry would try again", y: 2, loose: true,
			end: state.Reverted, failures: "c1: 1 is wrong; c2: 1 is wrong",
			flow:  late(flow.Times(3), flow.Times(1), "x2"),
			moves: "f RUNNING; r2 RUNNING SUCCESS(1);" + inside + "r2 REVERTING REVERTED; f REVERTED",
		},
		{
			name: "while the flow around is to begin anew one fails whose retry would try again", y: 2, loose: true,
			end: state.Success, fetched: "x1=2 x2=2", flow: late(flow.Times(3), flow.Times(2), "x2"),
			moves: "f RUNNING; r2 RUNNING SUCCESS(1);" + inside +
				"r2 RETRYING; r1 PENDING; c1 PENDING; b PENDING; c2 PENDING; r2 RUNNING SUCCESS(2);" +
				"r1 RUNNING SUCCESS(1); c1 RUNNING FAILURE REVERTING REVERTED; r1 RETRYING; c1 PENDING;" +
				"r1 RUNNING SUCCESS(2); c1 RUNNING SUCCESS; b RUNNING SUCCESS; c2 RUNNING SUCCESS; f SUCCESS",
		},
	}
}

func TestRetryWhileOthersRun(t *testing.T) {
	for _, s := range lateStories() {
		t.Run(s.name, func(t *testing.T) {
			r := newRetrial(t, engineKinds[3], s.inputs()...)
			if end := s.play(r); end != string(s.end) {
				t.Errorf("it ended in %s, want %s", end, s.end)
			}
			want, got := slices.Sorted(slices.Values(expand(s.moves))), slices.Sorted(slices.Values(r.moves))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the moves differ (-want +got):\n%s", diff)
			}
			if got := r.engine.Failures().Error(); got != s.failures {
				t.Errorf("its failures are %q, want %q", got, s.failures)
			}
			if diff := cmp.Diff(standing(r.engine), r.recorded(s.flow(r))); diff != "" {
				t.Errorf("another process finds something else (-engine +recorded):\n%s", diff)
			}
		})
	}
}
