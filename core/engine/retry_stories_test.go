package engine_test

import (
	"context"
	"errors"
	"strings"

	"derail/core/flow"
	"derail/core/state"
)

// story is a flow with retries, and what comes of it. The names of most are those of TaskFlow's tests.
type story struct {
	name     string
	y        int64 // what its picky tasks want
	values   any   // the input of that name, if it has one
	deferred bool  // Config.DeferReverts
	loose    bool  // atoms run side by side, so that with workers the moves come in another order
	races    bool  // and which moves there are depends on who is faster
	flow     func(r *retrial) *flow.Flow
	end      state.State
	fetched  string
	failures string
	moves    string // of the serial engine
}

func (s *story) inputs() []flow.Arg {
	inputs := []flow.Arg{{Name: "y", Value: s.y}}
	if s.values != nil {
		inputs = append(inputs, flow.Arg{Name: "values", Value: s.values})
	}
	return inputs
}

// expand makes "a RUNNING SUCCESS; b RUNNING" a list of moves.
func expand(moves string) (all []string) {
	for part := range strings.SplitSeq(moves, ";") {
		fields := strings.Fields(part)
		for _, to := range fields[1:] {
			all = append(all, fields[0]+" "+to)
		}
	}
	return all
}

func allStories() (all []story) {
	for _, some := range [][]story{
		emptyStories(), linearStories(), nestedStories(), escalationStories(), revertAllStories(),
		forEachStories(), ownFailureStories(), ownKindStories(), sideBySideStories(),
		ignoringStories(),
	} {
		all = append(all, some...)
	}
	return all
}

// one is a retry that never tries again and provides 1.
func one() *flow.Retry {
	r := flow.AlwaysRevert()
	r.Execute = func(context.Context, flow.Args, flow.History) (any, error) { return 1, nil }
	return r
}

func emptyStories() (all []story) {
	for _, empty := range []func(string, ...flow.Item) *flow.Flow{flow.Linear, flow.Unordered, flow.Graph} {
		all = append(all, story{
			name: "run_empty_" + empty("").Pattern().String() + "_flow",
			flow: func(r *retrial) *flow.Flow { return empty("f").WithRetry(r.watched("r", "x", one())) },
			end:  state.Success, fetched: "x=1",
			moves: "f RUNNING; r RUNNING SUCCESS(1); f SUCCESS",
		})
	}
	return all
}

