package storage_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"derail/core/host"
	"derail/core/store"
	"derail/core/store/memory"
	"derail/scenarios"
	"derail/sim/choice"
	"derail/sim/fault"
	"derail/sim/kernel"
	"derail/sim/storage"
)

// TestFaults: each fault, what its caller is told and when, and what the server has to show for it.
// The call leaves at 0, arrives at 1 ms, and its answer is back at 2 ms.
func TestFaults(t *testing.T) {
	slow := func(d time.Duration) scenarios.Fault {
		return scenarios.Fault{Kind: scenarios.KindStorageSlow, Rate: scenarios.Whole, For: span(d, d)}
	}
	message := func(f scenarios.Fault, from time.Duration) scenarios.Fault {
		f.Rate, f.From, f.Times = scenarios.Whole, scenarios.Duration(from), 1
		return f
	}
	loss := scenarios.Fault{Kind: scenarios.KindNetworkLoss}
	delay := scenarios.Fault{Kind: scenarios.KindNetworkDelay, For: span(5*time.Second, 5*time.Second)}
	later := scenarios.Fault{
		Kind: scenarios.KindStorageUnknownLater, Rate: scenarios.Whole, For: span(7*time.Second, 7*time.Second),
	}
	const never = time.Duration(-1)
	for name, c := range map[string]struct {
		faults  []scenarios.Fault
		outcome store.Outcome
		told    time.Duration
		applied time.Duration // never: not at all
	}{
		"none":    {nil, store.Done, 2 * ms, ms},
		"refused": {[]scenarios.Fault{always(scenarios.KindStorageRefused)}, store.Refused, 2 * ms, never},
		"unknown, applied": {
			[]scenarios.Fault{always(scenarios.KindStorageUnknownApplied)}, store.Unknown, 2 * ms, ms,
		},
		"unknown, lost": {
			[]scenarios.Fault{always(scenarios.KindStorageUnknownLost)}, store.Unknown, 2 * ms, never,
		},
		"slow": {[]scenarios.Fault{slow(100 * ms)}, store.Done, 102 * ms, 101 * ms},
		"slower than the caller's patience": {
			[]scenarios.Fault{slow(7 * time.Second)}, store.Unknown, timeout, ms + 7*time.Second,
		},
		"served in time, answered too late": {
			[]scenarios.Fault{slow(timeout - 2*ms)}, store.Unknown, timeout, timeout - ms,
		},
		"slow and refused": {
			[]scenarios.Fault{always(scenarios.KindStorageRefused), slow(100 * ms)}, store.Refused, 102 * ms, never,
		},
		"slow and lost": {
			[]scenarios.Fault{slow(100 * ms), always(scenarios.KindStorageUnknownLost)}, store.Unknown, 102 * ms, never,
		},
		"too slow and lost": {
			[]scenarios.Fault{slow(7 * time.Second), always(scenarios.KindStorageUnknownLost)},
			store.Unknown, timeout, never,
		},
		"too slow and applied": {
			[]scenarios.Fault{slow(7 * time.Second), always(scenarios.KindStorageUnknownApplied)},
			store.Unknown, timeout, ms + 7*time.Second,
		},
		"later": {[]scenarios.Fault{later}, store.Unknown, 2 * ms, ms + 7*time.Second},
		"slow and later": {
			[]scenarios.Fault{slow(100 * ms), later}, store.Unknown, 102 * ms, 101*ms + 7*time.Second,
		},
		"late renewals alone": {
			[]scenarios.Fault{{Kind: scenarios.KindLeaseLate, Rate: scenarios.Whole, For: span(7*time.Second, 7*time.Second)}},
			store.Done, 2 * ms, ms,
		},
		"request lost":         {[]scenarios.Fault{message(loss, 0)}, store.Unknown, timeout, never},
		"answer lost":          {[]scenarios.Fault{message(loss, ms)}, store.Unknown, timeout, ms},
		"request late":         {[]scenarios.Fault{message(delay, 0)}, store.Unknown, timeout, ms + 5*time.Second},
		"answer late":          {[]scenarios.Fault{message(delay, ms)}, store.Unknown, timeout, ms},
		"another machine's":    {[]scenarios.Fault{on(always(scenarios.KindStorageRefused), 3)}, store.Done, 2 * ms, ms},
		"another operation's":  {[]scenarios.Fault{forOp(scenarios.OpConsume)}, store.Done, 2 * ms, ms},
		"the operation's":      {[]scenarios.Fault{forOp(scenarios.OpClaim)}, store.Refused, 2 * ms, never},
		"late and slow by far": {[]scenarios.Fault{message(delay, 0), slow(time.Second)}, store.Unknown, timeout, ms + 6*time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, setup{faults: c.faults})
			client, m := l.connect(2)
			applied := never
			l.server.Observe = func(*store.Txn, store.Revision) { applied = l.now() }
			l.does(m, func() {
				commit := client.Commit(background, put("key", "value"))
				if commit.Outcome != c.outcome || l.now() != c.told {
					t.Errorf("told %v (%v) at %v, want %v at %v", commit.Outcome, commit.Err, l.now(), c.outcome, c.told)
				}
				want := map[store.Outcome]error{store.Refused: store.ErrRefused, store.Unknown: store.ErrUnknown}
				if !errors.Is(commit.Err, want[c.outcome]) {
					t.Errorf("the error is %v", commit.Err)
				}
			})
			l.runs(time.Minute)
			if applied != c.applied || (l.holds("key") != "") != (c.applied != never) {
				t.Errorf("applied at %v, want %v; the server has %q", applied, c.applied, l.holds("key"))
			}
		})
	}
}

