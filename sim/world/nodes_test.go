package world_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"derail/checker/history"
	"derail/scenarios"
	"derail/sim/world"
)

// condition is how a machine is, by what a history has told so far.
type condition uint8

const (
	unborn condition = iota
	up
	standing // paused
	dead
)

// machine follows one machine through a history.
type machine struct {
	condition condition
	since     int64
	lives     int
}

// tale reads a history and says what machines do that machines cannot do.
type tale struct {
	t        *testing.T
	seed     uint64
	scenario *scenarios.Scenario
	history  *history.History
	machines []machine
	invoked  map[int64]int // by the number of the record: the life in which it was invoked
	healed   bool
	seen     map[history.Kind]int
}

// TestMachines: what a history tells of its machines. The dead and those that stand still do nothing;
// who died comes back after its time, who stood still goes on after its own, and the heal brings back
// all that are away and lets go all that are held.
func TestMachines(t *testing.T) {
	blueprints := map[string]*world.Blueprint{}
	for _, name := range []string{"crash-restart", "paused-conductor", "poison-conductor", "failpoints", "rolling-restart"} {
		blueprints[name] = blueprint(t, name)
	}
	blueprints["storm"], blueprints["deaths"] = pinnedBlueprint(t, "storm"), pinnedBlueprint(t, "deaths")
	seen := map[history.Kind]int{}
	for name, b := range blueprints {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, b)
			for seed := range seeds(20) {
				h := run(t, w, seed, world.Options{Full: true}).History
				tell := &tale{
					t: t, seed: seed, scenario: b.Scenario, history: h, machines: make([]machine, len(h.Processes)),
					invoked: map[int64]int{}, seen: seen,
				}
				for i := range h.Records {
					tell.record(int64(i+1), &h.Records[i])
				}
				tell.end()
			}
		})
	}
	for _, kind := range []history.Kind{history.Crash, history.Pause, history.Resume, history.Start, history.Heal} {
		if seen[kind] < 10 {
			t.Errorf("%v was seen %d times", kind, seen[kind])
		}
	}
}

func (s *tale) wrong(number int64, format string, args ...any) {
	s.t.Helper()
	s.t.Errorf("seed %d, record %d (%v): "+format, append([]any{s.seed, number, s.history.Records[number-1]}, args...)...)
}

func (s *tale) record(number int64, r *history.Record) {
	s.seen[r.Kind]++
	if r.Kind == history.Heal {
		s.heal(number, r)
		return
	}
	if r.Kind == history.Fault || r.Process < 0 || !s.conductor(r.Process) {
		return
	}
	m := &s.machines[r.Process]
	switch r.Kind {
	case history.Start:
		s.start(number, r, m)
	case history.Crash:
		s.becomes(number, r, m, dead, up, standing)
	case history.Pause:
		s.becomes(number, r, m, standing, up)
	case history.Resume:
		s.resume(number, r, m)
	default:
		s.does(number, r, m)
	}
}

func (s *tale) conductor(p history.ProcessID) bool {
	return strings.HasPrefix(s.history.Processes[p], scenarios.RoleConductor)
}

func (s *tale) becomes(number int64, r *history.Record, m *machine, next condition, from ...condition) {
	possible := false
	for _, c := range from {
		possible = possible || m.condition == c
	}
	if !possible {
		s.wrong(number, "the machine is in condition %d", m.condition)
	}
	m.condition, m.since = next, r.At
}

// spans is between what times a fault of a kind can last.
func (s *tale) spans(kinds ...string) (low, high int64) {
	low = 1 << 62
	for _, f := range s.scenario.Faults {
		for _, kind := range kinds {
			span := f.For
			if f.Kind == kind && span.High == 0 {
				span = s.scenario.Cluster.Restart
			}
			if f.Kind == kind {
				low, high = min(low, int64(span.Low)), max(high, int64(span.High))
			}
		}
	}
	return low, high
}

func (s *tale) start(number int64, r *history.Record, m *machine) {
	if m.condition == dead {
		low, high := s.spans(
			scenarios.KindNodeCrash, scenarios.KindNodeStop, scenarios.KindTaskPoison, scenarios.KindCodeFailpoint,
		)
		away := r.At - m.since
		if heal := r.At == int64(s.scenario.Break); away > high || away < low && !heal {
			s.wrong(number, "it was away for %v", time.Duration(away))
		}
	} else if r.At != 0 {
		s.wrong(number, "it begins late")
	}
	s.becomes(number, r, m, up, unborn, dead)
	m.lives++
}

