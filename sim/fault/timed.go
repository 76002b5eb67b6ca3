package fault

import (
	"slices"
	"strings"

	"derail/scenarios"
)

// Hits says which machines a timed fault hits each time.
type Hits uint8

// The choices of machines.
const (
	HitsOne    Hits = iota // one of Timed.Nodes, drawn
	HitsAll                // all of them
	HitsInTurn             // the next of them, the first after the last
)

// Timed is a fault that strikes at a time.
type Timed struct {
	Kind    string
	Stream  string // the name of its stream
	At      int64
	Every   scenarios.Span // zero: once
	For     scenarios.Span // zero: as the cluster says
	By      scenarios.Span // how far a clock jumps, how much longer a slow link takes
	Until   int64
	Times   int
	Nodes   []int // the machines that it can hit
	Hits    Hits
	Way     Way      // network.cut, network.slow
	Back    bool     // clock.jump: backwards
	Silence bool     // storage.down answers nothing
	Records []string // storage.corrupt: of these; nil: all
	Groups  []bool   // storage.corrupt: of the jobs of these groups; nil: all
	Struck  int      // in a run's own copy: how often it has struck so far
	count   int
}

func (p *Plan) timedFault(f *scenarios.Fault, stream, reached string) Timed {
	t := Timed{
		Kind: f.Kind, Stream: stream, At: int64(f.At), Every: f.Every, For: f.For, By: f.By,
		Until: end(p.scenario, f, 0), Times: f.Times, Way: wayOf(f.Way), Back: f.As == scenarios.ClockSlow,
		Silence: f.Answer == scenarios.AnswerSilence, Records: f.Records, Groups: groupsOf(p.scenario, f),
		count: p.count(reached),
	}
	switch f.Hits {
	case scenarios.HitsAll:
		t.Hits = HitsAll
	case scenarios.HitsInTurn:
		t.Hits = HitsInTurn
	}
	for i, n := range p.nodes {
		if slices.Contains(f.Nodes, n) || len(f.Nodes) == 0 && isConductor(n) {
			t.Nodes = append(t.Nodes, i)
		}
	}
	return t
}

func isConductor(node string) bool { return strings.HasPrefix(node, scenarios.RoleConductor+"-") }

// end is when a fault stops striking, at the latest.
func end(s *scenarios.Scenario, f *scenarios.Fault, until scenarios.Duration) int64 {
	switch {
	case until > 0 && f.Forever:
		return int64(until)
	case f.Forever:
		return 1<<63 - 1
	case until > 0 && until < s.Break:
		return int64(until)
	default:
		return int64(s.Break)
	}
}

func wayOf(name string) Way {
	switch name {
	case scenarios.WayRequests:
		return Requests
	case scenarios.WayAnswers:
		return Answers
	default:
		return BothWays
	}
}

// groupsOf says which groups of jobs a fault is about; nil: all.
func groupsOf(s *scenarios.Scenario, f *scenarios.Fault) []bool {
	if len(f.Jobs) == 0 {
		return nil
	}
	groups := make([]bool, len(s.Jobs))
	for i := range s.Jobs {
		groups[i] = slices.Contains(f.Jobs, s.Jobs[i].Name)
	}
	return groups
}
