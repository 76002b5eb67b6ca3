package exhaust_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"derail/scenarios"
	"derail/sim/exhaust"
	"derail/sim/planted"
	"derail/sim/world"
)

// Parts of the small world, as its file has them.
const (
	death = "  - kind: code.failpoint\n    point: step\n    as: crash\n    rate: 4%\n" +
		"    nodes: [conductor-1, conductor-2]\n    times: 1\n"
	lostAnswer = "  - kind: storage.unknown-applied\n    rate: 15%\n" +
		"    on: [post, claim, abandon, consume, trash, save, register]\n    times: 1\n"
	reaches = "  reached: [code.failpoint, storage.unknown-applied]\n"
)

// TestNothingIsLeftOut: with and without regard to what steps touch, exploring the same world meets the
// same histories, with the same verdicts, and in fewer runs.
func TestNothingIsLeftOut(t *testing.T) {
	for _, w := range []struct {
		name    string
		changes []string
		bounds  exhaust.Bounds
		bug     string
	}{
		{name: "no faults", changes: []string{death, "", lostAnswer, "", reaches, ""}},
		{
			name: "no faults, any preemption", bounds: exhaust.Bounds{Preemptions: 1},
			changes: []string{death, "", lostAnswer, "", reaches, "", "rest: 1m", "rest: 5s"},
		},
		{name: "a lost answer at the beginning", changes: []string{
			death, "", reaches, "", "    rate: 15%\n", "    rate: 15%\n    until: 24ms\n",
		}},
		{name: "a death in the middle", changes: []string{
			lostAnswer, "", reaches, "", "    as: crash\n", "    as: crash\n    from: 24ms\n    until: 25ms\n",
		}},
		{name: "a bug", bug: "unknown-taken-for-refused", changes: []string{
			death, "", reaches, "", "    rate: 15%\n", "    rate: 15%\n    until: 24ms\n",
		}},
	} {
		t.Run(w.name, func(t *testing.T) {
			b := smallWorld(t, w.changes...)
			var wrap world.Wrap
			if w.bug != "" {
				bug, _ := planted.Find(w.bug)
				wrap = bug.Wrap
			}
			reduced, runs := verdicts(t, b, w.bounds, wrap)
			w.bounds.All = true
			whole, all := verdicts(t, b, w.bounds, wrap)
			if !maps.Equal(reduced, whole) {
				t.Errorf("%d histories of %d runs; without reduction %d of %d", len(reduced), runs, len(whole), all)
			}
			if runs*2 > all {
				t.Errorf("%d runs in the place of %d: the reduction is worth nothing", runs, all)
			}
			t.Logf("%d runs in the place of %d; %d histories", runs, all, len(whole))
		})
	}
}

// TestPausesAreExplored: what a pause holds back comes in the order in which it was held back, which is one
// more thing that can go several ways. Without regard to what steps touch there are too many runs to make
// them all, but none of the first has a history that is not met with it; and each run is made again from its
// record.
func TestPausesAreExplored(t *testing.T) {
	for _, x := range []struct {
		fault     string
		histories int
	}{
		{"node.pause at=21ms for=3ms nodes=conductor-1", 48},
		{"node.pause at=22ms for=3ms nodes=conductor-1", 8},
		{"node.pause at=23ms for=3ms nodes=conductor-1", 4},
	} {
		t.Run(x.fault, func(t *testing.T) {
			b := smallWorld(t, death, "", lostAnswer, "", reaches, "", "rest: 1m", "rest: 3s")
			s, err := b.Scenario.WithPlan(x.fault, scenarios.ParseOptions{Points: world.Points()})
			if err != nil {
				t.Fatal(err)
			}
			if b, err = world.Compile(s); err != nil {
				t.Fatal(err)
			}
			l := newLab(t, b)
			met := map[uint64]bool{}
			c := l.explore(exhaust.New(exhaust.Bounds{}), func(m made) bool {
				met[m.run.Digest()] = true
				if hash := m.result.Hash; l.again(m.run).Hash != hash {
					t.Fatalf("run %d is another when it is made again", m.run.Number())
				}
				return true
			})
			if !c.Ended || c.Unexplained > 0 || c.Histories != x.histories {
				t.Errorf("want %d histories:\n%s", x.histories, strings.Join(c.Sentences(), "\n"))
			}
			l.explore(exhaust.New(exhaust.Bounds{All: true}), func(m made) bool {
				if !met[m.run.Digest()] {
					t.Fatalf("the history of run %d is not met", m.run.Number())
				}
				return m.run.Number() < 2000
			})
		})
	}
}

// verdicts explores a world, and returns what was broken in each history, and how many runs it took.
func verdicts(
	t *testing.T, b *world.Blueprint, bounds exhaust.Bounds, wrap world.Wrap,
) (broken map[uint64]string, runs int) {
	t.Helper()
	l := newLab(t, b)
	l.options.Wrap = wrap
	broken = map[uint64]string{}
	c := l.explore(exhaust.New(bounds), func(m made) bool {
		broken[m.run.Digest()] = strings.Join(slices.Sorted(slices.Values(m.report.Broken())), " ")
		return true
	})
	if !c.Ended || c.Unexplained > 0 {
		t.Fatalf("the exploration is not whole: %v", c.Sentences())
	}
	return broken, c.Runs
}
