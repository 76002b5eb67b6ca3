package storage_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"derail/core/store"
	"derail/scenarios"
)

// mayFail lets the server keep what a failover needs; nothing happens before the test says so.
func mayFail() []scenarios.Fault {
	return []scenarios.Fault{{Kind: scenarios.KindStorageFailover, For: span(time.Second, time.Second)}}
}

// writesAt commits a value at a time, in a process of its own, and returns what became of it.
func (l *lab) writesAt(s *session, at time.Duration, key, value string) *store.Commit {
	result := &store.Commit{}
	s.machine.Go("writer", func() {
		_ = s.machine.Sleep(background, at-l.now())
		*result = s.client.Commit(background, put(key, value))
	})
	return result
}

// TestFailover: what was written in the last while is gone, though it was acknowledged; the rest is there,
// and the store goes on from it, twice.
func TestFailover(t *testing.T) {
	l := newLab(t, setup{faults: mayFail()})
	s := l.session(2)
	type told struct{ before, after store.Revision }
	var failures []told
	l.server.FailedOver = func(before, after store.Revision) {
		failures = append(failures, told{before, after})
		if now := l.server.State().Revision(); now != after {
			t.Errorf("told of revision %d, and the state is at %d", after, now)
		}
	}
	commits := []*store.Commit{
		l.writesAt(s, 1*time.Second, "a", "first"), l.writesAt(s, 2*time.Second, "a", "second"),
		l.writesAt(s, 3*time.Second, "b", "third"), l.writesAt(s, 5*time.Second, "c", "fourth"),
		l.writesAt(s, 6*time.Second, "b", "fifth"),
	}
	l.at(4*time.Second, func() { l.server.Failover(int64(2500 * ms)) })
	l.at(4*time.Second+1, func() {
		if a, b := l.holds("a"), l.holds("b"); a != "first" || b != "" {
			t.Errorf("after the first failover a is %q and b is %q", a, b)
		}
	})
	l.at(7*time.Second, func() { l.server.Failover(int64(1500 * ms)) })
	l.runs(time.Minute)
	if a, b, c := l.holds("a"), l.holds("b"), l.holds("c"); a != "first" || b != "" || c != "fourth" {
		t.Errorf("in the end a is %q, b is %q and c is %q", a, b, c)
	}
	for i, want := range []store.Revision{1, 2, 3, 2, 3} {
		if commits[i].Outcome != store.Done || commits[i].Revision != want {
			t.Errorf("commit %d: %v at %d", i, commits[i].Outcome, commits[i].Revision)
		}
	}
	if !slices.Equal(failures, []told{{3, 1}, {3, 2}}) {
		t.Errorf("told of %v", failures)
	}
	l.server.Failover(forever)
	if at := l.server.State().Revision(); at != 0 {
		t.Errorf("everything is lost, and it is at revision %d", at)
	}
}

// TestFailoverBreaksConnections: watches break, and so do those that are being opened; what is on its way
// has no answer, and the new server never carries it out.
func TestFailoverBreaksConnections(t *testing.T) {
	l := newLab(t, setup{faults: append(mayFail(), from(scenarios.Fault{
		Kind: scenarios.KindStorageSlow, Rate: scenarios.Whole, For: span(5*time.Second, 5*time.Second), Times: 1,
	}, 90*ms))})
	s := l.session(2)
	got := l.listen(s.machine, l.watch(s.client, s.machine))
	late := l.writesAt(s, 95*ms, "late", "value")
	there := l.writesAt(s, 100*ms-ms/2, "there", "value")
	back := l.writesAt(s, 100*ms-ms-ms/2, "back", "value")
	var opened []error
	for _, at := range []time.Duration{100*ms - ms/2, 100*ms - ms - ms/2} {
		s.machine.Go("watcher", func() {
			_ = s.machine.Sleep(background, at-l.now())
			w, err := s.client.Watch(background, "", 0)
			if err == nil {
				_, err = w.Next(background)
			}
			opened = append(opened, err)
		})
	}
	l.at(100*ms, func() { l.server.Failover(int64(50 * ms)) })
	l.runs(time.Minute)
	if late.Outcome != store.Unknown || there.Outcome != store.Unknown || back.Outcome != store.Done {
		t.Errorf("the calls: %v, %v, %v", late.Outcome, there.Outcome, back.Outcome)
	}
	if n := l.server.State().Revision(); n != 0 {
		t.Errorf("%d of the calls were carried out", n)
	}
	wantHeard(t, *got, heard{at: 100*ms + ms/2, err: store.ErrUnknown})
	for i, err := range opened {
		if !errors.Is(err, store.ErrUnknown) {
			t.Errorf("watch %d: %v", i, err)
		}
	}
	if n := l.subscriptions(); n != 0 || len(opened) != 2 {
		t.Errorf("%d subscriptions are left, %d watches were opened", n, len(opened))
	}
}

