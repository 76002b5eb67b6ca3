package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"derail/core/engine"
	"derail/core/event"
	"derail/core/flow"
	"derail/core/host"
	"derail/core/logbook"
	"derail/core/state"
	"derail/core/store"
	"derail/core/store/memory"
)

// engineKind is a way of running a flow that makes no difference to what a retry does.
type engineKind struct {
	name    string
	workers int
	host    func() host.Host
	states  bool // through Engine.States, which saves more often
}

var engineKinds = []engineKind{
	{name: "serial", host: host.Real},
	{name: "states", host: host.Real, states: true},
	{name: "lockstep", host: newLockstep, workers: 64},
	{name: "workers", host: host.Real, workers: 2},
}

func everyKind(t *testing.T, test func(t *testing.T, kind engineKind)) {
	t.Helper()
	for _, kind := range engineKinds {
		t.Run(kind.name, func(t *testing.T) { test(t, kind) })
	}
}

// retrial is a flow with retries in a logbook, and all that is heard of it. The moves are told; the calls
// are what its tasks and retries are asked to do.
type retrial struct {
	t      rapid.TB
	kind   engineKind
	config engine.Config
	inputs flow.Args
	store  *retrialStore
	books  *logbook.Library
	epoch  int64
	engine *engine.Engine // the latest

	mu        sync.Mutex
	calls     []string
	saved     int // how many of the calls the logbook knows of
	moves     []string
	numbered  []string       // the moves of retries, with the attempt
	provided  map[string]any // by each retry in its latest attempt
	dead      bool           // what its process still does has no effect
	suspendAt int            // the number of a call
	gates     map[string]chan struct{}
}

// retrialStore is a store on which one save goes wrong.
type retrialStore struct {
	*memory.Store
	trial *retrial
	saves int
	at    int
	how   string
}

// What can happen to a save.
const (
	diesBefore   = "dies before"
	diesAfter    = "dies after"
	losesAnswer  = "answer lost"
	losesRequest = "request lost"
	refuses      = "refused"
)

func (s *retrialStore) Commit(ctx context.Context, txn store.Txn) store.Commit {
	if txn.Label != "save" {
		return s.Store.Commit(ctx, txn)
	}
	s.saves++
	if s.saves == s.at {
		switch s.how {
		case diesBefore:
			s.trial.die()
		case losesRequest:
			return store.Commit{Err: store.ErrUnknown}
		case refuses:
			return store.Commit{Outcome: store.Refused, Err: store.ErrRefused}
		}
	}
	c := s.Store.Commit(ctx, txn)
	s.trial.mu.Lock()
	s.trial.saved = len(s.trial.calls)
	s.trial.mu.Unlock()
	if s.saves == s.at {
		switch s.how {
		case diesAfter:
			s.trial.die()
		case losesAnswer:
			return store.Commit{Err: store.ErrUnknown}
		}
	}
	return c
}

func (r *retrial) die() {
	r.mu.Lock()
	r.dead = true
	r.mu.Unlock()
	panic(&host.Killed{})
}

func newRetrial(t rapid.TB, kind engineKind, inputs ...flow.Arg) *retrial {
	t.Helper()
	r := &retrial{t: t, kind: kind, inputs: inputs, provided: map[string]any{}}
	r.store = &retrialStore{Store: memory.New(host.Real()), trial: r}
	r.books = shortLibrary(r.store)
	detail := logbook.FlowDetail{ID: "f", Inputs: inputs}
	if err := r.books.Create(context.Background(), logbook.Book{ID: "b"}, detail); err != nil {
		t.Fatal(err)
	}
	return r
}

// prepared makes an engine for the next claim and takes it to the point where it can run.
func (r *retrial) prepared(f *flow.Flow) *engine.Engine {
	r.t.Helper()
	r.epoch++
	r.dead = false
	c := r.config
	c.Flow, c.Inputs, c.FlowID, c.Books, c.Epoch = f, r.inputs, "f", r.books, r.epoch
	c.Host, c.Workers, c.Listener = r.kind.host(), r.kind.workers, event.ListenerFunc(r.hear)
	r.engine = engine.New(c)
	if err := readied(r.engine); err != nil {
		r.t.Fatal(err)
	}
	return r.engine
}

// run runs a flow in a new engine and says how that ended: a state, killed, or an error.
func (r *retrial) run(f *flow.Flow) (end string) {
	r.t.Helper()
	return r.runOn(r.prepared(f))
}

func (r *retrial) runOn(e *engine.Engine) (end string) {
	defer func() {
		if cause := recover(); cause != nil {
			if _, dead := cause.(*host.Killed); !dead {
				panic(cause)
			}
			end = "killed"
		}
	}()
	final, err := state.State(""), error(nil)
	if !r.kind.states {
		final, err = e.Run(context.Background())
	} else {
		for final, err = range e.States(context.Background()) {
			if err != nil {
				break
			}
		}
	}
	if err != nil {
		return err.Error()
	}
	return string(final)
}

func (r *retrial) hear(e *event.Event) {
	var move string
	switch e.Kind {
	default:
		return
	case event.FlowMoved:
		move = fmt.Sprint("f ", e.To)
	case event.AtomMoved:
		move = fmt.Sprint(e.Atom, " ", e.To)
	case event.RetryMoved:
		move = fmt.Sprint(e.Atom, " ", e.To)
		r.numbered = append(r.numbered, fmt.Sprint(e.To, " ", e.Attempt))
		if e.To == state.Success {
			r.mu.Lock()
			move += fmt.Sprintf("(%v)", r.provided[e.Atom])
			r.mu.Unlock()
		}
	}
	r.moves = append(r.moves, move)
	if gate := r.gates[move]; gate != nil {
		close(gate)
		delete(r.gates, move)
	}
}

