package fault_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"derail/scenarios"
	"derail/sim/choice"
	"derail/sim/fault"

	"github.com/google/go-cmp/cmp"
)

// swarms are scenarios of several shapes, each with a swarm.
var swarms = map[string]string{
	"plain": "break: 40s\nrest: 40s\ncluster:\n  conductors: 3\njobs:\n  - name: a\nswarm: {}\n",
	"alone": "break: 1ms\ncluster:\n  conductors: 1\njobs:\n  - name: a\n    tasks: 1\nswarm:\n  most: 1\n",
	"run limit": "break: 10s\nrest: 1s\ncluster:\n  run-limit: 5s\njobs:\n  - name: a\n  - name: b\n" +
		"swarm:\n  most: 50\n",
	"long": "break: 720h\nrest: 720h\nheal: core\njobs:\n  - name: a\n    tasks: 9\n  - name: b\n    tasks: 1\n" +
		"swarm:\n  most: 20\n",
	"areas": "break: 9s\nrest: 9s\njobs:\n  - name: a\nswarm:\n  kinds: [network, node, task.error, clock]\n",
	"weak": "break: 9s\nrest: 9s\njobs:\n  - name: a\nswarm:\n  kinds: [storage.stale, storage.failover, " +
		"storage.corrupt, lease.lost, watch.repeat, watch.drop, clock.jump]\n",
	"disk": "break: 20s\nrest: 20s\ncluster:\n  store: sqlite\njobs:\n  - name: a\nswarm: {}\n",
	"weak disk": "break: 20s\ncluster:\n  store: sqlite\njobs:\n  - name: a\nswarm:\n  most: 4\n" +
		"  kinds: [disk.torn, disk.lie, disk.flip, disk.lost, disk.power-loss]\n",
	"torn": "break: 20s\ncluster:\n  store: sqlite\njobs:\n  - name: a\n" +
		"faults:\n  - kind: disk.power-loss\n    rate: 1%\nswarm:\n  kinds: [disk.torn]\n",
}

var swarmPoints = []string{"jobboard/claim", "logbook/save"}

