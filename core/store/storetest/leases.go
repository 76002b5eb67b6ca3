package storetest

import (
	"errors"
	"time"

	"derail/core/store"
)

// longTTL is for leases that shall not end by themselves during a case.
const longTTL = time.Hour

func leaseCases() []Case {
	return []Case{
		newCase("lease/ids", leaseIDs),
		newCase("lease/shown", leaseShown),
		newCase("lease/ends", leaseEnds),
		newCase("lease/over-when-due", leaseOverWhenDue),
		newCase("lease/renewed", leaseRenewed),
		newCase("lease/ended", leaseEnded),
		newCase("lease/never-granted", leaseNeverGranted),
		newCase("lease/several", leaseSeveral),
		newCase("lease/revoked", leaseRevoked),
		newCase("lease/without-keys", leaseWithoutKeys),
		newCase("lease/put-detaches", leasePutDetaches),
		newCase("lease/put-moves", leasePutMoves),
		newCase("lease/delete-detaches", leaseDeleteDetaches),
		newCase("lease/compared-first", leaseComparedFirst),
	}
}

func leaseIDs(t *trial) {
	seen := make(map[store.LeaseID]bool)
	for range 10 {
		lease := t.grant(longTTL)
		t.want(!seen[lease], "lease %d is granted twice", lease)
		seen[lease] = true
	}
	t.want(t.revision() == 0, "granting made revision %d", t.revision())
	for _, ttl := range []time.Duration{0, -time.Second} {
		_, err := t.Store.Grant(t.ctx, ttl)
		t.want(errors.Is(err, store.ErrRefused), "granting a lease for %v: %v, want it refused", ttl, err)
	}
}

func leaseShown(t *trial) {
	lease := t.grant(longTTL)
	t.done(store.PutLeased("leased", nil, lease), store.Put("free", nil))
	t.want(t.get("leased").Lease == lease, "a leased key shows lease %d, want %d", t.get("leased").Lease, lease)
	t.want(t.get("free").Lease == 0, "a key without a lease shows lease %d", t.get("free").Lease)
	pairs := t.list("").Pairs
	t.want(len(pairs) == 2 && pairs[0].Lease == 0 && pairs[1].Lease == lease, "a range does not show the lease")
}

// lent is a lease with keys a, b and c on it, which somebody granted at or after began.
type lent struct {
	lease store.LeaseID
	began time.Time
	at    store.Revision // of the keys
}

// lend makes a lent lease. The machine that the test runs on may be slower than a short lease: then
// that says nothing of the store, and lend tries again.
func (t *trial) lend(ttl time.Duration) lent {
	for {
		began := t.Host.Now()
		lease := t.grant(ttl)
		commit := t.commit(store.Txn{Then: []store.Op{
			store.PutLeased("a", []byte("1"), lease),
			store.PutLeased("b", []byte("2"), lease),
			store.PutLeased("c", []byte("3"), lease),
		}})
		if commit.Outcome == store.Done {
			return lent{lease: lease, began: began, at: commit.Revision}
		}
		passed := t.Host.Now().Sub(began)
		t.want(errors.Is(commit.Err, store.ErrLeaseEnded) && passed >= ttl,
			"a put %v after granting %v: %s", passed, ttl, commitText(commit))
	}
}

// awaitEnd waits until the key is gone, and ends the case if that is sooner than ttl after from.
func (t *trial) awaitEnd(key string, from time.Time, ttl time.Duration) {
	for {
		pair := t.get(key)
		passed := t.Host.Now().Sub(from)
		if pair.Changed == 0 {
			t.want(passed >= ttl, "a lease of %v ended after %v", ttl, passed)
			return
		}
		t.sleep(t.TTL / 50)
	}
}

