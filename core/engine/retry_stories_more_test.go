package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"derail/core/flow"
	"derail/core/state"
)

// eachTried is the moves of a retry that tries these values while the task behind it fails, and then is
// reverted.
func eachTried(retry, task string, tried ...any) string {
	var moves strings.Builder
	for i, value := range tried {
		if i > 0 {
			fmt.Fprintf(&moves, "%s RETRYING; %s PENDING;", retry, task)
		}
		fmt.Fprintf(&moves, "%s RUNNING SUCCESS(%v); %s RUNNING FAILURE REVERTING REVERTED;", retry, value, task)
	}
	fmt.Fprintf(&moves, "%s REVERTING REVERTED;", retry)
	return moves.String()
}

func forEachStories() []story {
	list := []any{int64(3), int64(2), int64(3), int64(5)}
	alone := func(one *flow.Retry) func(r *retrial) *flow.Flow {
		return func(r *retrial) *flow.Flow {
			return flow.Linear("f", r.picky("c", "x")).WithRetry(r.watched("r", "x", one))
		}
	}
	nested := func(one *flow.Retry) func(r *retrial) *flow.Flow {
		return func(r *retrial) *flow.Flow {
			inner := flow.Linear("g", r.picky("c", "x")).WithRetry(r.watched("r", "x", one))
			return flow.Linear("f", r.step("a"), inner)
		}
	}
	const before, undone = "f RUNNING; a RUNNING SUCCESS;", "a REVERTING REVERTED;"
	const empty = "f RUNNING; r RUNNING FAILURE REVERTING REVERTED; f REVERTED"
	tried := eachTried("r", "c", 3, 2, 3, 5)
	end, failures := state.Reverted, "c: 5 is wrong"
	return []story{
		{
			name: "for_each_with_list", end: end, failures: failures, flow: alone(flow.ForEach(list...)),
			moves: "f RUNNING;" + tried + "f REVERTED",
		},
		{
			name: "nested_for_each_revert", end: end, failures: failures, flow: nested(flow.ForEach(list...)),
			moves: before + tried + "f REVERTED",
		},
		{
			name: "nested_for_each_revert_all", end: end, failures: failures,
			flow: nested(flow.ForEach(list...).OrRevertAll()), moves: before + tried + undone + "f REVERTED",
		},
		{
			name: "for_each_empty_collection", end: end, failures: "r: no elements left", flow: alone(flow.ForEach()),
			moves: empty,
		},
		{
			name: "parameterized_for_each_with_list", values: list, end: end, failures: failures,
			flow: alone(flow.ParameterizedForEach("values")), moves: "f RUNNING;" + tried + "f REVERTED",
		},
		{
			name: "parameterized_for_each_with_set", values: []int64{3, 2, 3, 5}, end: end, failures: failures,
			flow: alone(flow.ParameterizedForEach("values")), moves: "f RUNNING;" + tried + "f REVERTED",
		},
		{
			name: "nested_parameterized_for_each_revert", values: list, end: end, failures: failures,
			flow: nested(flow.ParameterizedForEach("values")), moves: before + tried + "f REVERTED",
		},
		{
			name: "nested_parameterized_for_each_revert_all", values: list, end: end, failures: failures,
			flow:  nested(flow.ParameterizedForEach("values").OrRevertAll()),
			moves: before + tried + undone + "f REVERTED",
		},
		{
			name: "parameterized_for_each_empty_collection", values: []any{}, end: end,
			failures: "r: no elements left", flow: alone(flow.ParameterizedForEach("values")), moves: empty,
		},
		{
			name: "a value of several does it", y: 5, end: state.Success, fetched: "x=5",
			flow: alone(flow.ForEach(append(list, int64(6))...)),
			moves: "f RUNNING;" +
				strings.TrimSuffix(tried, "c RUNNING FAILURE REVERTING REVERTED;r REVERTING REVERTED;") + "c RUNNING SUCCESS; f SUCCESS",
		},
		{
			name: "values that a task provides", end: end, failures: "c: of-b is wrong", flow: fromATask,
			moves: "f RUNNING; list RUNNING SUCCESS;" + eachTried("r", "c", "of-a", "of-b", "of-a", "of-b") +
				"f REVERTED",
		},
	}
}

// fromATask is a retry whose values a task before it provides, some of them twice.
func fromATask(r *retrial) *flow.Flow {
	list := r.step("list")
	list.Provides, list.Execute = "values", func(context.Context, flow.Args) (any, error) {
		r.call("list()")
		return []string{"of-a", "of-b", "of-a", "of-b"}, nil
	}
	inner := flow.Linear("g", r.picky("c", "x"))
	return flow.Linear("f", list, inner.WithRetry(r.watched("r", "x", flow.ParameterizedForEach("values"))))
}

