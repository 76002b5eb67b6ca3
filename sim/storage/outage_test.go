package storage_test

import (
	"errors"
	"testing"
	"time"

	"derail/core/store"
	"derail/scenarios"
	"derail/sim/fault"
)

// TestOutages: what becomes of a call that leaves at 0, arrives at 1 ms and is answered at 2 ms, when the
// server, or the link, is kept from its work.
func TestOutages(t *testing.T) {
	const never = time.Duration(-1)
	at := func(l *lab, d time.Duration, what func(until int64), until time.Duration) {
		l.at(d, func() { what(int64(until)) })
	}
	cut := func(l *lab, way fault.Way) func(int64) {
		return func(until int64) { l.network.Cut(2, way, until) }
	}
	for name, c := range map[string]struct {
		does    func(l *lab)
		outcome store.Outcome
		told    time.Duration
		applied time.Duration
	}{
		"stalled": {
			func(l *lab) { l.server.Stall(int64(500 * ms)) }, store.Done, 501 * ms, 500 * ms,
		},
		"stalled longer than the caller waits": {
			func(l *lab) { l.server.Stall(int64(5 * time.Second)) }, store.Unknown, timeout, 5 * time.Second,
		},
		"stalled, then longer": {
			func(l *lab) {
				l.server.Stall(int64(time.Second))
				at(l, 500*ms, l.server.Stall, 5*time.Second)
				at(l, 600*ms, l.server.Stall, 3*time.Second)
			},
			store.Unknown, timeout, 5 * time.Second,
		},
		"stalled, then down": {
			func(l *lab) {
				l.server.Stall(int64(time.Second))
				l.at(500*ms, func() { l.server.Down(int64(5*time.Second), false) })
			},
			store.Refused, time.Second + ms, never,
		},
		"stalled and healed": {
			func(l *lab) {
				l.server.Stall(int64(1900 * ms))
				l.at(time.Second, l.server.Heal)
			},
			store.Done, time.Second + ms, time.Second,
		},
		"stalled, healed and stalled": {
			func(l *lab) {
				l.server.Stall(int64(1900 * ms))
				l.at(ms/2, l.server.Heal)
				at(l, ms/2+1, l.server.Stall, time.Second)
			},
			store.Done, time.Second + ms, time.Second,
		},
		"full":           {func(l *lab) { l.server.Fill(int64(ms + 1)) }, store.Refused, 2 * ms, never},
		"no longer full": {func(l *lab) { l.server.Fill(int64(ms)) }, store.Done, 2 * ms, ms},
		"full, healed": {
			func(l *lab) {
				l.server.Fill(int64(time.Second))
				l.server.Fill(int64(ms))
				l.at(ms/2, l.server.Heal)
			},
			store.Done, 2 * ms, ms,
		},
		"cut": {
			func(l *lab) { l.network.Cut(2, fault.BothWays, int64(time.Second)) }, store.Unknown, timeout, never,
		},
		"cut on the way there": {
			func(l *lab) { at(l, ms/2, cut(l, fault.Requests), time.Second) }, store.Unknown, timeout, never,
		},
		"cut on the way back": {
			func(l *lab) { at(l, ms+ms/2, cut(l, fault.BothWays), time.Second) }, store.Unknown, timeout, ms,
		},
		"answers cut": {
			func(l *lab) { l.network.Cut(2, fault.Answers, int64(time.Second)) }, store.Unknown, timeout, ms,
		},
		"another machine cut off": {
			func(l *lab) { l.network.Cut(3, fault.BothWays, int64(time.Second)) }, store.Done, 2 * ms, ms,
		},
		"a slow link": {
			func(l *lab) { l.network.Slow(2, fault.BothWays, int64(time.Second), int64(100*ms)) },
			store.Done, 202 * ms, 101 * ms,
		},
		"requests too slow for the caller": {
			func(l *lab) { l.network.Slow(2, fault.Requests, int64(time.Second), int64(5*time.Second)) },
			store.Unknown, timeout, ms + 5*time.Second,
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, setup{})
			client, m := l.connect(2)
			applied := never
			l.server.Observe = func(*store.Txn, store.Revision) { applied = l.now() }
			c.does(l)
			l.does(m, func() {
				commit := client.Commit(background, put("key", "value"))
				if commit.Outcome != c.outcome || l.now() != c.told {
					t.Errorf("told %v (%v) at %v, want %v at %v", commit.Outcome, commit.Err, l.now(), c.outcome, c.told)
				}
			})
			l.runs(time.Minute)
			if applied != c.applied {
				t.Errorf("applied at %v, want %v", applied, c.applied)
			}
			l.does(m, func() {
				if c := client.Commit(background, put("key", "after")); c.Outcome != store.Done {
					t.Errorf("when it is over: %v", c.Err)
				}
			})
		})
	}
}

