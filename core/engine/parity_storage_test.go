package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"derail/core/engine"
	"derail/core/event"
	"derail/core/flow"
	"derail/core/logbook"
	"derail/core/state"
)

// What TaskFlow's test_storage asserts of values and atoms that only an engine brings together here.
func TestParityStorage(t *testing.T) {
	playRows(t, atomRows)
	playRows(t, valueRows)
	playRows(t, partRows)
}

var atomRows = []row{
	{"ensure_task", func(s *scene) {
		e := s.engine(flow.Single(five("t")))
		if a := s.atom(e, "t"); a.State != state.Pending || a.Intention != state.ToExecute || a.Result != nil {
			s.Errorf("it is %+v", a)
		}
	}},
	{"ensure_existing_task", func(s *scene) {
		f := flow.Linear("l", s.suspending(five("t")), five("u"))
		s.run(f, state.Suspended)
		if a := s.atom(s.engine(f), "t"); a.State != state.Success || a.Result != int64(5) {
			s.Errorf("it is %+v", a)
		}
	}},
	{"reset_unknown_task", func(s *scene) {
		e := s.run(flow.Linear("l", bad("x"), five("never")), state.Reverted)
		s.reset(e)
		if a := s.atom(e, "never"); a.State != state.Pending || s.recorded() != "PENDING" {
			s.Errorf("it is %+v, and recorded is %s", a, s.recorded())
		}
	}},
	{"initial_flow_state", func(s *scene) {
		if got := s.engine(flow.Single(five("t"))).FlowState(); got != state.Pending {
			s.Errorf("the flow is in %s", got)
		}
	}},
	{"many_thread_ensure_same_task", func(s *scene) {
		f := flow.Unordered("u")
		for i := range 50 {
			f.Add(five(fmt.Sprint("t", i)))
		}
		s.run(f, state.Success)
		d, err := s.books.Read(s.Context(), "f")
		if err != nil || len(d.Atoms) != 50 {
			s.Errorf("%d atoms are recorded, %v", len(d.Atoms), err)
		}
		for i := range d.Atoms {
			if d.Atoms[i].State != state.Success {
				s.Errorf("%s is recorded as %s", d.Atoms[i].Name, d.Atoms[i].State)
			}
		}
	}},
	{"ensure_retry_and_task_with_same_name", func(s *scene) {
		s.run(watched(flow.Linear("l", five("t")), "a"), state.Success)
		err := readied(s.made(flow.Linear("l", five("a"), five("t"))))
		if err == nil || !strings.Contains(err.Error(), "task a is recorded as something else") {
			s.Errorf("got %v", err)
		}
	}},
	{"save_retry_results_with_mapping", func(s *scene) {
		var seen flow.Args
		t := noting("t", []string{"x"}, &seen, func(flow.Args) any { return nil })
		execute, tries := t.Execute, 0
		t.Execute = func(ctx context.Context, args flow.Args) (any, error) {
			_, _ = execute(ctx, args)
			if tries++; tries < 3 {
				return nil, errNo
			}
			return nil, nil
		}
		f := flow.Linear("l", t).WithRetry(flow.Times(3).Named("r").Providing("x"))
		e := s.run(f, state.Success)
		if seen[0].Value != int64(3) {
			s.Errorf("the task was given %v", seen)
		}
		s.expectValues(e, "x", 3)
		if got := fmt.Sprint(s.atom(s.engine(f), "r").History.Values()); got != "[1 2 3]" {
			s.Errorf("the values of its attempts are %s", got)
		}
	}},
	// TaskFlow writes seven times for one task.
	{"writes_of_one_task", func(s *scene) {
		saves := 0
		s.config.Listener = event.ListenerFunc(func(e *event.Event) {
			if e.Kind == event.LogbookSaved {
				saves++
			}
		})
		s.run(flow.Single(five("t")), state.Success)
		if saves != 2 {
			s.Errorf("it was written %d times", saves)
		}
	}},
	// In TaskFlow the failures of atoms that have left the flow are raised all the same.
	{"failures_of_removed_atoms", func(s *scene) {
		a := five("a")
		s.run(flow.Linear("l", a, s.suspending(bad("gone"))), state.Suspended)
		s.expectFailures(s.engine(flow.Linear("l", a)))
	}},
	{"factory_details", func(s *scene) {
		var flows flow.Registry
		made := func(inputs flow.Args) (*flow.Flow, error) {
			name, err := flow.Get[string](inputs, "task_name")
			return flow.Single(five(name)), err
		}
		if err := flows.Register("my flow", made); err != nil {
			s.Fatal(err)
		}
		inputs := flow.Args{{Name: "task_name", Value: "test1"}}
		detail := logbook.FlowDetail{ID: "g", Factory: "my flow", Inputs: inputs}
		if err := s.books.Create(s.Context(), logbook.Book{ID: "c"}, detail); err != nil {
			s.Fatal(err)
		}
		stored, err := s.books.Read(s.Context(), "g")
		if err != nil {
			s.Fatal(err)
		}
		factory, there := flows.Lookup(stored.Factory)
		if !there {
			s.Fatal("the factory is not there")
		}
		f, err := factory(stored.Inputs)
		if err != nil || f.Label() != "test1" {
			s.Fatalf("the flow is %v, %v", f, err)
		}
		s.run(f, state.Success)
		s.expect("test1 RUNNING, test1 SUCCESS")
	}},
}

