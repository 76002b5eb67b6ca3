package world_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"derail/core/store"
	"derail/sim/kernel"
	"derail/sim/world"
)

// asked is a call as its caller sees it.
type asked struct {
	who, what  string
	sent, back time.Duration
	err        error
	puts       bool
	at         store.Revision // of what was read, or committed
}

// heard is a change as a watch tells it.
type heard struct {
	who  string
	when time.Duration
	key  string
	at   store.Revision
}

// witness writes down what the machines of a run ask, and what they hear.
type witness struct {
	asked []asked
	heard []heard
	lost  map[string]int // watches that lost their place, by machine
}

func (w *witness) wrap() world.Wrap {
	return world.Wrap{Store: func(s store.Store, m *kernel.Machine) store.Store { return seen{s, m, w} }}
}

// seen is a store that somebody looks at.
type seen struct {
	store.Store
	machine *kernel.Machine
	witness *witness
}

func (s seen) now() time.Duration { return time.Duration(s.machine.Kernel().Now()) }

func (s seen) tell(what string, sent time.Duration, err error, at store.Revision, puts bool) {
	s.witness.asked = append(s.witness.asked, asked{s.machine.Name(), what, sent, s.now(), err, puts, at})
}

func (s seen) Commit(ctx context.Context, txn store.Txn) store.Commit {
	sent := s.now()
	c := s.Store.Commit(ctx, txn)
	answer := c
	puts := slices.ContainsFunc(txn.Then, func(op store.Op) bool { return !op.Delete })
	err := c.Err
	if c.Outcome == store.Refused || c.Outcome == store.Unknown {
		err = errors.Join(err, map[store.Outcome]error{
			store.Refused: store.ErrRefused, store.Unknown: store.ErrUnknown,
		}[c.Outcome])
	}
	if c.Outcome != store.Done {
		c.Revision = 0 // what it says is of somebody else's doing
	}
	s.tell(txn.Label, sent, err, c.Revision, puts)
	return answer
}

func (s seen) Range(ctx context.Context, prefix string) (store.Snapshot, error) {
	sent := s.now()
	snapshot, err := s.Store.Range(ctx, prefix)
	s.tell("range", sent, err, snapshot.Revision, false)
	return snapshot, err
}

func (s seen) Renew(ctx context.Context, lease store.LeaseID) error {
	sent := s.now()
	err := s.Store.Renew(ctx, lease)
	s.tell("renew", sent, err, 0, false)
	return err
}

func (s seen) Watch(ctx context.Context, prefix string, since store.Revision) (store.Watcher, error) {
	w, err := s.Store.Watch(ctx, prefix, since)
	if err != nil {
		return nil, err
	}
	return listening{w, s}, nil
}

type listening struct {
	store.Watcher
	seen
}

func (l listening) Next(ctx context.Context) ([]store.Change, error) {
	changes, err := l.Watcher.Next(ctx)
	for _, c := range changes {
		l.witness.heard = append(l.witness.heard, heard{l.machine.Name(), l.now(), c.Pair.Key, c.Pair.Changed})
	}
	if errors.Is(err, store.ErrCompacted) {
		l.witness.lost[l.machine.Name()]++
	}
	return changes, err
}

// witnessed is a run of [struckBy] with faults, and what its machines saw.
func witnessed(t *testing.T, faults string, seed uint64) (*witness, *world.Result) {
	t.Helper()
	w := &witness{lost: map[string]int{}}
	return w, run(t, newWorld(t, struckBy(t, faults)), seed, world.Options{Wrap: w.wrap()})
}

// of counts the calls of a machine, or of all with "", that are such.
func (w *witness) of(who string, such func(c *asked) bool) (n int) {
	for i := range w.asked {
		if c := &w.asked[i]; (who == "" || c.who == who) && such(c) {
			n++
		}
	}
	return n
}

func answeredIn(from, to time.Duration) func(c *asked) bool {
	return func(c *asked) bool { return c.err == nil && c.back > from && c.back < to }
}
