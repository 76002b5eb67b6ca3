package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ncruces/go-sqlite3"

	"derail/core/store"
)

var (
	// ErrDamaged matches every error that says that what the file holds cannot be right: a page whose
	// checksum is wrong, a broken tree, or a record that breaks the store's own rules. It comes with
	// [store.ErrRefused]: nothing that is damaged is ever returned.
	ErrDamaged = errors.New("the store's file is damaged")

	// ErrForeign matches the error of [Open] for a file that is no store of this package, or that a
	// newer version of it has written.
	ErrForeign = errors.New("the file is not a store that this program can use")

	errClosed = fmt.Errorf("%w: it is closed", store.ErrRefused)
	errBusy   = errors.New("other processes kept the file locked for too long")
	errBroken = errors.New("the connection to the file is of no more use")
)

// Backing off from a file that others have locked: the first wait is at most this long, and it doubles
// up to the longest.
const (
	firstWait   = 250 * time.Microsecond
	longestWait = 8 * time.Millisecond
)

// patiently tries again for as long as others have the file locked, the store has patience, and ctx
// has not ended. The waits are the host's and not the engine's, which would sleep in real time; they
// are counted by their lengths, so that a clock that jumps neither ends nor prolongs the patience.
func (s *Store) patiently(ctx context.Context, try func() error) error {
	var waited time.Duration
	for wait := firstWait; ; wait = min(2*wait, longestWait) {
		err := try()
		if err == nil || !errors.Is(err, sqlite3.BUSY) {
			return err
		}
		if waited >= s.patience {
			return fmt.Errorf("%w (%v): %w", errBusy, s.patience, err)
		}
		pause := wait/2 + time.Duration(s.host.Draw(uint64(wait/2)+1))
		if err := s.host.Sleep(ctx, pause); err != nil {
			return err
		}
		waited += pause
	}
}

// damaged reports whether err says that the file's content is wrong.
func damaged(err error) bool {
	return errors.Is(err, sqlite3.CORRUPT) || errors.Is(err, sqlite3.NOTADB) ||
		errors.Is(err, sqlite3.IOERR_DATA) || errors.Is(err, sqlite3.IOERR_CORRUPTFS) ||
		errors.Is(err, ErrDamaged)
}

// harmless reports whether a connection is as good as new after err and a rollback. Of everything
// else that an engine can say it is assumed that it is not.
func harmless(err error) bool {
	if errors.Is(err, errBroken) || errors.Is(err, ErrDamaged) {
		return false
	}
	var code sqlite3.ErrorCode
	if !errors.As(err, &code) {
		return true // a context that ended, or a comparison of ours
	}
	return code == sqlite3.BUSY || code == sqlite3.FULL
}

// refused makes the error of a call that certainly had no effect.
func refused(err error) error {
	switch {
	case errors.Is(err, store.ErrRefused) || errors.Is(err, store.ErrCompacted):
		return err
	case damaged(err) && !errors.Is(err, ErrDamaged):
		return fmt.Errorf("%w: %w: %w", store.ErrRefused, ErrDamaged, err)
	default:
		return fmt.Errorf("%w: %w", store.ErrRefused, err)
	}
}

// certain reports whether a COMMIT that said err did certainly not happen. See the package's
// documentation for why only these two say so.
func certain(err error) bool {
	return errors.Is(err, sqlite3.BUSY) || errors.Is(err, sqlite3.FULL)
}

// certainly makes of any error of a transaction that of a call that had no effect of its own.
func certainly(err error) error {
	if errors.Is(err, store.ErrUnknown) {
		return fmt.Errorf("%w: what came before it in its transaction may not have been kept: %s",
			store.ErrRefused, err.Error())
	}
	return err
}

// foreign says of a file that is no database what it is: for the engine that is damage.
func foreign(err error) error {
	if errors.Is(err, sqlite3.NOTADB) && !errors.Is(err, ErrForeign) {
		return fmt.Errorf("%w: it is no SQLite database, or its header is damaged: give the path of a store, "+
			"or of a file that does not exist yet: %w", ErrForeign, err)
	}
	return err
}
