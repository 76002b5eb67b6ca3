package checker

import "fmt"

// Outcome is what a check came to. Its zero value is Unknown, and Unknown is not a pass.
type Outcome uint8

// The outcomes.
const (
	Unknown Outcome = iota
	Valid
	Invalid
)

// The words for the outcomes, in JSON and for people.
var outcomeNames = [...]string{Unknown: "unknown", Valid: "valid", Invalid: "invalid"}

// String is the outcome in lower case.
func (o Outcome) String() string {
	if int(o) >= len(outcomeNames) {
		return outcomeNames[Unknown]
	}
	return outcomeNames[o]
}

// MarshalText writes the outcome as its word.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads the word of an outcome.
func (o *Outcome) UnmarshalText(text []byte) error {
	for i, name := range outcomeNames {
		if name == string(text) {
			*o = Outcome(i)
			return nil
		}
	}
	return fmt.Errorf("unknown outcome %q: want unknown, valid or invalid", text)
}

// Verdict is the outcome of one property on one history, with the evidence.
type Verdict struct {
	Property string  `json:"property"`
	Outcome  Outcome `json:"outcome"`
	Checked  int     `json:"checked"` // how many things the property looked at (claims, jobs, saves, ...)
	// Excused is how many findings do not count, because every copy of the data that they are about had been
	// lost or damaged: see the package documentation.
	Excused int `json:"excused,omitempty"`
	// Summary is one sentence: what was broken and by whom. A Valid verdict has none, or says that
	// nothing was asked.
	Summary string `json:"summary,omitempty"`
	// Findings are the things that break it or leave it undecided, the first by sequence number first,
	// and not more than a hundred of them.
	Findings []Finding  `json:"findings,omitempty"`
	Cycle    *CyclePath `json:"cycle,omitempty"` // cycle.none: the worst cycle found
}

// Finding is one thing that breaks a property, or leaves it undecided.
type Finding struct {
	Job     string  `json:"job,omitempty"`
	Text    string  `json:"text"`    // one sentence for people
	Records []int64 `json:"records"` // the sequence numbers that show it, ascending
}

// CyclePath tells an endless cycle: the same job, claimed and given up again and again without
// progress.
type CyclePath struct {
	Job      string      `json:"job"`
	Claims   int         `json:"claims"`   // how many times in a row it was claimed and given up
	From     int64       `json:"from_ns"`  // when the first of those claims was granted
	Until    int64       `json:"until_ns"` // when the last one was given up
	Held     int64       `json:"held_ns"`  // conductor time wasted: the sum of all those claims' durations
	Executed int         `json:"executed"` // task executions wasted
	Steps    []CycleStep `json:"steps"`    // the first few claims and the last
	Failures []Tally     `json:"failures"` // how often each failure ended a claim, most frequent first
	Owners   []Tally     `json:"owners"`   // how often each conductor claimed it, most frequent first
	Ended    bool        `json:"ended"`    // whether something ended the cycle (the job was trashed or consumed)
}

// CycleStep is one claim of a cycle and how it ended.
type CycleStep struct {
	Conductor string `json:"conductor"`
	Epoch     int64  `json:"epoch"`
	At        int64  `json:"at_ns"`
	Record    int64  `json:"record"` // the sequence number of the granted claim
	End       string `json:"end"`    // abandon, lease end, ...
	Failure   string `json:"failure,omitempty"`
}

// Tally counts how often a text occurred.
type Tally struct {
	Text  string `json:"text"`
	Count int    `json:"count"`
}
