package storetest

import (
	"errors"
	"fmt"

	"derail/core/host"
	"derail/core/store"
)

func commitCases() []Case {
	return []Case{
		newCase("commit/first-revision", commitFirstRevision),
		newCase("commit/revisions-by-one", commitRevisionsByOne),
		newCase("commit/nothing-changed", commitNothingChanged),
		newCase("commit/one-revision", commitOneRevision),
		newCase("commit/conditions", commitConditions),
		newCase("commit/first-failed", commitFirstFailed),
		newCase("commit/all-or-nothing", commitAllOrNothing),
		newCase("commit/malformed", commitMalformed),
		newCase("commit/many-changes", commitManyChanges),
		newCase("commit/ended-context", commitEndedContext),
	}
}

func compare(key string, condition store.Condition, at ...store.Revision) store.Compare {
	c := store.Compare{Key: key, Condition: condition}
	if len(at) > 0 {
		c.Revision = at[0]
	}
	return c
}

func commitFirstRevision(t *trial) {
	t.want(t.revision() == 0, "an empty store is at revision %d, want 0", t.revision())
	at := t.put("key", "value")
	t.want(at == 1, "the first commit makes revision %d, want 1", at)
}

func commitRevisionsByOne(t *trial) {
	last := t.put("key", "value")
	for i := range t.times(50) {
		var at store.Revision
		switch i % 3 {
		case 0:
			at = t.put("key", "value")
		case 1:
			at = t.done(store.Put("a", nil), store.Put("b", nil), store.Delete("key"))
		default:
			at = t.done(store.Delete("a"), store.Put("key", nil))
		}
		t.want(at == last+1, "commit %d made revision %d, want %d", i, at, last+1)
		last = at
		t.want(t.revision() == at, "after a commit at %d a read tells revision %d", at, t.revision())
	}
}

// commitNothingChanged: a commit that changes nothing is done, and makes no revision.
func commitNothingChanged(t *trial) {
	at := t.put("key", "value")
	nothing := [][]store.Op{nil, {}, {store.Delete("absent")}, {store.Delete("absent"), store.Delete("none")}}
	for _, ops := range nothing {
		got := t.done(ops...)
		t.want(got == at, "the commit of %s is done at %d, want %d, the revision before it", opsText(ops), got, at)
		t.want(t.revision() == at, "the commit of %s made revision %d", opsText(ops), t.revision())
	}
	got := t.done(store.Delete("absent"), store.Put("other", nil))
	t.want(got == at+1, "a commit that also deletes an absent key is at %d, want %d", got, at+1)
}

func commitOneRevision(t *trial) {
	old := t.done(store.Put("a", []byte("1")), store.Put("b", []byte("1")), store.Put("c", []byte("1")))
	at := t.done(store.Put("a", []byte("2")), store.Delete("b"), store.Put("d", []byte("2")))
	t.want(t.wantValue("a", "2").Changed == at, "an overwritten key is not at the commit's revision")
	t.want(t.wantValue("d", "2").Created == at, "a new key is not at the commit's revision")
	t.want(t.wantValue("c", "1").Changed == old, "a key that the commit does not name has changed")
	t.wantAbsent("b")
}

