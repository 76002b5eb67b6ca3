package reports

import (
	"fmt"
	"strings"

	"derail/checker/history"
)

// Sentence is record seq of a history as a sentence for people, without its time and without a full
// stop.
func Sentence(h *history.History, seq int64) string {
	if seq < 1 || seq > int64(len(h.Records)) {
		return fmt.Sprintf("record %d is not in this history", seq)
	}
	r := &h.Records[seq-1]
	who, job := processName(h, r.Process), jobName(h, r.Job)
	if r.Kind.Read() {
		return readSentence(r, who, job)
	}
	switch r.Type {
	case history.Event:
		return eventSentence(r, who, job)
	case history.OK:
		return doneSentence(r, who, job)
	case history.Invoke:
		return fmt.Sprintf("%s asks the board to %s %s%s", who, verb(r.Kind), job, because(r.Reason))
	case history.Fail:
		return failedSentence(r, who, job)
	case history.Info:
		return fmt.Sprintf("%s got no answer: its call to %s %s may have happened, may still happen, or never%s",
			who, verb(r.Kind), job, because(r.Reason))
	default:
		return "a record of a type that derail does not know"
	}
}

func processName(h *history.History, id history.ProcessID) string {
	if id < 0 || int(id) >= len(h.Processes) {
		return "the system"
	}
	return clean(h.Processes[id])
}

func jobName(h *history.History, id history.JobID) string {
	if id < 0 || int(id) >= len(h.Jobs) {
		return "no job"
	}
	return clean(h.Jobs[id])
}

// verb is the operation as something that one asks for.
func verb(kind history.Kind) string {
	switch kind {
	case history.Post:
		return "post"
	case history.Claim:
		return "claim"
	case history.Abandon:
		return "abandon"
	case history.Consume:
		return "consume"
	case history.Trash:
		return "trash"
	case history.Restore:
		return "restore"
	case history.Save:
		return "save the progress of"
	default:
		return fmt.Sprintf("do operation %d to", kind)
	}
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return " (" + clean(reason) + ")"
}

func doneSentence(r *history.Record, who, job string) string {
	switch r.Kind {
	case history.Post:
		return fmt.Sprintf("%s posted %s: it is on the board", who, job)
	case history.Claim:
		if r.Reason == history.ClaimAdopted {
			return fmt.Sprintf("%s found that its earlier claim of %s was granted%s", who, job, numbers(r))
		}
		return fmt.Sprintf("%s claimed %s%s", who, job, numbers(r))
	case history.Abandon:
		charged := "the attempt is given back"
		if r.Counted {
			charged = "the attempt stays charged"
		}
		return fmt.Sprintf("%s gave %s up%s; %s", who, job, because(r.Reason), charged)
	case history.Consume:
		return fmt.Sprintf("%s consumed %s: it is off the board", who, job)
	case history.Trash:
		return fmt.Sprintf("%s put %s in the trash%s%s", who, job, because(trashReason(r.Reason)), charged(r))
	case history.Restore:
		return fmt.Sprintf("%s put %s from the trash back on the board, its attempts at zero", who, job)
	case history.Save:
		if r.N == 0 {
			return fmt.Sprintf("%s wrote to the logbook of %s, nothing newly finished", who, job)
		}
		return fmt.Sprintf("%s recorded %s of %s as finished in the logbook", who, plural(int64(r.N), "atom"), job)
	default:
		return fmt.Sprintf("%s did operation %d to %s", who, r.Kind, job)
	}
}

// numbers are the attempt and the epoch of a claim, as far as they are known.
func numbers(r *history.Record) string {
	var known []string
	if r.Attempt > 0 {
		known = append(known, fmt.Sprintf("attempt %d", r.Attempt))
	}
	if r.Epoch > 0 {
		known = append(known, fmt.Sprintf("epoch %d", r.Epoch))
	}
	return because(strings.Join(known, ", "))
}

func charged(r *history.Record) string {
	if r.Attempt == 0 {
		return ""
	}
	return ", " + plural(int64(r.Attempt), "attempt") + " charged"
}

func trashReason(reason string) string {
	switch reason {
	case history.TrashExhausted:
		return "its attempts are used up"
	case history.TrashUndispatchable:
		return "it can never be run"
	case history.TrashUnreadable:
		return "what is kept of it cannot be read"
	case history.TrashOperator:
		return "an operator asked for it"
	default:
		return reason
	}
}