func on(f scenarios.Fault, node int) scenarios.Fault {
	f.Nodes = []string{nodes[node]}
	return f
}

func forOp(op string) scenarios.Fault {
	f := always(scenarios.KindStorageRefused)
	f.On = []string{op}
	return f
}

// everyCall makes each of the calls once, and returns their errors by name.
func everyCall(ctx context.Context, c *storage.Client, lease store.LeaseID) map[string]error {
	errs := map[string]error{}
	_, _, errs["get"] = c.Get(ctx, "key")
	_, errs["range"] = c.Range(ctx, "")
	errs["commit"] = c.Commit(ctx, put("key", "value")).Err
	_, errs["grant"] = c.Grant(ctx, time.Hour)
	errs["renew"] = c.Renew(ctx, lease)
	errs["revoke"] = c.Revoke(ctx, lease)
	_, errs["watch"] = c.Watch(ctx, "", 0)
	return errs
}

// TestEveryCallFails: what is true of a commit is true of the other calls: each tells refused from
// unknown.
func TestEveryCallFails(t *testing.T) {
	loses := always(scenarios.KindNetworkLoss)
	for name, c := range map[string]struct {
		kind string
		want error
	}{
		"refused":          {scenarios.KindStorageRefused, store.ErrRefused},
		"unknown, applied": {scenarios.KindStorageUnknownApplied, store.ErrUnknown},
		"unknown, lost":    {scenarios.KindStorageUnknownLost, store.ErrUnknown},
		"unknown, later":   {scenarios.KindStorageUnknownLater, store.ErrUnknown},
		"lost on its way":  {loses.Kind, store.ErrUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, setup{faults: []scenarios.Fault{on(always(c.kind), 2)}})
			client, m := l.connect(2)
			healthy, other := l.connect(3)
			var lease store.LeaseID
			l.does(other, func() { lease, _ = healthy.Grant(background, 24*time.Hour) })
			l.does(m, func() {
				for call, err := range everyCall(background, client, lease) {
					if !errors.Is(err, c.want) || errors.Is(err, store.ErrUnknown) == errors.Is(err, store.ErrRefused) {
						t.Errorf("%s: %v, want it to match %v alone", call, err, c.want)
					}
				}
			})
			if n := l.subscriptions(); n != 0 {
				t.Errorf("%d subscriptions are left", n)
			}
			lives := l.server.State().Renew(lease, l.kernel.Now()) == nil
			revoked := c.kind == scenarios.KindStorageUnknownApplied || c.kind == scenarios.KindStorageUnknownLater
			if lives == revoked {
				t.Errorf("the lease lives: %t", lives)
			}
		})
	}
}

// TestLateCallsMeetTheStateOfTheirTime: a call that the server is slow with is carried out on what it
// finds then.
func TestLateCallsMeetTheStateOfTheirTime(t *testing.T) {
	slow := on(scenarios.Fault{
		Kind: scenarios.KindStorageSlow, Rate: scenarios.Whole, For: span(5*time.Second, 5*time.Second), Times: 1,
	}, 2)
	l := newLab(t, setup{faults: []scenarios.Fault{slow}})
	late, m := l.connect(2)
	quick, other := l.connect(3)
	txn := func(value string) store.Txn {
		txn := put("key", value)
		txn.If = []store.Compare{{Key: "key", Condition: store.Absent}}
		return txn
	}
	l.does(m, func() {
		if c := late.Commit(background, txn("late")); c.Outcome != store.Unknown {
			t.Errorf("the late commit: %v", c.Outcome)
		}
		other.Go("quick", func() { quick.Commit(background, txn("quick")) })
		_ = m.Sleep(background, time.Minute)
		if pair, _, _ := late.Get(background, "key"); string(pair.Value) != "quick" {
			t.Errorf("the key is %q", pair.Value)
		}
	})
	if at := l.server.State().Revision(); at != 1 {
		t.Errorf("the server is at revision %d", at)
	}
}