// faint is a retry that cannot begin its second attempt.
func faint() *flow.Retry {
	return &flow.Retry{
		Execute: func(_ context.Context, _ flow.Args, past flow.History) (any, error) {
			if len(past) == 1 {
				return nil, errors.New("faint")
			}
			return len(past) + 1, nil
		},
		OnFailure: func(flow.Args, flow.History) flow.Decision { return flow.TryAgain },
	}
}

// ownFailureStories: the retry itself fails.
func ownFailureStories() []story {
	broken := func(revert error) *flow.Retry {
		r := flow.AlwaysRevert()
		r.Execute = func(context.Context, flow.Args, flow.History) (any, error) { return nil, errors.New("omg") }
		r.Revert = func(context.Context, flow.Args, flow.History, flow.Undo) error { return revert }
		return r
	}
	return []story{
		{
			name: "retry_fails", end: state.Reverted, failures: "r: omg",
			flow:  func(r *retrial) *flow.Flow { return flow.Linear("f").WithRetry(r.watched("r", "", broken(nil))) },
			moves: "f RUNNING; r RUNNING FAILURE REVERTING REVERTED; f REVERTED",
		},
		{
			name: "retry_revert_fails", end: state.Failure, failures: "r: omg; r: stuck",
			flow: func(r *retrial) *flow.Flow {
				return flow.Linear("f").WithRetry(r.watched("r", "", broken(errors.New("stuck"))))
			},
			moves: "f RUNNING; r RUNNING FAILURE REVERTING REVERT_FAILURE; f FAILURE",
		},
		{
			name: "the revert of a good retry fails", y: 9, end: state.Failure, failures: "r: stuck; c: 1 is wrong",
			flow: func(r *retrial) *flow.Flow {
				re := flow.Times(1)
				re.Revert = func(context.Context, flow.Args, flow.History, flow.Undo) error { return errors.New("stuck") }
				inner := flow.Linear("g", r.picky("c", "x")).WithRetry(r.watched("r", "x", re.OrRevertAll()))
				return flow.Linear("f", r.step("a"), inner)
			},
			moves: "f RUNNING; a RUNNING SUCCESS; r RUNNING SUCCESS(1); c RUNNING FAILURE REVERTING REVERTED;" +
				"r REVERTING REVERT_FAILURE; f FAILURE",
		},
		{
			name: "a retry fails before its second attempt", y: 2, end: state.Success, fetched: "x=2",
			flow: func(r *retrial) *flow.Flow {
				inner := flow.Linear("g", r.picky("c", "x")).WithRetry(r.watched("r2", "", faint()))
				return flow.Linear("f", r.step("a"), inner).WithRetry(r.watched("r1", "x", flow.Times(2)))
			},
			moves: "f RUNNING; r1 RUNNING SUCCESS(1); a RUNNING SUCCESS; r2 RUNNING SUCCESS(1);" +
				"c RUNNING FAILURE REVERTING REVERTED; r2 RETRYING; c PENDING; r2 RUNNING FAILURE REVERTING REVERTED;" +
				"a REVERTING REVERTED; r1 RETRYING; a PENDING; r2 PENDING; r1 RUNNING SUCCESS(2); a RUNNING SUCCESS;" +
				"r2 RUNNING SUCCESS(1); c RUNNING SUCCESS; f SUCCESS",
		},
		{
			name: "a retry without another around it fails before its second attempt", y: 2, end: state.Reverted,
			flow: func(r *retrial) *flow.Flow {
				inner := flow.Linear("g", r.picky("c", "x")).WithRetry(r.watched("r", "x", faint()))
				return flow.Linear("f", r.step("a"), inner)
			},
			failures: "r: faint",
			moves: "f RUNNING; a RUNNING SUCCESS; r RUNNING SUCCESS(1); c RUNNING FAILURE REVERTING REVERTED;" +
				"r RETRYING; c PENDING; r RUNNING FAILURE REVERTING REVERTED; a REVERTING REVERTED; f REVERTED",
		},
	}
}

