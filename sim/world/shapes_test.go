package world_test

import (
	"slices"
	"testing"

	"derail/checker"
	"derail/checker/history"
	"derail/scenarios"
	"derail/sim/world"
)

// TestShapes: a history says what the flows of its jobs are, each atom after those that it names.
func TestShapes(t *testing.T) {
	w := newWorld(t, pinnedBlueprint(t, "tries"))
	shapes := run(t, w, 1, world.Options{}).History.Header.Shapes
	if len(shapes) != 2 || shapes[0].Group != "nested" || len(shapes[0].Jobs) != 5 || len(shapes[1].Jobs) != 4 {
		t.Fatalf("the shapes are %+v", shapes)
	}
	named := map[string]history.ShapeAtom{}
	for _, a := range shapes[0].Atoms {
		named[a.Name] = a
		for _, before := range append(slices.Clone(a.After), a.Under) {
			if _, listed := named[before]; before != "" && !listed {
				t.Errorf("%s stands before %s, which it names", a.Name, before)
			}
		}
	}
	inner, last := named["inner"], named["last"]
	first := []string{"first"}
	if !inner.Retry || inner.Attempts != 2 || inner.Under != "outer" || !slices.Equal(inner.After, first) {
		t.Errorf("the inner retry is %+v", inner)
	}
	if !slices.Equal(last.After, []string{"left", "middle", "right"}) || last.Under != "outer" {
		t.Errorf("the last task is %+v", last)
	}
	never := 0
	for _, a := range shapes[1].Atoms {
		if a.Never {
			never++
		}
	}
	if never != 1 {
		t.Errorf("%d atoms of the graph are never to run: %+v", never, shapes[1].Atoms)
	}
}

// TestRetriesAreHeard: what retries do is written down as theirs, and is examined.
func TestRetriesAreHeard(t *testing.T) {
	b := pinnedBlueprint(t, "tries")
	w := newWorld(t, b)
	again, deaths, poisoned := 0, 0, int64(0)
	checked := map[string]int{}
	c := checker.New()
	for seed := range seeds(20) {
		r := run(t, w, seed, world.Options{})
		for i := range r.History.Records {
			switch rec := &r.History.Records[i]; {
			case rec.Kind == history.Retry && rec.To == "RETRYING":
				again++
			case rec.Kind == history.Move && (rec.Subject == "outer" || rec.Subject == "inner"):
				t.Errorf("seed %d: a retry's move is written down as a task's: %+v", seed, rec)
			case rec.Kind == history.Crash:
				deaths++
			}
		}
		poisoned += r.Faults[slices.Index(b.FaultNames(), scenarios.KindTaskPoison)]
		for _, v := range c.Check(r.History).Verdicts {
			checked[v.Property] += v.Checked
			if v.Outcome != checker.Valid {
				t.Errorf("seed %d: %s is %v: %s", seed, v.Property, v.Outcome, v.Summary)
			}
		}
	}
	for _, name := range []string{"revert.ordered", "resume.once", "retry.counted", "decider.kept", "result.handed"} {
		if checked[name] == 0 {
			t.Errorf("%s had nothing to check", name)
		}
	}
	if again == 0 || deaths == 0 || poisoned == 0 {
		t.Errorf("retries tried again %d times, and conductors died %d times, %d of them by a task",
			again, deaths, poisoned)
	}
}