func TestDown(t *testing.T) {
	for name, c := range map[string]struct {
		silent bool
		want   error
		told   time.Duration
	}{
		"refuses":   {false, store.ErrRefused, 2 * ms},
		"is silent": {true, store.ErrUnknown, timeout},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, setup{})
			client, m := l.connect(2)
			l.does(m, func() {
				l.server.Down(l.kernel.Now()+int64(time.Minute), c.silent)
				for call, err := range everyCall(background, client, 1) {
					if !errors.Is(err, c.want) {
						t.Errorf("%s: %v", call, err)
					}
				}
				if took := 7 * c.told; l.now() != took {
					t.Errorf("the calls took %v, want %v", l.now(), took)
				}
				_ = m.Sleep(background, time.Minute-l.now()-ms-1)
				if err := client.Commit(background, put("key", "early")).Err; !errors.Is(err, c.want) {
					t.Errorf("at the last moment: %v", err)
				}
			})
			if at := l.server.State().Revision(); at != 0 || l.subscriptions() != 0 {
				t.Errorf("the server did something: revision %d, %d watches", at, l.subscriptions())
			}
			l.does(m, func() {
				if c := client.Commit(background, put("key", "value")); c.Outcome != store.Done {
					t.Errorf("when it is up: %v", c.Err)
				}
			})
		})
	}
}

// TestDownWhileItWorks: what the server was slow with when it went down has not happened, and the
// caller cannot know.
func TestDownWhileItWorks(t *testing.T) {
	for name, c := range map[string]struct {
		silent bool
		slow   time.Duration
		told   time.Duration
	}{
		"refuses":           {false, time.Second, ms + time.Second + ms},
		"is silent":         {true, time.Second, timeout},
		"nobody waits":      {false, 5 * time.Second, timeout},
		"nobody would know": {true, 5 * time.Second, timeout},
	} {
		t.Run(name, func(t *testing.T) {
			slow := scenarios.Fault{Kind: scenarios.KindStorageSlow, Rate: scenarios.Whole, For: span(c.slow, c.slow)}
			l := newLab(t, setup{faults: []scenarios.Fault{slow}})
			client, m := l.connect(2)
			l.at(500*ms, func() { l.server.Down(int64(time.Minute), c.silent) })
			l.does(m, func() {
				commit := client.Commit(background, put("key", "value"))
				if commit.Outcome != store.Unknown || l.now() != c.told {
					t.Errorf("told %v at %v", commit.Outcome, l.now())
				}
			})
			if l.server.State().Revision() != 0 {
				t.Error("it has happened")
			}
		})
	}
}

func TestOutagesOverlap(t *testing.T) {
	l := newLab(t, setup{})
	client, m := l.connect(2)
	l.server.Down(int64(10*time.Second), true)
	l.server.Down(int64(5*time.Second), false) // within the other: nothing changes
	up := func(want bool) {
		if err := client.Commit(background, put("key", "value")).Err; (err == nil) != want {
			t.Errorf("at %v: %v", l.now(), err)
		}
	}
	l.does(m, func() {
		_ = m.Sleep(background, 6*time.Second)
		up(false)
		l.server.Down(int64(20*time.Second), false) // longer
		_ = m.Sleep(background, 5*time.Second)
		up(false)
		l.server.Up()
		up(true)
		l.server.Down(int64(25*time.Second), false)
		_ = m.Sleep(background, 9*time.Second)
		up(false) // the end of the outage that was ended early ends no other
	})
}

// TestContextEnds: whoever goes away while a call is on its way knows nothing of it, and the call goes
// on. A call under a context that has ended is not sent.
func TestContextEnds(t *testing.T) {
	l := newLab(t, setup{})
	client, m := l.connect(2)
	gone := errors.New("gone")
	l.does(m, func() {
		for after, lands := range map[time.Duration]bool{0: true, ms / 2: true, ms + ms/2: true} {
			before := l.server.State().Revision()
			ctx, end := host.WithCancel(background)
			l.kernel.After(after, kernel.Do(func() { end(gone) }))
			commit := client.Commit(ctx, put("key", "value"))
			both := errors.Is(commit.Err, gone) && errors.Is(commit.Err, store.ErrUnknown)
			if commit.Outcome != store.Unknown || !both {
				t.Errorf("after %v: %v, %v", after, commit.Outcome, commit.Err)
			}
			_ = m.Sleep(background, time.Second)
			if happened := l.server.State().Revision() != before; happened != lands {
				t.Errorf("after %v: it happened: %t", after, happened)
			}
		}
		calls, at := l.server.Calls(), l.now()
		ctx, end := host.WithCancel(background)
		end(gone)
		for call, err := range everyCall(ctx, client, 1) {
			if !errors.Is(err, store.ErrRefused) || !errors.Is(err, gone) {
				t.Errorf("%s under a context that has ended: %v", call, err)
			}
		}
		if l.server.Calls() != calls || l.now() != at {
			t.Error("something was sent")
		}
	})
}

