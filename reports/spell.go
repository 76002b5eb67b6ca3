package reports

import (
	"fmt"
	"slices"
	"strings"

	"derail/checker/history"
)

// spell is a while in which one process works on one job and nothing else happens to either: it is told in
// one sentence.
type spell struct {
	h       *history.History
	job     history.JobID
	process history.ProcessID
	epoch   int64
	attempt int32
	beat    int   // its place among the narrator's beats
	last    int64 // the last record that is in it

	at, until int64
	lead      string   // how it began, without the process; empty: the claim is older
	others    string   // who had the job already
	losers    []string // who wanted the job too, and came too late
	running   []atWork // tasks that have begun and not ended
	deeds     []deed
	finished  int // atoms that have come to an end
	saves     int // writes to the logbook
	flow      string
	end       string // how the claim ended
	rightly   string // who had the job when it ended; empty: the process
	ending    ending
	troubled  bool
	cut       bool // something is told next that it must not go across
}

// atWork is a task that has begun.
type atWork struct {
	name  string
	undo  bool
	older bool // it began in an earlier spell
	hit   bool // a fault struck it, which has been told
}

// deed is something done: to several atoms, or a whole phrase.
type deed struct {
	verb  string
	names []string
	times int // how often, where that was more than once
}

// undoes says whether it is by this that a flow came to be undone.
func (d deed) undoes() bool { return d.verb == "undid" || d.verb == "finished undoing" }

// mostDeeds is how many deeds of one spell are told one by one.
const mostDeeds = 8

func (s *spell) did(verb string, names ...string) {
	if last := len(s.deeds) - 1; last >= 0 && len(names) > 0 && s.deeds[last].verb == verb {
		s.deeds[last].names = append(s.deeds[last].names, names...)
		return
	}
	if last := len(s.deeds) - 1; last >= 0 && len(names) == 0 && s.deeds[last].verb == verb {
		s.deeds[last].times = max(s.deeds[last].times, 1) + 1
		return
	}
	s.deeds = append(s.deeds, deed{verb: verb, names: slices.Clone(names)})
}

// moved takes in that a task or a flow went to another state.
func (s *spell) moved(r *history.Record) {
	if r.Subject == history.SubjectFlow {
		s.flowMoved(r)
		return
	}
	s.task(r)
}

func (s *spell) flowMoved(r *history.Record) {
	s.flow = r.To
	switch {
	case r.To == "FAILURE":
		s.troubled = true
		s.did("saw the flow" + ofTheJob + " fail" + because(r.Reason))
	case r.To == "SUSPENDED" && r.From == "SUSPENDING":
		s.did("laid the flow" + ofTheJob + " aside")
	case r.To == "RESUMING":
		s.did("took up the flow" + ofTheJob + " where it was")
	}
}

func (s *spell) task(r *history.Record) {
	switch r.To {
	case "RUNNING", "REVERTING":
		s.running = append(s.running, atWork{name: r.Subject, undo: r.To == "REVERTING"})
		return
	case "PENDING": // it is to run again
		return
	}
	s.finished++
	older := s.ended(r.Subject)
	switch r.To {
	case "SUCCESS":
		s.did(pick(older, "finished", "ran"), r.Subject)
	case "REVERTED":
		s.did(pick(older, "finished undoing", "undid"), r.Subject)
	case "IGNORE":
		s.did("left out", r.Subject)
	case "FAILURE":
		s.troubled = true
		s.did("saw " + clean(r.Subject) + ofTheJob + " fail" + because(reasonOf(r)))
	case "REVERT_FAILURE":
		s.troubled = true
		s.did("could not undo " + clean(r.Subject) + ofTheJob + because(reasonOf(r)))
	default:
		s.did("moved " + clean(r.Subject) + ofTheJob + " to " + clean(r.To))
	}
}

// reasonOf is why a task failed, without the words that name the task, which has been named.
func reasonOf(r *history.Record) string {
	_, rest, found := strings.Cut(r.Reason, " in "+r.Subject+": ")
	if found {
		return rest
	}
	return r.Reason
}

// ended takes a task out of those that run, and says whether it began in an earlier spell.
func (s *spell) ended(name string) (older bool) {
	at := slices.IndexFunc(s.running, func(r atWork) bool { return r.name == name })
	if at < 0 {
		return false
	}
	older = s.running[at].older
	s.running = slices.Delete(s.running, at, at+1)
	return older
}

func pick(yes bool, one, other string) string {
	if yes {
		return one
	}
	return other
}

// retried takes in what a retry did.
func (s *spell) retried(r *history.Record) {
	switch {
	case r.To == "RETRYING":
		s.troubled = true
		s.did(fmt.Sprintf("tried again%s (retry %s, after attempt %d)", ofTheJob, clean(r.Subject), r.Attempt))
	case r.To == "REVERTING":
		s.troubled = true
		s.did("gave up with retry " + clean(r.Subject) + ofTheJob)
	case strings.Contains(r.To, "FAIL"):
		s.troubled = true
		s.did("saw retry " + clean(r.Subject) + ofTheJob + " fail" + because(r.Reason))
	}
	if r.To == "SUCCESS" || r.To == "REVERTED" || r.To == "FAILURE" {
		s.finished++
	}
}

// save takes in a write to the logbook.
func (s *spell) save(r *history.Record) {
	if r.Type == history.OK {
		s.saves++
		return
	}
	s.troubled = true
	why := ", and got no answer"
	if r.Type == history.Fail {
		why = because(r.Reason)
		switch r.Reason {
		case history.SaveFenced:
			why = " (a newer claim has written to it)"
		case history.SaveRefused:
			why = " (the store did not take the call)"
		}
	}
	s.did(pick(r.Type == history.Fail, "could not write", "wrote") + " to the logbook" + ofTheJob + why)
}

// struck takes in a fault that hit the task at work, or the call of an engine to the store.
func (s *spell) struck(r *history.Record) {
	s.troubled = true
	if !strings.HasPrefix(r.Reason, "task.") {
		s.did("was hit by fault " + clean(r.Reason) + ofTheJob + because(faultWords[r.Reason]))
		return
	}
	what := "a task"
	if last := len(s.running) - 1; last >= 0 {
		what = clean(s.running[last].name)
		s.running[last].hit = true
	}
	s.did(fmt.Sprintf("was hit by fault %s in %s%s", clean(r.Reason), what, ofTheJob))
}
