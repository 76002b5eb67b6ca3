package memory_test

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"derail/core/store"
	"derail/core/store/memory"
)

// pair is a machine and the plain one that it must be equal to, and who subscribes to it.
type pair struct {
	t       *rapid.T
	machine *memory.Machine
	plain   *plain
	now     int64
	readers []*reader
}

// reader takes from a subscription now and then.
type reader struct {
	subscription *memory.Subscription
	prefix       string
	since        store.Revision // of what it has taken
	calls        int            // of OnPending since it last took
}

const smallMemory = 16

var sameWords = cmp.Comparer(func(a, b error) bool { return fmt.Sprint(a) == fmt.Sprint(b) })

func (p *pair) same(what string, got, want any) {
	if reflect.DeepEqual(got, want) { // mostly, and much faster than telling a difference
		return
	}
	if diff := cmp.Diff(want, got, sameWords, cmpopts.EquateEmpty()); diff != "" {
		p.t.Fatalf("%s differs from the plain machine's (-want +got):\n%s", what, diff)
	}
}

var (
	keys     = rapid.SampledFrom([]string{"a", "a/1", "a/2", "a/3", "b", "b/1", "c"})
	prefixes = rapid.SampledFrom([]string{"", "a", "a/", "b", "c", "d"})
)

func (p *pair) lease() store.LeaseID {
	return rapid.Custom(func(t *rapid.T) store.LeaseID {
		back := rapid.SampledFrom([]store.LeaseID{0, 0, 1, 1, 1, 2, 3, 5}).Draw(t, "back")
		return max(p.plain.lastLease-back, 0)
	}).Draw(p.t, "lease")
}

func (p *pair) commit(t *rapid.T) {
	var txn store.Txn
	for range rapid.SampledFrom([]int{0, 0, 1, 2}).Draw(t, "comparisons") {
		condition := store.Condition(rapid.IntRange(1, 3).Draw(t, "if"))
		c := store.Compare{Key: keys.Draw(t, "key"), Condition: condition}
		off := rapid.SampledFrom([]store.Revision{0, 0, 0, 1}).Draw(t, "off")
		c.Revision = p.plain.pairs[c.Key].Changed + off
		txn.If = append(txn.If, c)
	}
	for range rapid.SampledFrom([]int{1, 1, 2, 3, 5}).Draw(t, "changes") {
		op := store.Op{Key: keys.Draw(t, "key")}
		if op.Delete = rapid.SampledFrom([]bool{false, false, true}).Draw(t, "delete"); !op.Delete {
			op.Value, op.Lease = []byte{rapid.Byte().Draw(t, "value")}, p.lease()
		}
		txn.Then = append(txn.Then, op)
	}
	p.same("Apply", p.machine.Apply(txn, p.now), p.plain.apply(txn, p.now))
}

// large is a commit of more changes than the machine remembers.
func (p *pair) large(t *rapid.T) {
	var txn store.Txn
	for i := range rapid.IntRange(1, 2*smallMemory).Draw(t, "changes") {
		txn.Then = append(txn.Then, store.Put(fmt.Sprintf("%s/%d", keys.Draw(t, "key"), i), nil))
	}
	p.same("Apply", p.machine.Apply(txn, p.now), p.plain.apply(txn, p.now))
}

func (p *pair) wait(t *rapid.T) { p.now += rapid.Int64Range(0, 10).Draw(t, "wait") }

func (p *pair) grant(t *rapid.T) {
	ttl := time.Duration(rapid.Int64Range(1, 40).Draw(t, "ttl"))
	got, err := p.machine.Grant(ttl, p.now)
	p.same("Grant", got, p.plain.grant(ttl, p.now))
	p.same("Grant's error", err, nil)
}

func (p *pair) renew(*rapid.T) {
	lease := p.lease()
	var want error
	if !p.plain.renew(lease, p.now) {
		want = store.ErrLeaseEnded
	}
	p.same("Renew", p.machine.Renew(lease, p.now), want)
}

func (p *pair) revoke(*rapid.T) {
	lease := p.lease()
	got, alive := p.machine.Revoke(lease, p.now)
	want, wantAlive := p.plain.revoke(lease, p.now)
	p.same("Revoke", got, want)
	p.same("whether Revoke found it", alive, wantAlive)
}

func (p *pair) expire(*rapid.T) {
	p.same("Expire", p.machine.Expire(p.now), p.plain.expire(p.now))
}

func (p *pair) compact(t *rapid.T) {
	upTo := p.plain.revision - store.Revision(rapid.IntRange(-1, 4).Draw(t, "back"))
	p.machine.Compact(upTo)
	p.plain.forget(min(upTo, p.plain.revision))
}

func (p *pair) readSince(t *rapid.T) {
	since := p.plain.revision - store.Revision(rapid.IntRange(-1, 20).Draw(t, "back"))
	prefix := prefixes.Draw(t, "prefix")
	got, err := p.machine.Since(since, prefix)
	want, wantErr := p.plain.since(since, prefix)
	p.same("Since", got, want)
	p.same("Since's error", err, wantErr)
}

