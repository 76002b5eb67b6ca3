package engine_test

import (
	"context"
	"fmt"
	"testing"

	"derail/core/flow"
	"derail/core/state"
)

// What TaskFlow's test_progress asserts. Its engine reports the beginning and the end of every task as
// progress, too; here these are the moves to RUNNING and SUCCESS, and what is done counts as all.
func TestParityProgress(t *testing.T) { playRows(t, progressRows) }

// reporting is a task that reports each of so many parts of its work but the last.
func reporting(parts int) *flow.Task {
	t := five("t")
	t.Execute = func(ctx context.Context, _ flow.Args) (any, error) {
		for i := 1; i < parts; i++ {
			flow.Report(ctx, 1000*i/parts, "")
		}
		return nil, nil
	}
	return t
}

// storedProgress is what the logbook says of the task.
func (s *scene) storedProgress() string {
	s.Helper()
	d, err := s.books.Read(s.Context(), "f")
	if err != nil || d.Atom("t") == nil {
		s.Fatal(d, err)
	}
	return fmt.Sprintf("%d%s", d.Atom("t").Done, d.Atom("t").Note)
}

var progressRows = []row{
	{"sanity_progress", func(s *scene) {
		s.withProgress = true
		s.run(flow.Single(reporting(5)), state.Success)
		s.expect("t 200, t 400, t 600, t 800")
	}},
	{"no_segments_progress", func(s *scene) {
		s.withProgress = true
		e := s.run(flow.Single(reporting(0)), state.Success)
		s.expect("")
		if got := s.atom(e, "t").Done; got != 1000 {
			s.Errorf("it has come to %d", got)
		}
	}},
	{"storage_progress", func(s *scene) {
		f := flow.Single(reporting(3))
		s.run(f, state.Success)
		if got := s.storedProgress(); got != "666" {
			s.Errorf("stored is %s", got)
		}
		if got := s.atom(s.engine(f), "t"); got.Done != 1000 || got.Note != "" { // a later engine
			s.Errorf("it has come to %d%s", got.Done, got.Note)
		}
	}},
	{"storage_progress_detail", func(s *scene) {
		t := bad("t")
		t.Execute = func(ctx context.Context, _ flow.Args) (any, error) {
			flow.Report(ctx, 500, " test data")
			return nil, errNo
		}
		t.Revert = func(ctx context.Context, _ flow.Args, _ flow.Undo) error {
			flow.Report(ctx, 250, " undone")
			return nil
		}
		f := flow.Single(s.suspending(t))
		s.run(f, state.Suspended)
		if got := s.atom(s.engine(f), "t"); got.Done != 500 || got.Note != " test data" {
			s.Errorf("it had come to %d%s", got.Done, got.Note)
		}
		s.run(f, state.Reverted)
		if got := s.storedProgress(); got != "250 undone" {
			s.Errorf("stored is %s", got)
		}
	}},
	{"dual_storage_progress", func(s *scene) {
		s.withProgress = true
		f := flow.Single(reporting(5))
		s.run(f, state.Success)
		s.expect("t 200, t 400, t 600, t 800")
		if got := s.storedProgress(); got != "800" {
			s.Errorf("stored is %s", got)
		}
	}},
	// Of what is out of bounds the bound is told, and outside a run nothing.
	{"progress_is_clipped", func(s *scene) {
		s.withProgress = true
		t := five("t")
		t.Execute = func(ctx context.Context, _ flow.Args) (any, error) {
			flow.Report(ctx, -1, "")
			flow.Report(ctx, 1001, "")
			flow.Report(context.Background(), 1, "")
			return nil, nil
		}
		s.run(flow.Single(t), state.Success)
		s.expect("t 0, t 1000")
	}},
}
