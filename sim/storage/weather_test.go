package storage_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
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

// weather is every fault at once that a store which keeps the contract can have. Those that strike at a
// time are the storm's own to carry out.
func weather() []scenarios.Fault {
	fault := func(kind string, rate scenarios.Rate, length scenarios.Span) scenarios.Fault {
		return scenarios.Fault{Kind: kind, Rate: rate, For: length}
	}
	none, long := scenarios.Span{}, span(ms, 4*time.Second)
	return []scenarios.Fault{
		fault(scenarios.KindStorageRefused, 50_000, none),
		fault(scenarios.KindStorageUnknownApplied, 50_000, none),
		fault(scenarios.KindStorageUnknownLost, 50_000, none),
		fault(scenarios.KindStorageUnknownLater, 50_000, long),
		fault(scenarios.KindStorageSlow, 200_000, long),
		fault(scenarios.KindLeaseLate, 200_000, long),
		fault(scenarios.KindNetworkDelay, 100_000, long),
		fault(scenarios.KindNetworkLoss, 20_000, none),
		fault(scenarios.KindNetworkRepeat, 100_000, long),
		fault(scenarios.KindNetworkReorder, 100_000, long),
		fault(scenarios.KindWatchLag, 100_000, long),
		fault(scenarios.KindWatchRestart, 100_000, none),
	}
}

// foulWeather is all of that, and what breaks the contract.
func foulWeather() []scenarios.Fault {
	return append(weather(),
		scenarios.Fault{Kind: scenarios.KindStorageStale, Rate: 200_000, For: span(ms, 4*time.Second)},
		scenarios.Fault{Kind: scenarios.KindWatchRepeat, Rate: 100_000},
		scenarios.Fault{Kind: scenarios.KindWatchDrop, Rate: 100_000},
		scenarios.Fault{Kind: scenarios.KindStorageFailover, For: span(ms, ms)},
	)
}

// storm is a run of processes that call, die, give up and are answered late, all of them over the same
// few calls' memory.
type storm struct {
	*lab
	foul     bool                     // the store breaks its contract
	again    map[string]bool          // by value: the server may carry it out more than once
	written  map[string]int           // by value: how often the server carried it out
	outcomes map[string]store.Outcome // by value: what the caller was told
	granted  map[store.LeaseID]bool
	values   int
}

func newStorm(l *lab, foul bool) *storm {
	return &storm{
		lab: l, foul: foul, again: map[string]bool{}, written: map[string]int{},
		outcomes: map[string]store.Outcome{}, granted: map[store.LeaseID]bool{},
	}
}

// TestEveryWeather: whatever the faults, and whatever is used again for what, no caller gets another's
// answer, what was done was done once, what was refused never, and nothing is left behind. A store that
// breaks its contract does so where it says, and nowhere else.
func TestEveryWeather(t *testing.T) {
	struck := map[string]int64{}
	for seed := range uint64(30) {
		for foul, faults := range map[bool][]scenarios.Fault{false: weather(), true: foulWeather()} {
			var hashes []uint64
			for _, backend := range []kernel.Backend{kernel.Coroutines, kernel.Tokens, kernel.Coroutines} {
				s := newStorm(newLab(t, setup{
					backend: backend, source: choice.Seeded(seed), delay: uneven, faults: faults,
				}), foul)
				s.rage()
				s.examine(seed)
				hashes = append(hashes, s.kernel.Hash())
				for i, name := range s.faults.Plan().Names() {
					struck[name] += s.faults.Counts()[i]
				}
			}
			if hashes[0] != hashes[1] || hashes[0] != hashes[2] {
				t.Errorf("seed %d: the hashes are %x", seed, hashes)
			}
		}
	}
	for _, f := range foulWeather() {
		if struck[f.Kind] == 0 && f.Rate > 0 {
			t.Errorf("%s has never struck", f.Kind)
		}
	}
}

