package world_test

import (
	"strings"
	"testing"

	"derail/checker"
	"derail/checker/history"
	"derail/scenarios"
	"derail/sim/choice"
	"derail/sim/world"
)

// TestCore: when only a core heals, it has a conductor at least and comes to rest alone, and who is outside
// does not come back, however it was lost.
func TestCore(t *testing.T) {
	b := pinnedBlueprint(t, "swarm")
	w := newWorld(t, b)
	ways, sizes := map[string]int{}, map[int]int{}
	for seed := range seeds(200) {
		r := run(t, w, seed, world.Options{})
		h := r.History
		core, healed := map[string]bool{}, int64(0)
		down := map[string]string{}
		for _, rec := range h.Records {
			name := ""
			if rec.Process >= 0 {
				name = h.Processes[rec.Process]
			}
			switch {
			case rec.Kind == history.Heal:
				healed = rec.At
				for _, name := range strings.Split(rec.Subject, ", ") {
					core[name] = true
				}
			case healed > 0 && rec.At > healed && rec.Kind == history.Start && !core[name]:
				t.Errorf("seed %d: %s came back from outside the core", seed, name)
			case rec.Kind == history.Crash, rec.Kind == history.Pause:
				down[name] = rec.Kind.String()
			case rec.Kind == history.Fault && rec.Reason == scenarios.KindNetworkCut && down[name] == "":
				down[name] = "cut"
			case rec.Kind == history.Start, rec.Kind == history.Resume:
				delete(down, name)
			}
		}
		conductors := 0
		for _, name := range h.Processes {
			switch {
			case !strings.HasPrefix(name, scenarios.RoleConductor):
				if !core[name] {
					t.Errorf("seed %d: %s is not in the core", seed, name)
				}
			case core[name]:
				conductors++
			case down[name] == "":
				t.Errorf("seed %d: %s is outside and nothing was wrong with it", seed, name)
			default:
				ways[down[name]]++
			}
		}
		sizes[conductors]++
		if report := checker.Check(h); len(report.Broken()) > 0 || r.Left > 0 {
			t.Errorf("seed %d: %v, and %d jobs are left", seed, report.Broken(), r.Left)
		}
	}
	if len(ways) != 3 || sizes[0] > 0 || len(sizes) != b.Scenario.Cluster.Conductors {
		t.Errorf("lost by %v, cores of %v", ways, sizes)
	}
	r := w.Run(choice.FromFunc(func(choice.Address, uint64) uint64 { return 0 }), 0, world.Options{})
	for _, rec := range r.History.Records {
		if rec.Kind == history.Heal && strings.Count(rec.Subject, scenarios.RoleConductor) != 4 {
			t.Errorf("without chance the core is %s", rec.Subject)
		}
	}
}

// TestPlan: what a run of a swarm draws is told, in the history too, and makes the same run in the place of
// the scenario's faults.
func TestPlan(t *testing.T) {
	b := pinnedBlueprint(t, "swarm")
	w := newWorld(t, b)
	plans := map[string]bool{}
	for seed := range seeds(30) {
		r := run(t, w, seed, world.Options{})
		plan, hash := r.Plan, r.Hash
		if plan == "" || r.History.Header.Faults != plan {
			t.Fatalf("seed %d: the plan is %q, and in the history %q", seed, plan, r.History.Header.Faults)
		}
		plans[plan] = true
		faults, err := scenarios.ParseFaults(plan, scenarios.ParseOptions{Points: world.Points()})
		if err != nil {
			t.Fatalf("seed %d: %s: %v", seed, plan, err)
		}
		fixed, err := b.Scenario.WithFaults(faults)
		if err != nil {
			t.Fatalf("seed %d: %s: %v", seed, plan, err)
		}
		again, err := world.Compile(fixed)
		if err != nil {
			t.Fatal(err)
		}
		if r := run(t, newWorld(t, again), seed, world.Options{}); r.Hash != hash || r.Plan != "" {
			t.Errorf("seed %d: the plan makes another run: %x, want %x: %s", seed, r.Hash, hash, plan)
		}
	}
	if len(plans) < int(seeds(30)) {
		t.Errorf("%d seeds drew %d plans", seeds(30), len(plans))
	}
	if r := run(t, newWorld(t, pinnedBlueprint(t, "storm")), 1, world.Options{}); r.Plan != "" {
		t.Errorf("without a swarm the plan is %q", r.Plan)
	}
}

// TestPoints: all failpoints are listed, with how often they were passed and fired in this run.
func TestPoints(t *testing.T) {
	b := blueprint(t, "failpoints")
	w := newWorld(t, b)
	r := run(t, w, 1, world.Options{})
	names, fired := world.Points(), int64(0)
	if len(r.Points) != len(names) {
		t.Fatalf("%d points of %d", len(r.Points), len(names))
	}
	passed := map[string]int64{}
	for i, p := range r.Points {
		passed[p.Name] = p.Passed
		fired += p.Fired
		if p.Name != names[i] || p.Fired > p.Passed {
			t.Errorf("%+v", p)
		}
		if n := strikes(t, b, r, p.Name); n != p.Fired {
			t.Errorf("%s fired %d times, and struck %d times", p.Name, p.Fired, n)
		}
	}
	if passed["jobboard/claim-committed"] == 0 || fired == 0 {
		t.Errorf("passed %v, %d fired", passed, fired)
	}
	for _, p := range run(t, newWorld(t, pinnedBlueprint(t, "calm")), 1, world.Options{}).Points {
		if p.Fired != 0 || p.Name == "jobboard/claim-committed" && p.Passed != 8 {
			t.Errorf("in a calm run: %+v", p)
		}
	}
}