func linearStories() []story {
	pair := func(attempts int) func(r *retrial) *flow.Flow {
		return func(r *retrial) *flow.Flow {
			f := flow.Linear("f", r.step("a"), r.picky("c", "x"))
			return f.WithRetry(r.watched("r", "x", flow.Times(attempts)))
		}
	}
	const failed = "a RUNNING SUCCESS; c RUNNING FAILURE REVERTING REVERTED; a REVERTING REVERTED;"
	const again = "r RETRYING; a PENDING; c PENDING;"
	return []story{
		{
			name: "states_retry_success_linear_flow", y: 2, flow: pair(4), end: state.Success, fetched: "x=2",
			moves: "f RUNNING; r RUNNING SUCCESS(1);" + failed + again +
				"r RUNNING SUCCESS(2); a RUNNING SUCCESS; c RUNNING SUCCESS; f SUCCESS",
		},
		{
			name: "states_retry_reverted_linear_flow", y: 4, flow: pair(2), end: state.Reverted,
			failures: "c: 2 is wrong",
			moves: "f RUNNING; r RUNNING SUCCESS(1);" + failed + again +
				"r RUNNING SUCCESS(2);" + failed + "r REVERTING REVERTED; f REVERTED",
		},
		{
			name: "default_times_retry", y: 9, flow: pair(3), end: state.Reverted, failures: "c: 3 is wrong",
			moves: "f RUNNING; r RUNNING SUCCESS(1);" + failed + again + "r RUNNING SUCCESS(2);" + failed + again +
				"r RUNNING SUCCESS(3);" + failed + "r REVERTING REVERTED; f REVERTED",
		},
		{
			name: "times 0", y: 9, flow: pair(0), end: state.Reverted, failures: "c: 1 is wrong",
			moves: "f RUNNING; r RUNNING SUCCESS(1);" + failed + "r REVERTING REVERTED; f REVERTED",
		},
		{
			name: "times 1", y: 9, flow: pair(1), end: state.Reverted, failures: "c: 1 is wrong",
			moves: "f RUNNING; r RUNNING SUCCESS(1);" + failed + "r REVERTING REVERTED; f REVERTED",
		},
		{
			name: "states_retry_failure_linear_flow", y: 4, end: state.Failure, fetched: "x=1",
			flow: func(r *retrial) *flow.Flow {
				f := flow.Linear("f", failingRevert(r.step("a"), errors.New("stuck")), r.picky("c", "x"), r.step("z"))
				return f.WithRetry(r.watched("r", "x", flow.Times(2)))
			},
			failures: "a: stuck; c: 1 is wrong",
			moves: "f RUNNING; r RUNNING SUCCESS(1); a RUNNING SUCCESS; c RUNNING FAILURE REVERTING REVERTED;" +
				"a REVERTING REVERT_FAILURE; f FAILURE",
		},
		{
			name: "retry_tasks_that_has_not_been_reverted", y: 2, end: state.Success, fetched: "x=2",
			flow: func(r *retrial) *flow.Flow {
				f := flow.Linear("f", r.picky("c", "x"), r.step("a"))
				return f.WithRetry(r.watched("r", "x", flow.Times(3)))
			},
			moves: "f RUNNING; r RUNNING SUCCESS(1); c RUNNING FAILURE REVERTING REVERTED; r RETRYING; c PENDING;" +
				"r RUNNING SUCCESS(2); c RUNNING SUCCESS; a RUNNING SUCCESS; f SUCCESS",
		},
	}
}

func nestedStories() []story {
	return []story{
		{
			name: "states_retry_failure_nested_flow_fails", y: 2, end: state.Success, fetched: "x=2",
			flow: func(r *retrial) *flow.Flow {
				inner := flow.Linear("g", r.step("b"), r.picky("c", "x")).WithRetry(r.watched("r2", "x", flow.Times(3)))
				f := flow.Linear("f", r.step("a"), inner, r.step("d"))
				return f.WithRetry(r.watched("r1", "", flow.AlwaysRevert()))
			},
			moves: "f RUNNING; r1 RUNNING SUCCESS(<nil>); a RUNNING SUCCESS; r2 RUNNING SUCCESS(1);" +
				"b RUNNING SUCCESS; c RUNNING FAILURE REVERTING REVERTED; b REVERTING REVERTED; r2 RETRYING; b PENDING; c PENDING;" +
				"r2 RUNNING SUCCESS(2); b RUNNING SUCCESS; c RUNNING SUCCESS; d RUNNING SUCCESS; f SUCCESS",
		},
		{
			name: "states_retry_failure_parent_flow_fails", y: 2, end: state.Success, fetched: "x1=2 x2=1",
			flow: func(r *retrial) *flow.Flow {
				inner := flow.Linear("g", r.step("b"), r.step("c")).WithRetry(r.watched("r2", "x2", flow.Times(3)))
				f := flow.Linear("f", r.step("a"), inner, r.picky("d", "x1"))
				return f.WithRetry(r.watched("r1", "x1", flow.Times(3)))
			},
			moves: "f RUNNING; r1 RUNNING SUCCESS(1); a RUNNING SUCCESS; r2 RUNNING SUCCESS(1); b RUNNING SUCCESS;" +
				"c RUNNING SUCCESS; d RUNNING FAILURE REVERTING REVERTED; c REVERTING REVERTED; b REVERTING REVERTED;" +
				"r2 REVERTING REVERTED; a REVERTING REVERTED; r1 RETRYING; a PENDING; r2 PENDING; b PENDING; c PENDING;" +
				"d PENDING; r1 RUNNING SUCCESS(2); a RUNNING SUCCESS; r2 RUNNING SUCCESS(1); b RUNNING SUCCESS;" +
				"c RUNNING SUCCESS; d RUNNING SUCCESS; f SUCCESS",
		},
		{
			name: "three deep", y: 2, end: state.Success, fetched: "x=2 x1=1 x2=1",
			flow: func(r *retrial) *flow.Flow {
				third := flow.Linear("h", r.picky("c", "x")).WithRetry(r.watched("r3", "x2", flow.Times(2)))
				second := flow.Linear("g", third).WithRetry(r.watched("r2", "x1", flow.Times(1)))
				return flow.Linear("f", second).WithRetry(r.watched("r1", "x", flow.Times(2)))
			},
			moves: "f RUNNING; r1 RUNNING SUCCESS(1); r2 RUNNING SUCCESS(1); r3 RUNNING SUCCESS(1);" +
				"c RUNNING FAILURE REVERTING REVERTED; r3 RETRYING; c PENDING; r3 RUNNING SUCCESS(2);" +
				"c RUNNING FAILURE REVERTING REVERTED; r3 REVERTING REVERTED; r2 REVERTING REVERTED; r1 RETRYING;" +
				"r2 PENDING; r3 PENDING; c PENDING; r1 RUNNING SUCCESS(2); r2 RUNNING SUCCESS(1);" +
				"r3 RUNNING SUCCESS(1); c RUNNING SUCCESS; f SUCCESS",
		},
	}
}

