package shrink

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"derail/scenarios"
	"derail/sim/choice"
)

// toy is a shrinker of runs that fail where a predicate says so, and draw all that their record has.
func toy(t testing.TB, d draft, workers int, fails func(d *draft) bool) *shrinker {
	t.Helper()
	c := &crew{ctx: t.Context(), sign: &signature{}}
	for range workers {
		c.members = append(c.members, func(d *draft) (outcome, error) {
			return outcome{fails: d.rolls == 0 && fails(d), record: d.record}, nil
		})
	}
	s := &shrinker{config: &Config{Limit: 1}, crew: c}
	s.best = d
	return s
}

func drawnBy(numbers []int) choice.Record {
	record := choice.Record{}
	for _, n := range numbers {
		stream := []string{"network", "kernel", "host", "work"}[n%4]
		at := choice.Address{Stream: stream, Entity: strconv.Itoa(n % 3), N: uint64(n)}
		record = append(record, choice.Draw{Address: at, Value: uint64(n)})
	}
	record.Sort()
	return record
}

func numbersOf(record choice.Record) (all []int) {
	for _, draw := range record {
		all = append(all, int(draw.Value))
	}
	slices.Sort(all)
	return all
}

var anything = func(choice.Draw) bool { return true }

// What is needed is what is left, and nothing else, where a failure needs some draws and minds no others.
func TestThinLeavesWhatIsNeeded(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		all := rapid.SliceOfNDistinct(rapid.IntRange(1, 500), 0, 60, rapid.ID).Draw(r, "drawn")
		slices.Sort(all)
		needed := slices.DeleteFunc(slices.Clone(all), func(int) bool { return !rapid.Bool().Draw(r, "needed") })
		runs := rapid.IntRange(1, 3).Draw(r, "workers")
		s := toy(t, draft{scenario: worldOf(1, 1, 1, 0), record: drawnBy(all)}, runs, func(d *draft) bool {
			have := numbersOf(d.record)
			return !slices.ContainsFunc(needed, func(n int) bool { return !slices.Contains(have, n) })
		})
		s.thin("choices", anything)
		if left := numbersOf(s.best.record); !slices.Equal(left, needed) {
			r.Fatalf("left %v, needed %v", left, needed)
		}
	})
}

// Of a failure that comes and goes as it likes nothing is left that could be taken away alone; and what
// is left does not depend on how many work on it.
func TestThinLeavesNothingThatCanGo(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		all := rapid.SliceOfNDistinct(rapid.IntRange(1, 500), 0, 25, rapid.ID).Draw(r, "drawn")
		whim := rapid.Uint64().Draw(r, "whim")
		fails := func(d *draft) bool { return len(d.record) == len(all) || (d.record.Hash()^whim)%3 == 0 }
		left := func(workers int) choice.Record {
			s := toy(t, draft{scenario: worldOf(1, 1, 1, 0), record: drawnBy(all)}, workers, fails)
			for s.thin("choices", anything) {
			}
			return s.best.record
		}
		alone := left(1)
		for i := range alone {
			if less := without(alone, map[int]bool{i: true}); fails(&draft{record: less}) {
				r.Fatalf("%v could go from %v", alone[i], alone)
			}
		}
		if together := left(3); together.String() != alone.String() {
			r.Fatalf("one worker leaves\n%v\nand three leave\n%v", alone, together)
		}
	})
}

// A strike that is taken out takes with it how long it went on, and the others keep theirs.
func TestUnstruckKeepsTheLengthsOfTheOthers(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		numbers := rapid.SliceOfNDistinct(rapid.IntRange(1, 100), 1, 12, rapid.ID).Draw(r, "strikes")
		slices.Sort(numbers)
		const stream, node = "fault:network.delay", "conductor-1"
		var record choice.Record
		for i, n := range numbers { // each strike has its own number for a length
			record = append(record,
				choice.Draw{Address: choice.Address{Stream: stream, Entity: node, N: uint64(n)}, Value: struck},
				choice.Draw{
					Address: choice.Address{Stream: stream + lengthSuffix, Entity: node, N: uint64(i + 1)}, Value: uint64(n),
				})
		}
		record.Sort()
		gone, kept := map[int]bool{}, []int{}
		for i, draw := range record {
			if draw.Stream != stream {
				continue
			}
			if rapid.Bool().Draw(r, "gone") {
				gone[i] = true
			} else {
				kept = append(kept, int(draw.N))
			}
		}
		var strikes, lengths []int
		for i, draw := range unstruck(record, gone) {
			if draw.Stream == stream {
				strikes = append(strikes, int(draw.N))
				continue
			}
			if lengths = append(lengths, int(draw.Value)); i > 0 && draw.N != uint64(len(lengths)) {
				r.Fatalf("length %d has number %d", len(lengths), draw.N)
			}
		}
		if !slices.Equal(strikes, kept) || !slices.Equal(lengths, kept) {
			r.Fatalf("of %v left %v, which last %v", kept, strikes, lengths)
		}
	})
}

// The whole search finds the smallest world of a failure that needs some conductors, jobs and tasks,
// whatever else there is.
func TestSearchFindsTheSmallestWorld(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		need := func(what string) int { return rapid.IntRange(1, 4).Draw(r, what) }
		conductors, jobs, tasks := need("conductors"), need("jobs"), need("tasks")
		faults := rapid.IntRange(0, 3).Draw(r, "faults")
		s := worldOf(6, 8, 5, 4)
		one := toy(t, draft{scenario: s, record: drawnBy([]int{1, 2, 3})}, 2, func(d *draft) bool {
			return d.scenario.Cluster.Conductors >= conductors && jobsIn(d.scenario) >= jobs &&
				d.scenario.Jobs[0].Tasks >= tasks && len(d.scenario.Faults) >= faults
		})
		one.first = one.result
		one.searches()
		size := one.size
		want := Size{Faults: faults, Conductors: conductors, Jobs: jobs, Tasks: jobs * tasks}
		if size.Simulated = 0; size != want || !one.least {
			r.Fatalf("left %v (least: %v), want %v", size, one.least, want)
		}
	})
}

// worldOf is a scenario with that much in it.
func worldOf(conductors, jobs, tasks, faults int) *scenarios.Scenario {
	s := &scenarios.Scenario{
		Name: "toy", Break: scenarios.Duration(30 * time.Second), Rest: scenarios.Duration(30 * time.Second),
		Cluster: scenarios.Cluster{Conductors: conductors},
		Jobs:    []scenarios.Jobs{{Name: "orders", Count: jobs, Tasks: tasks}},
	}
	for i := range faults {
		at := scenarios.Duration(i+1) * scenarios.Duration(time.Second) / 10
		s.Faults = append(s.Faults, scenarios.Fault{Kind: scenarios.KindNodeCrash, At: at})
	}
	s.Fill()
	return s
}

// without is the record without the draws at some places.
func without(record choice.Record, places map[int]bool) choice.Record {
	made := make(choice.Record, 0, len(record)-len(places))
	for i, draw := range record {
		if !places[i] {
			made = append(made, draw)
		}
	}
	return made
}