// sideBySideStories: several atoms are ready at once, and more than one may fail.
func sideBySideStories() []story {
	branches := func(r1, r2 *flow.Retry, c2 func(r *retrial) *flow.Task) func(r *retrial) *flow.Flow {
		return func(r *retrial) *flow.Flow {
			left := flow.Linear("g1", r.picky("c1", "x1")).WithRetry(r.watched("r1", "x1", r1))
			right := flow.Linear("g2", c2(r)).WithRetry(r.watched("r2", "x2", r2))
			return flow.Linear("f", r.step("a"), flow.Unordered("u", left, right), r.step("z"))
		}
	}
	picky := func(r *retrial) *flow.Task { return r.picky("c2", "x2") }
	flop := func(r *retrial) *flow.Task { return r.flop("c2") }
	const begun = "f RUNNING; a RUNNING SUCCESS; r1 RUNNING SUCCESS(1); r2 RUNNING SUCCESS(1);"
	const failed = "c1 RUNNING FAILURE; c2 RUNNING FAILURE REVERTING REVERTED; c1 REVERTING REVERTED;"
	return []story{
		{
			name: "unordered_flow_task_fails_parallel_tasks_should_be_reverted", y: 2, loose: true,
			end: state.Success, fetched: "x=2",
			flow: func(r *retrial) *flow.Flow {
				f := flow.Unordered("f", r.step("a"), r.picky("c", "x"))
				return f.WithRetry(r.watched("r", "x", flow.Times(3)))
			},
			moves: "f RUNNING; r RUNNING SUCCESS(1); a RUNNING SUCCESS; c RUNNING FAILURE REVERTING REVERTED;" +
				"a REVERTING REVERTED; r RETRYING; a PENDING; c PENDING; r RUNNING SUCCESS(2); a RUNNING SUCCESS;" +
				"c RUNNING SUCCESS; f SUCCESS",
		},
		{
			name: "revert all beside retry", y: 2, loose: true, races: true, end: state.Reverted,
			failures: "c1: 1 is wrong; c2: woot", flow: branches(flow.Times(3), flow.Times(1).OrRevertAll(), flop),
			moves: begun + failed + "r2 REVERTING REVERTED; r1 REVERTING REVERTED; a REVERTING REVERTED; f REVERTED",
		},
		{
			name: "two that try again share what comes after", y: 2, loose: true, end: state.Success,
			fetched: "x1=2 x2=2", flow: branches(flow.Times(2), flow.Times(3), picky),
			moves: begun + failed + "r1 RETRYING; c1 PENDING; r1 RUNNING SUCCESS(2); r2 RETRYING; c2 PENDING;" +
				"r2 RUNNING SUCCESS(2); c1 RUNNING SUCCESS; c2 RUNNING SUCCESS; z RUNNING SUCCESS; f SUCCESS",
		},
		{
			name: "one tries again beside one that gives up", y: 2, loose: true, end: state.Reverted,
			fetched: "x1=2", failures: "c2: woot", flow: branches(flow.Times(2), flow.Times(1), flop),
			moves: begun + failed + "r1 RETRYING; c1 PENDING; r1 RUNNING SUCCESS(2); r2 REVERTING REVERTED;" +
				"c1 RUNNING SUCCESS; f REVERTED",
		},
		{
			name: "the one around gives up while the one inside tries again", y: 2, loose: true, races: true,
			end: state.Reverted, failures: "c1: 1 is wrong; c2: woot",
			flow: func(r *retrial) *flow.Flow {
				left := flow.Linear("g1", r.picky("c1", "x1")).WithRetry(r.watched("r1", "x1", flow.Times(3)))
				right := flow.Linear("g2", r.step("b"), r.flop("c2"))
				around := flow.Unordered("u", left, right).WithRetry(r.watched("r", "x", flow.Times(1)))
				return flow.Linear("f", r.step("a"), around)
			},
			moves: "f RUNNING; a RUNNING SUCCESS; r RUNNING SUCCESS(1); r1 RUNNING SUCCESS(1); b RUNNING SUCCESS;" +
				failed + "b REVERTING REVERTED; r1 REVERTING REVERTED; r REVERTING REVERTED; f REVERTED",
		},
		{
			name: "the one around tries again, and so does the one inside", y: 2, loose: true, races: true,
			end: state.Success, fetched: "x=2 x1=2",
			flow: func(r *retrial) *flow.Flow {
				left := flow.Linear("g1", r.picky("c1", "x1")).WithRetry(r.watched("r1", "x1", flow.Times(3)))
				right := flow.Linear("g2", r.step("b"), r.picky("c2", "x"))
				return flow.Unordered("f", left, right).WithRetry(r.watched("r", "x", flow.Times(2)))
			},
			moves: "f RUNNING; r RUNNING SUCCESS(1); r1 RUNNING SUCCESS(1); b RUNNING SUCCESS;" + failed +
				"b REVERTING REVERTED; r1 REVERTING REVERTED; r RETRYING;" +
				"r1 PENDING; c1 PENDING; b PENDING; c2 PENDING; r RUNNING SUCCESS(2); r1 RUNNING SUCCESS(1); b RUNNING SUCCESS; c1 RUNNING FAILURE;" +
				"c2 RUNNING SUCCESS; c1 REVERTING REVERTED; r1 RETRYING; c1 PENDING; r1 RUNNING SUCCESS(2);" +
				"c1 RUNNING SUCCESS; f SUCCESS",
		},
	}
}

