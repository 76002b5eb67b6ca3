package reports

import (
	"cmp"
	"slices"

	"derail/checker"
)

// Version is the version of summary.json and run.json that this package writes, and the only one
// that it reads.
const Version = 1

// Campaign is what came of running scenarios: the content of summary.json, except for its version
// and as_expected, which are written from [Version] and [Campaign.AsExpected].
type Campaign struct {
	Command     string     `json:"command,omitempty"` // the command line that ran it
	Interrupted bool       `json:"interrupted"`       // it ended before every run was made
	Reason      string     `json:"reason,omitempty"`  // why it was interrupted, in words
	WallNS      int64      `json:"wall_ns"`           // how long it took by the clock on the wall
	Scenarios   []Scenario `json:"scenarios"`         // in the order in which they were asked for
	Coverage    *Coverage  `json:"coverage,omitempty"`
}

// Scenario is what came of all runs of one scenario.
type Scenario struct {
	Name  string `json:"name"`
	About string `json:"about,omitempty"`
	File  string `json:"file,omitempty"` // where it was read from

	Seeds Seeds `json:"seeds"` // asked for
	Runs  int   `json:"runs"`  // made; fewer than the seeds when the campaign was interrupted

	AsExpected  bool     `json:"as_expected"`
	Expectation string   `json:"expectation,omitempty"` // one sentence: what was expected and what came
	Unmet       []string `json:"unmet,omitempty"`       // what the runs together should have shown and did not
	Failed      int      `json:"failed"`                // runs that did not go as expected
	Ruined      int      `json:"ruined,omitempty"`      // runs in which data was broken beyond what the promises cover
	Cut         int      `json:"cut,omitempty"`         // runs that were ended where a promise was broken

	SimulatedNS int64     `json:"simulated_ns"`
	WallNS      int64     `json:"wall_ns"`
	Events      int64     `json:"events"`
	StoreCalls  int64     `json:"store_calls"`
	Faults      []Count   `json:"faults,omitempty"` // injected, by name
	Idle        []string  `json:"idle,omitempty"`   // faults that the scenario names and that never struck
	Marks       []Count   `json:"marks,omitempty"`  // that were met, and in how many runs
	Jobs        JobCounts `json:"jobs"`
	// Points is the failpoints that were passed.
	Points []PointCount `json:"points,omitempty"`
	// Plots is what its runs were like, by size; nil where that was not counted.
	Plots *Plots `json:"plots,omitempty"`

	// Policy and Groups are what the scenario says of these; explanations quote them.
	Policy Policy     `json:"policy"`
	Groups []JobGroup `json:"groups,omitempty"`

	Properties []Property `json:"properties"`
	Findings   []Finding  `json:"findings,omitempty"` // properties found broken as expected
	Failures   []Failure  `json:"failures,omitempty"` // the first runs that failed; Failed counts all
}

// Seeds is a range of seeds.
type Seeds struct {
	First uint64 `json:"first"`
	Count int    `json:"count"`
}

// Count says how often something happened.
type Count struct {
	Name  string `json:"name"`
	Count int64  `json:"count"`
}

