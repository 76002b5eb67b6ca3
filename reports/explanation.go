package reports

import "fmt"

// ExplanationFile holds the [Explanation] of a run, in its folder.
const ExplanationFile = "explanation.json"

// DrawingFile is the drawing of the claims that have no order, beside it.
const DrawingFile = "claims.html"

// Explanation tells how a run came to break a promise: what led there, and what came of running it in other
// ways. Whoever can run it works it out (package sim/explain) and saves it; a report only shows it. Record
// numbers are those of history.jsonl, from 1; instants are in nanoseconds of virtual time.
type Explanation struct {
	Property string `json:"property"`
	Job      string `json:"job,omitempty"`
	Summary  string `json:"summary"` // what was promised, and which operations broke it

	// Faults says in a sentence how many of the faults that struck it took.
	Faults string `json:"faults,omitempty"`

	// Chain is the shortest chain of events that leads from the first fault that mattered to the violation,
	// with the other faults that mattered and the records that show the violation.
	Chain []Link `json:"chain,omitempty"`
	// Folded is how many records of the run are not in the chain.
	Folded int `json:"folded,omitempty"`

	Unordered  *Unordered  `json:"unordered,omitempty"`
	Without    *Parting    `json:"without,omitempty"`
	Inevitable *Inevitable `json:"inevitable,omitempty"`

	// Cut says, where that was so, that there was no time for all of it, or that the run is too long.
	Cut string `json:"cut,omitempty"`
}

// Link is one event of the chain, and why it could happen.
type Link struct {
	Record int64  `json:"record"`
	AtNS   int64  `json:"at_ns"`
	Node   string `json:"node,omitempty"` // on whose machine; empty: the store, or the world
	Text   string `json:"text"`           // what happened
	Why    string `json:"why,omitempty"`  // what of the links before it made it possible
	// After is the record of the link that Why is about; 0: none. Folded is how many records lie between this
	// link and the one before it that are not told.
	After  int64 `json:"after,omitempty"`
	Folded int   `json:"folded,omitempty"`
}

// Unordered is the operations of a job for which there is no order that the board could have carried out.
type Unordered struct {
	Records []int64 `json:"records"`  // the calls of the operations
	UntilNS int64   `json:"until_ns"` // up to this instant there was an order, and none after it
	// UntilRecord is the record with which there was none any more.
	UntilRecord int64  `json:"until_record,omitempty"`
	Text        string `json:"text"`              // why there is none
	Drawing     string `json:"drawing,omitempty"` // the file beside this one that porcupine drew
}

// Parting is the same run without one of its faults.
type Parting struct {
	Fault   string   `json:"fault"`  // which was left out
	Record  int64    `json:"record"` // the first that differs
	AtNS    int64    `json:"at_ns"`
	With    []string `json:"with"`    // what happened from there on in the run
	Without []string `json:"without"` // and what without the fault
	Broken  bool     `json:"broken"`  // whether the promise was broken nevertheless, for the same job if it is of one
}

// Inevitable is what came of branching the run: everything up to an instant as it was, and every choice
// after it drawn anew.
type Inevitable struct {
	Branches []Branch `json:"branches"` // in order of time
	// Job is set where only those runs are counted that broke the promise for that job, because all of them
	// broke it for some.
	Job    string `json:"job,omitempty"`
	Record int64  `json:"record"` // where the share of failing branches jumps most
	AtNS   int64  `json:"at_ns"`
	Text   string `json:"text"`
}

// Branch is how many of the runs that went on anew from an instant broke the same promise.
type Branch struct {
	AtNS   int64 `json:"at_ns"`
	Record int64 `json:"record"` // the last before it
	Runs   int   `json:"runs"`
	Broken int   `json:"broken"`
}

// What follows is said in text and in the page alike. Where it names a record, the page links to it.

// left is how much of the run the chain does not have; empty: nothing.
func (e *Explanation) left() string {
	switch e.Folded {
	case 0:
		return ""
	case 1:
		return "One other record of this run is left out."
	}
	return "The other " + plural(int64(e.Folded), "record") + " of this run are left out."
}

// until says how far there was an order of the operations.
func (u *Unordered) until() string {
	text := fmt.Sprintf("Until %s there was an order of all that was known", instant(u.UntilNS))
	if u.UntilRecord > 0 {
		text += fmt.Sprintf("; since record %d there is none", u.UntilRecord)
	}
	return text + "."
}

// place says where the two runs part.
func (p *Parting) place() string {
	if p.Record == 0 {
		return "The two runs are the same in every other record."
	}
	return fmt.Sprintf("The two runs part at %s, with record %d.", instant(p.AtNS), p.Record)
}

// outcome says whether the promise is broken without the fault too, for a job if it is of one.
func (p *Parting) outcome(job string) string {
	of := ""
	if job != "" {
		of = " for " + job
	}
	if p.Broken {
		return "The promise is broken" + of + " without it as well: here every other fault may still strike."
	}
	return "Without it, the promise is not broken" + of + "."
}
