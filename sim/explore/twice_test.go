package explore_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"derail/core/conductor"
	"derail/core/store"
	"derail/scenarios"
	"derail/sim/choice"
	"derail/sim/explore"
	"derail/sim/kernel"
	"derail/sim/world"
)

// planted is nondeterminism: a store that counts its reads over all runs, and once takes longer over
// one. Which read of which run that is depends on what ran before.
type planted struct {
	store.Store
	machine *kernel.Machine
	reads   *atomic.Int64
	every   int64
}

func (p planted) Range(ctx context.Context, prefix string) (store.Snapshot, error) {
	if p.reads.Add(1)%p.every == 0 {
		_ = p.machine.Sleep(ctx, time.Microsecond)
	}
	return p.Store.Range(ctx, prefix)
}

func plant(every int64) world.Wrap {
	reads := &atomic.Int64{}
	return world.Wrap{Store: func(s store.Store, m *kernel.Machine) store.Store {
		return planted{s, m, reads, every}
	}}
}

// TestTwice: a run that is another the second time is found, where every seed is run twice.
func TestTwice(t *testing.T) {
	b := blueprint(t, "calm")
	for _, twice := range []bool{false, true} {
		c := explore.Run(t.Context(), explore.Config{
			Blueprint: b, Count: 20, Twice: twice, Options: world.Options{Wrap: plant(301)},
		})
		found := c.Nondeterministic > 0
		if found != twice || c.Failed != c.Nondeterministic || c.AsExpected() == twice {
			t.Errorf("twice %t: %d nondeterministic of %d failed", twice, c.Nondeterministic, c.Failed)
		}
		for _, f := range c.Failures {
			alone := len(f.Breaches)+len(f.Unmet) == 0
			if !f.Nondeterministic() || f.Hash == f.SecondHash || f.Difference == "" || !alone {
				t.Errorf("%+v", f)
			}
		}
	}
}

// talkative refuses what is saved in the first second, and numbers its refusals over all runs. Nothing but
// what is said differs from run to run.
type talkative struct {
	store.Store
	machine *kernel.Machine
	refused *atomic.Int64
}

func (s talkative) Commit(ctx context.Context, txn store.Txn) store.Commit {
	if txn.Label == scenarios.OpSave && s.machine.Kernel().Now() < int64(time.Second) {
		err := fmt.Errorf("%w for the %dth time", store.ErrRefused, 1000+s.refused.Add(1))
		return store.Commit{Outcome: store.Refused, Err: err}
	}
	return s.Store.Commit(ctx, txn)
}

// TestTwiceReadsTheHistory: where only what is told of a run is another, that is found as well.
func TestTwiceReadsTheHistory(t *testing.T) {
	refused := &atomic.Int64{}
	c := explore.Run(t.Context(), explore.Config{
		Blueprint: blueprint(t, "calm"), Count: 3, Twice: true,
		Options: world.Options{Wrap: world.Wrap{Store: func(s store.Store, m *kernel.Machine) store.Store {
			return talkative{s, m, refused}
		}}},
	})
	retold := 0
	for _, f := range c.Failures {
		if f.Hash == f.SecondHash && f.Nondeterministic() && strings.HasPrefix(f.Difference, "record ") {
			retold++
		}
	}
	if retold == 0 {
		t.Errorf("nothing was found: %+v", c.Failures)
	}
}

// TestAFailingRunIsRunAgain: also where not every seed is, so that what is reported can be had again.
func TestAFailingRunIsRunAgain(t *testing.T) {
	failing := blueprint(t, "calm", consuming(3))
	c := explore.Run(t.Context(), explore.Config{
		Blueprint: failing, Count: 20, Options: world.Options{Wrap: plant(301)},
	})
	if c.Failed != 20 || c.Nondeterministic == 0 || c.Nondeterministic == 20 {
		t.Errorf("%d failed, %d nondeterministic", c.Failed, c.Nondeterministic)
	}
}

// alternating makes every other run another: all of its conductors idle for longer.
func alternating(b *world.Blueprint, odd bool) world.Options {
	boots, runs := 0, 0
	if odd {
		runs++
	}
	return world.Options{Wrap: world.Wrap{Config: func(c *conductor.Config) {
		if boots%b.Scenario.Cluster.Conductors == 0 {
			runs++
		}
		boots++
		if runs%2 == 0 {
			c.Idle += time.Millisecond
		}
	}}}
}

// TestDifference: the step at which two runs part is named.
func TestDifference(t *testing.T) {
	b := blueprint(t, "calm")
	steps := func(o world.Options) (all []kernel.Step) {
		w := world.New(b)
		defer w.Close()
		o.Trace = func(s kernel.Step) { all = append(all, s) }
		w.Run(choice.Seeded(1), 1, o)
		return all
	}
	short, long := steps(alternating(b, false)), steps(alternating(b, true))
	at := 0
	for at < len(short) && at < len(long) && short[at].Hash == long[at].Hash {
		at++
	}
	if at < 10 || at == len(short) || at == len(long) {
		t.Fatalf("the two runs part at step %d of %d and %d", at+1, len(short), len(long))
	}
	for _, c := range []struct {
		odd    bool
		second kernel.Step
	}{{false, long[at]}, {true, short[at]}} {
		got := explore.Difference(b, 1, alternating(b, c.odd))
		if !strings.Contains(got, fmt.Sprintf("step %d,", at+1)) || !strings.Contains(got, c.second.String()) {
			t.Errorf("%q, want step %d, %v", got, at+1, c.second)
		}
	}
	if got := explore.Difference(b, 1, world.Options{}); !strings.Contains(got, "equal in every step") {
		t.Errorf("two runs that are equal: %q", got)
	}
}