func (s *tale) resume(number int64, r *history.Record, m *machine) {
	low, high := s.spans(scenarios.KindNodePause)
	stood := r.At - m.since
	if heal := r.At == int64(s.scenario.Break); stood > high || stood < low && !heal {
		s.wrong(number, "it stood still for %v", time.Duration(stood))
	}
	s.becomes(number, r, m, up, standing)
}

func (s *tale) heal(number int64, r *history.Record) {
	if s.healed || r.At != int64(s.scenario.Break) {
		s.wrong(number, "it is not the end of the breaking phase")
	}
	s.healed = true
	s.allUp(number)
}

func (s *tale) allUp(number int64) {
	for p := range s.machines {
		if s.conductor(history.ProcessID(p)) && s.machines[p].condition != up {
			s.wrong(number, "%s is in condition %d", s.history.Processes[p], s.machines[p].condition)
		}
	}
}

// does is anything that a machine's processes do.
func (s *tale) does(number int64, r *history.Record, m *machine) {
	if m.condition != up {
		s.wrong(number, "the machine is in condition %d", m.condition)
	}
	switch r.Type {
	case history.Invoke:
		s.invoked[number] = m.lives
	case history.OK, history.Fail, history.Info:
		if r.Call == 0 { // a save, which is recorded at its end only
			return
		}
		if life, is := s.invoked[r.Call]; !is || life != m.lives {
			s.wrong(number, "it completes what was invoked in life %d, in life %d", life, m.lives)
		}
		delete(s.invoked, r.Call)
	}
}

func (s *tale) end() {
	last := int64(len(s.history.Records))
	forever := false
	for _, f := range s.scenario.Faults {
		forever = forever || f.Forever
	}
	if !s.healed {
		s.wrong(last, "there was no heal")
	}
	if !forever {
		s.allUp(last)
	}
	for i := range s.history.Records {
		r := &s.history.Records[i]
		strikes := r.Kind == history.Crash || r.Kind == history.Pause
		if r.At > int64(s.scenario.Break) && !forever && strikes {
			s.wrong(int64(i+1), "it is after the heal")
		}
	}
}

// TestTheHealAndWhatIsForever: the heal ends what is under way, and what would have ended later by
// itself does not end that which comes after.
func TestTheHealAndWhatIsForever(t *testing.T) {
	for kind, want := range map[string]string{
		scenarios.KindNodePause: "0s start, 4s pause, 5s resume, 5s heal, 10.5s pause, 40.5s resume",
		scenarios.KindNodeCrash: "0s start, 4s crash, 5s start, 5s heal, 10.5s crash, 40.5s start",
	} {
		b := compiled(t, "forever.yaml", []byte(strings.ReplaceAll(`
name: forever
about: One ends with the heal; of the other, the first finds nobody, and the second comes later.
break: 5s
rest: 5m
cluster:
  conductors: 1
jobs:
  - name: order
    tasks: 1
    work: 1m
faults:
  - kind: KIND
    at: 4s
    for: 20s
  - kind: KIND
    at: 4500ms
    every: 6s
    for: 30s
    times: 2
    forever: true
`, "KIND", kind)))
		var told []string
		for _, r := range run(t, newWorld(t, b), 1, world.Options{}).History.Records {
			switch r.Kind {
			case history.Start, history.Crash, history.Pause, history.Resume, history.Heal:
				told = append(told, fmt.Sprint(time.Duration(r.At), " ", r.Kind))
			}
		}
		if got := strings.Join(told, ", "); got != want {
			t.Errorf("%s: %s, want %s", kind, got, want)
		}
	}
}

// TestOutageIsToldOnce: in a full history as well as in a short one.
func TestOutageIsToldOnce(t *testing.T) {
	w := newWorld(t, blueprint(t, "storage-outage"))
	for _, full := range []bool{false, true} {
		told := 0
		for _, r := range run(t, w, 1, world.Options{Full: full}).History.Records {
			if r.Kind == history.Fault {
				told++
				what := r.Reason == scenarios.KindStorageDown && r.Subject == scenarios.NodeStore
				if r.At != int64(8*time.Second) || !what {
					t.Errorf("told %+v", r)
				}
			}
		}
		if told != 1 {
			t.Errorf("full %t: told %d times", full, told)
		}
	}
}