// TestFailoverAndLeases: a renewal that was lost was none, a lease that was granted in what is lost is
// gone, and one that had ended there lives again; they are whose they were.
func TestFailoverAndLeases(t *testing.T) {
	l := newLab(t, setup{faults: mayFail()})
	s, other := l.session(2), l.session(3)
	var early, revoked, lost, theirs store.LeaseID
	l.does(other.machine, func() { theirs, _ = other.client.Grant(background, time.Hour) })
	l.does(s.machine, func() {
		early, _ = s.client.Grant(background, 10*time.Second)
		revoked, _ = s.client.Grant(background, time.Hour)
		_ = s.machine.Sleep(background, 8*time.Second-l.now())
		_ = s.client.Renew(background, early)
		_ = s.client.Revoke(background, revoked)
		lost, _ = s.client.Grant(background, time.Hour)
	})
	l.at(9*time.Second, func() { l.server.Failover(int64(5 * time.Second)) })
	l.does(s.machine, func() {
		_ = s.machine.Sleep(background, 12*time.Second-l.now())
		if l.ended[early] != 1 || l.ended[lost] != 0 || l.ended[theirs] != 0 {
			t.Errorf("the leases that have ended: %v", l.ended)
		}
		if err := s.client.Renew(background, revoked); err != nil {
			t.Errorf("the lease that is not revoked any more: %v", err)
		}
		if err := s.client.Renew(background, lost); !errors.Is(err, store.ErrLeaseEnded) {
			t.Errorf("the lease that nobody was granted: %v", err)
		}
		if again, _ := s.client.Grant(background, time.Hour); again != lost {
			t.Errorf("the next lease is %d, after %d", again, lost)
		}
	})
	if n := l.server.EndLeases(2); n != 2 || l.ended[theirs] != 0 {
		t.Errorf("%d leases of the machine: %v", n, l.ended)
	}
}

// TestFailoverOfAStall: what stands when the server is replaced gets no answer.
func TestFailoverOfAStall(t *testing.T) {
	l := newLab(t, setup{faults: mayFail()})
	s := l.session(2)
	l.server.Stall(int64(time.Second))
	commit := l.writesAt(s, 0, "a", "value")
	l.at(500*ms, func() { l.server.Failover(0) })
	l.runs(time.Minute)
	if commit.Outcome != store.Unknown || l.server.State().Revision() != 0 {
		t.Errorf("%v, and the server is at %d", commit.Outcome, l.server.State().Revision())
	}
}

// TestFailoverOfWhatNobodyKept: without the fault in the plan a failover loses nothing but connections.
func TestFailoverOfWhatNobodyKept(t *testing.T) {
	l := newLab(t, setup{})
	s := l.session(2)
	l.does(s.machine, func() { s.client.Commit(background, put("a", "value")) })
	got := l.listen(s.machine, l.watch(s.client, s.machine))
	l.server.Failover(forever)
	l.runs(time.Minute)
	if len(*got) != 1 || !errors.Is((*got)[0].err, store.ErrUnknown) || l.holds("a") != "value" {
		t.Errorf("it heard %v, and the server holds %q", *got, l.holds("a"))
	}
}

// TestStale: a read says what was so, so long ago at most; the claims of leases that have ended since are
// among that. What is read never goes back.
func TestStale(t *testing.T) {
	stale := func(d time.Duration) scenarios.Fault {
		return on(scenarios.Fault{Kind: scenarios.KindStorageStale, Rate: scenarios.Whole, For: span(d, d)}, 2)
	}
	l := newLab(t, setup{faults: []scenarios.Fault{stale(time.Second)}})
	s, fresh := l.session(2), l.session(3)
	fresh.machine.Go("writer", func() {
		lease, _ := fresh.client.Grant(background, 10*time.Second)
		fresh.client.Commit(background, put("a", "old"))
		fresh.client.Commit(background, store.Txn{Then: []store.Op{store.PutLeased("b", []byte("claim"), lease)}})
		_ = fresh.machine.Sleep(background, 5*time.Second-l.now())
		fresh.client.Commit(background, put("a", "new"))
	})
	reads := func(s *session, at time.Duration, a, b string, revision store.Revision) {
		t.Helper()
		l.does(s.machine, func() {
			_ = s.machine.Sleep(background, at-l.now())
			pair, last, err := s.client.Get(background, "a")
			list, rangeErr := s.client.Range(background, "")
			values := map[string]string{}
			for _, p := range list.Pairs {
				values[p.Key] = string(p.Value)
			}
			if err != nil || rangeErr != nil || string(pair.Value) != a || last != revision ||
				values["a"] != a || values["b"] != b || list.Revision != revision {
				t.Errorf("at %v: a is %q at %d, the list %v at %d; %v, %v", at, pair.Value, last, values, list.Revision, err, rangeErr)
			}
		})
	}
	reads(s, 500*ms, "", "", 0)
	reads(s, 5500*ms, "old", "claim", 2)
	reads(fresh, 5600*ms, "new", "claim", 3)
	reads(s, 6100*ms, "new", "claim", 3)
	reads(s, 10500*ms, "new", "claim", 3)
	reads(fresh, 10600*ms, "new", "", 4)
	reads(s, 11600*ms, "new", "", 4)
	l.does(s.machine, func() {
		c := s.client.Commit(background, store.Txn{
			If:   []store.Compare{{Key: "a", Condition: store.ChangedAt, Revision: 3}},
			Then: []store.Op{store.Put("a", nil)},
		})
		if c.Outcome != store.Done {
			t.Errorf("a commit looks at what is: %v", c.Outcome)
		}
	})
}