func (s *storm) rage() {
	if !s.foul { // or the key would be lost
		s.server.State().Apply(put("nobody's", ""), 0)
	}
	s.server.Observe = func(txn *store.Txn, _ store.Revision) { s.written[string(txn.Then[0].Value)]++ }
	s.server.LeaseEnded = func(e *memory.EndedLease) { s.ended[e.Lease]++ }
	for node := 1; node < len(nodes); node++ {
		s.live(node)
	}
	for i := range 5 {
		at := time.Duration(7+9*i) * time.Second
		s.at(at, func() { s.server.Down(int64(at+3*time.Second), i%2 == 0) })
	}
	s.strike()
	s.runs(3 * time.Hour)
}

// strike breaks the server and the links, now and then.
func (s *storm) strike() {
	for i := range 8 {
		at, node := time.Duration(4+7*i)*time.Second, 1+i%3
		s.at(at, func() { s.server.Stall(int64(at + time.Second)) })
		s.at(at+2*time.Second, func() { s.server.Fill(int64(at + 3*time.Second)) })
		s.at(at+3*time.Second, func() { s.network.Cut(node, 1+fault.Way(i%3), int64(at+4*time.Second)) })
		s.at(at+3*time.Second, func() {
			s.network.Slow(1+node%3, 1+fault.Way(i%3), int64(at+5*time.Second), int64(time.Second))
		})
	}
	s.at(33*time.Second, func() { s.server.Heal(); s.network.HealAll() })
	if !s.foul {
		return
	}
	for i := range 5 {
		at, node := time.Duration(5+11*i)*time.Second, 1+i%3
		s.at(at, func() { s.server.Failover(int64(time.Duration(i) * time.Second)) })
		s.at(at+time.Second, func() { s.server.EndLeases(node) })
		s.at(at+2*time.Second, func() {
			for _, pair := range s.server.State().Range("conductor").Pairs {
				s.server.Corrupt(pair.Key, uint64(i))
			}
		})
	}
}

// live is the lives of a machine, a dozen seconds each.
func (s *storm) live(node int) {
	client, m := s.connect(node)
	for p := range 4 {
		m.Go("caller", func() { s.calls(client, m, fmt.Sprintf("%s/%d/", nodes[node], p)) })
	}
	chance := s.kernel.Source().Stream("storm", nodes[node])
	pause := time.Duration(chance.Between(int64(time.Second), int64(8*time.Second)))
	life := time.Duration(chance.Between(int64(9*time.Second), int64(15*time.Second)))
	s.kernel.After(pause, kernel.Do(func() { m.Pause(3 * time.Second) }))
	s.kernel.After(life, kernel.Do(func() {
		m.Crash()
		client.Close()
		if s.now() < time.Minute {
			s.live(node)
		}
	}))
}

// calls calls in one process. Its keys are its own.
func (s *storm) calls(c *storage.Client, m *kernel.Machine, prefix string) {
	var lease store.LeaseID
	for s.now() < time.Minute {
		ctx, end := host.WithCancel(background)
		if m.Draw(3) == 0 {
			s.kernel.After(time.Duration(m.Draw(uint64(3*time.Second))), kernel.Do(func() { end(nil) }))
		}
		key := prefix + fmt.Sprint(m.Draw(3))
		switch m.Draw(8) {
		case 0, 1:
			s.commits(ctx, c, key)
		case 2:
			if pair, _, err := c.Get(ctx, key); err == nil && pair.Changed != 0 && pair.Key != key {
				s.t.Errorf("asked for %q, got %q", key, pair.Key)
			}
		case 3:
			list, err := c.Range(ctx, prefix)
			for _, pair := range list.Pairs {
				if err != nil || !strings.HasPrefix(pair.Key, prefix) {
					s.t.Errorf("asked for %q, got %q, %v", prefix, pair.Key, err)
				}
			}
		case 4:
			if granted, err := c.Grant(ctx, 5*time.Second); err == nil {
				if s.granted[granted] && !s.foul {
					s.t.Errorf("lease %d is granted twice", granted)
				}
				lease, s.granted[granted] = granted, true
			}
		case 5:
			if err := c.Renew(ctx, lease); lease == 0 && err == nil {
				s.t.Error("a lease that is none was renewed")
			}
		case 6:
			_ = c.Revoke(ctx, lease)
		default:
			s.watches(ctx, c, prefix)
		}
		end(nil)
	}
}