// after has a task's first execution wait until a move was told.
func (r *retrial) after(move string, t *flow.Task) *flow.Task {
	gate := make(chan struct{})
	if r.gates == nil {
		r.gates = map[string]chan struct{}{}
	}
	r.gates[move] = gate
	execute := t.Execute
	t.Execute = func(ctx context.Context, args flow.Args) (any, error) {
		select {
		case <-gate:
		case <-time.After(10 * time.Second):
			r.t.Errorf("%s was not told", move)
		}
		return execute(ctx, args)
	}
	return t
}

// call writes a call down, unless its process is dead.
func (r *retrial) call(format string, args ...any) (alive bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.dead {
		return false
	}
	r.calls = append(r.calls, fmt.Sprintf(format, args...))
	if len(r.calls) == r.suspendAt {
		r.engine.Suspend()
	}
	return true
}

// step is a task that succeeds. It provides its own name.
func (r *retrial) step(name string, requires ...string) *flow.Task {
	return &flow.Task{
		Name: name, Requires: requires, Provides: name,
		Execute: func(_ context.Context, args flow.Args) (any, error) {
			r.call("%s%s", name, values(args))
			return name + "!", nil
		},
		Revert: func(_ context.Context, args flow.Args, of flow.Undo) error {
			r.call("undo %s%s of %v/%v (%s)", name, values(args), of.Result, of.Failed, of.Failures.Error())
			return nil
		},
	}
}

// picky is a task that fails unless what it requires is the flow's y.
func (r *retrial) picky(name, requires string) *flow.Task {
	t := r.step(name, requires, "y")
	execute := t.Execute
	t.Execute = func(ctx context.Context, args flow.Args) (any, error) {
		result, err := execute(ctx, args)
		if got, _ := args.Lookup(requires); got != r.inputs[0].Value {
			return nil, fmt.Errorf("%v is wrong", got)
		}
		return result, err
	}
	return t
}

var errWoot = errors.New("woot")

func (r *retrial) flop(name string, requires ...string) *flow.Task {
	return failing(r.step(name, requires...), errWoot)
}

// watched is a retry like one, with a name, whose calls are written down.
func (r *retrial) watched(name, provides string, one *flow.Retry) *flow.Retry {
	re := *one
	re.Name, re.Provides = name, provides
	re.Execute = func(ctx context.Context, args flow.Args, past flow.History) (result any, err error) {
		if !r.call("%s%s after %s", name, values(args), shownHistory(past)) {
			return nil, nil
		}
		if one.Execute != nil {
			result, err = one.Execute(ctx, args, past)
		}
		r.mu.Lock()
		r.provided[name] = result
		r.mu.Unlock()
		return result, err
	}
	re.OnFailure = func(args flow.Args, past flow.History) flow.Decision {
		d := one.OnFailure(args, past)
		r.call("ask %s%s about %s: %s", name, values(args), shownHistory(past), d)
		return d
	}
	re.Revert = func(ctx context.Context, args flow.Args, past flow.History, of flow.Undo) error {
		r.call("undo %s%s of %s, %v/%v", name, values(args), shownHistory(past), of.Result, of.Failed)
		if one.Revert != nil {
			return one.Revert(ctx, args, past, of)
		}
		return nil
	}
	return &re
}

func shownHistory(h flow.History) string {
	var parts []string
	for _, a := range h {
		part := fmt.Sprint(a.Value)
		if len(a.Failures) > 0 {
			part += "{" + a.Failures.Error() + "}"
		}
		parts = append(parts, part)
	}
	return "[" + strings.Join(parts, " ") + "]"
}

// standing is all that there is to know of a flow.
func standing(e *engine.Engine) string {
	lines := []string{string(e.FlowState())}
	for _, a := range e.Atoms() {
		line := fmt.Sprintf("%s %s %s", a.Name, a.State, a.Intention)
		if a.State == state.Success {
			line += fmt.Sprintf(" result=%v", a.Result)
		}
		if len(a.History) > 0 {
			line += " history=" + shownHistory(a.History)
		}
		if a.Failure != nil {
			line += " failure=" + a.Failure.Text
		}
		if a.RevertFailure != nil {
			line += " revert=" + a.RevertFailure.Text
		}
		lines = append(lines, line)
	}
	return strings.Join(append(lines, "failures: "+e.Failures().Error()), "\n")
}

// recorded is how another process finds the flow.
func (r *retrial) recorded(f *flow.Flow) string { return standing(r.found(f)) }

func (r *retrial) found(f *flow.Flow) *engine.Engine {
	r.t.Helper()
	e := engine.New(engine.Config{
		Flow: f, FlowID: "f", Inputs: r.inputs, Books: r.books, Host: host.Real(), Epoch: r.epoch,
	})
	if err := readied(e); err != nil {
		r.t.Fatal(err)
	}
	return e
}

// fetched is the values of the retries as the flow's caller sees them.
func fetched(e *engine.Engine) string {
	var parts []string
	for _, name := range []string{"x", "x1", "x2"} {
		for _, value := range e.FetchAll(name) {
			parts = append(parts, fmt.Sprintf("%s=%v", name, value))
		}
	}
	return strings.Join(parts, " ")
}
