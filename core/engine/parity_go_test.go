package engine_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"derail/core/engine"
	"derail/core/flow"
	"derail/core/state"
)

// What TaskFlow does not have to think about, and an engine in Go has.
func TestParityGo(t *testing.T) { playRows(t, goRows) }

var goRows = []row{
	{"states while it runs", func(s *scene) {
		t := five("a")
		t.Execute = func(ctx context.Context, _ flow.Args) (any, error) {
			said := 0
			for now, err := range s.now.States(ctx) {
				if said++; now != "" || !errors.Is(err, engine.ErrBusy) {
					s.Errorf("a second run came to %s, %v", now, err)
				}
			}
			if said != 1 {
				s.Errorf("a second run said %d things", said)
			}
			return nil, nil
		}
		_, all := s.through(flow.Linear("l", t), nil)
		if fmt.Sprint(all) != fmt.Sprint(oneRound) {
			s.Errorf("its states are %v, want %v", all, oneRound)
		}
	}},
	// runtime.Goexit is what testing.T.FailNow does: a task's own test may well call it.
	{"a task ends its goroutine", func(s *scene) {
		if s.name != "in threads" {
			return // it is the goroutine of whoever called Run
		}
		t := five("b")
		t.Execute = func(context.Context, flow.Args) (any, error) {
			runtime.Goexit()
			return nil, nil
		}
		ended := make(chan struct{})
		e := s.engine(flow.Linear("l", five("a"), t))
		go func() {
			defer close(ended)
			if final, err := e.Run(s.Context()); final != state.Reverted || err != nil {
				s.Errorf("it ended in %s, %v", final, err)
			}
		}()
		select {
		case <-ended:
		case <-time.After(time.Second):
			s.Error("the run does not end")
		}
	}},
	// The context of a call is often kept for longer than the call: context.WithTimeout(ctx, ...) starts a
	// goroutine of its own that asks it.
	{"a context outlives its call", func(s *scene) {
		begin, done := make(chan struct{}), make(chan any)
		t := five("a")
		t.Execute = func(ctx context.Context, _ flow.Args) (any, error) {
			go func() {
				defer func() { done <- recover() }()
				<-begin
				_, _, _ = ctx.Done(), ctx.Err(), ctx.Value("key")
				flow.Report(ctx, 1, "")
			}()
			return nil, nil
		}
		last := five("b")
		last.Execute = func(context.Context, flow.Args) (any, error) {
			close(begin)
			return <-done, nil
		}
		e := s.run(flow.Linear("l", t, last), state.Success)
		if cause := s.atom(e, "b").Result; cause != nil {
			s.Errorf("it panicked: %v", cause)
		}
	}},
	{"a report of an earlier attempt", func(s *scene) {
		begin, reported := make(chan struct{}), make(chan struct{})
		tries := 0
		t := five("a")
		t.Execute = func(ctx context.Context, _ flow.Args) (any, error) {
			if tries++; tries == 1 {
				go func() {
					<-begin
					flow.Report(ctx, 700, "of the first attempt")
					close(reported)
				}()
				return nil, errNo
			}
			close(begin)
			<-reported
			return nil, nil
		}
		e := s.run(flow.Linear("l", t).WithRetry(flow.Times(2).Named("r")), state.Success)
		if note := s.atom(e, "a").Note; note != "" {
			s.Errorf("the second attempt has the note %q", note)
		}
	}},
	// What a panic of a decider means is the engine's own trouble, as with a retry's OnFailure.
	{"a decider panics", func(s *scene) {
		a, b := five("a"), five("b")
		f := flow.Graph("g", a, b).LinkIf(a, b, func(flow.Args) bool { panic("boom") }, flow.DepthAll)
		e := s.run(f, state.Failure)
		if all := e.Failures(); len(all) != 1 || !all.Internal() {
			s.Errorf("its failures are %v", all)
		}
		s.expectWithin("a SUCCESS", "b RUNNING, b IGNORE, a REVERTING")
	}},
	// After an error nothing is known of how much was written: the engine cannot be used any more.
	{"run after an error", func(s *scene) {
		for n := range 14 {
			one := s.fresh()
			asked := 0
			one.config.Holds = func() bool { asked++; return asked != n+1 }
			f := flow.Linear("l", five("a"), flow.Unordered("u", five("b"), bad("c")))
			e := one.engine(f)
			if _, err := e.Run(s.Context()); err == nil {
				continue
			}
			if final, err := e.Run(s.Context()); final != "" || err == nil {
				s.Errorf("after %d answers it ran again and ended in %s", n, final)
			}
			one.config.Holds = nil
			one.run(f, state.Reverted)
		}
	}},
}