// escalationStories: what a retry cannot help the retry around it is asked about.
func escalationStories() []story {
	behind := func(r *retrial) *flow.Flow {
		inner := flow.Linear("g", r.step("b"), r.picky("c", "x")).WithRetry(r.watched("r", "x", flow.Times(1)))
		return flow.Linear("f", r.step("a"), inner, r.step("d"))
	}
	nested := func(r *retrial) *flow.Flow {
		third := flow.Linear("h", r.picky("c", "x")).WithRetry(r.watched("r2", "x", flow.Times(1)))
		second := flow.Linear("g", r.step("b"), third).WithRetry(r.watched("r1", "", flow.AlwaysRevert()))
		return flow.Linear("f", r.step("a"), second)
	}
	const inner = "f RUNNING; a RUNNING SUCCESS; r RUNNING SUCCESS(1); b RUNNING SUCCESS;" +
		"c RUNNING FAILURE REVERTING REVERTED; b REVERTING REVERTED; r REVERTING REVERTED;"
	const innermost = "f RUNNING; a RUNNING SUCCESS; r1 RUNNING SUCCESS(<nil>); b RUNNING SUCCESS;" +
		"r2 RUNNING SUCCESS(1); c RUNNING FAILURE REVERTING REVERTED; r2 REVERTING REVERTED;"
	return []story{
		{
			name: "nested_flow_reverts_parent_retries", y: 2, end: state.Success, fetched: "x=2 x2=1",
			flow: func(r *retrial) *flow.Flow {
				inner := flow.Linear("g", r.picky("c", "x")).WithRetry(r.watched("r2", "x2", flow.Times(0)))
				return flow.Linear("f", r.step("a"), inner).WithRetry(r.watched("r1", "x", flow.Times(3)))
			},
			moves: "f RUNNING; r1 RUNNING SUCCESS(1); a RUNNING SUCCESS; r2 RUNNING SUCCESS(1);" +
				"c RUNNING FAILURE REVERTING REVERTED; r2 REVERTING REVERTED; a REVERTING REVERTED; r1 RETRYING;" +
				"a PENDING; r2 PENDING; c PENDING; r1 RUNNING SUCCESS(2); a RUNNING SUCCESS; r2 RUNNING SUCCESS(1);" +
				"c RUNNING SUCCESS; f SUCCESS",
		},
		{
			name: "nested_flow_with_retry_revert", y: 2, end: state.Reverted, failures: "c: 1 is wrong",
			flow: func(r *retrial) *flow.Flow {
				c := r.picky("c", "x")
				c.Inject = flow.Args{{Name: "x", Value: int64(1)}}
				inner := flow.Linear("g", c).WithRetry(r.watched("r", "x2", flow.Times(0)))
				return flow.Linear("f", r.step("a"), inner)
			},
			moves: "f RUNNING; a RUNNING SUCCESS; r RUNNING SUCCESS(1); c RUNNING FAILURE REVERTING REVERTED;" +
				"r REVERTING REVERTED; f REVERTED",
		},
		{
			name: "new_revert_vs_old: new", y: 2, end: state.Reverted, flow: behind, failures: "c: 1 is wrong",
			moves: inner + "f REVERTED",
		},
		{
			name: "new_revert_vs_old: old", y: 2, deferred: true, end: state.Reverted, flow: behind,
			failures: "c: 1 is wrong", moves: inner + "a REVERTING REVERTED; f REVERTED",
		},
		{
			name: "two that revert: new", y: 2, end: state.Reverted, flow: nested, failures: "c: 1 is wrong",
			moves: innermost + "f REVERTED",
		},
		{
			name: "two that revert: old", y: 2, deferred: true, end: state.Reverted, flow: nested,
			failures: "c: 1 is wrong",
			moves:    innermost + "b REVERTING REVERTED; r1 REVERTING REVERTED; a REVERTING REVERTED; f REVERTED",
		},
	}
}