// TestCrash: a machine dies with calls in flight. What has left it is carried out; nothing comes back
// to it, and its goodbyes reach nothing.
func TestCrash(t *testing.T) {
	for name, c := range map[string]struct {
		at   time.Duration
		sent bool
	}{
		"on the way there": {ms / 2, true},
		"on the way back":  {ms + ms/2, true},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, setup{})
			client, m := l.connect(2)
			l.server.Observe = func(txn *store.Txn, _ store.Revision) {
				if txn.Then[0].Key != "key" {
					t.Errorf("the dead wrote %s", txn.Then[0].Key)
				}
			}
			var ended []string
			calls := map[string]func(){
				"commit": func() { client.Commit(background, put("key", "value")) },
				"get":    func() { _, _, _ = client.Get(background, "key") },
				"watch":  func() { _, _ = client.Watch(background, "", 0) },
				"grant":  func() { _, _ = client.Grant(background, time.Second) },
			}
			for name, call := range calls {
				m.Go(name, func() {
					goodbye := true
					defer func() { goodbye = false }()
					defer func() {
						client.Commit(background, put("goodbye", "value"))
						goodbye = false
					}()
					defer func() {
						if cause := recover(); cause == nil || !goodbye {
							ended = append(ended, name)
						} else {
							panic(cause)
						}
					}()
					call()
				})
			}
			l.at(c.at, func() {
				m.Crash()
				client.Close()
			})
			l.runs(time.Minute)
			if len(ended) > 0 {
				t.Errorf("%v came to an end on a dead machine", ended)
			}
			if (l.holds("key") == "value") != c.sent {
				t.Errorf("the key is %q", l.holds("key"))
			}
			if n := l.subscriptions(); n != 0 {
				t.Errorf("%d subscriptions of the dead are left", n)
			}
			if l.ended[1] != 1 {
				t.Errorf("the lease of the dead ended %d times", l.ended[1])
			}
			again, m := l.connect(2)
			l.does(m, func() {
				if pair, _, err := again.Get(background, "key"); err != nil || string(pair.Value) != "value" {
					t.Errorf("the next life reads %q, %v", pair.Value, err)
				}
			})
		})
	}
}

// TestPause: what comes for a machine that stands still waits, an answer as well as the end of its
// patience.
func TestPause(t *testing.T) {
	for name, loss := range map[string]bool{"answered": false, "not answered": true} {
		t.Run(name, func(t *testing.T) {
			s := setup{}
			if loss {
				s.faults = []scenarios.Fault{{Kind: scenarios.KindNetworkLoss, Rate: scenarios.Whole, Times: 1}}
			}
			l := newLab(t, s)
			client, m := l.connect(2)
			l.at(ms/2, func() { m.Pause(10 * time.Second) })
			l.does(m, func() {
				commit := client.Commit(background, put("key", "value"))
				if l.now() != 10*time.Second+ms/2 {
					t.Errorf("told at %v", l.now())
				}
				if (commit.Outcome == store.Done) == loss {
					t.Errorf("%v", commit.Outcome)
				}
			})
		})
	}
}

// TestObserve: the server's commits are seen once each, at the moment at which they happen; those that
// change nothing are not.
func TestObserve(t *testing.T) {
	l := newLab(t, setup{})
	client, m := l.connect(2)
	var seen []store.Revision
	l.server.Observe = func(txn *store.Txn, at store.Revision) {
		if l.server.State().Revision() != at || txn.Label != scenarios.OpClaim || txn.Subject != "job" {
			t.Errorf("%+v at %d", txn, at)
		}
		seen = append(seen, at)
	}
	l.does(m, func() {
		client.Commit(background, put("a", "1"))
		client.Commit(background, store.Txn{Then: []store.Op{store.Delete("absent")}})
		client.Commit(background, store.Txn{If: []store.Compare{{Key: "a", Condition: store.Absent}}})
		client.Commit(background, store.Txn{Then: []store.Op{{}}})
		client.Commit(background, put("a", "2"))
	})
	if !slices.Equal(seen, []store.Revision{1, 2}) {
		t.Errorf("saw %v", seen)
	}
	if l.server.Calls() != 5 {
		t.Errorf("%d calls", l.server.Calls())
	}
}