// TestStallAndWhatItWasSlowWith: a stall that begins while the server works on a call keeps that too.
func TestStallAndWhatItWasSlowWith(t *testing.T) {
	slow := scenarios.Fault{Kind: scenarios.KindStorageSlow, Rate: scenarios.Whole, For: span(100*ms, 100*ms)}
	l := newLab(t, setup{faults: []scenarios.Fault{slow}})
	client, m := l.connect(2)
	l.at(50*ms, func() { l.server.Stall(int64(time.Second)) })
	l.does(m, func() {
		if c := client.Commit(background, put("key", "value")); c.Outcome != store.Done || l.now() != time.Second+ms {
			t.Errorf("told %v at %v", c.Outcome, l.now())
		}
	})
}

// TestLeasesInAStall: a server that stands still ends no lease, and looks first thing when it goes on: a
// renewal that had to wait comes too late, and one that was there before does not.
func TestLeasesInAStall(t *testing.T) {
	for name, healed := range map[string]time.Duration{"to its end": 0, "healed": 8 * time.Second} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, setup{})
			client, m := l.connect(2)
			over := 10 * time.Second
			if healed > 0 {
				over = healed
				l.at(healed, l.server.Heal)
			}
			var short, long store.LeaseID
			l.does(m, func() {
				short, _ = client.Grant(background, 5*time.Second)
				long, _ = client.Grant(background, time.Minute)
				l.server.Stall(int64(10 * time.Second))
				if err := client.Renew(background, short); !errors.Is(err, store.ErrUnknown) {
					t.Errorf("a renewal that stands: %v", err)
				}
				_ = m.Sleep(background, over-l.now()-1)
				if l.ended[short] != 0 {
					t.Error("a lease ended while the server stood still")
				}
				_ = m.Sleep(background, ms)
				if l.ended[short] != 1 || l.ended[long] != 0 {
					t.Errorf("the leases that have ended: %v", l.ended)
				}
			})
		})
	}
}

// TestWatchOverAStall: a server that stands still tells nothing, and makes up for it.
func TestWatchOverAStall(t *testing.T) {
	l := newLab(t, setup{})
	client, m := l.connect(2)
	got := l.listen(m, l.watch(client, m))
	l.at(10*ms, func() { l.server.Stall(int64(time.Second)) })
	l.writes(20*ms, "a")
	l.runs(time.Minute)
	wantHeard(t, *got, heard{at: time.Second + ms, keys: "a"})
}

// TestFull: what writes is refused, what frees or reads is not, and leases can be kept.
func TestFull(t *testing.T) {
	l := newLab(t, setup{})
	client, m := l.connect(2)
	l.does(m, func() {
		client.Commit(background, put("a", "value"))
		client.Commit(background, put("b", "value"))
		lease, _ := client.Grant(background, time.Minute)
		l.server.Fill(forever)
		mixed := store.Txn{Then: []store.Op{store.Delete("a"), store.Put("c", nil)}}
		for what, txn := range map[string]store.Txn{"a put": put("a", "more"), "a put among deletions": mixed} {
			if c := client.Commit(background, txn); c.Outcome != store.Refused || !errors.Is(c.Err, store.ErrRefused) {
				t.Errorf("%s: %v, %v", what, c.Outcome, c.Err)
			}
		}
		if _, err := client.Grant(background, time.Minute); !errors.Is(err, store.ErrRefused) {
			t.Errorf("a lease: %v", err)
		}
		if c := client.Commit(background, store.Txn{Then: []store.Op{store.Delete("b")}}); c.Outcome != store.Done {
			t.Errorf("a deletion: %v", c.Err)
		}
		if s, err := client.Range(background, ""); err != nil || len(s.Pairs) != 1 || l.holds("a") != "value" {
			t.Errorf("it holds %v, %v", s.Pairs, err)
		}
		w, err := client.Watch(background, "", 0)
		if err != nil {
			t.Errorf("a watch: %v", err)
		} else {
			w.Close()
		}
		if client.Renew(background, lease) != nil || client.Revoke(background, lease) != nil {
			t.Error("a lease cannot be renewed, or ended")
		}
	})
}