func revertAllStories() []story {
	return []story{
		{
			name: "nested_flow_with_retry_revert_all", y: 2, end: state.Reverted, failures: "c: 1 is wrong",
			flow: func(r *retrial) *flow.Flow {
				c := r.picky("c", "x")
				c.Inject = flow.Args{{Name: "x", Value: int64(1)}}
				inner := flow.Linear("g", c).WithRetry(r.watched("r", "x2", flow.Times(0).OrRevertAll()))
				return flow.Linear("f", r.step("a"), inner)
			},
			moves: "f RUNNING; a RUNNING SUCCESS; r RUNNING SUCCESS(1); c RUNNING FAILURE REVERTING REVERTED;" +
				"r REVERTING REVERTED; a REVERTING REVERTED; f REVERTED",
		},
		{
			name: "revert_all_retry", y: 2, end: state.Reverted, failures: "c: 1 is wrong",
			flow: func(r *retrial) *flow.Flow {
				inner := flow.Linear("g", r.picky("c", "x")).WithRetry(r.watched("r2", "", flow.AlwaysRevertAll()))
				return flow.Linear("f", r.step("a"), inner).WithRetry(r.watched("r1", "x", flow.Times(3)))
			},
			moves: "f RUNNING; r1 RUNNING SUCCESS(1); a RUNNING SUCCESS; r2 RUNNING SUCCESS(<nil>);" +
				"c RUNNING FAILURE REVERTING REVERTED; r2 REVERTING REVERTED; a REVERTING REVERTED;" +
				"r1 REVERTING REVERTED; f REVERTED",
		},
		{
			name: "revert all after a second attempt", y: 9, end: state.Reverted, failures: "c: 2 is wrong",
			flow: func(r *retrial) *flow.Flow {
				inner := flow.Linear("g", r.picky("c", "x")).WithRetry(r.watched("r2", "x", flow.Times(2).OrRevertAll()))
				return flow.Linear("f", r.step("a"), inner).WithRetry(r.watched("r1", "x1", flow.Times(3)))
			},
			moves: "f RUNNING; r1 RUNNING SUCCESS(1); a RUNNING SUCCESS; r2 RUNNING SUCCESS(1);" +
				"c RUNNING FAILURE REVERTING REVERTED; r2 RETRYING; c PENDING; r2 RUNNING SUCCESS(2);" +
				"c RUNNING FAILURE REVERTING REVERTED; r2 REVERTING REVERTED; a REVERTING REVERTED;" +
				"r1 REVERTING REVERTED; f REVERTED",
		},
	}
}
