package reports

import (
	"fmt"
	"strings"

	"derail/checker/history"
)

// askedSentence tells the beginning of a question about the board.
func askedSentence(r *history.Record, who, job string) string {
	switch {
	case r.Kind == history.Owner:
		return fmt.Sprintf("%s asks who has %s", who, job)
	case r.Kind == history.List && r.Subject == history.ListTrash:
		return who + " asks what is in the trash"
	case r.Kind == history.List:
		return who + " asks which jobs there are"
	case r.Kind == history.Count:
		return who + " asks how many jobs there are"
	case r.Job >= 0:
		return fmt.Sprintf("%s waits until %s has left the board", who, job)
	default:
		return who + " waits until there is a job on the board"
	}
}

// toldSentence tells the answer to a question about the board.
func toldSentence(r *history.Record, who, job string) string {
	switch {
	case r.Kind == history.Owner || r.Kind == history.Wait && r.Job >= 0:
		owner := ""
		if r.To == history.FinalClaimed && r.Subject != "" {
			owner = " by " + clean(r.Subject) + numbers(&history.Record{Epoch: r.Epoch})
		}
		return fmt.Sprintf("%s was told that %s is %s%s", who, job, stateNow(r.To), owner)
	case r.Kind == history.List && r.Subject == history.ListTrash:
		return fmt.Sprintf("%s was told that %s in the trash", who, thereAre(r.N))
	default:
		return fmt.Sprintf("%s was told that %s on the board", who, thereAre(r.N))
	}
}

func thereAre(jobs int32) string {
	return pick(jobs == 1, "there is ", "there are ") + plural(int64(jobs), "job")
}

// stateNow is where a job is, before the end.
func stateNow(to string) string {
	if to == history.FinalClaimed {
		return "claimed"
	}
	return FinalState(to)
}

// untoldSentence tells a question that was not answered.
func untoldSentence(r *history.Record, who, job string) string {
	asked := strings.Replace(askedSentence(r, "", job), " asks ", " asked ", 1)
	asked = strings.Replace(asked, " waits ", " waited ", 1)
	return who + asked + pick(r.Type == history.Fail && r.Reason == history.WaitTimeout,
		", and the time was over first", ", and got no answer"+because(r.Reason))
}

// readSentence tells a record of a question about the board.
func readSentence(r *history.Record, who, job string) string {
	switch r.Type {
	case history.Invoke:
		return askedSentence(r, who, job)
	case history.OK:
		return toldSentence(r, who, job)
	default:
		return untoldSentence(r, who, job)
	}
}

// smallSentence tells the events that only programs look at.
func smallSentence(r *history.Record, who, job string) string {
	switch r.Kind {
	case history.Listed:
		owner := ""
		if r.Subject != "" {
			owner = " by " + clean(r.Subject)
		}
		return fmt.Sprintf("%s was told of %s: it is %s%s%s", who, job, stateNow(r.To), owner, numbers(r))
	case history.Engine:
		return fmt.Sprintf("the engine of %s went from %s to %s on %s", job, clean(r.From), clean(r.To), who)
	case history.Heard:
		about := ""
		if r.Job >= 0 {
			about = " about " + job
		}
		return fmt.Sprintf("the listener of %s heard its event %d: %s%s", who, r.N, clean(r.Reason), about)
	default:
		return fmt.Sprintf("the counter %s of %s stands at %d", clean(r.Subject), who, r.N)
	}
}
