package sqlite

import (
	"context"
	"errors"
	"fmt"

	"derail/core/store"
)

// Commit is [store.KV]'s.
func (s *Store) Commit(ctx context.Context, txn store.Txn) store.Commit {
	if err := unacceptable(&txn); err != nil {
		return store.Commit{Outcome: store.Refused, Err: err}
	}
	var verdict store.Commit
	err := s.write(ctx, func(t *transaction) (err error) {
		verdict, err = t.decide(&txn)
		return err
	})
	switch {
	case err == nil:
		return verdict
	case errors.Is(err, store.ErrUnknown) && verdict.Outcome == store.Done:
		return store.Commit{Outcome: store.Unknown, Err: err}
	default:
		// A comparison that did not hold, or a lease that had ended, is no news if what else belonged to
		// the transaction was not kept: then all that is certain is that this change was not made.
		return store.Commit{Outcome: store.Refused, Err: certainly(err)}
	}
}

// decide makes the changes if the comparisons hold.
func (t *transaction) decide(txn *store.Txn) (store.Commit, error) {
	for i := range txn.If {
		if holds, err := t.holds(&txn.If[i]); err != nil {
			return store.Commit{}, err
		} else if !holds {
			return store.Commit{Outcome: store.Conflict, Revision: t.after.revision, Failed: i}, nil
		}
	}
	for i := range txn.Then {
		op := &txn.Then[i]
		if op.Lease == 0 || op.Delete {
			continue
		}
		if _, alive, err := t.ttl(op.Lease); err != nil {
			return store.Commit{}, err
		} else if !alive {
			return store.Commit{Outcome: store.Refused, Err: store.ErrLeaseEnded}, nil
		}
	}
	if err := t.apply(txn.Then); err != nil {
		return store.Commit{}, err
	}
	return store.Commit{Outcome: store.Done, Revision: t.after.revision}, nil
}

// maxBytes is how much a transaction may change at once: the engine takes several times as much
// memory, and has its limits.
const maxBytes = 4 << 20

// unacceptable says why this store, of all or of this kind, does not take a transaction.
func unacceptable(txn *store.Txn) error {
	if err := txn.Malformed(); err != nil {
		return err
	}
	if len(txn.Then) > maxChanges {
		return fmt.Errorf("%w: %d changes are more than the %d that a transaction may make",
			store.ErrRefused, len(txn.Then), maxChanges)
	}
	size := 0
	for i := range txn.Then {
		size += len(txn.Then[i].Key) + len(txn.Then[i].Value)
	}
	if size > maxBytes {
		return fmt.Errorf("%w: its changes are %d bytes, and a transaction may have %d",
			store.ErrRefused, size, maxBytes)
	}
	return nil
}

// holds reports whether a comparison does.
func (t *transaction) holds(compare *store.Compare) (bool, error) {
	_, changed, err := t.find(compare.Key)
	switch compare.Condition {
	case store.Absent:
		return changed == 0, err
	case store.Present:
		return changed != 0, err
	default: // ChangedAt: Malformed let no other through
		return changed != 0 && changed == compare.Revision, err
	}
}

// apply makes the changes of a transaction whose comparisons hold, at one new revision if there is
// anything to change.
func (t *transaction) apply(ops []store.Op) error {
	at := t.after.revision + 1
	changes := make([]store.Change, 0, len(ops))
	for i := range ops {
		op := &ops[i]
		if op.Delete {
			gone, err := t.delete(op.Key)
			if err != nil {
				return err
			}
			if gone {
				changes = append(changes, deletion(op.Key, at))
			}
			continue
		}
		pair := store.Pair{Key: op.Key, Value: op.Value, Created: at, Changed: at, Lease: op.Lease}
		created, _, err := t.find(op.Key)
		if err != nil {
			return err
		}
		if created != 0 {
			pair.Created = created
		}
		if err := t.put(&pair); err != nil {
			return err
		}
		changes = append(changes, store.Change{Pair: pair})
	}
	if len(changes) == 0 {
		return nil
	}
	return t.change(changes, 0)
}

func deletion(key string, at store.Revision) store.Change {
	return store.Change{Pair: store.Pair{Key: key, Changed: at}, Deleted: true}
}