// echo is a task that returns what it requires.
func (r *retrial) echo(name, requires string) *flow.Task {
	t := r.step(name, requires)
	t.Execute = func(_ context.Context, args flow.Args) (any, error) {
		r.call("%s%s", name, values(args))
		return args[0].Value, nil
	}
	return t
}

// ignoringStories: what a decider left out of one attempt is not left out of the next.
func ignoringStories() []story {
	ignoring := func(no int64, depth flow.Depth) func(r *retrial) *flow.Flow {
		return func(r *retrial) *flow.Flow {
			p, q, s, t := r.echo("p", "x"), r.step("q"), r.step("s"), r.step("t")
			g := flow.Graph("g", p, q, s, t).Link(q, s).Link(s, t)
			g.LinkIf(p, q, func(results flow.Args) bool { got, _ := results.Lookup("p"); return got != no }, depth)
			f := flow.Linear("f", g, r.picky("c", "x"))
			return f.WithRetry(r.watched("r", "x", flow.Times(3)))
		}
	}
	const begun = "f RUNNING; r RUNNING SUCCESS(1); p RUNNING SUCCESS;"
	const failed = "c RUNNING FAILURE REVERTING REVERTED;"
	const again = "r RETRYING; p PENDING; q PENDING; s PENDING; t PENDING; c PENDING;" +
		"r RUNNING SUCCESS(2); p RUNNING SUCCESS;"
	const all = "q RUNNING SUCCESS; s RUNNING SUCCESS; t RUNNING SUCCESS;"
	const end = again + all + "c RUNNING SUCCESS; f SUCCESS"
	return []story{
		{
			name: "ignored in the first attempt: atom", y: 2, end: state.Success, fetched: "x=2",
			flow: ignoring(1, flow.DepthAtom),
			moves: begun + "q IGNORE; s RUNNING SUCCESS; t RUNNING SUCCESS;" + failed +
				"t REVERTING REVERTED; s REVERTING REVERTED; p REVERTING REVERTED;" + end,
		},
		{
			name: "ignored in the first attempt: neighbors", y: 2, end: state.Success, fetched: "x=2",
			flow: ignoring(1, flow.DepthNeighbors),
			moves: begun + "q IGNORE; s IGNORE; t RUNNING SUCCESS;" + failed +
				"t REVERTING REVERTED; p REVERTING REVERTED;" + end,
		},
		{
			name: "ignored in the first attempt: flow", y: 2, end: state.Success, fetched: "x=2",
			flow:  ignoring(1, flow.DepthFlow),
			moves: begun + "q IGNORE; s IGNORE; t IGNORE;" + failed + "p REVERTING REVERTED;" + end,
		},
		{
			name: "ignored in the second attempt: all", y: 9, end: state.Success, fetched: "x=2",
			flow: ignoring(2, flow.DepthAll),
			moves: begun + all + failed +
				"t REVERTING REVERTED; s REVERTING REVERTED; q REVERTING REVERTED; p REVERTING REVERTED;" + again +
				"q IGNORE; s IGNORE; t IGNORE; c IGNORE; f SUCCESS",
		},
		{
			name: "a retry is ignored in the first attempt", y: 2, end: state.Success, fetched: "x=2 x2=2",
			flow: ignoredRetry,
			moves: "f RUNNING; r RUNNING SUCCESS(1); p RUNNING SUCCESS; r2 IGNORE; b IGNORE;" + failed +
				"p REVERTING REVERTED; r RETRYING; p PENDING; c PENDING; r2 PENDING; b PENDING; r RUNNING SUCCESS(2);" +
				"p RUNNING SUCCESS; c RUNNING SUCCESS; r2 RUNNING SUCCESS(1); b RUNNING FAILURE REVERTING REVERTED;" +
				"r2 RETRYING; b PENDING; r2 RUNNING SUCCESS(2); b RUNNING SUCCESS; f SUCCESS",
			loose: true,
		},
	}
}

// ignoredRetry is a retry with a flow that a decider of another retry's flow leaves out once.
func ignoredRetry(r *retrial) *flow.Flow {
	p, c := r.echo("p", "x"), r.picky("c", "x")
	inner := flow.Linear("g", r.picky("b", "x2")).WithRetry(r.watched("r2", "x2", flow.Times(2)))
	f := flow.Graph("f", p, inner, c).Link(p, c)
	notFirst := func(results flow.Args) bool { got, _ := results.Lookup("p"); return got != int64(1) }
	f.LinkIf(p, inner, notFirst, flow.DepthAll)
	return f.WithRetry(r.watched("r", "x", flow.Times(3)))
}
