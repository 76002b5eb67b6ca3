package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"derail/core/engine"
	"derail/core/flow"
	"derail/core/state"
)

// What TaskFlow's test_arguments_passing asserts of what tasks are given, and under which names what they
// return is found.
func TestParityArguments(t *testing.T) {
	playRows(t, savedRows)
	playRows(t, givenRows)
	playRows(t, missingRows)
}

// adding is a task that adds up three arguments.
func adding() *flow.Task { return noting("t", []string{"x", "y", "z"}, nil, sum).Providing("result") }

// gives sets inputs: words like x=1.
func (s *scene) gives(words string) *scene {
	for _, word := range strings.Fields(words) {
		name, text, _ := strings.Cut(word, "=")
		var n int64
		if _, err := fmt.Sscan(text, &n); err != nil {
			s.Fatal(err)
		}
		s.give(name, n)
	}
	return s
}

// expectOf runs a task and looks for values: words like x=1, for each name all of them.
func (s *scene) expectOf(t *flow.Task, words string) {
	s.Helper()
	e := s.run(flow.Single(t), state.Success)
	for _, word := range strings.Fields(words) {
		name, want, _ := strings.Cut(word, "=")
		if got := strings.Trim(fmt.Sprint(e.FetchAll(name)), "[]"); got != want {
			s.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

// expectMissing takes an engine as far as it comes, and compares what is missing.
func (s *scene) expectMissing(t *flow.Task, want string) {
	s.Helper()
	err := readied(s.made(flow.Single(t)))
	var missing *engine.MissingError
	if !errors.As(err, &missing) || missing.Error() != want {
		s.Errorf("got %v, want %s", err, want)
	}
}

var savedRows = []row{
	{"save_as", func(s *scene) { s.expectOf(result("t", 1).Providing("first"), "first=1") }},
	{"save_all_in_one", func(s *scene) {
		e := s.run(flow.Single(result("t", []int{1, 3, 5}).Providing("all")), state.Success)
		s.expectValues(e, "all", []any{1, 3, 5})
	}},
	{"save_several_values", func(s *scene) {
		t := result("t", []int{1, 3, 5})
		t.ProvidesItems = []string{"badger", "mushroom", "snake"}
		s.expectOf(t, "badger=1 mushroom=3 snake=5")
	}},
	{"save_dict", func(s *scene) {
		t := result("t", map[string]int{"badger": 0, "mushroom": 1, "snake": 2, "owl": 3})
		t.ProvidesKeys = []string{"badger", "mushroom", "snake"}
		s.expectOf(t, "badger=0 mushroom=1 snake=2 owl=")
	}},
	{"bad_save_as_value", func(s *scene) {
		for want, wrong := range map[string]func(*flow.Task){
			`value "x" is provided twice`:   func(t *flow.Task) { t.ProvidesItems = []string{"x", "y"} },
			`value "k" is provided twice`:   func(t *flow.Task) { t.ProvidesKeys = []string{"k", "k"} },
			"a provided key has no name":    func(t *flow.Task) { t.ProvidesKeys = []string{""} },
			`value "twice" is provided twi`: func(t *flow.Task) { t.ProvidesItems = []string{"twice", "", "twice"} },
		} {
			t := result("t", 1).Providing("x")
			wrong(t)
			s.expectRefused(t, want)
		}
	}},
}

func (s *scene) expectRefused(t *flow.Task, want string) {
	s.Helper()
	var refusal *engine.CompileError
	err := s.made(flow.Single(t)).Compile()
	if !errors.As(err, &refusal) || !strings.Contains(err.Error(), want) {
		s.Errorf("got %v, want %s", err, want)
	}
}

var givenRows = []row{
	{"arguments_passing", func(s *scene) {
		s.gives("x=1 y=4 z=9 a=17").expectOf(adding(), "x=1 y=4 z=9 a=17 result=14")
	}},
	{"partial_arguments_mapping", func(s *scene) {
		t := adding()
		t.Rebind = map[string]string{"x": "a"}
		s.gives("x=1 y=4 z=9 a=17").expectOf(t, "x=1 a=17 result=30")
	}},
	{"argument_injection", func(s *scene) {
		t := adding()
		t.Inject = injected("x", 1, "y", 4, "z", 9)
		s.expectOf(t, "result=14 x= y= z=") // nobody else sees them
	}},
	{"argument_injection_rebind", func(s *scene) {
		t := adding()
		t.Rebind = map[string]string{"x": "a", "y": "b", "z": "c"}
		t.Inject = injected("a", 1, "b", 4, "c", 9)
		s.expectOf(t, "result=14 a=")
	}},
	{"argument_injection_required", func(s *scene) {
		t := adding()
		t.Requires = append(t.Requires, "a", "b", "c")
		t.Inject = injected("x", 1, "y", 4, "z", 9, "a", 0, "b", 0, "c", 0)
		s.expectOf(t, "result=14")
	}},
	{"all_arguments_mapping", func(s *scene) {
		t := adding()
		t.Rebind = map[string]string{"x": "a", "y": "b", "z": "c"}
		s.gives("a=1 b=2 c=3 x=4 y=5 z=6").expectOf(t, "a=1 b=2 c=3 x=4 y=5 z=6 result=6")
	}},
	{"long_arg_name", func(s *scene) {
		t := noting("t", []string{"long_arg_name"}, nil, sum).Providing("result")
		s.gives("long_arg_name=1").expectOf(t, "long_arg_name=1 result=1")
	}},
	// A revert may be given other arguments than its execution.
	{"derived_revert_args_required", func(s *scene) {
		var undone flow.Args
		t := failing(adding(), errNo)
		t.RevertNeeds = &flow.Needs{Requires: []string{"revert_arg"}}
		t.Revert = func(_ context.Context, args flow.Args, _ flow.Undo) error { undone = args; return nil }
		one := s.fresh().gives("y=4 z=9 x=17")
		one.expectMissing(t, `nobody provides "revert_arg" for the revert of t`)
		s.gives("y=4 z=9 x=17").give("revert_arg", nil)
		s.run(flow.Single(t), state.Reverted)
		if len(undone) != 1 || undone[0] != (flow.Arg{Name: "revert_arg"}) {
			s.Errorf("the revert was given %v", undone)
		}
	}},
}

func injected(pairs ...any) (args flow.Args) {
	for i := 0; i < len(pairs); i += 2 {
		args = append(args, flow.Arg{Name: pairs[i].(string), Value: int64(pairs[i+1].(int))})
	}
	return args
}

var missingRows = []row{
	{"arguments_missing", func(s *scene) {
		s.gives("a=1 b=4 x=17").expectMissing(adding(), `nobody provides "y" for t, "z" for t`)
	}},
	{"invalid_argument_name_map", func(s *scene) {
		t := adding()
		t.Rebind = map[string]string{"z": "b"}
		s.gives("a=1 y=4 c=9 x=17").expectMissing(t, `nobody provides "b" for t`)
	}},
	{"invalid_argument_name_list", func(s *scene) {
		t := adding()
		t.Rebind = map[string]string{"x": "a", "y": "z", "z": "b"}
		s.gives("a=1 b=4 c=9 x=17").expectMissing(t, `nobody provides "z" for t`)
	}},
	{"bad_rebind_args_value", func(s *scene) {
		for want, rebind := range map[string]map[string]string{
			`"nothing" is rebound, and is no argument`: {"nothing": "x"},
			"rebound to a value without a name":        {"x": ""},
		} {
			t := adding()
			t.Rebind = rebind
			s.expectRefused(t, want)
		}
	}},
	{"revert_rebound_args_required", func(s *scene) {
		t := adding()
		t.Inject = injected("z", 0)
		t.RevertNeeds = &flow.Needs{Requires: t.Requires, Rebind: map[string]string{"z": "b"}}
		s.gives("a=1 y=4 c=9 x=17").expectMissing(t, `nobody provides "b" for the revert of t`)
	}},
	{"revert_required_args_required", func(s *scene) {
		t := adding()
		t.RevertNeeds = &flow.Needs{Requires: []string{"a"}}
		s.gives("y=4 z=9 x=17").expectMissing(t, `nobody provides "a" for the revert of t`)
	}},
}
