package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"derail/core/host"
	"derail/core/store"
)

// trial is one run of one case. Its methods end the case when the store does not do as they say.
type trial struct {
	Fixture
	ctx context.Context // ends when the fixture's patience does

	mu      sync.Mutex
	watches []store.Watcher
}

// failed is the panic that ends a case.
type failed struct{ err error }

func failureOf(cause any) error {
	if f, ours := cause.(failed); ours {
		return f.err
	}
	panic(cause)
}

func (t *trial) failf(format string, args ...any) {
	panic(failed{fmt.Errorf(format, args...)})
}

// want ends the case unless ok.
func (t *trial) want(ok bool, format string, args ...any) {
	if !ok {
		t.failf(format, args...)
	}
}

func (t *trial) get(key string) store.Pair {
	pair, _ := t.getAt(key)
	return pair
}

func (t *trial) getAt(key string) (store.Pair, store.Revision) {
	pair, revision, err := t.Store.Get(t.ctx, key)
	if err != nil {
		t.failf("get %q: %w", key, err)
	}
	return pair, revision
}

// wantValue ends the case unless key has the value.
func (t *trial) wantValue(key, value string) store.Pair {
	pair := t.get(key)
	t.want(pair.Changed != 0, "%q is absent, want %q", key, value)
	t.want(string(pair.Value) == value, "%q is %q, want %q", key, pair.Value, value)
	return pair
}

// wantAbsent ends the case unless none of the keys exists.
func (t *trial) wantAbsent(keys ...string) {
	for _, key := range keys {
		pair := t.get(key)
		t.want(pair.Changed == 0, "%q is %q, want it absent", key, pair.Value)
	}
}

func (t *trial) list(prefix string) store.Snapshot {
	snapshot, err := t.Store.Range(t.ctx, prefix)
	if err != nil {
		t.failf("range %q: %w", prefix, err)
	}
	return snapshot
}

// revision is the store's, as a read tells it.
func (t *trial) revision() store.Revision {
	_, revision := t.getAt("a key that nobody puts")
	return revision
}

func (t *trial) commit(txn store.Txn) store.Commit { return t.Store.Commit(t.ctx, txn) }

// done commits ops, which must be done, and returns the revision.
func (t *trial) done(ops ...store.Op) store.Revision {
	commit := t.commit(store.Txn{Then: ops})
	t.want(commit.Outcome == store.Done, "commit of %s: %s", opsText(ops), commitText(commit))
	return commit.Revision
}

func (t *trial) put(key, value string) store.Revision { return t.done(store.Put(key, []byte(value))) }

// wantRefused ends the case unless the commit was refused for the cause.
func (t *trial) wantRefused(what any, commit store.Commit, cause error) {
	t.want(commit.Outcome == store.Refused, "%s: %s, want refused", what, commitText(commit))
	t.want(errors.Is(commit.Err, store.ErrRefused), "%s: the error %v is no ErrRefused", what, commit.Err)
	t.want(errors.Is(commit.Err, cause), "%s: the error %v is not %v", what, commit.Err, cause)
}

func (t *trial) grant(ttl time.Duration) store.LeaseID {
	lease, err := t.Store.Grant(t.ctx, ttl)
	if err != nil {
		t.failf("grant %v: %w", ttl, err)
	}
	t.want(lease != 0, "grant made lease zero, which is no lease")
	return lease
}

func (t *trial) renew(lease store.LeaseID) {
	if err := t.Store.Renew(t.ctx, lease); err != nil {
		t.failf("renew: %w", err)
	}
}

func (t *trial) revoke(lease store.LeaseID) {
	if err := t.Store.Revoke(t.ctx, lease); err != nil {
		t.failf("revoke: %w", err)
	}
}

func (t *trial) sleep(d time.Duration) {
	if err := t.Host.Sleep(t.ctx, d); err != nil {
		t.failf("the case takes too long: %w", err)
	}
}

// pause lets the others run, for a moment that differs from one time to the next.
func (t *trial) pause() { t.sleep(time.Duration(t.Host.Draw(20)) * time.Microsecond) }

// together runs body n times at once, as processes of the host, and waits for all. The first failure
// of any ends the case.
func (t *trial) together(n int, body func(i int)) {
	var (
		mu    sync.Mutex
		left  = n
		first error
		over  = t.Host.NewSignal()
	)
	one := func(i int) (err error) {
		defer host.Catch(func(cause any) { err = failureOf(cause) })
		body(i)
		return nil
	}
	for i := range n {
		t.Host.Go("storetest", func() {
			err := one(i)
			mu.Lock()
			defer mu.Unlock()
			if first == nil {
				first = err
			}
			if left--; left == 0 {
				over.Wake()
			}
		})
	}
	// Not under the trial's context: when that ends, so do the processes, and they must be gone.
	if _, err := over.Wait(context.Background(), host.Forever); err != nil {
		t.failf("waiting for %d processes: %w", n, err)
	}
	mu.Lock()
	defer mu.Unlock()
	if first != nil {
		panic(failed{first})
	}
}

func samePair(a, b store.Pair) bool {
	return a.Key == b.Key && bytes.Equal(a.Value, b.Value) &&
		a.Created == b.Created && a.Changed == b.Changed && a.Lease == b.Lease
}

// text is words that are put together only when somebody wants to read them: nearly all are for
// failures that do not happen.
type text func() string

func (t text) String() string { return t() }

func pairText(p store.Pair) text {
	return func() string {
		return fmt.Sprintf("%q=%.40q (created %d, changed %d, lease %d)",
			p.Key, p.Value, p.Created, p.Changed, p.Lease)
	}
}

func opsText(ops []store.Op) text {
	return func() string {
		var words []string
		for _, op := range ops {
			if op.Delete {
				words = append(words, fmt.Sprintf("delete %q", op.Key))
			} else {
				words = append(words, fmt.Sprintf("put %q=%.40q lease %d", op.Key, op.Value, op.Lease))
			}
		}
		return "[" + strings.Join(words, ", ") + "]"
	}
}

func commitText(c store.Commit) text {
	return func() string {
		switch c.Outcome {
		case store.Done:
			return fmt.Sprintf("done at %d", c.Revision)
		case store.Conflict:
			return fmt.Sprintf("conflict at %d, comparison %d", c.Revision, c.Failed)
		default:
			return fmt.Sprintf("%v (%v)", c.Outcome, c.Err)
		}
	}
}
