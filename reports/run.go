package reports

import (
	"fmt"
	"strings"

	"derail/checker"
	"derail/checker/history"
)

// Run is what came of one run: the content of run.json in its folder, except for the version.
type Run struct {
	Scenario string `json:"scenario"`
	About    string `json:"about,omitempty"`
	Seed     uint64 `json:"seed"`
	Hash     string `json:"hash,omitempty"`
	Replay   string `json:"replay,omitempty"` // the command that runs it again
	Bug      string `json:"bug,omitempty"`    // the bug that was planted in the core for it; without it, it is another run
	Drawn

	AsExpected  bool     `json:"as_expected"`
	Expectation string   `json:"expectation,omitempty"` // one sentence: what was expected and what came
	Unmet       []string `json:"unmet,omitempty"`       // expectations beside the properties that were not met

	Verdicts []checker.Verdict `json:"verdicts"`
	// Ruined says what was broken beyond what the promises cover, a sentence each.
	Ruined []string `json:"ruined,omitempty"`

	// Stopped is the promise that was broken where the run was ended for that, and StoppedAt the record.
	Stopped   string `json:"stopped,omitempty"`
	StoppedAt int64  `json:"stopped_at,omitempty"`

	SimulatedNS int64   `json:"simulated_ns"`
	Events      int64   `json:"events"`
	StoreCalls  int64   `json:"store_calls"`
	Faults      []Count `json:"faults,omitempty"`
	// Points is the failpoints that were passed.
	Points []PointCount `json:"points,omitempty"`
	Marks  []string     `json:"marks,omitempty"` // met, by name
	Jobs   JobCounts    `json:"jobs"`
	Policy Policy       `json:"policy"`
	Groups []JobGroup   `json:"groups,omitempty"`

	Nondeterministic bool   `json:"nondeterministic,omitempty"`
	SecondHash       string `json:"second_hash,omitempty"`
	Difference       string `json:"difference,omitempty"`
}

// RunFolder is everything that the folder of one saved run holds.
type RunFolder struct {
	Run      Run              // run.json
	History  *history.History // history.jsonl
	Scenario []byte           // scenario.yaml: the scenario as it was run
	Choices  []byte           // choices.txt: every choice that was drawn; nil when they were not recorded
	// Explanation is explanation.json: how a promise came to be broken; nil where nobody worked it out.
	Explanation *Explanation
	// Drawing is claims.html: porcupine's drawing of the claims that have no order; nil where there is none.
	Drawing []byte

	// Tell names the jobs that are asked for: the page shows the first of them, and [RunText] tells of no
	// others. It is not saved.
	Tell []string
}

// RunName is the name of the folder of one run: the scenario and the seed, in letters that every
// file system takes.
func RunName(scenario string, seed uint64) string {
	safe := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_':
			return r
		default:
			return '-'
		}
	}, scenario)
	return fmt.Sprintf("%s-seed-%d", safe, seed)
}
