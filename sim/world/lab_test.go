package world_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"derail/checker/history"
	"derail/scenarios"
	"derail/sim/choice"
	"derail/sim/world"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pinned are this package's own scenarios: they do not change when those that come with derail do.
var pinned = []string{"calm", "storm", "cycle", "deaths", "tries", "swarm", "power", "everything", "ruins"}

// blueprint makes a scenario ready, one that comes with derail.
func blueprint(t testing.TB, name string) *world.Blueprint {
	t.Helper()
	source, is := scenarios.Find(name)
	if !is {
		t.Fatalf("there is no scenario %q", name)
	}
	return compiled(t, source.Name, source.Text)
}

// pinnedBlueprint makes one of the pinned scenarios ready.
func pinnedBlueprint(t testing.TB, name string) *world.Blueprint {
	t.Helper()
	file := filepath.Join("testdata", name+".yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return compiled(t, file, text)
}

func compiled(t testing.TB, file string, text []byte) *world.Blueprint {
	t.Helper()
	s, err := scenarios.Parse(file, text, scenarios.ParseOptions{Points: world.Points()})
	if err != nil {
		t.Fatal(err)
	}
	b, err := world.Compile(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// everyBlueprint is all scenarios, those that come with derail and the pinned ones, by name.
func everyBlueprint(t testing.TB) map[string]*world.Blueprint {
	all := map[string]*world.Blueprint{}
	for _, name := range pinned {
		all["pinned "+name] = pinnedBlueprint(t, name)
	}
	for _, source := range scenarios.Embedded() {
		all[source.Name] = compiled(t, source.Name, source.Text)
	}
	return all
}

// seeds is n, or fewer where the tests are to be short.
func seeds(n int) uint64 {
	if testing.Short() {
		return uint64(max(n/10, 2))
	}
	return uint64(n)
}

// scarce is fewer seeds for what takes long: runs on a database, of many machines, and those that go round
// for ever.
func scarce(b *world.Blueprint, n uint64) uint64 {
	switch {
	case b.Scenario.Cluster.Store == scenarios.StoreSQLite, b.Scenario.Cluster.Conductors > 20:
		return max(n/25, 2)
	case strings.HasPrefix(b.Scenario.Name, "endless-"):
		return max(n/4, 2)
	default:
		return n
	}
}

// newWorld makes a world that ends with the test.
func newWorld(t testing.TB, b *world.Blueprint) *world.World {
	w := world.New(b)
	t.Cleanup(w.Close)
	return w
}

// run runs a seed; a run that does not get to its end fails the test.
func run(t testing.TB, w *world.World, seed uint64, o world.Options) *world.Result {
	t.Helper()
	return runFrom(t, w, choice.Seeded(seed), seed, o)
}

func runFrom(
	t testing.TB, w *world.World, source *choice.Source, seed uint64, o world.Options,
) *world.Result {
	t.Helper()
	r := w.Run(source, seed, o)
	if r.Broken != nil {
		t.Fatalf("seed %d: %v", seed, r.Broken)
	}
	return r
}

// text is a history as it is written to a file.
func text(t testing.TB, h *history.History) string {
	t.Helper()
	var b bytes.Buffer
	if err := history.Write(&b, h); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
