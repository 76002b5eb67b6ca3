package logbook_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"derail/core/host"
	"derail/core/logbook"
	"derail/core/store"
	"derail/core/store/memory"
)

// answer is what becomes of one call of the store.
type answer uint8

const (
	done   answer = iota
	refuse        // not carried out, and says so
	lose          // not carried out, and does not say so
	apply         // carried out, and does not say so
	late          // carried out when deliver is called, and does not say so
)

// keeper is a store that goes wrong by a script. Calls beyond the script are carried out.
type keeper struct {
	*memory.Store
	commits []answer
	reads   []answer // only refuse has a meaning

	onCommit  func(label string) // before a commit
	onGet     func(key string)   // before a get
	inFlight  []store.Txn
	committed []store.Txn // those that were carried out, in order
}

func newKeeper() *keeper { return &keeper{Store: memory.New(host.Real())} }

func next(script *[]answer) answer {
	if len(*script) == 0 {
		return done
	}
	first := (*script)[0]
	*script = (*script)[1:]
	return first
}

func (k *keeper) carryOut(ctx context.Context, txn store.Txn) store.Commit {
	c := k.Store.Commit(ctx, txn)
	if c.Outcome == store.Done {
		k.committed = append(k.committed, txn)
	}
	return c
}

func (k *keeper) Commit(ctx context.Context, txn store.Txn) store.Commit {
	if k.onCommit != nil {
		k.onCommit(txn.Label)
	}
	unknown := store.Commit{Err: fmt.Errorf("%w: the line is dead", store.ErrUnknown)}
	switch next(&k.commits) {
	case refuse:
		return store.Commit{Outcome: store.Refused, Err: fmt.Errorf("%w: too busy", store.ErrRefused)}
	case lose:
		return unknown
	case apply:
		k.carryOut(ctx, txn)
		return unknown
	case late:
		k.inFlight = append(k.inFlight, txn)
		return unknown
	default:
		return k.carryOut(ctx, txn)
	}
}

// deliver lets what is under way arrive.
func (k *keeper) deliver() {
	for _, txn := range k.inFlight {
		k.carryOut(context.Background(), txn)
	}
	k.inFlight = nil
}

func (k *keeper) Get(ctx context.Context, key string) (store.Pair, store.Revision, error) {
	if k.onGet != nil {
		k.onGet(key)
	}
	if next(&k.reads) == refuse {
		return store.Pair{}, 0, fmt.Errorf("%w: too busy", store.ErrRefused)
	}
	return k.Store.Get(ctx, key)
}

func (k *keeper) Range(ctx context.Context, prefix string) (store.Snapshot, error) {
	if next(&k.reads) == refuse {
		return store.Snapshot{}, fmt.Errorf("%w: too busy", store.ErrRefused)
	}
	return k.Store.Range(ctx, prefix)
}

// clock sleeps in no time and remembers for how long.
type clock struct{ slept []time.Duration }

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	c.slept = append(c.slept, d)
	return ctx.Err()
}

func library(k logbook.Keeper) *logbook.Library {
	return logbook.New(logbook.Config{Store: k, Host: &clock{}})
}

// withFlow makes a library with one flow detail, "f", in book "b".
func withFlow(t testing.TB) (*keeper, *logbook.Library) {
	t.Helper()
	k := newKeeper()
	l := library(k)
	if err := l.Create(t.Context(), logbook.Book{ID: "b"}, logbook.FlowDetail{ID: "f"}); err != nil {
		t.Fatal(err)
	}
	k.committed = nil
	return k, l
}

func open(t testing.TB, l *logbook.Library, epoch int64) *logbook.Writer {
	t.Helper()
	w, err := l.Open(t.Context(), "f", "job", epoch)
	if err != nil {
		t.Fatal(err)
	}
	return w
}
