package storage_test

import (
	"slices"
	"testing"
	"time"

	"derail/core/store"
	"derail/scenarios"
)

// TestReorder: a message that waits is overtaken by the next of its link and way, and by no other, and does
// not wait beyond its limit.
func TestReorder(t *testing.T) {
	reorder := func(way string, limit time.Duration) []scenarios.Fault {
		return []scenarios.Fault{{
			Kind: scenarios.KindNetworkReorder, Rate: scenarios.Whole, Times: 1, Way: way, For: span(limit, limit),
			Nodes: []string{nodes[2]},
		}}
	}
	for name, c := range map[string]struct {
		faults  []scenarios.Fault
		other   int           // the machine that makes the second call
		at      time.Duration // when
		told    [2]time.Duration
		outcome store.Outcome // of the first
		last    string        // which value stays
	}{
		"overtaken": {
			reorder(scenarios.WayRequests, time.Second), 2, 10 * ms, [2]time.Duration{12 * ms, 12 * ms}, store.Done, "first",
		},
		"overtaken in flight": {
			reorder(scenarios.WayRequests, time.Second), 2, ms / 2, [2]time.Duration{2*ms + ms/2, 2*ms + ms/2}, store.Done, "first",
		},
		"nobody comes": {
			reorder(scenarios.WayRequests, 5*ms), 2, 10 * ms, [2]time.Duration{7 * ms, 12 * ms}, store.Done, "second",
		},
		"another's does not count": {
			reorder(scenarios.WayRequests, 50*ms), 3, 10 * ms, [2]time.Duration{52 * ms, 12 * ms}, store.Done, "first",
		},
		"answer overtaken": {
			reorder(scenarios.WayAnswers, time.Second), 2, 10 * ms, [2]time.Duration{12 * ms, 12 * ms}, store.Done, "second",
		},
		"answer that nobody overtakes": {
			reorder(scenarios.WayAnswers, 5*ms), 2, 10 * ms, [2]time.Duration{7 * ms, 12 * ms}, store.Done, "second",
		},
		"overtaken too late": {
			reorder(scenarios.WayRequests, time.Minute), 2, 3 * time.Second,
			[2]time.Duration{timeout, 3*time.Second + 2*ms},
			store.Unknown, "first",
		},
		"overtaken in the last moment": {
			reorder(scenarios.WayRequests, time.Minute), 2, timeout - ms - ms/2,
			[2]time.Duration{timeout, timeout + ms/2},
			store.Unknown, "first",
		},
		"answer overtaken too late": {
			reorder(scenarios.WayAnswers, time.Minute), 2, 3 * time.Second,
			[2]time.Duration{timeout, 3*time.Second + 2*ms},
			store.Unknown, "second",
		},
		"answer overtaken in time": {
			reorder(scenarios.WayAnswers, time.Minute), 2, time.Second,
			[2]time.Duration{time.Second + 2*ms, time.Second + 2*ms},
			store.Done, "second",
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, setup{faults: c.faults})
			first, second := l.session(2), l.session(3)
			if c.other == 2 {
				second = first
			}
			var told [2]time.Duration
			var outcomes [2]store.Outcome
			for i, s := range []*session{first, second} {
				s.machine.Go("writer", func() {
					_ = s.machine.Sleep(background, time.Duration(i)*c.at)
					outcomes[i] = s.client.Commit(background, put("key", []string{"first", "second"}[i])).Outcome
					told[i] = l.now()
				})
			}
			l.runs(10 * time.Minute)
			if told != c.told || outcomes != [2]store.Outcome{c.outcome, store.Done} || l.holds("key") != c.last {
				t.Errorf("told %v at %v, want %v; it holds %q", outcomes, told, c.told, l.holds("key"))
			}
			if revision := l.server.State().Revision(); revision != 2 {
				t.Errorf("%d commits were carried out", revision)
			}
		})
	}
}

// TestReorderAWatch: a watch's message waits like an answer, and takes along what is new by then.
func TestReorderAWatch(t *testing.T) {
	l := newLab(t, setup{faults: []scenarios.Fault{from(scenarios.Fault{
		Kind: scenarios.KindNetworkReorder, Rate: scenarios.Whole, Times: 1, For: span(time.Second, time.Second),
		Way: scenarios.WayAnswers,
	}, 50*ms)}})
	s := l.session(2)
	got := l.listen(s.machine, l.watch(s.client, s.machine))
	l.writes(100*ms, "a")
	l.writes(150*ms, "b")
	commit := l.writesAt(s, 200*ms, "c", "value")
	l.runs(time.Minute)
	wantHeard(t, *got, heard{at: 202 * ms, keys: "abc"})
	if commit.Outcome != store.Done {
		t.Errorf("the commit: %v", commit.Err)
	}
}

