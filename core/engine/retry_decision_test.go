package engine_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"derail/core/engine"
	"derail/core/failure"
	"derail/core/flow"
	"derail/core/host"
)

// A retry that panics or decides something that is no decision ends the run in FAILURE, by a failure that
// sends the job back to the board. Nothing is reverted, and an engine with a sound retry goes on.
func TestRetryThatCannotDecide(t *testing.T) {
	type decider func(flow.Args, flow.History) flow.Decision
	broken := map[string]decider{
		" decided 0, which is no decision":   func(flow.Args, flow.History) flow.Decision { return 0 },
		" decided 200, which is no decision": func(flow.Args, flow.History) flow.Decision { return 200 },
		": r: boom":                          func(flow.Args, flow.History) flow.Decision { panic("boom") },
		": r: woot":                          func(flow.Args, flow.History) flow.Decision { panic(errWoot) },
	}
	for text, decide := range broken {
		for _, kind := range engineKinds {
			t.Run(text+"/"+kind.name, func(t *testing.T) {
				r := newRetrial(t, kind, flow.Arg{Name: "y", Value: int64(2)})
				build := func(decide decider) *flow.Flow {
					re := r.watched("r", "x", flow.Times(2))
					if decide != nil {
						re.OnFailure = decide
					}
					return flow.Linear("f", r.step("a"), r.picky("c", "x")).WithRetry(re)
				}
				if end := r.run(build(decide)); end != "FAILURE" {
					t.Errorf("it ended in %s", end)
				}
				all := r.engine.Failures()
				if len(all) != 1 || all[0].Error() != "c: OnFailure of r"+text || !all.Internal() ||
					all[0].Class != failure.Execution {
					t.Errorf("the failures are %+v", all)
				}
				const left = "FAILURE\nr SUCCESS EXECUTE result=1 history=[1{c: 1 is wrong}]\n" +
					"a SUCCESS EXECUTE result=a!\nc FAILURE EXECUTE failure=1 is wrong\nfailures: c: 1 is wrong"
				if diff := cmp.Diff(left, r.recorded(build(nil))); diff != "" {
					t.Errorf("recorded is something else (-want +got):\n%s", diff)
				}
				r.calls = nil
				if end := r.run(build(nil)); end != "SUCCESS" || len(r.engine.Failures()) > 0 {
					t.Errorf("with a sound retry it ended in %s, %v", end, r.engine.Failures())
				}
				want := []string{
					"ask r() about [1{c: 1 is wrong}]: RETRY", "undo c(1 2) of <nil>/c: 1 is wrong (c: 1 is wrong)",
					"undo a() of a!/<nil> (c: 1 is wrong)", "r() after [1{c: 1 is wrong}]", "a()", "c(2 2)",
				}
				if diff := cmp.Diff(want, r.calls); diff != "" {
					t.Errorf("the calls differ (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// Beside a retry that decides well, one that cannot decide still ends the run, and the next engine asks
// both.
func TestRetryThatCannotDecideBesideAnother(t *testing.T) {
	r := newRetrial(t, engineKinds[0], flow.Arg{Name: "y", Value: int64(2)})
	build := func(broken bool) *flow.Flow {
		right := r.watched("r2", "x2", flow.Times(2))
		if broken {
			right.OnFailure = func(flow.Args, flow.History) flow.Decision { panic("boom") }
		}
		return flow.Unordered("f",
			flow.Linear("g", r.picky("c1", "x1")).WithRetry(r.watched("r1", "x1", flow.Times(2))),
			flow.Linear("h", r.picky("c2", "x2")).WithRetry(right))
	}
	if end := r.run(build(true)); end != "FAILURE" {
		t.Errorf("it ended in %s", end)
	}
	r.calls = nil
	if end := r.run(build(false)); end != "SUCCESS" {
		t.Errorf("with a sound retry it ended in %s", end)
	}
	asked := slices.DeleteFunc(r.calls, func(c string) bool { return !strings.HasPrefix(c, "ask") })
	want := []string{"ask r1() about [1{c1: 1 is wrong}]: RETRY", "ask r2() about [1{c2: 1 is wrong}]: RETRY"}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Errorf("the questions differ (-want +got):\n%s", diff)
	}
}

// The death of the process while a retry is asked is no decision.
func TestRetryThatIsKilled(t *testing.T) {
	everyKind(t, func(t *testing.T, kind engineKind) {
		for _, verb := range []string{"ask", "execute", "revert"} {
			if kind.workers > 0 && verb != "ask" {
				continue // it would be the death of this process
			}
			r := newRetrial(t, kind)
			die := func() { panic(&host.Killed{}) }
			re := &flow.Retry{OnFailure: func(flow.Args, flow.History) flow.Decision {
				if verb == "ask" {
					die()
				}
				return flow.RevertFlow
			}}
			re.Execute = func(context.Context, flow.Args, flow.History) (any, error) {
				if verb == "execute" {
					die()
				}
				return nil, nil
			}
			re.Revert = func(context.Context, flow.Args, flow.History, flow.Undo) error { die(); return nil }
			if end := r.run(flow.Linear("f", r.flop("c")).WithRetry(re)); end != "killed" {
				t.Errorf("%s: it ended in %s", verb, end)
			}
		}
	})
}

// A panic of a retry's Execute or Revert is its failure.
func TestRetryPanics(t *testing.T) {
	everyKind(t, func(t *testing.T, kind engineKind) {
		for _, verb := range []string{"execute", "revert"} {
			r := newRetrial(t, kind)
			re := flow.AlwaysRevert().Named("r")
			re.Execute = func(context.Context, flow.Args, flow.History) (any, error) {
				if verb == "execute" {
					panic("boom")
				}
				return nil, nil
			}
			re.Revert = func(context.Context, flow.Args, flow.History, flow.Undo) error {
				if verb == "revert" {
					panic("boom")
				}
				return nil
			}
			end := r.run(flow.Linear("f", r.flop("c")).WithRetry(re))
			all := r.engine.Failures()
			want := map[string]string{"execute": "REVERTED r: boom", "revert": "FAILURE r: boom; c: woot"}[verb]
			if got := end + " " + all.Error(); got != want || !all[0].Panic {
				t.Errorf("%s: it ended in %s, want %s", verb, got, want)
			}
		}
	})
}

// A value that cannot be stored fails the retry.
func TestRetryValueThatCannotBeStored(t *testing.T) {
	r := newRetrial(t, engineKinds[0])
	re := flow.AlwaysRevert().Named("r")
	re.Execute = func(context.Context, flow.Args, flow.History) (any, error) { return make(chan int), nil }
	end := r.run(flow.Linear("f", r.step("a")).WithRetry(re))
	if all := r.engine.Failures().Error(); end != "REVERTED" || !strings.Contains(all, "cannot be stored") {
		t.Errorf("it ended in %s, %s", end, all)
	}
	if err := flow.ForEach("a", make(chan int)).Err(); err == nil || !strings.Contains(err.Error(), "value 2") {
		t.Errorf("a list that cannot be stored: %v", err)
	}
}

// A retry has arguments of its own for executing, deciding and reverting, and may provide several values.
func TestRetryOwnArguments(t *testing.T) {
	everyKind(t, func(t *testing.T, kind engineKind) {
		r := newRetrial(t, kind, flow.Arg{Name: "y", Value: 6.0}, flow.Arg{Name: "reason", Value: "because"})
		re := &flow.Retry{
			Requires: []string{"limit", "unit"}, Optional: []string{"hint", "nobody"},
			Rebind: map[string]string{"limit": "most"}, Inject: flow.Args{{Name: "unit", Value: "ms"}},
			RevertNeeds: &flow.Needs{Requires: []string{"why", "most"}, Rebind: map[string]string{"why": "reason"}},
			Execute: func(_ context.Context, args flow.Args, past flow.History) (any, error) {
				if _, has := args.Lookup("nobody"); has {
					t.Error("there is an argument that nobody provides")
				}
				return []any{"skipped", 3 * (len(past) + 1), "second"}, nil
			},
			OnFailure: func(args flow.Args, past flow.History) flow.Decision {
				if most, _ := args.Lookup("limit"); len(past) < len(most.(string)) {
					return flow.TryAgain
				}
				return flow.RevertAll
			},
		}
		re = r.watched("r", "", re)
		re.ProvidesItems = []string{"", "x", "x1"}
		inner := flow.Linear("g", r.echo("e", "x1"), r.picky("c", "x"), r.flop("z")).WithRetry(re)
		if end := r.run(flow.Linear("f", r.step("most"), r.step("hint"), inner)); end != "REVERTED" {
			t.Errorf("it ended in %s", end)
		}
		whole := strings.Join(r.calls, "\n")
		for _, want := range []string{
			"most()\nhint()\nr(most! ms hint!) after []\ne(second)\nc(3 6)\n" +
				"ask r(most! ms hint!) about [[skipped 3 second]{c: 3 is wrong}]: RETRY\n",
			"e(second)\nc(6 6)\nz()\n",
			"undo r(because most!) of [[skipped 3 second]{c: 3 is wrong} [skipped 6 second]{z: woot} " +
				"[skipped 9 second]{c: 9 is wrong} [skipped 12 second]{c: 12 is wrong} " +
				"[skipped 15 second]{c: 15 is wrong}], [skipped 15 second]/<nil>\n",
		} {
			if !strings.Contains(whole, want) {
				t.Errorf("among the calls there is not\n%s\nbut\n%s", want, whole)
			}
		}
	})
}

// Keys of a retry's value can be asked for by name, and are those of the current attempt.
func TestRetryProvidesKeys(t *testing.T) {
	everyKind(t, func(t *testing.T, kind engineKind) {
		r := newRetrial(t, kind, flow.Arg{Name: "y", Value: "west"})
		re := r.watched("r", "", flow.ForEach(
			map[string]any{"x": "east", "x1": 1}, struct {
				X string `json:"x"`
				N int    `json:"x1"`
			}{"west", 2}))
		re.ProvidesKeys = []string{"x", "x1"}
		if end := r.run(flow.Linear("f", r.picky("c", "x"), r.echo("e", "x1")).WithRetry(re)); end != "SUCCESS" {
			t.Errorf("it ended in %s", end)
		}
		if got := fetched(r.engine); got != "x=west x1=2" || r.calls[len(r.calls)-1] != "e(2)" {
			t.Errorf("the values are %s; the calls %q", got, r.calls)
		}
	})
}

// What a retry requires has to be there before it, for executing and for reverting; what is in its own
// flow comes too late.
func TestRetryMissingArguments(t *testing.T) {
	r := newRetrial(t, engineKinds[0])
	re := flow.ParameterizedForEach("values").Named("r")
	re.RevertNeeds = &flow.Needs{Requires: []string{"why"}}
	inside := r.step("values")
	e := engine.New(engine.Config{
		Flow: flow.Linear("f", inside).WithRetry(re), FlowID: "f", Books: r.books, Host: host.Real(), Epoch: 1,
	})
	var missing *engine.MissingError
	if err := readied(e); !errors.As(err, &missing) {
		t.Fatalf("it was validated: %v", err)
	}
	want := []engine.Missing{{Atom: "r", Value: "values"}, {Atom: "r", Value: "why", Revert: true}}
	if diff := cmp.Diff(want, missing.Missing); diff != "" {
		t.Errorf("missing is (-want +got):\n%s", diff)
	}
}

// A parameter that is no list is the retry's failure, and the text says so.
func TestRetryParameterThatIsNoList(t *testing.T) {
	for _, value := range []any{nil, "abc", int64(3), []byte("abc")} {
		r := newRetrial(t, engineKinds[0], flow.Arg{Name: "values", Value: value})
		f := flow.Linear("f", r.step("a")).WithRetry(r.watched("r", "x", flow.ParameterizedForEach("values")))
		end := r.run(f)
		if got := r.engine.Failures().Error(); end != "REVERTED" || !strings.Contains(got, "not a list") {
			t.Errorf("%v: it ended in %s, %s", value, end, got)
		}
	}
}

// run_just_retry, use_retry_as_a_task: a retry is no item of a flow, which the compiler sees to.
func TestRetryIsNoItem(t *testing.T) {
	if _, is := any(flow.Times(1)).(flow.Item); is {
		t.Error("a retry can be put into a flow as if it were a task")
	}
}
