package storetest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"derail/core/store"
)

// model is the contract without time, as plain as it can be said: what a store must answer.
type model struct {
	revision store.Revision
	pairs    map[string]store.Pair
	alive    map[store.LeaseID]bool
	changes  []store.Change
}

func newModel(revision store.Revision) *model {
	return &model{
		revision: revision,
		pairs:    make(map[string]store.Pair),
		alive:    make(map[store.LeaseID]bool),
	}
}

// commit answers with the cause of a refusal as its error, and no other error.
func (m *model) commit(txn store.Txn) store.Commit {
	seen := make(map[string]bool)
	for _, op := range txn.Then {
		if op.Key == "" || seen[op.Key] {
			return store.Commit{Outcome: store.Refused, Err: store.ErrRefused}
		}
		seen[op.Key] = true
	}
	for _, c := range txn.If {
		if c.Key == "" || c.Condition == 0 || c.Condition > store.ChangedAt {
			return store.Commit{Outcome: store.Refused, Err: store.ErrRefused}
		}
	}
	for i, c := range txn.If {
		pair, present := m.pairs[c.Key]
		holds := map[store.Condition]bool{
			store.Absent:    !present,
			store.Present:   present,
			store.ChangedAt: present && pair.Changed == c.Revision,
		}
		if !holds[c.Condition] {
			return store.Commit{Outcome: store.Conflict, Revision: m.revision, Failed: i}
		}
	}
	for _, op := range txn.Then {
		if !op.Delete && op.Lease != 0 && !m.alive[op.Lease] {
			return store.Commit{Outcome: store.Refused, Err: store.ErrLeaseEnded}
		}
	}
	m.change(txn.Then)
	return store.Commit{Outcome: store.Done, Revision: m.revision}
}

// change makes all the changes at one new revision, if there are any.
func (m *model) change(ops []store.Op) {
	next := m.revision + 1
	for _, op := range ops {
		old, present := m.pairs[op.Key]
		switch {
		case !op.Delete:
			pair := store.Pair{Key: op.Key, Value: op.Value, Created: next, Changed: next, Lease: op.Lease}
			if present {
				pair.Created = old.Created
			}
			m.pairs[op.Key] = pair
			m.changes = append(m.changes, store.Change{Pair: pair})
		case present:
			delete(m.pairs, op.Key)
			gone := store.Pair{Key: op.Key, Changed: next}
			m.changes = append(m.changes, store.Change{Pair: gone, Deleted: true})
		default:
			continue
		}
		m.revision = next
	}
}

// end is the end of a lease, for whatever reason.
func (m *model) end(lease store.LeaseID) {
	delete(m.alive, lease)
	var ops []store.Op
	for _, pair := range m.list("") {
		if pair.Lease == lease {
			ops = append(ops, store.Delete(pair.Key))
		}
	}
	m.change(ops)
}

func (m *model) list(prefix string) []store.Pair {
	var pairs []store.Pair
	for _, key := range slices.Sorted(maps.Keys(m.pairs)) {
		if strings.HasPrefix(key, prefix) {
			pairs = append(pairs, m.pairs[key])
		}
	}
	return pairs
}

func (m *model) since(prefix string, since store.Revision) []store.Change {
	var changes []store.Change
	for _, change := range m.changes {
		if change.Pair.Changed > since && strings.HasPrefix(change.Pair.Key, prefix) {
			changes = append(changes, change)
		}
	}
	return changes
}

// mirror drives a store and the model side by side, and ends the case where they differ.
type mirror struct {
	*trial
	model *model
}

func (t *trial) mirror() *mirror { return &mirror{trial: t, model: newModel(t.revision())} }

func (m *mirror) commit(txn store.Txn) {
	want := m.model.commit(txn)
	got := m.trial.commit(txn)
	if want.Outcome == store.Refused {
		m.wantRefused(opsText(txn.Then), got, want.Err)
		return
	}
	m.want(got.Outcome == want.Outcome && got.Revision == want.Revision && got.Failed == want.Failed,
		"if %+v then %s: %s, want %s", txn.If, opsText(txn.Then), commitText(got), commitText(want))
}

func (m *mirror) do(ops ...store.Op) { m.commit(store.Txn{Then: ops}) }

func (m *mirror) grant() store.LeaseID {
	lease := m.trial.grant(longTTL)
	m.want(!m.model.alive[lease], "lease %d is granted twice", lease)
	m.model.alive[lease] = true
	return lease
}

func (m *mirror) revoke(lease store.LeaseID) {
	m.trial.revoke(lease)
	m.model.end(lease)
}

// same ends the case unless store and model agree on every key that begins with prefix.
func (m *mirror) same(prefix string) {
	want, got := m.model.list(prefix), m.list(prefix)
	m.want(got.Revision == m.model.revision, "range %q tells revision %d, want %d",
		prefix, got.Revision, m.model.revision)
	for i := range min(len(want), len(got.Pairs)) {
		m.want(samePair(got.Pairs[i], want[i]), "range %q: pair %d is %s, want %s",
			prefix, i, pairText(got.Pairs[i]), pairText(want[i]))
	}
	m.want(len(got.Pairs) == len(want), "range %q gives %d pairs, want %d", prefix, len(got.Pairs), len(want))
}

// sameKey ends the case unless store and model agree on key.
func (m *mirror) sameKey(key string) {
	got, revision := m.getAt(key)
	want, present := m.model.pairs[key]
	m.want(revision == m.model.revision, "get %q tells revision %d, want %d", key, revision, m.model.revision)
	if present {
		m.want(samePair(got, want), "get %q is %s, want %s", key, pairText(got), pairText(want))
	} else {
		m.want(got.Changed == 0, "get %q is %s, want it absent", key, pairText(got))
	}
}

// told ends the case unless w tells all that the model says happened since, the last of it a put of
// mark.
func (m *mirror) told(w *tail, since store.Revision, mark string) {
	m.wantChanges(fmt.Sprintf("the watch of %q", w.prefix), w.until(mark), m.model.since(w.prefix, since))
}