// TestDifferenceInLength: a run that is the beginning of another ends at a step, too.
func TestDifferenceInLength(t *testing.T) {
	b := blueprint(t, "calm")
	for short, want := range map[int]string{2: "where the second run ended", 1: "in the second run"} {
		runs := 0
		o := world.Options{Wrap: world.Wrap{Config: func(c *conductor.Config) {
			if c.Name == "conductor-1" {
				runs++
			}
			if c.Name == "conductor-2" && runs == short {
				c.Host = nil // which halts the run before it begins
			}
		}}}
		if got := explore.Difference(b, 1, o); !strings.Contains(got, want) {
			t.Errorf("run %d is the shorter: %q", short, got)
		}
	}
}

// TestKeep: of many failures the gravest are kept, and of those the first, by seed; all are counted.
func TestKeep(t *testing.T) {
	failing := blueprint(t, "calm", consuming(3))
	seedsOf := func(c *explore.Campaign) (seeds []uint64) {
		for _, f := range c.Failures {
			seeds = append(seeds, f.Seed)
		}
		return seeds
	}
	for _, parallel := range []int{1, 2} {
		c := explore.Run(t.Context(), explore.Config{
			Blueprint: failing, First: 10, Count: 50, Keep: 3, Parallel: parallel,
		})
		if got := seedsOf(c); !slices.Equal(got, []uint64{10, 11, 12}) || c.Failed != 50 {
			t.Errorf("%d workers keep %v of %d", parallel, got, c.Failed)
		}
	}
	if c := explore.Run(t.Context(), explore.Config{Blueprint: failing, Count: 25}); len(c.Failures) != 20 {
		t.Errorf("%d are kept when nobody says how many", len(c.Failures))
	}

	// One worker, and one seed of which the second run is another.
	c := explore.Config{Blueprint: failing, First: 1, Count: 40, Keep: 3, Parallel: 1}
	boots := 0
	c.Options.Wrap.Config = func(config *conductor.Config) {
		if boots++; boots == 4*33+1 { // the first boot of seed 34's first run: two runs of two machines each
			config.Idle *= 2
		}
	}
	campaign := explore.Run(t.Context(), c)
	if got := seedsOf(campaign); !slices.Equal(got, []uint64{1, 2, 34}) || campaign.Nondeterministic != 1 {
		t.Errorf("kept %v; %d nondeterministic", got, campaign.Nondeterministic)
	}
	if got := campaign.Failures[2].Difference; !strings.Contains(got, "not found") {
		t.Errorf("what happens once cannot be found again, and is: %q", got)
	}
}

// TestReplay: a replay is the run with everything recorded; its choices make it once more, and other
// choices make another.
func TestReplay(t *testing.T) {
	b := blueprint(t, "storm", consuming(12))
	campaign := explore.Run(t.Context(), explore.Config{Blueprint: b, First: 1, Count: 10, Parallel: 1})
	if len(campaign.Failures) == 0 {
		t.Fatal("no run fails: the test tests nothing")
	}
	f := campaign.Failures[0]
	replayed := explore.Replay(b, f.Seed, world.Options{})
	if r := &replayed.Result; r.Hash != f.Hash || r.Seed != f.Seed || len(replayed.Choices) == 0 ||
		!slices.Equal(replayed.Unmet, f.Unmet) || !slices.Equal(replayed.Breaches, f.Breaches) {
		t.Errorf("the replay: hash %x, %v, %v, %d choices; want hash %x, %v", replayed.Result.Hash,
			replayed.Breaches, replayed.Unmet, len(replayed.Choices), f.Hash, f.Unmet)
	}
	again := explore.ReplayChoices(b, replayed.Choices, f.Seed, world.Options{})
	if diff := cmp.Diff(replayed, again); diff != "" {
		t.Errorf("its choices make another run:\n%s", diff)
	}
	if h := replayed.Result.History; h.Header.Seed != f.Seed || len(h.Records) == 0 {
		t.Errorf("its history is of seed %d with %d records", h.Header.Seed, len(h.Records))
	}

	calmer := slices.DeleteFunc(slices.Clone(replayed.Choices), func(d choice.Draw) bool {
		return strings.HasPrefix(d.Stream, "fault:")
	})
	if len(calmer) == 0 || len(calmer) == len(replayed.Choices) {
		t.Fatalf("%d of %d choices are no faults", len(calmer), len(replayed.Choices))
	}
	calm := explore.ReplayChoices(b, calmer, f.Seed, world.Options{})
	for i, n := range calm.Result.Faults {
		name := b.FaultNames()[i]
		if timed := strings.HasPrefix(name, "node.") || name == "storage.down"; n > 0 && !timed {
			t.Errorf("without its choice %s struck %d times", name, n)
		}
	}
	if len(calm.Breaches)+len(calm.Unmet) > 0 {
		t.Errorf("without faults by chance: %v, %v", calm.Breaches, calm.Unmet)
	}
}
