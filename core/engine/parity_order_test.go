package engine_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"derail/core/flow"
	"derail/core/host"
	"derail/core/state"
)

// There: a serial engine executes a whole batch before it saves anything of it, so that a crash makes all of
// it run again. Here every result is recorded before the next call begins.
func TestParitySaveOrder(t *testing.T) {
	const n = 4
	names := [n]string{"a", "b", "c", "d"}
	build := func(s *scene, each func(i int)) *flow.Flow {
		f := flow.Unordered("u")
		for i, name := range names {
			one := five(name)
			one.Execute = func(context.Context, flow.Args) (any, error) {
				each(i)
				if i == 0 {
					return nil, errNo
				}
				return nil, nil
			}
			f.Add(one)
		}
		return f
	}
	s := newScene(t, kinds[0])
	var saw []string
	s.run(build(s, func(int) { saw = append(saw, s.recorded()) }), state.Reverted)
	want := "RUNNING a=RUNNING; RUNNING a=FAILURE b=RUNNING; RUNNING a=FAILURE b=SUCCESS c=RUNNING; " +
		"RUNNING a=FAILURE b=SUCCESS c=SUCCESS d=RUNNING"
	if got := strings.Join(saw, "; "); got != want {
		t.Errorf("recorded while each task ran was\n%s\nwant\n%s", got, want)
	}
	for dies := range n { // in each of them: only that one is executed twice
		s := newScene(t, kinds[0])
		executed := map[int]int{}
		alive := false
		f := func() *flow.Flow {
			return build(s, func(i int) {
				if executed[i]++; i == dies && !alive {
					panic(&host.Killed{})
				}
			})
		}
		e := s.engine(f())
		if !killed(func() { _, _ = e.Run(t.Context()) }) {
			t.Error("it did not go through")
		}
		alive = true
		s.run(f(), state.Reverted)
		for i, times := range executed {
			if i != dies && times != 1 || i == dies && times > 2 {
				t.Errorf("dead in %s: %s was executed %d times", names[dies], names[i], times)
			}
		}
	}
}

// There: ignore_list of a task is taken and has no effect, a FunctorTask's revert has to require what it is
// given anyway, a retry ignores its history, and cannot inject. Here all of it says what it needs.
func TestParitySignatures(t *testing.T) {
	type in struct {
		X       int64
		Ignored int64 `flow:"-"`
		Y       int64 `flow:",optional"`
	}
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			s := newScene(t, k).give("x", int64(3)).give("ignored", int64(8))
			undone := ""
			do := func(_ context.Context, in in) (int64, error) { return in.X + in.Ignored + in.Y, nil }
			undo := func(_ context.Context, in in, of flow.Undone[int64]) error {
				undone = fmt.Sprintf("%d of %+v because of %v", of.Result, in, of.Failures)
				return nil
			}
			functor := flow.Reversible("t", do, undo)
			if got := fmt.Sprint(flow.Requires(functor)); got != "[x]" {
				t.Errorf("it requires %s", got)
			}
			injecting := flow.ParameterizedForEach("values").Named("r").Providing("y")
			injecting.Inject = flow.Args{{Name: "values", Value: []any{int64(1), int64(2)}}}
			f := flow.Linear("l", functor, bad("z")).WithRetry(injecting)
			if got := fmt.Sprint(flow.Requires(f)); got != "[x]" {
				t.Errorf("the flow requires %s", got)
			}
			s.run(f, state.Reverted)
			if want := "5 of {X:3 Ignored:0 Y:2} because of z: no"; undone != want {
				t.Errorf("undone was %s, want %s", undone, want)
			}
		})
	}
}
