package world

import (
	"context"
	"errors"
	"fmt"
	"time"

	"derail/core/host"
	"derail/core/jobboard"
	"derail/core/store/sqlite"
)

// shutDown ends all processes: whatever they were doing, nothing is locked any more.
func (w *World) shutDown() {
	for _, l := range w.lives {
		if l != nil {
			l.close()
			l.machine.Crash()
		}
	}
	w.abandon()
}

// finalState reads from the database where the jobs are, when the run is over: without a machine, and
// without faults.
func (w *World) finalState() func(key string) bool {
	there, err := w.readKeys()
	switch {
	case err == nil:
	case errors.Is(err, sqlite.ErrDamaged), errors.Is(err, sqlite.ErrForeign):
		w.damaged(err)
	default:
		w.fail(fmt.Errorf("the database cannot be read when all is over: %w", err))
	}
	return func(key string) bool { return there[key] }
}

func (w *World) readKeys() (there map[string]bool, err error) {
	there = map[string]bool{}
	s, err := sqlite.Open(context.Background(), sqlite.Config{
		Path: w.disk.Path(nil, storeNode, databaseFile), Host: outside{},
	})
	if err != nil {
		return there, err
	}
	prefixes := [...]string{jobboard.ClaimPrefix, jobboard.PostingPrefix, jobboard.TrashPrefix}
	for _, prefix := range prefixes {
		snapshot, err := s.Range(context.Background(), prefix)
		if err != nil {
			return there, errors.Join(err, s.Close())
		}
		for i := range snapshot.Pairs {
			there[snapshot.Pairs[i].Key] = true
		}
	}
	err = s.Check(context.Background())
	return there, errors.Join(err, s.Close())
}

// outside is the host of somebody who is not in the simulation: no time passes, and nothing else runs.
type outside struct{}

// Now implements host.Host: leases have not ended yet.
func (outside) Now() time.Time { return time.Unix(0, 0) }

// Sleep implements host.Host.
func (outside) Sleep(ctx context.Context, _ time.Duration) error { return ctx.Err() }

// Go implements host.Host.
func (outside) Go(string, func()) {}

// NewSignal implements host.Host.
func (outside) NewSignal() host.Signal { return outside{} }

// Wait implements host.Signal.
func (outside) Wait(ctx context.Context, _ time.Duration) (bool, error) { return false, ctx.Err() }

// Wake implements host.Signal.
func (outside) Wake() {}

// Draw implements host.Host.
func (outside) Draw(uint64) uint64 { return 0 }
