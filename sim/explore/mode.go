package explore

import (
	"derail/scenarios"
	"derail/sim/choice"
)

// Mode is a way to search that can be asked for by its name.
type Mode struct {
	Name  string
	About string // in a few words
	Begin func(s *scenarios.Scenario, o Beginning) Strategy
}

// Beginning is what modes begin with; each takes of it what it needs.
type Beginning struct {
	First  uint64          // the first seed
	Depth  int             // pct: of the bugs that the bound is about
	Corpus []choice.Record // guided: runs to begin with
}

// DefaultDepth is what pct looks for: three pairs of steps in order, one more than most known bugs of order
// need.
const DefaultDepth = 3

// Modes lists the ways to search that need no more than a scenario and a seed.
func Modes() []Mode {
	return []Mode{
		{"random", "seed after seed, every choice by chance", func(_ *scenarios.Scenario, o Beginning) Strategy {
			return Random(o.First)
		}},
		{"swarm", "each run without a part of the faults", func(s *scenarios.Scenario, o Beginning) Strategy {
			return Swarm(s, o.First)
		}},
		{"pct", "priorities that change at a few moments", func(_ *scenarios.Scenario, o Beginning) Strategy {
			return PCT(o.First, o.Depth)
		}},
		{"guided", "near to what reached something new", func(_ *scenarios.Scenario, o Beginning) Strategy {
			return Guided(o.First, o.Corpus)
		}},
	}
}