func leaseEnds(t *trial) {
	t.put("stays", "1")
	l := t.lend(t.TTL)
	t.awaitEnd("b", l.began, t.TTL)
	t.wantAbsent("a", "b", "c")
	t.wantValue("stays", "1")
	t.want(t.revision() == l.at+1, "a lease with three keys ended at revision %d, want %d", t.revision(), l.at+1)
	t.want(len(t.list("").Pairs) == 1, "a range still has the keys of a lease that has ended")
	at := t.put("a", "again")
	pair := t.wantValue("a", "again")
	t.want(pair.Created == at && pair.Lease == 0, "a key put again after its lease's end is %s", pairText(pair))
}

// leaseOverWhenDue: when its time has come a lease lets nothing through, even if nobody has looked
// after it since.
func leaseOverWhenDue(t *trial) {
	for range t.times(5) {
		lease := t.grant(t.TTL)
		t.sleep(t.TTL + t.Late)
		commit := t.commit(store.Txn{Then: []store.Op{store.PutLeased("late", nil, lease)}})
		t.wantRefused("a put under a lease whose time has come", commit, store.ErrLeaseEnded)
		lease = t.grant(t.TTL)
		t.sleep(t.TTL + t.Late)
		err := t.Store.Renew(t.ctx, lease)
		t.want(errors.Is(err, store.ErrLeaseEnded), "renewing a lease whose time has come: %v", err)
	}
	t.wantAbsent("late")
}

func leaseRenewed(t *trial) {
	ttl := 4 * t.TTL
	for !t.keepsRenewed(ttl) {
		t.sleep(t.TTL)
	}
}

// keepsRenewed renews a lease for some times its time to live, sees it alive, and then sees it end. It
// reports false when it was itself too slow to tell.
func (t *trial) keepsRenewed(ttl time.Duration) bool {
	l := t.lend(ttl)
	renewed := l.began
	for range 12 {
		t.sleep(ttl / 4)
		asked := t.Host.Now()
		err := t.Store.Renew(t.ctx, l.lease)
		passed := t.Host.Now().Sub(renewed)
		if err != nil && passed >= ttl {
			return false
		}
		if err != nil {
			t.failf("renewing a lease of %v at most %v after it began or was renewed: %w", ttl, passed, err)
		}
		renewed = asked
	}
	pair := t.get("a")
	if passed := t.Host.Now().Sub(renewed); pair.Changed == 0 {
		t.want(passed >= ttl, "a lease of %v was renewed and gone %v later", ttl, passed)
		return false
	}
	t.want(t.revision() == l.at, "renewing made revision %d", t.revision())
	t.awaitEnd("a", renewed, ttl)
	return true
}

func leaseEnded(t *trial) {
	l := t.lend(t.TTL)
	t.awaitEnd("a", l.began, t.TTL)
	at := t.revision()
	err := t.Store.Renew(t.ctx, l.lease)
	t.want(errors.Is(err, store.ErrLeaseEnded), "renewing a lease that has ended: %v", err)
	t.want(errors.Is(err, store.ErrRefused), "the error %v is no ErrRefused", err)
	commit := t.commit(store.Txn{Then: []store.Op{store.Put("free", nil), store.PutLeased("a", nil, l.lease)}})
	t.wantRefused("a put under a lease that has ended", commit, store.ErrLeaseEnded)
	t.wantAbsent("a", "free")
	t.revoke(l.lease)
	t.want(t.revision() == at, "calls for a lease that has ended made revision %d", t.revision())
}

func leaseNeverGranted(t *trial) {
	const nobodys = 987654321
	err := t.Store.Renew(t.ctx, nobodys)
	t.want(errors.Is(err, store.ErrLeaseEnded), "renewing a lease that was never granted: %v", err)
	commit := t.commit(store.Txn{Then: []store.Op{store.PutLeased("a", nil, nobodys)}})
	t.wantRefused("a put under a lease that was never granted", commit, store.ErrLeaseEnded)
	t.wantAbsent("a")
	commit = t.commit(store.Txn{Then: []store.Op{{Key: "a", Lease: nobodys, Delete: true}}})
	t.want(commit.Outcome == store.Done, "a delete needs no lease: %s", commitText(commit))
}

