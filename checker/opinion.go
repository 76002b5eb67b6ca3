package checker

import (
	"derail/checker/history"
	"derail/checker/model"
)

// Opinion is what porcupine says of the operations on one job.
type Opinion struct {
	Job     string  `json:"job"`
	Outcome Outcome `json:"outcome"` // Unknown: it would have taken too long
	// Verdict is what claim.linearizable says of the job; Unknown where it was not decided.
	Verdict Outcome `json:"verdict"`
}

// Differ says whether the two contradict each other.
func (o Opinion) Differ() bool {
	return o.Outcome != Unknown && o.Verdict != Unknown && o.Outcome != o.Verdict
}

// SecondOpinion asks porcupine alone about the claims of every job of h, and puts what it says beside what
// claim.linearizable says. What is not covered, because data was lost, it is not asked about. It takes at
// most so many steps of the model for each job. What is no history has no opinions.
func SecondOpinion(h *history.History, steps int) []Opinion {
	r := Read(h)
	if r.malformed != "" {
		return nil
	}
	r.ruling = ruling{cover: coverOf("claim.linearizable")}
	r.linearizable()
	said := map[string]Outcome{}
	for _, f := range r.ruling.open {
		said[f.Job] = Unknown
	}
	for _, f := range r.ruling.broken {
		said[f.Job] = Invalid
	}
	opinions := make([]Opinion, 0, len(h.Jobs))
	for job, name := range h.Jobs {
		covered := h
		if at := r.uncovered(history.JobID(job)); at != never {
			covered = before(h, at)
		}
		ops := model.Operations(covered, history.JobID(job))
		o := Opinion{Job: name, Outcome: searched(covered, ops, steps), Verdict: Valid}
		if outcome, found := said[name]; found {
			o.Verdict = outcome
		}
		opinions = append(opinions, o)
	}
	return opinions
}
