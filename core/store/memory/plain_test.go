package memory_test

import (
	"maps"
	"slices"
	"strings"
	"time"

	"derail/core/store"
	"derail/core/store/memory"
)

// plain is what a machine does, said as plainly as can be: no index, no list, no ring.
type plain struct {
	revision  store.Revision
	pairs     map[string]store.Pair
	leases    map[store.LeaseID]plainLease
	lastLease store.LeaseID
	changes   []store.Change // all that are remembered
	limit     int
	forgotten store.Revision
}

type plainLease struct {
	ttl time.Duration
	at  int64
}

func newPlain(limit int) *plain {
	return &plain{
		pairs:  make(map[string]store.Pair),
		leases: make(map[store.LeaseID]plainLease),
		limit:  limit,
	}
}

func (p *plain) apply(txn store.Txn, now int64) store.Commit {
	if err := txn.Malformed(); err != nil {
		return store.Commit{Outcome: store.Refused, Err: err}
	}
	p.expire(now)
	for i, c := range txn.If {
		pair, present := p.pairs[c.Key]
		holds := present == (c.Condition != store.Absent)
		if c.Condition == store.ChangedAt && pair.Changed != c.Revision {
			holds = false
		}
		if !holds {
			return store.Commit{Outcome: store.Conflict, Revision: p.revision, Failed: i}
		}
	}
	for _, op := range txn.Then {
		if _, alive := p.leases[op.Lease]; op.Lease != 0 && !op.Delete && !alive {
			return store.Commit{Outcome: store.Refused, Err: store.ErrLeaseEnded}
		}
	}
	p.change(txn.Then)
	return store.Commit{Outcome: store.Done, Revision: p.revision}
}

func (p *plain) change(ops []store.Op) {
	at := p.revision + 1
	for _, op := range ops {
		old, present := p.pairs[op.Key]
		if op.Delete && !present {
			continue
		}
		p.revision = at
		if op.Delete {
			delete(p.pairs, op.Key)
			p.remember(store.Change{Pair: store.Pair{Key: op.Key, Changed: at}, Deleted: true})
			continue
		}
		pair := store.Pair{Key: op.Key, Value: op.Value, Created: at, Changed: at, Lease: op.Lease}
		if present {
			pair.Created = old.Created
		}
		p.pairs[op.Key] = pair
		p.remember(store.Change{Pair: pair})
	}
}

func (p *plain) remember(change store.Change) {
	if len(p.changes) == p.limit {
		p.forget(p.changes[0].Pair.Changed)
	}
	p.changes = append(p.changes, change)
}

func (p *plain) forget(upTo store.Revision) {
	p.forgotten = max(p.forgotten, upTo)
	p.changes = slices.DeleteFunc(p.changes, func(c store.Change) bool { return c.Pair.Changed <= upTo })
}

func (p *plain) grant(ttl time.Duration, now int64) store.LeaseID {
	p.expire(now)
	p.lastLease++
	p.leases[p.lastLease] = plainLease{ttl: ttl, at: now + int64(ttl)}
	return p.lastLease
}

func (p *plain) renew(id store.LeaseID, now int64) bool {
	p.expire(now)
	l, alive := p.leases[id]
	if alive {
		p.leases[id] = plainLease{ttl: l.ttl, at: now + int64(l.ttl)}
	}
	return alive
}

func (p *plain) revoke(id store.LeaseID, now int64) (memory.EndedLease, bool) {
	p.expire(now)
	if _, alive := p.leases[id]; !alive {
		return memory.EndedLease{}, false
	}
	return p.end(id), true
}

func (p *plain) end(id store.LeaseID) memory.EndedLease {
	ended := memory.EndedLease{Lease: id}
	delete(p.leases, id)
	var ops []store.Op
	for _, pair := range p.list("") {
		if pair.Lease == id {
			ended.Keys = append(ended.Keys, pair.Key)
			ops = append(ops, store.Delete(pair.Key))
		}
	}
	if p.change(ops); ops != nil {
		ended.Revision = p.revision
	}
	return ended
}

// next is the lease that ends next, or zero.
func (p *plain) next() store.LeaseID {
	first := store.LeaseID(0)
	for _, id := range slices.Sorted(maps.Keys(p.leases)) {
		if first == 0 || p.leases[id].at < p.leases[first].at {
			first = id
		}
	}
	return first
}

func (p *plain) expire(now int64) (ended []memory.EndedLease) {
	for id := p.next(); id != 0 && p.leases[id].at <= now; id = p.next() {
		ended = append(ended, p.end(id))
	}
	return ended
}

func (p *plain) list(prefix string) (pairs []store.Pair) {
	for _, key := range slices.Sorted(maps.Keys(p.pairs)) {
		if strings.HasPrefix(key, prefix) {
			pairs = append(pairs, p.pairs[key])
		}
	}
	return pairs
}

func (p *plain) since(since store.Revision, prefix string) (changes []store.Change, err error) {
	if since < p.forgotten {
		return nil, store.ErrCompacted
	}
	for _, change := range p.changes {
		if change.Pair.Changed > since && strings.HasPrefix(change.Pair.Key, prefix) {
			changes = append(changes, change)
		}
	}
	return changes, nil
}
