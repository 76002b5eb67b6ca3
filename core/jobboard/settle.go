package jobboard

import (
	"context"
	"errors"
	"fmt"

	"derail/core/store"
)

var (
	// ErrHeld: the job is owned, or somebody was faster. Nothing happened.
	ErrHeld = errors.New("somebody else holds the job")
	// ErrGone: the job is not there (any more). Nothing happened.
	ErrGone = errors.New("the job is not there")
	// ErrLost: the claim is no longer this conductor's. Nothing happened.
	ErrLost = errors.New("the claim on the job is lost")
	// ErrExists: a job with this id is on the board, or in the trash, already.
	ErrExists = errors.New("a job with this id is there already")
	// ErrUntraceable: the call may have happened or not, but it cannot happen any more, and what would
	// tell is gone. It is not to be tried again. It matches store.ErrUnknown too.
	ErrUntraceable error = untraceable{}
)

type untraceable struct{}

func (untraceable) Error() string        { return "whether it happened cannot be told any more" }
func (untraceable) Is(target error) bool { return target == store.ErrUnknown }

// errPending: nothing has happened yet, and it still may.
var errPending = errors.New("it has not happened so far")

// inquiry is how a call finds out what became of its transaction.
type inquiry struct {
	// doubt: an earlier call may have sent a transaction like this one.
	doubt bool
	// why says what a conflict means when there is no doubt: the transaction did not happen.
	why func(ctx context.Context, failed int) error
	// look reads what there is after an unknown outcome, and after a conflict that may be with an
	// earlier try. It returns nil when the transaction has happened, errPending when it still may, and
	// otherwise why it has not and cannot. Any other error is the store's, and says nothing.
	look func(ctx context.Context) (store.Revision, error)
}

// settle starts from a first answer that is not Done and goes on until the answer is definite. It
// returns the revision at which the transaction happened, or zero where that is not known.
func (b *Board) settle(
	ctx context.Context, txn store.Txn, c store.Commit, q inquiry,
) (store.Revision, error) {
	for try := 1; ; try++ {
		var err error
		switch {
		case c.Outcome == store.Done:
			return c.Revision, nil
		case c.Outcome == store.Refused:
			err = c.Err
			if errors.Is(err, store.ErrLeaseEnded) { // it will be refused for ever
				return 0, inDoubt(q.doubt, err)
			}
		case c.Outcome == store.Conflict && !q.doubt:
			return 0, q.why(ctx, c.Failed)
		default:
			q.doubt = true
			var at store.Revision
			if at, err = q.look(ctx); err == nil || definite(err) {
				return at, err
			}
			if c.Err != nil && errors.Is(err, errPending) {
				err = c.Err
			}
		}
		if try >= b.tries {
			return 0, inDoubt(q.doubt, err)
		}
		if ended := b.pauseBefore(ctx, try); ended != nil {
			return 0, inDoubt(q.doubt, ended)
		}
		c = b.store.Commit(ctx, txn)
	}
}

// definite reports whether err leaves nothing to be found out.
func definite(err error) bool {
	for _, known := range []error{ErrHeld, ErrGone, ErrLost, ErrExists, ErrUntraceable} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}

// inDoubt makes err match store.ErrUnknown when a try may have happened, or may yet, and otherwise
// store.ErrRefused, which a context's error does not by itself.
func inDoubt(doubt bool, err error) error {
	verdict := store.ErrRefused
	if doubt {
		verdict = store.ErrUnknown
	}
	if errors.Is(err, verdict) {
		return err
	}
	return fmt.Errorf("%w (%w)", verdict, err)
}

// errStale: an answer is older than one that came before it, so that the two say nothing together.
var errStale = fmt.Errorf("%w: a read was answered from the past", store.ErrRefused)

// readAfter reads a key as it was at a revision or later, which another read was answered at. A store that
// keeps its contract never answers otherwise; a replica that lags may.
func (b *Board) readAfter(
	ctx context.Context, key string, since store.Revision,
) (store.Pair, store.Revision, error) {
	pair, at, err := b.store.Get(ctx, key)
	if err == nil && at < since {
		err = errStale
	}
	return pair, at, err
}

// begin refuses a call whose context has ended already.
func begin(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return inDoubt(false, err)
	}
	return nil
}

// pauseBefore waits before the next try, each time twice as long.
func (b *Board) pauseBefore(ctx context.Context, try int) error {
	return b.host.Sleep(ctx, b.pause<<(min(try, 16)-1))
}