func (p *pair) subscribe(t *rapid.T) {
	since := p.plain.revision - store.Revision(rapid.IntRange(-3, 10).Draw(t, "back"))
	r := &reader{prefix: prefixes.Draw(t, "prefix"), since: since}
	changes, wantErr := p.plain.since(since, r.prefix)
	var err error
	r.subscription, err = p.machine.Subscribe(r.prefix, since)
	p.same("Subscribe's error", err, wantErr)
	if err != nil {
		return
	}
	p.same("whether a new subscription is pending", r.subscription.Pending(), len(changes) > 0)
	r.subscription.OnPending = func() { r.calls++ }
	p.readers = append(p.readers, r)
}

// take compares what a subscription gives with what has changed since it last did. When that is no
// longer remembered it may say so, unless nothing in it was for the subscription.
func (p *pair) take(t *rapid.T) {
	if len(p.readers) == 0 {
		return
	}
	i := rapid.IntRange(0, len(p.readers)-1).Draw(t, "reader")
	r := p.readers[i]
	pending := r.subscription.Pending()
	got, err := r.subscription.Take(nil)
	if rapid.Bool().Draw(t, "close") || err != nil {
		r.subscription.Close()
		r.subscription.Close()
		_, after := r.subscription.Take(nil)
		p.same("Take of a closed subscription", after, store.ErrCompacted)
		p.readers = append(p.readers[:i], p.readers[i+1:]...)
	}
	if r.calls > 1 || r.calls == 1 && !pending {
		t.Fatalf("OnPending was called %d times; pending: %v", r.calls, pending)
	}
	if err != nil {
		p.same("Take's error", err, store.ErrCompacted)
		if r.since >= p.plain.forgotten {
			t.Fatalf("lost its place at %d, though only %d is forgotten", r.since, p.plain.forgotten)
		}
		return
	}
	p.same("pending", pending, len(got) > 0)
	want, _ := p.plain.since(max(r.since, p.plain.forgotten), r.prefix)
	p.same("Take", got, want)
	r.since, r.calls = max(r.since, p.plain.revision), 0
}

// check is what must be so after every call.
func (p *pair) check(*rapid.T) {
	p.same("Revision", p.machine.Revision(), p.plain.revision)
	for _, prefix := range []string{"", "a/", "b"} {
		want := store.Snapshot{Pairs: p.plain.list(prefix), Revision: p.plain.revision}
		p.same("Range", p.machine.Range(prefix), want)
	}
	for _, key := range []string{"a/1", "c", "absent"} {
		p.same("Get", p.machine.Get(key), p.plain.pairs[key])
	}
	at, some := p.machine.NextExpiry()
	p.same("NextExpiry", at, p.plain.leases[p.plain.next()].at)
	p.same("whether there is an expiry", some, p.plain.next() != 0)
}

// TestMachineIsThePlainOne also uses one machine again and again, so that whatever Reset leaves behind
// shows.
func TestMachineIsThePlainOne(t *testing.T) {
	used := memory.NewMachine()
	used.Remember(smallMemory)
	rapid.Check(t, func(t *rapid.T) {
		p := &pair{t: t, machine: memory.NewMachine(), plain: newPlain(smallMemory)}
		p.machine.Remember(smallMemory - 3) // rounded up
		if rapid.Bool().Draw(t, "used before") {
			used.Reset()
			p.machine = used
		}
		t.Repeat(map[string]func(*rapid.T){
			"":          p.check,
			"commit":    p.commit,
			"commit 2":  p.commit,
			"commit 3":  p.commit,
			"large":     p.large,
			"wait":      p.wait,
			"grant":     p.grant,
			"renew":     p.renew,
			"revoke":    p.revoke,
			"expire":    p.expire,
			"compact":   p.compact,
			"since":     p.readSince,
			"subscribe": p.subscribe,
			"take":      p.take,
			"take 2":    p.take,
		})
	})
}

// TestManyLeases: leases end in order of time, and of their ids within one, however they were moved.
func TestManyLeases(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := memory.NewMachine()
		n := rapid.IntRange(1, 300).Draw(t, "leases")
		at := make(map[store.LeaseID]int64)
		for range n {
			ttl := rapid.Int64Range(1000, 1100).Draw(t, "ttl")
			lease, err := m.Grant(time.Duration(ttl), 0)
			if err != nil {
				t.Fatal(err)
			}
			at[lease] = ttl
		}
		for id := store.LeaseID(1); id <= store.LeaseID(n); id++ {
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0:
				m.Revoke(id, 0)
				delete(at, id)
			case 1:
				now := rapid.Int64Range(-50, 900).Draw(t, "renewed") // even by a clock that went back
				if err := m.Renew(id, now); err != nil {
					t.Fatal(err)
				}
				at[id] += now
			}
		}
		last := memory.EndedLease{}
		for _, ended := range m.Expire(math.MaxInt64) {
			if at[ended.Lease] < at[last.Lease] ||
				at[ended.Lease] == at[last.Lease] && ended.Lease < last.Lease {
				t.Fatalf("lease %d ended before lease %d", last.Lease, ended.Lease)
			}
			if last.Lease != 0 {
				delete(at, last.Lease)
			}
			last = ended
		}
		if delete(at, last.Lease); len(at) != 0 {
			t.Fatalf("%d leases did not end", len(at))
		}
	})
}

