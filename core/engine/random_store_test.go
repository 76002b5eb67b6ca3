package engine_test

import (
	"context"
	"fmt"
	"strings"

	"derail/core/host"
	"derail/core/store"
	"derail/core/store/memory"
)

// mishap is what goes wrong with a save.
type mishap int

const (
	fine        mishap = iota
	killsBefore        // the process dies before the save
	killsAfter         // and after it
	refused            // the store does not take it, however often it is tried
	lost               // it never arrives, and nobody says so
	applied            // it arrives, and nobody says so, nor anything else
	refusedOnce        // the next try is taken
	lostOnce           // the next try arrives
	appliedOnce        // the next try finds it there
	mishaps
)

// loses reports whether the process ends without the save, ends whether it ends at all.
func (m mishap) loses() bool { return m == killsBefore || m == refused || m == lost }
func (m mishap) ends() bool  { return m.loses() || m == killsAfter || m == applied }

// moodyStore is a store that looks at every save, and with one of which something goes wrong.
type moodyStore struct {
	*memory.Store
	stop  stop
	saves int  // of this life
	tries int  // of the latest save
	dead  bool // its process has died in a call
	saved func(save int, atoms []string)
}

func (l *moodyStore) Commit(ctx context.Context, txn store.Txn) store.Commit {
	if txn.Label != "save" {
		return l.Store.Commit(ctx, txn)
	}
	if l.dead {
		panic(&host.Killed{})
	}
	if l.tries == 0 {
		l.saves++
	}
	l.tries++
	if l.saves != l.stop.save {
		l.tries = 0
		return l.carryOut(ctx, txn)
	}
	unknown := store.Commit{Err: store.ErrUnknown}
	switch first := l.tries == 1; l.stop.mishap {
	case killsBefore:
		panic(&host.Killed{})
	case killsAfter:
		l.carryOut(ctx, txn)
		panic(&host.Killed{})
	case refused:
		return store.Commit{Outcome: store.Refused, Err: store.ErrRefused}
	case refusedOnce:
		if first {
			return store.Commit{Outcome: store.Refused, Err: store.ErrRefused}
		}
	case lost:
		return unknown
	case lostOnce:
		if first {
			return unknown
		}
	case applied:
		if first {
			l.carryOut(ctx, txn)
		}
		return unknown
	case appliedOnce:
		if first {
			l.carryOut(ctx, txn)
			return unknown
		}
		l.tries = 0
		return l.Store.Commit(ctx, txn)
	}
	l.tries = 0
	return l.carryOut(ctx, txn)
}

func (l *moodyStore) carryOut(ctx context.Context, txn store.Txn) store.Commit {
	c := l.Store.Commit(ctx, txn)
	if c.Outcome != store.Done {
		panic(fmt.Sprintf("save %d was not carried out: %+v", l.saves, c))
	}
	var atoms []string
	for _, op := range txn.Then {
		if _, name, is := strings.Cut(op.Key, "/a/"); is {
			atoms = append(atoms, name)
		}
	}
	l.saved(l.saves, atoms)
	return c
}