func commitConditions(t *trial) {
	first := t.put("overwritten", "1")
	changed := t.put("overwritten", "2")
	fresh := t.put("fresh", "1")
	t.put("deleted", "1")
	gone := t.done(store.Delete("deleted"))
	tests := []struct {
		compare store.Compare
		holds   bool
	}{
		{compare("never", store.Absent), true},
		{compare("never", store.Present), false},
		{compare("never", store.ChangedAt, 0), false}, // an absent key has not changed at zero
		{compare("never", store.ChangedAt, fresh), false},
		{compare("fresh", store.Absent), false},
		{compare("fresh", store.Present), true},
		{compare("fresh", store.ChangedAt, fresh), true},
		{compare("fresh", store.ChangedAt, fresh-1), false},
		{compare("fresh", store.ChangedAt, fresh+1), false},
		{compare("fresh", store.ChangedAt, 0), false},
		{compare("overwritten", store.ChangedAt, changed), true},
		{compare("overwritten", store.ChangedAt, first), false}, // created then, but changed since
		{compare("deleted", store.Absent), true},
		{compare("deleted", store.Present), false},
		{compare("deleted", store.ChangedAt, gone), false},
		{compare("fres", store.Absent), true}, // part of a key is no key
	}
	for i, test := range tests {
		mark := fmt.Sprintf("mark/%d", i)
		before := t.revision()
		commit := t.commit(store.Txn{If: []store.Compare{test.compare}, Then: []store.Op{store.Put(mark, nil)}})
		if test.holds {
			t.want(commit.Outcome == store.Done, "if %+v: %s, want done", test.compare, commitText(commit))
			t.want(t.get(mark).Changed == commit.Revision, "if %+v: done, but not changed", test.compare)
			continue
		}
		t.want(commit.Outcome == store.Conflict, "if %+v: %s, want a conflict", test.compare, commitText(commit))
		t.want(commit.Err == nil, "a conflict has the error %v, want none", commit.Err)
		t.want(commit.Revision == before, "a conflict is at %d, want %d", commit.Revision, before)
		t.wantAbsent(mark)
	}
}

func commitFirstFailed(t *trial) {
	at := t.put("key", "value")
	good := []store.Compare{
		compare("key", store.Present), compare("key", store.ChangedAt, at), compare("absent", store.Absent),
	}
	bad := []store.Compare{
		compare("key", store.Absent), compare("key", store.ChangedAt, at+1), compare("absent", store.Present),
	}
	for failed := range 4 {
		for kind := range bad {
			var conditions []store.Compare
			for i := range 5 {
				if i == failed || i > failed && i%2 == 0 { // the first, and some after it
					conditions = append(conditions, bad[(kind+i)%len(bad)])
				} else {
					conditions = append(conditions, good[i%len(good)])
				}
			}
			commit := t.commit(store.Txn{If: conditions, Then: []store.Op{store.Put("key", nil)}})
			t.want(commit.Outcome == store.Conflict, "%+v: %s, want a conflict", conditions, commitText(commit))
			t.want(commit.Failed == failed, "%+v: comparison %d failed, want %d", conditions, commit.Failed, failed)
		}
	}
	commit := t.commit(store.Txn{If: good, Then: []store.Op{store.Put("key", nil)}})
	t.want(commit.Outcome == store.Done, "if all hold, two of them of one key: %s", commitText(commit))
}

func commitAllOrNothing(t *trial) {
	at := t.done(store.Put("a", []byte("1")), store.Put("b", []byte("1")))
	then := []store.Op{store.Put("a", []byte("2")), store.Delete("b"), store.Put("c", []byte("2"))}
	unchanged := func(after string) {
		a, b := t.wantValue("a", "1"), t.wantValue("b", "1")
		t.want(a.Changed == at && b.Changed == at, "%s: a key changed", after)
		t.wantAbsent("c")
		t.want(t.revision() == at, "%s made revision %d", after, t.revision())
	}
	commit := t.commit(store.Txn{
		If:   []store.Compare{compare("a", store.Present), compare("c", store.Present)},
		Then: then,
	})
	t.want(commit.Outcome == store.Conflict, "%s, want a conflict", commitText(commit))
	unchanged("a conflict")
	for i := range len(then) + 1 {
		ops := append([]store.Op{}, then[:i]...)
		ops = append(ops, store.PutLeased("d", nil, 424242))
		ops = append(ops, then[i:]...)
		commit := t.commit(store.Txn{Then: ops})
		t.wantRefused("a put under a lease that is not there", commit, store.ErrLeaseEnded)
		unchanged("a refused commit")
	}
	commit = t.commit(store.Txn{If: []store.Compare{compare("c", store.Absent)}, Then: then})
	t.want(commit.Outcome == store.Done && commit.Revision == at+1,
		"%s, want done at %d", commitText(commit), at+1)
	t.wantValue("a", "2")
	t.wantAbsent("b")
	t.wantValue("c", "2")
}

