package planted

import (
	"context"
	"slices"

	"derail/core/conductor"
	"derail/core/jobboard"
	"derail/core/store"
	"derail/sim/kernel"
	"derail/sim/world"
)

// edited is a store that carries out other transactions than it is asked to.
type edited struct {
	store.Store
	edit func(txn *store.Txn)
}

// Commit implements store.KV. The transaction is the caller's, who may send it again: what is edited
// is a copy.
func (s edited) Commit(ctx context.Context, txn store.Txn) store.Commit {
	txn.If, txn.Then = slices.Clone(txn.If), slices.Clone(txn.Then)
	s.edit(&txn)
	return s.Store.Commit(ctx, txn)
}

// editing is a bug that changes the transactions with one of these labels.
func editing(edit func(txn *store.Txn), labels ...string) world.Wrap {
	return world.Wrap{Store: func(s store.Store, _ *kernel.Machine) store.Store {
		return edited{s, func(txn *store.Txn) {
			if slices.Contains(labels, txn.Label) {
				edit(txn)
			}
		}}
	}}
}

// uncompared takes the comparisons off a transaction.
func uncompared(txn *store.Txn) { txn.If = nil }

// without takes the change of one key out of a transaction.
func without(txn *store.Txn, key string) {
	txn.Then = slices.DeleteFunc(txn.Then, func(op store.Op) bool { return op.Key == key })
}

// answered is a store whose answers are not what the caller makes of them.
type answered struct {
	store.Store
	answer func(txn *store.Txn, c store.Commit) store.Commit
}

// Commit implements store.KV.
func (s answered) Commit(ctx context.Context, txn store.Txn) store.Commit {
	return s.answer(&txn, s.Store.Commit(ctx, txn))
}

// answering is a bug that misunderstands the answers to the transactions with one of these labels.
func answering(answer func(txn *store.Txn, c store.Commit) store.Commit, labels ...string) world.Wrap {
	return world.Wrap{Store: func(s store.Store, _ *kernel.Machine) store.Store {
		return answered{s, func(txn *store.Txn, c store.Commit) store.Commit {
			if !slices.Contains(labels, txn.Label) {
				return c
			}
			return answer(txn, c)
		}}
	}}
}

// claiming is a bug in what a conductor does with jobs on the board.
func claiming(wrap func(right conductor.Claims) conductor.Claims) world.Wrap {
	return world.Wrap{
		Claims: func(c conductor.Claims, _ *jobboard.Board, _ store.Store) conductor.Claims { return wrap(c) },
	}
}

// configured is a bug in how a conductor is set up.
func configured(change func(c *conductor.Config)) world.Wrap { return world.Wrap{Config: change} }
