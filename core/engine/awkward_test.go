package engine_test

import (
	"context"
	"fmt"
	"testing"

	"derail/core/engine"
	"derail/core/event"
	"derail/core/flow"
	"derail/core/host"
	"derail/core/logbook"
	"derail/core/state"
	"derail/core/store"
	"derail/core/store/memory"
)

// A retry that was put around a failure since it was recorded has no attempt, and no say.
func TestRetryAddedAroundAFailure(t *testing.T) {
	b := newBench(t)
	b.config.NeverResolve = true // or a crash between two tasks of an unordered batch
	b.run(flow.Linear("l", b.task("a"), failing(b.task("b"), errNo)), state.Failure)
	b.config.NeverResolve = false
	b.run(flow.Linear("l", b.task("a"), b.task("b")).WithRetry(flow.Times(2)), state.Reverted)
}

// A flow that is being reverted, and whose retry has left it or has another name now, is reverted to its
// beginning: what the retry had decided went with it.
func TestRetryGoneMidway(t *testing.T) {
	for _, how := range []string{"flow renamed", "retry removed"} {
		t.Run(how, func(t *testing.T) {
			b := newBench(t)
			var e *engine.Engine
			bad := failing(b.task("c"), errNo)
			revert := bad.Revert
			bad.Revert = func(ctx context.Context, args flow.Args, of flow.Undo) error {
				e.Suspend() // or a crash
				return revert(ctx, args, of)
			}
			e = b.engine(flow.Linear("l", b.task("a"), b.task("b"), bad).WithRetry(flow.Times(2)))
			_, _ = e.Run(t.Context())
			b.take()
			f := flow.Linear("new", b.task("a"), b.task("b"), b.task("c"))
			if how == "flow renamed" {
				f.WithRetry(flow.Times(2)) // is new_retry now
			}
			b.run(f, state.Reverted)
			b.expectStates("REVERTED a=REVERTED b=REVERTED c=REVERTED l_retry=SUCCESS")
		})
	}
}

// Whoever goes through the states and panics takes the run along: what is in memory is not run on.
func TestStatesBodyPanics(t *testing.T) {
	b := newBench(t)
	b.config.Workers = 2
	e := b.engine(flow.Linear("l", b.task("a"), b.task("b")))
	func() {
		defer func() { _ = recover() }()
		for s := range e.States(t.Context()) {
			if s == state.Waiting {
				panic("oops")
			}
		}
	}()
	if final, err := e.Run(t.Context()); final == state.Reverted {
		t.Error(final, err, b.states())
	}
}

// A failure that comes while its flow is being reverted already is asked about, also when the process dies
// between the save of it and the asking.
func TestFailureWhileRevertedIsAskedAbout(t *testing.T) {
	r := newRetrial(t, engineKind{host: host.Real, workers: 2, states: true})
	r.store.at, r.store.how = 9, diesAfter // the save before ANALYZING that holds b's FAILURE; with at=0: REVERTED
	once := func(name string, n *int) *flow.Task {
		s := r.step(name)
		s.Execute = func(context.Context, flow.Args) (any, error) {
			r.call("%s", name)
			if *n++; *n == 1 {
				return nil, errNo
			}
			return nil, nil
		}
		return s
	}
	var an, bn int
	build := func() *flow.Flow {
		fa, fb := once("a", &an), once("b", &bn)
		if bn == 0 {
			fb = r.after("a REVERTING", fb)
		}
		return flow.Unordered("u", fa, fb).WithRetry(r.watched("r", "x", &flow.Retry{
			OnFailure: func(_ flow.Args, past flow.History) flow.Decision {
				for name := range past.Outcomes() {
					if name == "b" {
						return flow.RevertFlow
					}
				}
				return flow.TryAgain
			},
		}))
	}
	end := r.run(build())
	r.store.at = 0
	if end != "killed" {
		t.Fatal(end)
	}
	if end = r.run(build()); end != "REVERTED" {
		t.Error(end, r.calls)
	}
}

// widestSave is a store that knows the largest save, and refuses some.
type widestSave struct {
	*memory.Store
	most, n, refuse int
}

func (s *widestSave) Commit(ctx context.Context, txn store.Txn) store.Commit {
	if txn.Label == "save" {
		s.most = max(s.most, len(txn.Then))
		if s.n++; s.refuse > 0 && s.n >= s.refuse && s.n < s.refuse+3 {
			return store.Commit{Outcome: store.Refused, Err: store.ErrRefused}
		}
	}
	return s.Store.Commit(ctx, txn)
}

func onStore(t *testing.T, st *widestSave, f *flow.Flow, workers int, l event.Listener) *engine.Engine {
	books := logbook.New(logbook.Config{Store: st, Host: host.Real(), Pause: 1})
	if err := books.Create(t.Context(), logbook.Book{ID: "b"}, logbook.FlowDetail{ID: "f"}); err != nil {
		t.Fatal(err)
	}
	e := engine.New(engine.Config{
		Flow: f, FlowID: "f", Books: books, Host: host.Real(), Epoch: 1, Workers: workers, Listener: l,
	})
	if err := e.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	return e
}