func TestGrant(t *testing.T) {
	m := memory.NewMachine()
	for _, ttl := range []time.Duration{0, -1, math.MinInt64} {
		if lease, err := m.Grant(ttl, 5); lease != 0 || !errors.Is(err, store.ErrRefused) {
			t.Errorf("for %v: lease %d, %v", ttl, lease, err)
		}
	}
	if _, some := m.NextExpiry(); some {
		t.Error("a refused lease is to expire")
	}
	lease, err := m.Grant(math.MaxInt64, 5)
	if at, some := m.NextExpiry(); lease != 1 || err != nil || !some || at != math.MaxInt64 {
		t.Errorf("the longest lease: %d, %v, ends at %d, %v", lease, err, at, some)
	}
}

// TestRemember: a machine remembers as much as it is told to, from zero up.
func TestRemember(t *testing.T) {
	for limit, want := range map[int]int{-1: 1, 0: 1, 1: 1, 2: 2, 3: 4, 64: 64, 65: 128, 1000: 1024} {
		m := memory.NewMachine()
		m.Remember(limit)
		for range 3000 {
			m.Apply(store.Txn{Then: []store.Op{store.Put("key", nil)}}, 0)
		}
		changes, err := m.Since(store.Revision(3000-want), "")
		if len(changes) != want || err != nil {
			t.Errorf("told to remember %d: it has %d, %v, want %d", limit, len(changes), err, want)
		}
		if _, err := m.Since(store.Revision(3000-want-1), ""); !errors.Is(err, store.ErrCompacted) {
			t.Errorf("told to remember %d: it has more than %d", limit, want)
		}
	}
}

// TestResetClosesSubscriptions: what they were about is gone, and they do not come back with what is
// new.
func TestResetClosesSubscriptions(t *testing.T) {
	m := memory.NewMachine()
	put := store.Txn{Then: []store.Op{store.Put("key", nil)}}
	s, err := m.Subscribe("", 0)
	if err != nil {
		t.Fatal(err)
	}
	s.OnPending = func() { t.Error("told of what came after Reset") }
	m.Reset()
	m.Apply(put, 0)
	if _, err := s.Take(nil); !errors.Is(err, store.ErrCompacted) {
		t.Errorf("after Reset Take says %v", err)
	}
	fresh, err := m.Subscribe("", 0)
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	if changes, err := fresh.Take(nil); len(changes) != 1 || err != nil {
		t.Errorf("a new subscription has %v, %v", changes, err)
	}
}

// TestLeaseEnds: the keys go in their order, whatever the one in which they came, and what a machine
// had before Reset plays no part.
func TestLeaseEnds(t *testing.T) {
	m := memory.NewMachine()
	for range 3 {
		m.Reset()
		lease, err := m.Grant(time.Second, 0)
		if err != nil {
			t.Fatal(err)
		}
		want := memory.EndedLease{Lease: lease, Revision: 81}
		for i := range 80 { // more than one block of entries
			key := fmt.Sprintf("%03d", (i*37)%80)
			m.Apply(store.Txn{Then: []store.Op{store.PutLeased(key, nil, lease)}}, 0)
			want.Keys = append(want.Keys, fmt.Sprintf("%03d", i))
		}
		if got := m.Expire(int64(time.Second) - 1); got != nil {
			t.Errorf("too soon: %v", got)
		}
		got := m.Expire(int64(time.Second))
		if diff := cmp.Diff([]memory.EndedLease{want}, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		lease, err = m.Grant(time.Second, 0)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 80 { // to be there at Reset
			m.Apply(store.Txn{Then: []store.Op{store.PutLeased(fmt.Sprint(i), nil, lease-1+store.LeaseID(i%2))}}, 0)
			m.Apply(store.Txn{Then: []store.Op{store.PutLeased(fmt.Sprint(i), nil, lease)}}, 0)
		}
	}
}

// TestResetKeepsMemory: the second run of the same work allocates next to nothing.
func TestResetKeepsMemory(t *testing.T) {
	m := memory.NewMachine()
	job, claim := boardKeys(200)
	changes := make([]store.Op, 2)
	work := func() {
		m.Reset()
		for i := range job {
			lease, err := m.Grant(time.Second, 0)
			if err != nil {
				t.Fatal(err)
			}
			changes[0], changes[1] = store.Put(job[i], nil), store.PutLeased(claim[i], nil, lease)
			m.Apply(store.Txn{Then: changes}, 0)
		}
	}
	work()
	if n := testing.AllocsPerRun(10, work); n > 60 { // the nodes of the tree
		t.Errorf("a machine used again allocates %v times for 400 keys and 200 leases", n)
	}
}