// TestRepeat: a request that arrives twice is carried out twice where its comparisons let it; one that
// compares no revision is not, and nobody has two watches for one.
func TestRepeat(t *testing.T) {
	repeat := scenarios.Fault{Kind: scenarios.KindNetworkRepeat, Rate: scenarios.Whole, For: span(time.Second, time.Second)}
	compares := func(key string, revision store.Revision) []store.Compare {
		if revision == 0 {
			return []store.Compare{{Key: key, Condition: store.Absent}}
		}
		return []store.Compare{{Key: key, Condition: store.ChangedAt, Revision: revision}}
	}
	putA, deleteA := []store.Op{store.Put("a", nil)}, []store.Op{store.Delete("a")}
	for name, c := range map[string]struct {
		txn  store.Txn
		want []time.Duration
	}{
		"compares the revision of what it changes": {store.Txn{If: compares("a", 1), Then: putA}, []time.Duration{ms}},
		"compares the revision of something else":  {store.Txn{If: compares("b", 1), Then: putA}, []time.Duration{ms, time.Second + ms}},
		"compares, and changes what is no longer":  {store.Txn{If: compares("b", 1), Then: deleteA}, []time.Duration{ms}},
		"compares what can be as it was":           {store.Txn{If: compares("c", 0), Then: putA}, []time.Duration{ms}},
		"compares nothing":                         {store.Txn{Then: putA}, []time.Duration{ms}},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, setup{faults: []scenarios.Fault{repeat}})
			s := l.session(2)
			l.server.State().Apply(store.Txn{Then: []store.Op{store.Put("a", nil), store.Put("b", nil)}}, 0)
			var applied []time.Duration
			l.server.Observe = func(*store.Txn, store.Revision) { applied = append(applied, l.now()) }
			l.does(s.machine, func() {
				if commit := s.client.Commit(background, c.txn); commit.Outcome != store.Done || l.now() != 2*ms {
					t.Errorf("told %v at %v", commit.Outcome, l.now())
				}
			})
			l.runs(time.Minute)
			if len(applied) != len(c.want) || len(applied) > 0 && applied[len(applied)-1] != c.want[len(c.want)-1] {
				t.Errorf("applied at %v, want %v", applied, c.want)
			}
		})
	}
	l := newLab(t, setup{faults: []scenarios.Fault{repeat}})
	s := l.session(2)
	l.watch(s.client, s.machine)
	l.does(s.machine, func() {
		lease, err := s.client.Grant(background, 5*time.Second)
		if err != nil || lease != 1 {
			t.Errorf("lease %d, %v", lease, err)
		}
	})
	l.runs(time.Minute)
	if n := l.subscriptions(); n != 1 || len(l.ended) != 2 {
		t.Errorf("%d watches, and the leases that have ended: %v", n, l.ended)
	}
}

// TestRepeatOfWhatDidNotHappen: what was refused the first time does not happen the second time, nor what
// the server still works on; what was lost the first time does.
func TestRepeatOfWhatDidNotHappen(t *testing.T) {
	repeat := scenarios.Fault{Kind: scenarios.KindNetworkRepeat, Rate: scenarios.Whole, For: span(500*ms, 500*ms)}
	once := func(kind string) scenarios.Fault {
		return scenarios.Fault{Kind: kind, Rate: scenarios.Whole, Times: 1, For: span(time.Second, time.Second)}
	}
	for name, c := range map[string]struct {
		fault   scenarios.Fault
		does    func(l *lab)
		outcome store.Outcome
		applied []time.Duration
	}{
		"refused":    {fault: once(scenarios.KindStorageRefused), outcome: store.Refused},
		"lost":       {fault: once(scenarios.KindStorageUnknownLost), outcome: store.Unknown, applied: []time.Duration{501 * ms}},
		"slow":       {fault: once(scenarios.KindStorageSlow), outcome: store.Done, applied: []time.Duration{time.Second + ms}},
		"later":      {fault: once(scenarios.KindStorageUnknownLater), outcome: store.Unknown, applied: []time.Duration{time.Second + ms}},
		"down":       {does: func(l *lab) { l.server.Down(int64(100*ms), false) }, outcome: store.Refused},
		"silent":     {does: func(l *lab) { l.server.Down(int64(100*ms), true) }, outcome: store.Unknown, applied: []time.Duration{501 * ms}},
		"full":       {does: func(l *lab) { l.server.Fill(int64(100 * ms)) }, outcome: store.Refused},
		"in a stall": {does: func(l *lab) { l.server.Stall(int64(600 * ms)) }, outcome: store.Done, applied: []time.Duration{600 * ms}},
		"conflict": {
			does: func(l *lab) {
				l.server.State().Apply(put("a", "value"), 0)
				l.at(100*ms, func() { l.server.State().Apply(store.Txn{Then: []store.Op{store.Delete("a")}}, 0) })
			},
			outcome: store.Conflict,
		},
	} {
		t.Run(name, func(t *testing.T) {
			faults := []scenarios.Fault{repeat}
			if c.fault.Kind != "" {
				faults = append(faults, c.fault)
			}
			l := newLab(t, setup{faults: faults})
			s := l.session(2)
			if c.does != nil {
				c.does(l)
			}
			var applied []time.Duration
			l.server.Observe = func(*store.Txn, store.Revision) { applied = append(applied, l.now()) }
			l.does(s.machine, func() {
				txn := put("a", "value")
				txn.If = []store.Compare{{Key: "a", Condition: store.Absent}}
				if commit := s.client.Commit(background, txn); commit.Outcome != c.outcome {
					t.Errorf("told %v: %v", commit.Outcome, commit.Err)
				}
			})
			l.runs(time.Minute)
			if !slices.Equal(applied, c.applied) {
				t.Errorf("applied at %v, want %v", applied, c.applied)
			}
		})
	}
}
