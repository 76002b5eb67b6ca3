package sqlite

import (
	"fmt"
	"math"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"derail/core/store"
)

// placeBits are the low bits of a change's place, which number the changes of one revision.
const placeBits = 24

// maxChanges is how many changes one transaction may make.
const maxChanges = 1<<placeBits - 1

// never is the time when no lease ends.
const never = math.MaxInt64

func firstPlace(revision store.Revision) int64 { return int64(revision) << placeBits }

// metadata are the store's own numbers.
type metadata struct {
	revision  store.Revision
	forgotten store.Revision
	kept      int64
	due       int64
	leases    store.LeaseID
	settled   int64
}

func (c *connection) metadata() (m metadata, err error) {
	q := c.call(getMetadata)
	var revision, forgotten, leases int64
	there, err := q.single(&revision, &forgotten, &m.kept, &m.due, &leases, &m.settled)
	m.revision, m.forgotten = store.Revision(revision), store.Revision(forgotten)
	m.leases = store.LeaseID(leases)
	if err == nil && (!there || m.revision < 0 || m.forgotten > m.revision) {
		return m, fmt.Errorf("%w: it has no metadata that make sense", ErrDamaged)
	}
	return m, err
}

func (c *connection) setMetadata(m *metadata) error {
	q := c.call(setMetadata)
	q.number(1, int64(m.revision))
	q.number(2, int64(m.forgotten))
	q.number(3, m.kept)
	q.number(4, m.due)
	q.number(5, int64(m.leases))
	q.number(6, m.settled)
	return q.run()
}

// pair reads one pair and the revision.
func (c *connection) pair(key string) (pair store.Pair, at store.Revision, err error) {
	q := c.call(getPair)
	q.text(1, key)
	there := q.step()
	if there {
		at = store.Revision(q.statement.ColumnInt64(0))
		if q.statement.ColumnType(1) != sqlite3.NULL {
			pair = readPair(q.statement, key, 1)
		}
	}
	if err = q.end(); err == nil && !there {
		err = fmt.Errorf("%w: it has no metadata", ErrDamaged)
	}
	return pair, at, err
}

// readPair reads the columns from the value on.
func readPair(row *sqlite3.Stmt, key string, from int) store.Pair {
	return store.Pair{
		Key:     key,
		Value:   row.ColumnBlob(from, nil),
		Created: store.Revision(row.ColumnInt64(from + 1)),
		Changed: store.Revision(row.ColumnInt64(from + 2)),
		Lease:   store.LeaseID(row.ColumnInt64(from + 3)),
	}
}

// list reads all pairs whose key begins with prefix, and the revision.
func (c *connection) list(prefix string) (snapshot store.Snapshot, err error) {
	q := c.call(listPairs)
	q.text(1, prefix)
	there := false
	for q.step() {
		there = true
		snapshot.Revision = store.Revision(q.statement.ColumnInt64(0))
		if q.statement.ColumnType(1) == sqlite3.NULL {
			break
		}
		key := string(q.statement.ColumnRawBlob(1))
		if !strings.HasPrefix(key, prefix) {
			break
		}
		snapshot.Pairs = append(snapshot.Pairs, readPair(q.statement, key, 2))
	}
	if err = q.end(); err == nil && !there {
		err = fmt.Errorf("%w: it has no metadata", ErrDamaged)
	}
	return snapshot, err
}

// find returns when the pair at key was made and last changed, or zeros.
func (c *connection) find(key string) (created, changed store.Revision, err error) {
	q := c.call(findPair)
	q.text(1, key)
	var made, last int64
	_, err = q.single(&made, &last)
	return store.Revision(made), store.Revision(last), err
}

func (c *connection) put(pair *store.Pair) error {
	q := c.call(putPair)
	q.text(1, pair.Key)
	q.bytes(2, pair.Value)
	q.number(3, int64(pair.Created))
	q.number(4, int64(pair.Changed))
	q.number(5, int64(pair.Lease))
	return q.run()
}

// delete reports whether there was something to delete.
func (c *connection) delete(key string) (bool, error) {
	q := c.call(deletePair)
	q.text(1, key)
	err := q.run()
	return err == nil && c.db.Changes() > 0, err
}

// journal writes down a change. Of a deletion, ended is the lease whose end it is, or zero.
func (c *connection) journal(place int64, change *store.Change, ended store.LeaseID) error {
	q := c.call(addChange)
	q.number(1, place)
	q.text(2, change.Pair.Key)
	if change.Deleted {
		if q.err == nil {
			q.err = q.statement.BindNull(3)
		}
		q.number(5, int64(ended))
	} else {
		q.bytes(3, change.Pair.Value)
		q.number(5, int64(change.Pair.Lease))
	}
	q.number(4, int64(change.Pair.Created))
	return q.run()
}

// record is what the file remembers of the changes after some revision.
type record struct {
	revision  store.Revision // the store's
	forgotten store.Revision
	steps     []step
}

// step is one revision: its changes, and the lease whose end made it, or zero.
type step struct {
	revision store.Revision
	ended    store.LeaseID
	changes  []store.Change
}

// since reads the changes after a revision.
func (c *connection) since(since store.Revision) (r record, err error) {
	q := c.call(listChanges)
	if since >= math.MaxInt64>>placeBits {
		q.number(1, math.MaxInt64)
	} else {
		q.number(1, firstPlace(since+1)-1)
	}
	there := false
	for q.step() {
		there = true
		row := q.statement
		r.revision = store.Revision(row.ColumnInt64(0))
		r.forgotten = store.Revision(row.ColumnInt64(1))
		if row.ColumnType(2) != sqlite3.NULL {
			r.add(row)
		}
	}
	if err = q.end(); err == nil && !there {
		err = fmt.Errorf("%w: it has no metadata", ErrDamaged)
	}
	return r, err
}

// add appends the change in a row, to the last step or as a new one.
func (r *record) add(row *sqlite3.Stmt) {
	change := store.Change{Pair: store.Pair{
		Key:     string(row.ColumnRawBlob(3)),
		Created: store.Revision(row.ColumnInt64(5)),
		Changed: store.Revision(row.ColumnInt64(2) >> placeBits),
	}}
	lease := store.LeaseID(row.ColumnInt64(6))
	if row.ColumnType(4) == sqlite3.NULL {
		change.Deleted = true
	} else {
		change.Pair.Value, change.Pair.Lease, lease = row.ColumnBlob(4, nil), lease, 0
	}
	if last := len(r.steps) - 1; last < 0 || r.steps[last].revision != change.Pair.Changed {
		r.steps = append(r.steps, step{revision: change.Pair.Changed, ended: lease})
	}
	latest := &r.steps[len(r.steps)-1]
	latest.changes = append(latest.changes, change)
}

// forget drops the changes up to and including a revision, and returns how many those were.
func (c *connection) forget(upTo store.Revision) (int64, error) {
	q := c.call(forgetChanges)
	q.number(1, firstPlace(upTo+1))
	err := q.run()
	return c.db.Changes(), err
}