func (s *storm) commits(ctx context.Context, c *storage.Client, key string) {
	s.values++
	value := fmt.Sprintf("%s %d", key, s.values)
	s.outcomes[value] = store.Unknown
	txn := put(key, value)
	if s.values%2 == 0 && !s.foul {
		s.again[value] = true
		txn.If = []store.Compare{{Key: "nobody's", Condition: store.ChangedAt, Revision: 1}}
	}
	commit := c.Commit(ctx, txn)
	s.outcomes[value] = commit.Outcome
	want := map[store.Outcome]error{store.Refused: store.ErrRefused, store.Unknown: store.ErrUnknown}
	if !errors.Is(commit.Err, want[commit.Outcome]) || (commit.Revision != 0) != (commit.Outcome == store.Done) {
		s.t.Errorf("%v at %d with %v", commit.Outcome, commit.Revision, commit.Err)
	}
}

func (s *storm) watches(ctx context.Context, c *storage.Client, prefix string) {
	w, err := c.Watch(ctx, prefix, 0)
	if err != nil {
		return
	}
	changes, err := w.Next(ctx)
	for _, change := range changes {
		if err != nil || !strings.HasPrefix(change.Pair.Key, prefix) {
			s.t.Errorf("watched %q, heard of %q, %v", prefix, change.Pair.Key, err)
		}
	}
	w.Close()
}

// examine looks at what the storm has left.
func (s *storm) examine(seed uint64) {
	told := map[store.Outcome]int{}
	for value, outcome := range s.outcomes {
		told[outcome]++
		switch n := s.written[value]; {
		case n > 1 && !s.again[value], n > 2, n == 0 && outcome == store.Done, n > 0 && outcome == store.Refused:
			s.t.Errorf("seed %d: %q was %v, and carried out %d times", seed, value, outcome, n)
		}
	}
	if told[store.Done] == 0 || told[store.Refused] == 0 || told[store.Unknown] == 0 || len(s.granted) == 0 {
		s.t.Errorf("seed %d: the storm was none: %v, %d leases", seed, told, len(s.granted))
	}
	for lease := range s.granted {
		if s.ended[lease] == 0 && !s.foul {
			s.t.Errorf("seed %d: the end of lease %d was not told", seed, lease)
		}
	}
	for lease, n := range s.ended {
		if n != 1 && !s.foul {
			s.t.Errorf("seed %d: the end of lease %d was told %d times", seed, lease, n)
		}
	}
	if n := s.subscriptions(); n != 0 {
		s.t.Errorf("seed %d: %d subscriptions are left", seed, n)
	}
	if len(s.server.State().Range("").Pairs) == 0 {
		s.t.Errorf("seed %d: nothing was written", seed)
	}
}

// TestServerIsAsNew: a server, and the memory of its calls, serves one run after another, and none of
// them sees the one before.
func TestServerIsAsNew(t *testing.T) {
	run := func(l *lab, seed uint64) uint64 {
		s := newStorm(l, true)
		l.ended = map[store.LeaseID]int{}
		s.rage()
		s.examine(seed)
		return l.kernel.Hash()
	}
	used := newLab(t, setup{source: choice.Seeded(0), delay: uneven, faults: foulWeather()})
	for seed := range uint64(10) {
		source := choice.Seeded(seed)
		if seed > 0 {
			used.kernel.Reset(kernel.Config{Source: source})
			used.faults.Reset(source)
			used.network.Reset(source, used.faults)
			used.server.Reset(used.kernel, used.faults)
		}
		fresh := newLab(t, setup{source: choice.Seeded(seed), delay: uneven, faults: foulWeather()})
		if a, b := run(used, seed), run(fresh, seed); a != b {
			t.Errorf("seed %d: %x on a used server, %x on a new one", seed, a, b)
		}
	}
}

// TestCallsAllocateNothing: what a call needs is used again.
func TestCallsAllocateNothing(t *testing.T) {
	l := newLab(t, setup{source: choice.Seeded(1)})
	client, m := l.connect(2)
	l.does(m, func() {
		client.Commit(background, put("key", "value"))
		allocations := testing.AllocsPerRun(100, func() {
			if _, _, err := client.Get(background, "key"); err != nil {
				t.Error(err)
			}
			_ = client.Renew(background, 1)
		})
		if allocations > 0 {
			t.Errorf("%v allocations for two calls", allocations)
		}
	})
}
