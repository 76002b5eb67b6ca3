package explore_test

import (
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"derail/scenarios"
	"derail/sim/world"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// blueprint makes one of package world's pinned scenarios ready, changed in some way.
func blueprint(t testing.TB, name string, changes ...func(s *scenarios.Scenario)) *world.Blueprint {
	t.Helper()
	file := filepath.Join("..", "world", "testdata", name+".yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return compiled(t, file, text, changes...)
}

func compiled(
	t testing.TB, file string, text []byte, changes ...func(s *scenarios.Scenario),
) *world.Blueprint {
	t.Helper()
	s, err := scenarios.Parse(file, text, scenarios.ParseOptions{Points: world.Points()})
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range changes {
		change(s)
	}
	b, err := world.Compile(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// embedded makes a scenario ready that comes with derail, changed in some way.
func embedded(t testing.TB, name string, changes ...func(s *scenarios.Scenario)) *world.Blueprint {
	t.Helper()
	source, is := scenarios.Find(name)
	if !is {
		t.Fatalf("there is no scenario %q", name)
	}
	return compiled(t, source.Name, source.Text, changes...)
}

// consuming wants so many jobs to be consumed in every run.
func consuming(n int) func(s *scenarios.Scenario) {
	return func(s *scenarios.Scenario) { s.Expect.Consumed = &n }
}