var valueRows = []row{
	{"fetch_by_name", func(s *scene) {
		s.expectValues(s.run(flow.Single(five("t").Providing("x")), state.Success), "x", 5)
	}},
	{"fetch_unknown_name", func(s *scene) {
		e := s.run(flow.Single(five("t").Providing("x")), state.Success)
		s.expectValues(e, "y")
		s.expectValues(e, "") // the result of a task that provides nothing has no name
	}},
	{"fetch_result_not_ready", func(s *scene) {
		e := s.engine(flow.Single(five("t").Providing("x")))
		s.expectValues(e, "x")
		s.again(e, state.Success)
		s.expectValues(e, "x", 5)
	}},
	{"save_multiple_results", func(s *scene) {
		t := result("t", []string{"a", "b"})
		t.ProvidesItems = []string{"foo", "bar"}
		t.Provides = "all"
		e := s.run(flow.Single(t), state.Success)
		s.expectValues(e, "foo", "a")
		s.expectValues(e, "bar", "b")
		s.expectValues(e, "all", []any{"a", "b"})
	}},
	{"mapping_none", func(s *scene) {
		e := s.run(flow.Single(five("t")), state.Success)
		s.expectValues(e, "t")
		if got := s.atom(e, "t").Result; got != int64(5) {
			s.Errorf("its result is %v", got)
		}
	}},
	{"inject", func(s *scene) {
		var seen flow.Args
		s.give("foo", "bar").give("spam", "eggs")
		s.run(flow.Single(noting("t", []string{"spam", "foo"}, &seen, addNothing)), state.Success)
		if got := names(seen); got != "spam=eggs foo=bar" {
			s.Errorf("it was given %s", got)
		}
	}},
	{"inject_resumed", func(s *scene) {
		var seen flow.Args
		last := noting("u", []string{"foo"}, &seen, addNothing)
		f := flow.Linear("l", s.suspending(five("t", "foo")), last)
		s.give("foo", "bar").run(f, state.Suspended)
		s.run(f, state.Success)
		if got := names(seen); got != "foo=bar" {
			s.Errorf("it was given %s", got)
		}
	}},
	{"fetch_mapped_args", func(s *scene) {
		var seen flow.Args
		t := noting("t", []string{"viking"}, &seen, addNothing)
		t.Rebind = map[string]string{"viking": "spam"}
		s.give("foo", "bar").give("spam", "eggs").run(flow.Single(t), state.Success)
		if got := names(seen); got != "viking=eggs" {
			s.Errorf("it was given %s", got)
		}
	}},
	{"fetch_not_found_args", func(s *scene) {
		t := five("t", "viking")
		t.Rebind = map[string]string{"viking": "helmet"}
		s.give("foo", "bar").expectMissing(t, `nobody provides "helmet" for t`)
	}},
	{"fetch_optional_args_found", func(s *scene) {
		s.expectOptional("foo", "viking=bar")
	}},
	{"fetch_optional_args_not_found", func(s *scene) {
		s.expectOptional("helmet", "")
	}},
	{"transient_storage_fetch_all", func(s *scene) {
		t := five("t", "spam", "a").Providing("b")
		t.Inject = flow.Args{{Name: "spam", Value: "eggs"}}
		e := s.give("a", 1).run(flow.Single(t), state.Success)
		s.expectValues(e, "a", 1)
		s.expectValues(e, "b", 5)
		s.expectValues(e, "spam") // what a task injects is its own
	}},
	{"transient_storage_fetch_mapped", func(s *scene) {
		var seen flow.Args
		t := noting("t", []string{"viking", "knight", "mine"}, &seen, addNothing)
		t.Rebind = map[string]string{"viking": "spam", "knight": "own", "mine": "foo"}
		t.Inject = flow.Args{{Name: "own", Value: "armour"}, {Name: "foo", Value: "injected goes first"}}
		s.give("foo", "bar").give("spam", "eggs").run(flow.Single(t), state.Success)
		if got := names(seen); got != "viking=eggs knight=armour mine=injected goes first" {
			s.Errorf("it was given %s", got)
		}
	}},
	{"transient_storage_restore", func(s *scene) {
		t := five("u", "own")
		t.Inject = flow.Args{{Name: "own", Value: 1}}
		s.run(flow.Linear("l", s.suspending(five("t")), t), state.Suspended)
		t.Inject = nil
		if err := readied(s.made(flow.Linear("l", five("t"), t))); !isMissing(err) {
			s.Errorf("what was injected has been recorded: %v", err)
		}
	}},
	{"inject_persistent_missing", func(s *scene) {
		t := five("t", "a", "b")
		s.expectMissing(t, `nobody provides "a" for t, "b" for t`)
		t.Inject = flow.Args{{Name: "a", Value: 1}}
		s.expectMissing(t, `nobody provides "b" for t`)
		t.Inject = append(t.Inject, flow.Arg{Name: "b", Value: 2})
		s.run(flow.Single(t), state.Success)
	}},
}