func commitMalformed(t *trial) {
	at := t.put("key", "value")
	put, unset := []store.Op{store.Put("other", nil)}, store.Compare{Key: "key"}
	tests := []struct {
		name string
		txn  store.Txn
	}{
		{"no condition", store.Txn{If: []store.Compare{unset}, Then: put}},
		{"an unknown condition", store.Txn{If: []store.Compare{compare("key", store.ChangedAt+1)}, Then: put}},
		{"no key compared", store.Txn{If: []store.Compare{compare("", store.Absent)}, Then: put}},
		{"a malformed second", store.Txn{If: []store.Compare{compare("key", store.Present), unset}, Then: put}},
		{"after a false one", store.Txn{If: []store.Compare{compare("key", store.Absent), unset}, Then: put}},
		{"an empty key put", store.Txn{Then: []store.Op{put[0], store.Put("", nil)}}},
		{"an empty key deleted", store.Txn{Then: []store.Op{put[0], store.Delete("")}}},
		{"a key put twice", store.Txn{Then: []store.Op{put[0], store.Put("other", []byte("2"))}}},
		{"a key put and deleted", store.Txn{Then: []store.Op{put[0], store.Delete("other")}}},
		{"a key deleted twice", store.Txn{Then: []store.Op{store.Delete("key"), put[0], store.Delete("key")}}},
		{"a key deleted and put", store.Txn{Then: []store.Op{store.Delete("key"), store.Put("key", nil)}}},
		{"an absent key twice", store.Txn{Then: []store.Op{store.Delete("none"), store.Delete("none")}}},
	}
	for _, test := range tests {
		t.wantRefused(test.name, t.commit(test.txn), store.ErrRefused)
		t.want(t.wantValue("key", "value").Changed == at, "%s: a key changed", test.name)
		t.wantAbsent("other")
		t.want(t.revision() == at, "%s made revision %d", test.name, t.revision())
	}
}

// commitManyChanges is as large as anything in core commits at once.
func commitManyChanges(t *trial) {
	const n = 100
	var (
		puts, deletes []store.Op
		conditions    []store.Compare
	)
	for i := range n {
		key := fmt.Sprintf("key/%03d", i)
		puts = append(puts, store.Put(key, []byte(key)))
		conditions = append(conditions, compare(key, store.Present))
		deletes = append(deletes, store.Delete(key))
	}
	at := t.done(puts...)
	pairs := t.list("key/").Pairs
	t.want(len(pairs) == n, "%d keys put at once became %d", n, len(pairs))
	for _, pair := range pairs {
		t.want(pair.Changed == at && string(pair.Value) == pair.Key, "one of many is %s", pairText(pair))
	}
	repeated := append(append([]store.Op{}, puts...), store.Delete(puts[n/2].Key))
	t.wantRefused("one of many keys changed twice", t.commit(store.Txn{Then: repeated}), store.ErrRefused)
	commit := t.commit(store.Txn{If: conditions, Then: deletes})
	t.want(commit.Outcome == store.Done, "%d comparisons and deletes: %s", n, commitText(commit))
	t.want(len(t.list("key/").Pairs) == 0, "deleting %d keys at once left some", n)
}

// commitEndedContext: a call under a context that has ended says truly what became of it.
func commitEndedContext(t *trial) {
	at := t.put("key", "value")
	ctx, end := host.WithCancel(t.ctx)
	end(nil)
	commit := t.Store.Commit(ctx, store.Txn{Then: []store.Op{store.Put("key", []byte("late"))}})
	switch commit.Outcome {
	case store.Refused:
		t.want(errors.Is(commit.Err, store.ErrRefused), "refused with %v, which is no ErrRefused", commit.Err)
		t.want(t.wantValue("key", "value").Changed == at, "refused, but the key changed")
	case store.Unknown:
		t.want(errors.Is(commit.Err, store.ErrUnknown), "unknown with %v, which is no ErrUnknown", commit.Err)
	default:
		t.failf("under a context that has ended: %s", commitText(commit))
	}
	if _, _, err := t.Store.Get(ctx, "key"); err == nil {
		t.failf("a read under a context that has ended is answered")
	}
	if _, err := t.Store.Range(ctx, ""); err == nil {
		t.failf("a range under a context that has ended is answered")
	}
	if w, err := t.Store.Watch(ctx, "", 0); err == nil {
		_, err = w.Next(t.ctx)
		w.Close()
		t.want(err != nil, "a watch under a context that has ended tells changes")
	}
}