// However much is decided about at once, each by a decider or a retry of its own, no transaction carries more
// than a store takes.
func TestSavesDoNotGrow(t *testing.T) {
	first := &flow.Task{Name: "first", Execute: nothing}
	noes := flow.Graph("g", first)
	for i := range 200 {
		x := &flow.Task{Name: fmt.Sprint("t", i), Execute: nothing}
		noes.Add(x).LinkIf(first, x, func(flow.Args) bool { return false }, flow.DepthAtom)
	}
	retries := flow.Unordered("u")
	for i := range 200 {
		n := 0
		retries.Add(flow.Linear(fmt.Sprint("l", i), &flow.Task{
			Name: fmt.Sprint("t", i),
			Execute: func(context.Context, flow.Args) (any, error) {
				if n++; n < 2 {
					return nil, errNo
				}
				return nil, nil
			},
		}).WithRetry(flow.Times(2)))
	}
	for name, f := range map[string]*flow.Flow{"deciders": noes, "retries": retries} {
		st := &widestSave{Store: memory.New(host.Real())}
		_, _ = onStore(t, st, f, 0, nil).Run(t.Context())
		if st.most > 128 {
			t.Errorf("%s: one save of %d keys", name, st.most)
		}
	}
}

// A retry that tries again takes back what a decider beside it took in, as in TaskFlow: what comes after both
// runs then.
func TestNoIsTakenBackByARetryBesideIt(t *testing.T) {
	for fails, want := range map[bool]state.State{false: state.Ignore, true: state.Success} {
		b := newBench(t)
		x, a, z, f := b.task("x"), b.task("a"), b.task("z"), b.task("f")
		n := 0
		f.Execute = func(context.Context, flow.Args) (any, error) {
			if n++; fails && n < 2 {
				return nil, errNo
			}
			return nil, nil
		}
		fl := flow.Linear("fl", b.task("g"), f).WithRetry(flow.Times(2))
		e := b.run(flow.Graph("g0", x, a, z, fl).
			LinkIf(x, a, func(flow.Args) bool { return false }, flow.DepthAll).
			Link(a, z).Link(fl, z), state.Success)
		for _, at := range e.Atoms() {
			if at.Name == "z" && at.State != want {
				t.Errorf("f fails first: %t; z comes after a, and is %s, want %s", fails, at.State, want)
			}
		}
	}
}

// A decider that panics beside one that says no: nothing is decided, and both are asked again.
func TestNoBesideAPanic(t *testing.T) {
	b := newBench(t)
	panics := true
	build := func() *flow.Flow {
		x, y, z, w := b.task("x"), b.task("y"), b.task("z"), b.task("w")
		return flow.Graph("g", x, y, z, w).
			LinkIf(x, z, func(flow.Args) bool { return false }, flow.DepthAtom).
			LinkIf(y, z, func(flow.Args) bool {
				if panics {
					panic("oops")
				}
				return false
			}, flow.DepthAll).
			Link(z, w)
	}
	b.run(build(), state.Failure)
	b.expectStates("FAILURE x=SUCCESS y=SUCCESS")
	panics = false
	b.take()
	b.run(build(), state.Success)
	b.expect("w is ignored by y's decider", "save")
}

// A task that was told as finished is not told so again after a run that ended in an error.
func TestFinishedIsToldOnce(t *testing.T) {
	total := 0
	st := &widestSave{Store: memory.New(host.Real()), refuse: 2}
	e := onStore(t, st, flow.Linear("l", noops("t", 2)...), 0, event.ListenerFunc(func(ev *event.Event) {
		if ev.Kind == event.LogbookSaved {
			total += int(ev.Count)
		}
	}))
	_, _ = e.Run(t.Context())
	_ = e.Prepare(t.Context())
	_, _ = e.Run(t.Context())
	if total != 2 {
		t.Errorf("%d tasks were told as finished", total)
	}
}

// What was ready, and is to be reverted since, waits for what comes after it.
func TestReadyBeforeItWasToBeReverted(t *testing.T) {
	b := newBench(t)
	ctx, cancel := context.WithCancel(t.Context())
	a := b.task("a")
	a.Execute = func(context.Context, flow.Args) (any, error) { cancel(); return nil, nil }
	_, _ = b.engine(flow.Linear("l", b.task("b"), a)).Run(ctx) // b=SUCCESS a=RUNNING
	x, y := failing(b.task("x"), errNo), b.task("y")
	x.Priority, y.Priority = 9, 8
	now := flow.Unordered("u", x, y, flow.Linear("l", b.task("a"), b.task("b"))) // b comes after a now
	var moves []string
	e := engine.New(engine.Config{
		Flow: now, FlowID: "f", Books: logbook.New(logbook.Config{Store: b.store.Store, Host: host.Real()}),
		Host: newLockstep(), Workers: 2, Epoch: 5,
		Listener: event.ListenerFunc(func(ev *event.Event) {
			if ev.Kind == event.AtomMoved {
				moves = append(moves, fmt.Sprint(ev.Atom, " ", ev.To))
			}
		}),
	})
	if err := e.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, _ = e.Run(t.Context())
	done := map[string]bool{}
	for _, m := range moves {
		if done[m] = true; m == "a REVERTING" && !done["b REVERTED"] {
			t.Errorf("a is reverted before b, which comes after it: %v", moves)
		}
	}
}