func addNothing(flow.Args) any { return nil }

func isMissing(err error) bool {
	var missing *engine.MissingError
	return errors.As(err, &missing)
}

func (s *scene) expectOptional(from, want string) {
	s.Helper()
	var seen flow.Args
	t := noting("t", nil, &seen, addNothing)
	t.Optional, t.Rebind = []string{"viking"}, map[string]string{"viking": from}
	s.give("foo", "bar").run(flow.Single(t), state.Success)
	if got := names(seen); got != want {
		s.Errorf("it was given %q, want %q", got, want)
	}
}

// A result that lacks a part leaves nothing to find; who cannot do without it fails.
var partRows = []row{
	{"result_is_checked", func(s *scene) {
		t := result("t", "not a map")
		t.ProvidesKeys = []string{"result"}
		s.expectLacking(t, "result")
	}},
	{"empty_result_is_checked", func(s *scene) {
		t := result("t", []int{})
		t.ProvidesItems = []string{"a"}
		s.expectLacking(t, "a")
	}},
	{"short_result_is_checked", func(s *scene) {
		t := result("t", []string{"result"})
		t.ProvidesItems = []string{"a", "b"}
		s.expectValues(s.run(flow.Single(t), state.Success), "a", "result")
		s.fresh().expectLacking(t, "b")
	}},
	{"key_is_checked", func(s *scene) {
		t := result("t", map[string]int{"other": 1})
		t.ProvidesKeys = []string{"key"}
		s.expectLacking(t, "key")
	}},
}

func (s *scene) expectLacking(t *flow.Task, value string) {
	s.Helper()
	s.expectValues(s.fresh().run(flow.Single(t), state.Success), value)
	needy := five("u", value)
	needy.RevertNeeds = &flow.Needs{}
	e := s.run(flow.Linear("l", t, needy), state.Reverted)
	s.expectFailures(e, fmt.Sprintf("u: there is no value for argument %q: who provides it was ignored, "+
		"or its result has no such part", value))
	optional := five("u")
	optional.Optional = []string{value}
	s.fresh().run(flow.Linear("l", t, optional), state.Success)
}