// Counts is m as a list that is ordered by name.
func Counts(m map[string]int64) []Count {
	list := make([]Count, 0, len(m))
	for name, n := range m {
		list = append(list, Count{Name: name, Count: n})
	}
	slices.SortFunc(list, func(a, b Count) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

// JobCounts says what became of the jobs.
type JobCounts struct {
	Posted   int64 `json:"posted"`
	Consumed int64 `json:"consumed"`
	Trashed  int64 `json:"trashed"`
	Left     int64 `json:"left"` // still on the board when their run ended
}

// Policy is the attempts policy of a scenario.
type Policy struct {
	Attempts int      `json:"attempts"`         // 0: no limit
	Excuse   []string `json:"excuse,omitempty"` // classes of failure that use up no attempt
	Cycle    int      `json:"cycle,omitempty"`  // claims in a row without progress that make a cycle
}

// JobGroup is a group of like jobs, named NAME-1, NAME-2, and so on.
type JobGroup struct {
	Name    string `json:"name"`
	Count   int    `json:"count"`
	Tasks   int    `json:"tasks,omitempty"`
	Pattern string `json:"pattern,omitempty"`
}

// Property says how one property came out over all runs of a scenario.
type Property struct {
	Name         string `json:"name"`
	Held         int    `json:"held"`
	Broken       int    `json:"broken"`
	Undecided    int    `json:"undecided"`
	ExpectBroken bool   `json:"expect_broken,omitempty"` // the scenario is there to show it broken in every run
	ExpectFound  bool   `json:"expect_found,omitempty"`  // or in at least one run, and it may be in any
	MayBreak     bool   `json:"may_break,omitempty"`     // it may be broken in any run, and need not be
}

// AsExpected says whether the property came out as the scenario expects. Undecided is as expected only where
// broken is and held is as well.
func (p Property) AsExpected() bool {
	switch {
	case p.ExpectBroken:
		return p.Held == 0 && p.Undecided == 0
	case p.ExpectFound:
		return p.Broken > 0
	case p.MayBreak:
		return true
	}
	return p.Broken == 0 && p.Undecided == 0
}

// Finding is a property found broken by a scenario that is there to show it broken.
type Finding struct {
	Property string             `json:"property"`
	Runs     int                `json:"runs"`    // how many runs showed it
	Summary  string             `json:"summary"` // the verdict's sentence, of the run with Seed
	Seed     uint64             `json:"seed"`    // the first that showed it
	Hash     string             `json:"hash,omitempty"`
	Cycle    *checker.CyclePath `json:"cycle,omitempty"`
	Folder   string             `json:"folder,omitempty"` // where that run is saved, relative to summary.json
	Replay   string             `json:"replay,omitempty"` // the command that runs it again
	// Cause is what lies behind it, in sentences: see [Cause].
	Cause string `json:"cause,omitempty"`
	Drawn
}

// Drawn is what a run drew for itself.
type Drawn struct {
	// Plan is the plan of the faults that the seed drew, as text; empty where the scenario leaves nothing open.
	Plan string `json:"plan,omitempty"`
	// ReplayPlan is the command that runs the seed with this plan in the place of the scenario's faults.
	ReplayPlan string `json:"replay_plan,omitempty"`
}

// Failure is one run that did not go as expected.
type Failure struct {
	Seed   uint64             `json:"seed"`
	Hash   string             `json:"hash,omitempty"`
	Broken []Breach           `json:"broken,omitempty"` // broken or undecided properties
	Unmet  []string           `json:"unmet,omitempty"`  // other expectations not met, one sentence each
	Cycle  *checker.CyclePath `json:"cycle,omitempty"`
	Folder string             `json:"folder,omitempty"` // where the run is saved, relative to summary.json
	Replay string             `json:"replay,omitempty"` // the command that runs it again
	Cause  string             `json:"cause,omitempty"`  // what lies behind it, in sentences: see [Cause]
	Drawn

	// Nondeterministic says that the same seed gave another hash when it was run again. Difference
	// tells the first step that differed.
	Nondeterministic bool   `json:"nondeterministic,omitempty"`
	SecondHash       string `json:"second_hash,omitempty"`
	Difference       string `json:"difference,omitempty"`
}

// Breach is one property that a run broke, left undecided, or kept although it was to be broken.
type Breach struct {
	Property string          `json:"property"`
	Outcome  checker.Outcome `json:"outcome"`
	Summary  string          `json:"summary"`
}

// sentence is the breach in a sentence.
func (b *Breach) sentence() string {
	return b.Property + " " + breachWord(b.Outcome) + sentenceAfter(b.Summary)
}

// AsExpected says whether every run was made and every scenario came out as expected. A campaign
// without a scenario does not.
func (c *Campaign) AsExpected() bool {
	if c.Interrupted || len(c.Scenarios) == 0 {
		return false
	}
	return !slices.ContainsFunc(c.Scenarios, func(s Scenario) bool { return !s.AsExpected })
}

// Nondeterministic says whether a seed gave two different runs.
func (c *Campaign) Nondeterministic() bool {
	return slices.ContainsFunc(c.Scenarios, func(s Scenario) bool {
		return slices.ContainsFunc(s.Failures, func(f Failure) bool { return f.Nondeterministic })
	})
}