func swarmScenario(t *testing.T, name string) *scenarios.Scenario {
	t.Helper()
	s, err := scenarios.Parse(name, []byte("name: x\n"+swarms[name]), scenarios.ParseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestDrawIsRight: what is drawn could stand in the scenario's file, and reads back from its text.
func TestDrawIsRight(t *testing.T) {
	for name := range swarms {
		t.Run(name, func(t *testing.T) {
			s := swarmScenario(t, name)
			counts := map[string]int{}
			for seed := range uint64(400) {
				faults := fault.Draw(s, swarmPoints, choice.Seeded(seed))
				if len(faults) < 1 || len(faults) > s.Swarm.Most {
					t.Fatalf("seed %d drew %d faults of at most %d", seed, len(faults), s.Swarm.Most)
				}
				text := scenarios.FormatFaults(faults)
				with, err := s.WithFaults(slices.Concat(s.Faults, faults))
				if err != nil {
					t.Fatalf("seed %d: %v\n%s", seed, err, text)
				}
				if diff := cmp.Diff(faults, with.Faults[len(s.Faults):]); diff != "" {
					t.Fatalf("seed %d: %s\n%s", seed, diff, text)
				}
				for i := range faults {
					counts[faults[i].Kind]++
					checkDrawn(t, s, &faults[i])
				}
			}
			for _, kind := range s.SwarmKinds() {
				if counts[kind.Name] == 0 {
					t.Errorf("%s was never drawn", kind.Name)
				}
				delete(counts, kind.Name)
			}
			if len(counts) > 0 {
				t.Errorf("drawn, and not to be: %v", counts)
			}
		})
	}
}

// checkDrawn holds a fault to what lets the system come to rest.
func checkDrawn(t *testing.T, s *scenarios.Scenario, f *scenarios.Fault) {
	t.Helper()
	kind, _ := scenarios.FindKind(f.Kind)
	late := max(f.By.High, f.For.High)
	if kind.Timed {
		late = f.By.High
	}
	if f.Forever || s.Rest > 0 && late > s.Rest/8 {
		t.Errorf("the system may not come to rest: %s", scenarios.FormatFaults([]scenarios.Fault{*f}))
	}
	for _, d := range []scenarios.Duration{f.At, f.From, f.For.Low, f.For.High, f.By.High, f.Every.Low} {
		if digits := strings.TrimRight(fmt.Sprint(int64(d)), "0"); len(digits) > 3 {
			t.Errorf("%v is not rounded", d)
		}
	}
}

// TestDrawVaries: options are taken and left, and strengths are spread over magnitudes.
func TestDrawVaries(t *testing.T) {
	s := swarmScenario(t, "long")
	seen := map[string]int{}
	for seed := range uint64(600) {
		faults := fault.Draw(s, swarmPoints, choice.Seeded(seed))
		seen[fmt.Sprint("faults ", len(faults))]++
		for _, word := range strings.Fields(scenarios.FormatFaults(faults)) {
			word = strings.TrimSuffix(word, ";")
			key, value, _ := strings.Cut(word, "=")
			seen[key]++
			seen[word]++
			if key == "rate" {
				var rate scenarios.Rate
				if err := rate.UnmarshalText([]byte(value)); err != nil {
					t.Fatal(err)
				}
				seen[fmt.Sprint("digits ", len(fmt.Sprint(uint32(rate))))]++
			}
		}
	}
	for _, want := range []string{
		"faults 1", "faults 10", "faults 20", "digits 3", "digits 4", "digits 5", "digits 6",
		"point=any", "point=logbook/save", "alive", "as=crash", "as=slow", "way=requests", "way=answers",
		"hits=all", "hits=in-turn", "by", "drift", "answer=silence", "rate", "at", "every", "for", "from", "until", "on=save",
		"jobs=a", "jobs=b", "tasks=9", "nodes=conductor-3", "nodes=client-1", "times=5",
	} {
		if seen[want] < 5 {
			t.Errorf("%q was drawn %d times", want, seen[want])
		}
	}
}

// TestDrawOfZero: the least there is, and seldom.
func TestDrawOfZero(t *testing.T) {
	zero := drawing(func(choice.Address) uint64 { return 0 })
	faults := fault.Draw(swarmScenario(t, "plain"), swarmPoints, zero)
	if got := scenarios.FormatFaults(faults); got != "storage.refused rate=0.01%" {
		t.Error(got)
	}
}

// TestDrawsStayApart: a fault that is taken away leaves the others as they were.
func TestDrawsStayApart(t *testing.T) {
	s := swarmScenario(t, "plain")
	for seed := range uint64(50) {
		all := fault.Draw(s, swarmPoints, choice.Seeded(seed))
		if len(all) < 3 {
			continue
		}
		recording := choice.Recording(seed)
		fault.Draw(s, swarmPoints, recording)
		less := map[string]bool{}
		for place := range s.Swarm.Most {
			entity := fmt.Sprint(place + 1)
			values := map[choice.Address]uint64{}
			for _, draw := range recording.Record() {
				if draw.Entity != entity {
					values[draw.Address] = draw.Value
				}
			}
			rest := fault.Draw(s, swarmPoints, drawing(func(at choice.Address) uint64 { return values[at] }))
			less[scenarios.FormatFaults(rest)] = true
		}
		for out := range all {
			want := scenarios.FormatFaults(slices.Delete(slices.Clone(all), out, out+1))
			if !less[want] {
				t.Errorf("seed %d: no place leaves %s", seed, want)
			}
		}
	}
}

func drawing(answer func(at choice.Address) uint64) *choice.Source {
	return choice.FromFunc(func(at choice.Address, _ uint64) uint64 { return answer(at) })
}

// TestDrawWithoutASwarm: a scenario without one has no faults but its own, and without points none strikes.
func TestDrawWithoutASwarm(t *testing.T) {
	s := swarmScenario(t, "plain")
	s.Swarm = nil
	if faults := fault.Draw(s, swarmPoints, choice.Seeded(1)); faults != nil {
		t.Errorf("%d faults were drawn", len(faults))
	}
	s.Swarm = &scenarios.Swarm{Kinds: []string{scenarios.KindCodeFailpoint}, Most: 3}
	if faults := fault.Draw(s, nil, choice.Seeded(1)); faults != nil {
		t.Errorf("%d faults were drawn", len(faults))
	}
}

// TestEveryPairIsDrawn: whatever two kinds a swarm has, it draws them together before long.
func TestEveryPairIsDrawn(t *testing.T) {
	for _, name := range []string{"plain", "disk", "long"} {
		s := swarmScenario(t, name)
		together := map[[2]string]int{}
		for seed := range uint64(4000) {
			faults := fault.Draw(s, swarmPoints, choice.Seeded(seed))
			for _, one := range faults {
				for _, other := range faults {
					together[[2]string{one.Kind, other.Kind}]++
				}
			}
		}
		for _, one := range s.SwarmKinds() {
			for _, other := range s.SwarmKinds() {
				if n := together[[2]string{one.Name, other.Name}]; n < 40 {
					t.Errorf("%s: %s and %s were drawn together %d times", name, one.Name, other.Name, n)
				}
			}
		}
	}
}
