package world_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"derail/checker"
	"derail/core/conductor"
	"derail/core/jobboard"
	"derail/core/store"
	"derail/scenarios"
	"derail/sim/choice"
	"derail/sim/kernel"
	"derail/sim/world"
)

// wrapped is a store of which one call is somebody else's.
type wrapped struct {
	store.Store
	machine *kernel.Machine
	list    lister
}

type lister func(ctx context.Context, s store.Store, m *kernel.Machine, prefix string) (store.Snapshot, error)

func (w wrapped) Range(ctx context.Context, prefix string) (store.Snapshot, error) {
	return w.list(ctx, w.Store, w.machine, prefix)
}

func listing(list lister) world.Wrap {
	return world.Wrap{Store: func(s store.Store, m *kernel.Machine) store.Store { return wrapped{s, m, list} }}
}

// panicking panics in the middle of core.
var panicking = listing(func(context.Context, store.Store, *kernel.Machine, string) (store.Snapshot, error) {
	panic("planted")
})

// spinning goes round and round without time going on.
var spinning = listing(func(
	ctx context.Context, _ store.Store, m *kernel.Machine, _ string,
) (store.Snapshot, error) {
	for {
		_ = m.Sleep(ctx, 0)
	}
})

// TestBroken: a run that cannot be run to its end says so and has a history of what was.
func TestBroken(t *testing.T) {
	for name, c := range map[string]struct {
		wrap world.Wrap
		want string
	}{
		"panic":        {panicking, "planted"},
		"livelock":     {spinning, "too many steps"},
		"no conductor": {world.Wrap{Config: func(c *conductor.Config) { c.Host = nil }}, "could not be made"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, pinnedBlueprint(t, "calm"))
			r := w.Run(choice.Seeded(1), 1, world.Options{Wrap: c.wrap})
			if r.Broken == nil || !strings.Contains(r.Broken.Error(), c.want) {
				t.Fatalf("it broke by %v, want %q", r.Broken, c.want)
			}
			if r.History.Header.Hash == "" || len(r.History.Records) == 0 {
				t.Errorf("its history is %+v with %d records", r.History.Header, len(r.History.Records))
			}
			if outcome := checker.Check(r.History).Outcome(); outcome == checker.Valid {
				t.Error("and yet it passes")
			}
			run(t, w, 1, world.Options{})
		})
	}
}

// TestWrap: what is put between core and the simulator sees what passes there, on every machine.
func TestWrap(t *testing.T) {
	names, claims, listed := map[string]bool{}, 0, map[string]bool{}
	wrap := listing(func(
		ctx context.Context, s store.Store, m *kernel.Machine, prefix string,
	) (store.Snapshot, error) {
		listed[m.Name()] = true
		return s.Range(ctx, prefix)
	})
	wrap.Config = func(c *conductor.Config) { names[c.Name] = true }
	wrap.Claims = func(c conductor.Claims, _ *jobboard.Board, _ store.Store) conductor.Claims {
		return counted{c, &claims}
	}
	w := newWorld(t, pinnedBlueprint(t, "calm"))
	plain := run(t, w, 1, world.Options{}).Hash
	r := run(t, w, 1, world.Options{Wrap: wrap})
	if len(names) != 2 || claims < 8 || !listed["conductor-1"] || !listed["conductor-2"] || r.Consumed != 8 {
		t.Errorf("configured %v, %d claims, listed by %v, %d consumed", names, claims, listed, r.Consumed)
	}
	if r.Hash != plain {
		t.Errorf("looking on changed the run: %x, want %x", r.Hash, plain)
	}
}

type counted struct {
	conductor.Claims
	claims *int
}

func (c counted) Claim(ctx context.Context, s *jobboard.Session, job *jobboard.Job) (*jobboard.Claim, error) {
	*c.claims++
	return c.Claims.Claim(ctx, s, job)
}

// TestCompileRefuses: a scenario whose faults would not happen, or would not be the run's own.
func TestCompileRefuses(t *testing.T) {
	scenario := func(change func(*scenarios.Scenario)) *scenarios.Scenario {
		s := &scenarios.Scenario{
			Name: "s", Break: 1, Cluster: scenarios.Cluster{Conductors: 1},
			Jobs: []scenarios.Jobs{{Name: "a", Count: 1, Tasks: 1}},
		}
		change(s)
		return s
	}
	if _, err := world.Compile(scenario(func(*scenarios.Scenario) {})); err != nil {
		t.Fatal(err)
	}
	for want, s := range map[string]*scenarios.Scenario{
		`no failpoint "nowhere"`: scenario(func(s *scenarios.Scenario) {
			s.Faults = []scenarios.Fault{{Kind: scenarios.KindCodeFailpoint, Point: "nowhere"}}
		}),
		`no fault "storage.eaten"`: scenario(func(s *scenarios.Scenario) {
			s.Faults = []scenarios.Fault{{Kind: "storage.eaten"}}
		}),
		`no priority "urgent"`: scenario(func(s *scenarios.Scenario) { s.Jobs[0].Priority = "urgent" }),
	} {
		if _, err := world.Compile(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	t.Setenv("GO_FAILPOINTS", "derail/x=panic")
	if _, err := world.Compile(scenario(func(*scenarios.Scenario) {})); err == nil {
		t.Error("it was compiled although GO_FAILPOINTS is set")
	}
}

// telling notes by how much the clocks of the machines that list something are wrong.
func telling(shown map[string]time.Duration) lister {
	return func(ctx context.Context, s store.Store, m *kernel.Machine, prefix string) (store.Snapshot, error) {
		shown[m.Name()] = m.Node().Clock()
		return s.Range(ctx, prefix)
	}
}
