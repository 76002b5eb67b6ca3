package world_test

import (
	"testing"

	"derail/checker"
	"derail/scenarios"
	"derail/sim/choice"
	"derail/sim/world"
)

// blueprint makes an embedded scenario ready.
func blueprint(t testing.TB, name string) *world.Blueprint {
	t.Helper()
	for _, source := range scenarios.Embedded() {
		s, err := scenarios.Parse(source.Name, source.Text, scenarios.ParseOptions{Points: world.Points()})
		if err != nil {
			t.Fatal(err)
		}
		if s.Name != name {
			continue
		}
		b, err := world.Compile(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	t.Fatalf("there is no scenario %q", name)
	return nil
}

func TestSuiteKeepsItsPromises(t *testing.T) {
	for _, source := range scenarios.Embedded() {
		s, err := scenarios.Parse(source.Name, source.Text, scenarios.ParseOptions{Points: world.Points()})
		if err != nil {
			t.Error(err)
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			b, err := world.Compile(s)
			if err != nil {
				t.Fatal(err)
			}
			w, c := world.New(b), checker.New()
			defer w.Close()
			for seed := uint64(1); seed <= 200; seed++ {
				r := w.Run(choice.Seeded(seed), seed, world.Options{})
				if r.Broken != nil {
					t.Fatalf("seed %d: %v", seed, r.Broken)
				}
				report := c.Check(r.History)
				if seed < 3 {
					t.Logf("seed %d hash %016x steps %d calls %d simulated %v records %d consumed %d trashed %d left %d faults %v",
						seed, r.Hash, r.Steps, r.Calls, r.Simulated/1e9, len(r.History.Records), r.Consumed, r.Trashed, r.Left, r.Faults)
				}
				for _, v := range report.Verdicts {
					if v.Outcome != checker.Valid {
						t.Logf("seed %d: %s: %v: %s", seed, v.Property, v.Outcome, v.Summary)
					}
				}
			}
		})
	}
}
