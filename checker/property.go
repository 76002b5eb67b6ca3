package checker

import "slices"

// Property is one promise: its name, the promise as a sentence, and its check.
type Property struct {
	Name     string
	Sentence string
	Check    func(*Reading) Verdict
}

// Properties is every property, always in the same order.
func Properties() []Property { return slices.Clone(properties[:]) }

var properties = [...]Property{
	property("claim.linearizable", "Posts, claims, releases and lease ends of every job happen one at a time, "+
		"each between its call and its answer, as the documented jobboard allows.", (*Reading).linearizable),
	property("read.current", "What is read of a job, its absence included, was so at an instant between the "+
		"question and the answer, in one order with all that happened to it.", (*Reading).readRight),
	property("list.whole", "A list or a count of the board is of one instant, and in order: the most urgent "+
		"first, then the oldest; and a wait ends when it is to, and not before.", (*Reading).allAtOnce),
	property("claim.exclusive", "A conductor begins work only under a claim that it was given and that is not "+
		"over, and no two claims of a job overlap.", (*Reading).exclusive),
	property("job.conserved", "Every job that was posted is consumed once, or in the trash, or on the board: "+
		"none is lost, invented or brought back.", (*Reading).conserved),
	property("attempt.counted", "Every claim charges exactly one attempt, and only an abandon that does not "+
		"count gives it back.", (*Reading).counted),
	property("restore.fresh", "The first claim after a restore reports attempt 1.", (*Reading).fresh),
	property("trash.exact", "A job is trashed as exhausted when exactly N attempts are charged: not before, "+
		"not after, and never when there is no limit; and as unreadable only when its data was damaged.",
		(*Reading).exact),
	property("cycle.none", "No job is claimed and given up K times in a row without progress.",
		(*Reading).cycleFree),
	property("fence.held", "Once a newer claim has written to the logbook of a job, no write of an older one "+
		"succeeds.", (*Reading).fenced),
	property("moves.legal", "Jobs, flows, tasks and retries move only as their tables allow, each from the "+
		"state that it was in; an atom goes back to PENDING only when a retry before it tries again or its "+
		"flow starts afresh, a flow ends as its atoms have, and a job is complete when its flow has ended.",
		(*Reading).legal),
	property("revert.ordered", "A revert begins, and a retry tries again, only when everything that comes "+
		"after it in the flow is reverted or has never run.", (*Reading).ordered),
	property("revert.exact", "When a flow is reverted, everything that was done and has to go is undone, once, "+
		"and nothing that has not run since it was last undone.", (*Reading).exacts),
	property("resume.once", "What is recorded as executed is not executed again unless it was reverted or its "+
		"flow starts afresh, and what is recorded as reverted is not reverted again, whoever goes on.",
		(*Reading).once),
	property("retry.counted", "A retry with N attempts is executed at most N times before it is reverted, and "+
		"is given up for a failure that it decides about only after exactly N, however many engines die.",
		(*Reading).retried),
	property("decider.kept", "What a decider says is never to run is neither executed nor reverted.",
		(*Reading).decided),
	property("result.handed", "A task is given what those before it returned in the current attempt, and "+
		"nothing else.", (*Reading).handed),
	property("failure.current", "The failure for which a job is given up, consumed or trashed is of an atom "+
		"that failed when it last ran: a failure that a retry resolved does not come back.", (*Reading).current),
	property("backoff.kept", "A job that was given back is not claimed before its rest is over.",
		(*Reading).backedOff),
	property("claim.prompt", "A job that can be claimed is claimed within the stated time while a conductor is "+
		"alive, well and has a place for it, and no fault is at work.", (*Reading).prompt),
	property("overtake.bounded", "While a job can be claimed, no more than the stated number are claimed that "+
		"were posted after it and are not more urgent.", (*Reading).overtaken),
	property("priority.kept", "No conductor claims a job while it must know of a more urgent one that can be "+
		"claimed.", (*Reading).prioritized),
	property("slots.kept", "No conductor works on more jobs at once than it has places for.", (*Reading).slots),
	property("engine.legal", "The engine of a claim moves only as its table allows, from its beginning to an "+
		"end, unless it is cut short; and a claim has one engine.", (*Reading).engines),
	property("event.told", "What is acknowledged to a process is told once and in order, and nothing else; and "+
		"who listens as well hears all that is told, in order and once.", (*Reading).told),
	property("metric.agrees", "What metrics count is what was told until then.", (*Reading).agrees),
	property("rest.reached", "Within the stated time after the last fault has ended, every job is consumed or "+
		"in the trash.", (*Reading).rested),
	property("run.happened", "At least one job was posted and at least one was claimed.", (*Reading).ran),
}

// property makes a Property of a method that looks at a reading and notes what it finds.
func property(name, sentence string, look func(*Reading)) Property {
	guarded := coverOf(name)
	return Property{Name: name, Sentence: sentence, Check: func(r *Reading) Verdict {
		r.ruling = ruling{cover: guarded}
		if r.malformed != "" {
			r.ruling.cover = coverNobody // what is no history says nothing, not even that something was lost
			r.doubts(-1, []int32{r.at}, "record %d is no part of a history: %s", r.at, r.malformed)
		} else {
			look(r)
		}
		return r.ruling.verdict(name)
	}}
}