// leaseSeveral: a lease that ends sooner than those before it does not wait for them.
func leaseSeveral(t *trial) {
	long := t.grant(longTTL)
	t.done(store.PutLeased("long", []byte("1"), long))
	l := t.lend(t.TTL)
	t.awaitEnd("a", l.began, t.TTL)
	t.wantValue("long", "1")
	l = t.lend(2 * t.TTL)
	t.awaitEnd("a", l.began, 2*t.TTL)
	t.wantValue("long", "1")
	t.renew(long)
	t.revoke(long)
	t.wantAbsent("long")
}

func leaseRevoked(t *trial) {
	lease := t.grant(longTTL)
	t.put("stays", "1")
	at := t.done(
		store.PutLeased("a", nil, lease), store.PutLeased("b", nil, lease), store.PutLeased("c", nil, lease),
	)
	t.revoke(lease)
	t.wantAbsent("a", "b", "c")
	t.wantValue("stays", "1")
	t.want(t.revision() == at+1, "a lease with three keys is revoked at %d, want %d", t.revision(), at+1)
	t.revoke(lease) // done, and changes nothing
	t.want(t.revision() == at+1, "revoking again made revision %d", t.revision())
	err := t.Store.Renew(t.ctx, lease)
	t.want(errors.Is(err, store.ErrLeaseEnded), "renewing a revoked lease: %v", err)
	commit := t.commit(store.Txn{Then: []store.Op{store.PutLeased("a", nil, lease)}})
	t.wantRefused("a put under a revoked lease", commit, store.ErrLeaseEnded)
}

func leaseWithoutKeys(t *trial) {
	at := t.put("key", "value")
	t.revoke(t.grant(longTTL))
	t.want(t.revision() == at, "revoking a lease without keys made revision %d", t.revision())
	lease := t.grant(t.TTL)
	t.sleep(t.TTL + t.Late)
	err := t.Store.Renew(t.ctx, lease)
	t.want(errors.Is(err, store.ErrLeaseEnded), "renewing a lease without keys whose time has come: %v", err)
	t.want(t.revision() == at, "the end of a lease without keys made revision %d", t.revision())
}

func leasePutDetaches(t *trial) {
	lease := t.grant(longTTL)
	t.done(store.PutLeased("a", nil, lease), store.PutLeased("b", nil, lease))
	t.put("a", "free")
	t.want(t.wantValue("a", "free").Lease == 0, "a key put without a lease keeps its old one")
	t.revoke(lease)
	t.wantValue("a", "free")
	t.wantAbsent("b")
}

func leasePutMoves(t *trial) {
	one, two := t.grant(longTTL), t.grant(longTTL)
	t.done(store.PutLeased("a", []byte("1"), one), store.PutLeased("b", []byte("1"), one))
	t.done(store.PutLeased("a", []byte("2"), two))
	t.revoke(one)
	t.want(t.wantValue("a", "2").Lease == two, "a key put under another lease does not show it")
	t.wantAbsent("b")
	t.revoke(two)
	t.wantAbsent("a")
}

func leaseDeleteDetaches(t *trial) {
	lease := t.grant(longTTL)
	for _, key := range []string{"a", "b", "c"} {
		t.done(store.PutLeased(key, nil, lease))
	}
	t.done(store.Delete("b"))
	t.put("b", "free")
	t.revoke(lease)
	t.want(t.wantValue("b", "free").Lease == 0, "a key deleted and made again has its old lease")
	t.wantAbsent("a", "c")
}

// leaseComparedFirst: who loses a comparison learns that, not that its lease has ended as well.
func leaseComparedFirst(t *trial) {
	lease := t.grant(longTTL)
	t.revoke(lease)
	t.put("key", "value")
	commit := t.commit(store.Txn{
		If:   []store.Compare{compare("key", store.Absent)},
		Then: []store.Op{store.PutLeased("key", nil, lease)},
	})
	t.want(commit.Outcome == store.Conflict, "%s, want a conflict", commitText(commit))
}