func failedSentence(r *history.Record, who, job string) string {
	what := fmt.Sprintf("%s could not %s %s", who, verb(r.Kind), job)
	switch r.Reason {
	case history.ClaimHeld:
		return what + ": another has it"
	case history.ClaimGone:
		return what + ": it is not on the board"
	case history.ClaimRefused:
		return what + ": the store did not take the call"
	case history.ClaimTooLate:
		return what + ": its lease had ended"
	case history.ReleaseNotMine:
		return what + ": it is not the owner"
	case history.SaveFenced:
		return what + ": a newer claim has written to the logbook"
	case "":
		return what
	default:
		return what + ": " + clean(r.Reason)
	}
}

func eventSentence(r *history.Record, who, job string) string {
	switch r.Kind {
	case history.LeaseEnd:
		return fmt.Sprintf("the lease on %s%s ended: the board took it from its owner", job, numbers(r))
	case history.Move:
		return moveSentence(r, who, job)
	case history.Retry:
		return retrySentence(r, who, job)
	case history.Misled:
		return fmt.Sprintf("%s of %s on %s was given something wrong%s", taskName(r.Subject), job, who,
			because(r.Reason))
	case history.Lost:
		return fmt.Sprintf("%s noticed that it has lost %s%s", who, job, numbers(r))
	case history.Crash:
		return fmt.Sprintf("%s crashed%s, with all that it ran", who, because(r.Reason))
	case history.Start:
		return who + " started"
	case history.Pause:
		return fmt.Sprintf("%s was paused%s and does not notice", who, because(r.Reason))
	case history.Resume:
		return who + " goes on after its pause"
	case history.Fault:
		return faultSentence(r, who, job)
	case history.Ruined:
		return ruinSentence(r, job)
	case history.Heal:
		return healSentence(r)
	case history.Final:
		return fmt.Sprintf("at the end %s is %s", job, FinalState(r.To))
	case history.Listed, history.Engine, history.Heard, history.Metric:
		return smallSentence(r, who, job)
	case history.Message:
		return messageSentence(r, who, job)
	default:
		return told(r, who)
	}
}

func moveSentence(r *history.Record, who, job string) string {
	thing := taskName(r.Subject) + " of " + job
	switch r.Subject {
	case history.SubjectFlow:
		thing = "the flow of " + job
	case history.SubjectJob:
		thing = job
	}
	return went(thing, r, who)
}

// taskName is a task's name, with the word where the name does not begin with it.
func taskName(name string) string {
	if name = clean(name); strings.HasPrefix(name, "task") {
		return name
	}
	return "task " + name
}

func went(thing string, r *history.Record, who string) string {
	from := ""
	if r.From != "" {
		from = " from " + clean(r.From)
	}
	return fmt.Sprintf("%s went%s to %s on %s%s", thing, from, clean(r.To), who, because(r.Reason))
}

// retrySentence tells a retry's move by its name, which need not say that it is a retry's, and says in which
// of its attempts it is.
func retrySentence(r *history.Record, who, job string) string {
	text := went("retry "+clean(r.Subject)+" of "+job, r, who)
	if r.Attempt > 0 {
		text += fmt.Sprintf(" (attempt %d)", r.Attempt)
	}
	return text
}

func faultSentence(r *history.Record, who, job string) string {
	text := "fault " + clean(r.Reason)
	if strings.HasSuffix(r.Subject, lostCommits) {
		return text + ": " + clean(r.Subject)
	}
	if r.Subject != "" {
		text += " hit " + clean(r.Subject)
	}
	if r.Process >= 0 && !strings.HasPrefix(r.Subject, who) {
		text += " on " + who
	}
	if r.Job >= 0 && r.Subject != job {
		text += ", at " + job
	}
	if r.N > 0 {
		text += " for " + Duration(int64(r.N)*millisecond)
	}
	if words := faultWords[r.Reason]; words != "" {
		text += ": " + words
	}
	return text
}

// healSentence tells the end of the faults: of all, or of those that hit a core of the cluster.
func healSentence(r *history.Record) string {
	if r.Subject == "" {
		return "the last fault ended; from here the system must come to rest"
	}
	return fmt.Sprintf("the faults ended for a core of the cluster (%s), which from here must come to rest "+
		"alone; outside it, what is broken stays broken", clean(r.Subject))
}

// FinalState says where a job is by the To of a [history.Final], after "is".
func FinalState(to string) string {
	switch to {
	case history.FinalUnclaimed:
		return "on the board, claimed by nobody"
	case history.FinalClaimed:
		return "still claimed"
	case history.FinalTrashed:
		return "in the trash"
	case history.FinalGone:
		return "off the board"
	default:
		return clean(to)
	}
}

// told is a record of the full trace: its words, as they were written.
func told(r *history.Record, who string) string {
	words := []string{who + ":"}
	for _, word := range []string{r.Subject, r.From, r.To, r.Reason} {
		if word != "" {
			words = append(words, clean(word))
		}
	}
	return strings.Join(words, " ")
}