// TestStaleReplicaForgets: a replica that takes nobody's place is told of many changes, and keeps few.
func TestStaleReplicaForgets(t *testing.T) {
	stale := scenarios.Fault{Kind: scenarios.KindStorageStale, Rate: scenarios.Whole, For: span(ms, ms)}
	l := newLab(t, setup{faults: []scenarios.Fault{stale}})
	s := l.session(2)
	l.does(s.machine, func() {
		for i := range 5000 {
			s.client.Commit(background, put("a", string(rune('a'+i%26))))
			pair, _, err := s.client.Get(background, "a")
			if want := string(rune('a' + i%26)); err != nil || string(pair.Value) != want {
				t.Fatalf("read %d: %q, %v, want %q", i, pair.Value, err, want)
			}
		}
	})
	if n := l.remembered(); n > 1500 {
		t.Errorf("it keeps %d of 5000 operations", n)
	}
}

// TestCorrupt: a flipped bit is read by whoever reads it, lists it, or hears of it from then on. Its
// revision and everything else stay, and the next write makes it good.
func TestCorrupt(t *testing.T) {
	l := newLab(t, setup{faults: mayFail()})
	s := l.session(2)
	got := l.listen(s.machine, l.watch(s.client, s.machine))
	value := []byte("value")
	l.does(s.machine, func() {
		s.client.Commit(background, store.Txn{Then: []store.Op{store.Put("a", value), store.Put("b", value), store.Put("c", nil)}})
	})
	l.runs(time.Second)
	if l.server.Corrupt("none", 1) || l.server.Corrupt("c", 1) {
		t.Error("what is not there was damaged")
	}
	reads := func(want string) {
		t.Helper()
		l.does(s.machine, func() {
			pair, _, _ := s.client.Get(background, "a")
			list, _ := s.client.Range(background, "")
			w, err := s.client.Watch(background, "", 0)
			if err != nil {
				t.Fatal(err)
			}
			changes, _ := w.Next(background)
			w.Close()
			if string(pair.Value) != want || string(list.Pairs[0].Value) != want || string(changes[0].Pair.Value) != want ||
				pair.Changed != 1 || string(list.Pairs[1].Value) != "value" {
				t.Errorf("it reads %q, %v, %v", pair.Value, list.Pairs, changes)
			}
		})
	}
	for _, c := range []struct {
		bit  uint64
		want string
	}{{0, "walue"}, {40, "value"}, {8*4 + 1, "valug"}, {8*40 + 1, "talug"}} {
		if !l.server.Corrupt("a", c.bit) {
			t.Error("nothing was damaged")
		}
		reads(c.want)
	}
	if len(*got) != 1 || string(value) != "value" {
		t.Errorf("a watch was told %v, and what was written is %q", *got, value)
	}
	l.does(s.machine, func() {
		c := s.client.Commit(background, store.Txn{
			If:   []store.Compare{{Key: "a", Condition: store.ChangedAt, Revision: 1}},
			Then: []store.Op{store.Put("a", []byte("good"))},
		})
		if pair, _, _ := s.client.Get(background, "a"); c.Outcome != store.Done || string(pair.Value) != "good" {
			t.Errorf("written anew (%v) it is %q", c.Outcome, pair.Value)
		}
	})
	l.server.Corrupt("b", 0)
	l.server.Failover(0)
	l.does(s.machine, func() {
		if pair, _, _ := s.client.Get(background, "b"); string(pair.Value) != "value" {
			t.Errorf("the replica has %q", pair.Value)
		}
	})
}
