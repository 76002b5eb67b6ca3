package shrink

import (
	"fmt"
	"strings"

	"derail/scenarios"
	"derail/sim/choice"
	"derail/sim/world"
)

// Size is what there is to understand of a run.
type Size struct {
	Faults     int   `json:"faults"`     // strikes
	Switches   int   `json:"switches"`   // choices that are not benign, of who goes first: forced switches
	Conductors int   `json:"conductors"` //
	Jobs       int   `json:"jobs"`       //
	Tasks      int   `json:"tasks"`      // and retries, of all jobs
	Choices    int   `json:"choices"`    // that are not benign, besides strikes and switches
	Simulated  int64 `json:"simulated_ns"`
}

// sizeOf measures a run. A fault that strikes whenever it can counts once.
func sizeOf(s *scenarios.Scenario, strikes map[string]int64, record choice.Record, simulated int64) Size {
	size := Size{Conductors: s.Cluster.Conductors, Simulated: simulated}
	for i := range s.Jobs {
		g := &s.Jobs[i]
		size.Jobs += g.Count
		size.Tasks += g.Count * atoms(g)
	}
	rates, chances := ratesOf(s), 0
	for _, draw := range record {
		switch {
		case familyOf(draw.Stream) == ofKernel:
			size.Switches++
		case rates.has(draw.Stream):
			if _, suffix := splitStream(draw.Stream); suffix == "" {
				chances++
			}
		default:
			size.Choices++
		}
	}
	size.Faults = chances + entries(s, strikes)
	return size
}

// entries counts the faults that strike without a choice: those at a time, and those that always do.
func entries(s *scenarios.Scenario, strikes map[string]int64) (all int) {
	several := map[string]bool{}
	for i := range s.Faults {
		f := &s.Faults[i]
		kind, _ := scenarios.FindKind(f.Kind)
		switch {
		case kind.Timed && f.Every != (scenarios.Span{}):
			several[kind.Reached] = true
		case kind.Timed, f.Rate == scenarios.Whole, f.Rate == 0:
			all++
		}
	}
	for name := range several {
		all += int(strikes[name])
	}
	return all
}

// strikesIn is how often each kind of fault has struck in a run. What a failpoint does counts under the name
// of its point as well, which has a slash: that is left out.
func strikesIn(b *world.Blueprint, r *world.Result) map[string]int64 {
	strikes := map[string]int64{}
	for i, name := range b.FaultNames() {
		if !strings.Contains(name, "/") {
			strikes[name] += r.Faults[i]
		}
	}
	return strikes
}

// The aim: nearly every failure is to be shrunk to so much.
const (
	MostFaults     = 3
	MostSwitches   = 5
	MostConductors = 2
)

// Aimed reports whether it is as small as it is to be.
func (s Size) Aimed() bool {
	return s.Faults <= MostFaults && s.Switches <= MostSwitches && s.Conductors <= MostConductors
}

// weight is how much there is to remember.
func (s Size) weight() int {
	return 4*s.Faults + 4*s.Switches + 3*s.Conductors + s.Jobs + s.Tasks + 2*s.Choices
}

// total is how many strikes there are in all.
func total(strikes map[string]int64) (all int) {
	for _, n := range strikes {
		all += int(n)
	}
	return all
}

// atoms is how many tasks and retries a job has.
func atoms(g *scenarios.Jobs) int {
	if g.Flow == nil {
		return g.Tasks
	}
	return atomsIn(g.Flow.Items, g.Flow.Retry)
}

func atomsIn(items []scenarios.Item, retry *scenarios.Retry) (all int) {
	if retry != nil {
		all++
	}
	for i := range items {
		if items[i].Flow == "" {
			all++
		} else {
			all += atomsIn(items[i].Items, items[i].Retry)
		}
	}
	return all
}

// String is the size in a few words.
func (s Size) String() string {
	return strings.Join([]string{
		counted(s.Faults, "fault"), counted(s.Switches, "forced switch"), counted(s.Conductors, "conductor"),
		counted(s.Jobs, "job"), counted(s.Tasks, "task"), counted(s.Choices, "other choice"),
	}, ", ")
}

func counted(n int, what string) string {
	switch {
	case n == 1:
		return "1 " + what
	case strings.HasSuffix(what, "h"):
		what += "e"
	}
	return fmt.Sprintf("%d %ss", n, what)
}