// TestLeasesEndOnce: however a lease ends, and whoever notices, it is told once: also when a call comes
// at the very instant, before the server's own clock or after it.
func TestLeasesEndOnce(t *testing.T) {
	youngestFirst := choice.FromFunc(func(at choice.Address, n uint64) uint64 {
		if at.Entity == "tie" {
			return n - 1 - at.N
		}
		return 0
	})
	for name, source := range map[string]*choice.Source{"clock first": benign(), "call first": youngestFirst} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, setup{source: source})
			client, m := l.connect(2)
			told := 0
			l.server.LeaseEnded = func(e *memory.EndedLease) {
				l.ended[e.Lease]++
				told++
				if (e.Revision != 0) != (len(e.Keys) > 0) {
					t.Errorf("lease %d ended at revision %d with the keys %v", e.Lease, e.Revision, e.Keys)
				}
			}
			l.does(m, func() { l.endLeases(client, m) })
			l.runs(time.Minute)
			if told != 5 || len(l.ended) != 5 {
				t.Errorf("told of %d ends: %v", told, l.ended)
			}
		})
	}
}

func (l *lab) endLeases(client *storage.Client, m *kernel.Machine) {
	grant := func(ttl time.Duration) store.LeaseID {
		lease, err := client.Grant(background, ttl)
		if err != nil {
			l.t.Fatal(err)
		}
		return lease
	}
	byItself := grant(time.Second)
	client.Commit(background, store.Txn{Then: []store.Op{store.PutLeased("a", nil, byItself)}})
	noticed := grant(500 * ms)
	client.Commit(background, store.Txn{Then: []store.Op{store.PutLeased("b", nil, noticed)}})
	_ = m.Sleep(background, 500*ms-4*ms)
	client.Commit(background, put("c", "")) // it arrives as the lease ends
	renewed := grant(time.Second)
	for range 5 {
		_ = m.Sleep(background, 900*ms)
		if err := client.Renew(background, renewed); err != nil {
			l.t.Errorf("renew: %v", err)
		}
	}
	if l.ended[byItself] != 1 || l.ended[noticed] != 1 || l.ended[renewed] != 0 {
		l.t.Errorf("ended: %v", l.ended)
	}
	revoked := grant(time.Hour)
	_ = client.Revoke(background, revoked)
	_ = client.Revoke(background, revoked)
	if l.ended[revoked] != 1 {
		l.t.Errorf("the revoked one ended %d times", l.ended[revoked])
	}
	l.server.Down(l.kernel.Now()+int64(10*time.Second), false)
	_ = m.Sleep(background, 20*time.Second)
	if l.ended[renewed] != 1 {
		l.t.Error("the lease did not end while the server was down")
	}
	grant(24 * time.Hour)
	grant(time.Second) // sooner than the one before, and nobody calls any more
}

// TestGroups: a fault that is limited to a group of jobs hits the calls about them alone.
func TestGroups(t *testing.T) {
	s := &scenarios.Scenario{
		Break: scenarios.Duration(time.Hour), Jobs: []scenarios.Jobs{{Name: "a"}, {Name: "b"}},
		Faults: []scenarios.Fault{{Kind: scenarios.KindStorageRefused, Rate: scenarios.Whole, Jobs: []string{"b"}}},
	}
	plan, err := fault.Compile(s, nodes)
	if err != nil {
		t.Fatal(err)
	}
	l := newLab(t, setup{})
	l.server.Reset(l.kernel, fault.NewInjector(plan, nodes, l.kernel.Source()))
	m := l.kernel.Node(nodes[2]).Boot()
	client := storage.NewClient(storage.ClientConfig{
		Server: l.server, Machine: m, Node: 2, Network: l.network,
		Group: func(job string) int { return slices.Index([]string{"a-1", "b-1"}, job) },
	})
	l.does(m, func() {
		for job, want := range map[string]store.Outcome{"a-1": store.Done, "b-1": store.Refused, "": store.Done} {
			c := client.Commit(background, store.Txn{Subject: job, Then: []store.Op{store.Put("k", nil)}})
			if c.Outcome != want {
				t.Errorf("about job %q: %v", job, c.Outcome)
			}
		}
		if _, _, err := client.Get(background, "board/c/b-1"); err != nil {
			t.Errorf("a read is about no job: %v", err)
		}
	})
}