// TestEndLeases: a machine's leases end before their time, all of them and no other's, and everybody hears
// of it; what comes later from the machine finds them ended.
func TestEndLeases(t *testing.T) {
	l := newLab(t, setup{})
	client, m := l.connect(2)
	other, om := l.connect(3)
	got := l.listen(om, l.watch(other, om))
	var mine, gone, theirs store.LeaseID
	l.does(om, func() { theirs, _ = other.Grant(background, time.Hour) })
	l.does(m, func() {
		gone, _ = client.Grant(background, time.Second)
		_ = m.Sleep(background, 2*time.Second)
		mine, _ = client.Grant(background, time.Hour)
		client.Commit(background, store.Txn{Then: []store.Op{store.PutLeased("a", nil, mine)}})
	})
	at := l.now()
	if n := l.server.EndLeases(2); n != 1 || l.ended[mine] != 1 || l.ended[gone] != 1 || l.ended[theirs] != 0 {
		t.Errorf("%d ended: %v", n, l.ended)
	}
	if n := l.server.EndLeases(2); n != 0 {
		t.Errorf("%d ended again", n)
	}
	l.does(m, func() {
		if err := client.Renew(background, mine); !errors.Is(err, store.ErrLeaseEnded) {
			t.Errorf("a renewal: %v", err)
		}
	})
	wantHeard(t, *got, heard{at: at, keys: "a"}, heard{at: at + ms, keys: "a"})
}

// TestWatchOverACut: what a watch tells waits for the end of a cut, as long as the connection is not given
// up, and comes in full.
func TestWatchOverACut(t *testing.T) {
	for name, c := range map[string]struct {
		from, until time.Duration
		way         fault.Way
		want        heard
	}{
		"short":         {50 * ms, time.Second, fault.BothWays, heard{at: time.Second + ms, keys: "ab"}},
		"on its way":    {100*ms + ms/2, time.Second, fault.Answers, heard{at: time.Second, keys: "ab"}},
		"long":          {50 * ms, 5 * time.Second, fault.Answers, heard{at: 100*ms + timeout, err: store.ErrUnknown}},
		"the other way": {50 * ms, 5 * time.Second, fault.Requests, heard{at: 101 * ms, keys: "a"}},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, setup{})
			client, m := l.connect(2)
			got := l.listen(m, l.watch(client, m))
			l.at(c.from, func() { l.network.Cut(2, c.way, int64(c.until)) })
			l.writes(100*ms, "a")
			l.writes(200*ms, "b")
			l.runs(time.Minute)
			if len(*got) == 0 {
				t.Fatal("it heard nothing")
			}
			wantHeard(t, (*got)[:1], c.want)
			if n := l.subscriptions(); (n == 0) != (c.want.err != nil) {
				t.Errorf("%d subscriptions", n)
			}
		})
	}
}

// TestWatchFaults: each kind, told of two changes 100 ms apart.
func TestWatchFaults(t *testing.T) {
	once := func(kind string) scenarios.Fault {
		return scenarios.Fault{Kind: kind, Rate: scenarios.Whole, Times: 1, For: span(10*ms, 10*ms)}
	}
	for name, c := range map[string]struct {
		fault scenarios.Fault
		want  []heard
	}{
		"lag":     {once(scenarios.KindWatchLag), []heard{{at: 111 * ms, keys: "a"}, {at: 201 * ms, keys: "b"}}},
		"repeat":  {once(scenarios.KindWatchRepeat), []heard{{at: 101 * ms, keys: "a"}, {at: 201 * ms, keys: "ab"}}},
		"drop":    {once(scenarios.KindWatchDrop), []heard{{at: 201 * ms, keys: "b"}}},
		"restart": {once(scenarios.KindWatchRestart), []heard{{at: 101 * ms, err: store.ErrCompacted}}},
		"another machine's": {
			on(once(scenarios.KindWatchDrop), 3), []heard{{at: 101 * ms, keys: "a"}, {at: 201 * ms, keys: "b"}},
		},
		"a message repeated": { // which a connection hides
			once(scenarios.KindNetworkRepeat), []heard{{at: 101 * ms, keys: "a"}, {at: 201 * ms, keys: "b"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, setup{faults: []scenarios.Fault{from(c.fault, 50*ms)}})
			client, m := l.connect(2)
			got := l.listen(m, l.watch(client, m))
			l.writes(100*ms, "a")
			l.writes(200*ms, "b")
			l.runs(time.Minute)
			wantHeard(t, *got, c.want...)
		})
	}
}

func from(f scenarios.Fault, at time.Duration) scenarios.Fault {
	f.From = scenarios.Duration(at)
	return f
}

// TestHealEndsEverything: down, stalled and full at once.
func TestHealEndsEverything(t *testing.T) {
	l := newLab(t, setup{})
	client, m := l.connect(2)
	ails := []func(){
		func() { l.server.Down(forever, true) }, func() { l.server.Stall(forever) }, func() { l.server.Fill(forever) },
	}
	for _, ail := range ails {
		ail()
	}
	l.server.Heal()
	l.does(m, func() {
		if c := client.Commit(background, put("key", "value")); c.Outcome != store.Done || l.now() != 2*ms {
			t.Errorf("%v at %v: %v", c.Outcome, l.now(), c.Err)
		}
	})
}
