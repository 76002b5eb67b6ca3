package exhaust_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

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
