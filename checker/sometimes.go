package checker

import (
	"slices"

	"derail/checker/history"
)

// Mark is a situation that is worth meeting, because what breaks there breaks nowhere else. That a history
// has it says nothing against the system; that no history of a suite has it says something against the suite.
type Mark struct {
	Name     string
	Sentence string
}

// Sometimes is every mark, always in the same order: that of counts.
func Sometimes() []Mark { return slices.Clone(sometimes[:]) }

// Marks is how often each of [Sometimes] is met in a history; of what is no history, nothing is.
func Marks(h *history.History) []int64 {
	var l lookout
	return l.look(Read(h))
}

// Marks is how often each of [Sometimes] is met in the history that was checked last. It is valid until the
// next call of Check or of Marks, and the history must not have changed since.
func (c *Checker) Marks() []int64 { return c.lookout.look(&c.reading) }

// sight is a mark by its place among all.
type sight uint8

const (
	seenClaimAtOnce sight = iota
	seenClaimHeld
	seenClaimGone
	seenClaimTooLate
	seenClaimAdopted
	seenClaimUnknownApplied
	seenClaimUnknownLost
	seenClaimAnsweredLate
	seenClaimSeveral
	seenClaimAfterCrash
	seenClaimThirdOwner
	seenClaimLostAtWork
	seenClaimNoticedLate
	seenClaimOutlived
	seenClaimUrgentFirst
	seenLeaseBeforeConsume
	seenSaveFenced
	seenSaveUnknown
	seenSaveBeforeFence
	seenAbandonGivenBack
	seenAbandonGraceful
	seenAbandonRests
	seenAbandonRaced
	seenConsumeRaced
	seenConsumeLastAttempt
	seenConsumeHandedOn
	seenReleaseNotMine
	seenReleaseUnknownApplied
	seenReleaseUnknownLost
	seenTrashByOwner
	seenTrashByNext
	seenTrashUnreadable
	seenTrashRaced
	seenRestoreConsumed
	seenRestoreTrashed
	seenFlowResumed
	seenFlowAfresh
	seenFlowSuspended
	seenTaskAgain
	seenTaskSideBySide
	seenTaskLeftOut
	seenRevertResumed
	seenRevertAgain
	seenRetryResumed
	seenRetryHelped
	seenCrashAtWork
	seenCrashReverting
	seenCrashBeforeWork
	seenCrashBeforeRelease
	seenPausePastLease
	seenHealInProgress
	seenPostUnknownApplied
	seenPostUnknownLost
	seenOwnerOvertaken
	seenListOvertaken
	seenListTrash
	seenWaitLeft
	seenWaitTimeout
	numSights
)

var sometimes = [numSights]Mark{
	seenClaimAtOnce: {"claim.at-once", "Two conductors claim one job within a millisecond of each " +
		"other."},
	seenClaimHeld: {"claim.held", "A claim is refused because somebody holds the job, or was faster."},
	seenClaimGone: {"claim.gone", "A claim is refused because the job has left the board."},
	seenClaimTooLate: {"claim.too-late", "A claim is refused because its conductor's own lease has " +
		"ended."},
	seenClaimAdopted: {"claim.adopted", "A claim has no answer, and its conductor finds on the " +
		"board that it has the job."},
	seenClaimUnknownApplied: {"claim.unknown-applied", "A claim has no answer and was made all the " +
		"same: its conductor never hears of it, and its epoch is missing among those that were " +
		"answered."},
	seenClaimUnknownLost: {"claim.unknown-lost", "A claim has no answer, and it was never made."},
	seenClaimAnsweredLate: {"claim.answered-late", "A claim is answered when it is over already: " +
		"its lease has ended, or the next claim was answered before."},
	seenClaimSeveral: {"claim.several", "A conductor is given a job while it has another."},
	seenClaimAfterCrash: {"claim.after-crash", "A conductor that crashed comes back and is given " +
		"the job again that it had."},
	seenClaimThirdOwner: {"claim.third-owner", "A job is given to a third conductor."},
	seenClaimLostAtWork: {"claim.lost-at-work", "A lease ends while a task of the job is being " +
		"executed or reverted."},
	seenClaimNoticedLate: {"claim.noticed-late", "A conductor notices that it has lost a job when " +
		"the job was given to the next one already."},
	seenClaimOutlived: {"claim.outlived", "A task's execution or revert ends after the claim that " +
		"it began under."},
	seenClaimUrgentFirst: {"claim.urgent-first", "A job is claimed while a less urgent one waits " +
		"that was posted before it."},
	seenLeaseBeforeConsume: {"lease.before-consume", "A lease ends when the end of the flow is " +
		"saved and the job is not consumed yet."},
	seenSaveFenced: {"save.fenced", "A write to the logbook is refused, because a newer claim has " +
		"written."},
	seenSaveUnknown: {"save.unknown", "A write to the logbook has no answer."},
	seenSaveBeforeFence: {"save.before-fence", "An older claim writes to the logbook when the next " +
		"one is given and has not written yet."},
	seenAbandonGivenBack: {"abandon.given-back", "A job is given up for a failure that uses up no " +
		"attempt."},
	seenAbandonGraceful: {"abandon.graceful", "A job is given back without a failure, because its " +
		"conductor ends."},
	seenAbandonRests: {"abandon.rests", "A job is given up and is to rest before anybody claims it " +
		"again."},
	seenAbandonRaced: {"abandon.raced", "A lease ends while the claim under it is being given up."},
	seenConsumeRaced: {"consume.raced", "A lease ends while the job under it is being consumed."},
	seenConsumeLastAttempt: {"consume.last-attempt", "A job is consumed in the last attempt before " +
		"it would have been trashed."},
	seenConsumeHandedOn: {"consume.handed-on", "A job is consumed by another conductor than the one " +
		"that began it."},
	seenReleaseNotMine: {"release.not-mine", "A conductor wants to release a job that it has lost."},
	seenReleaseUnknownApplied: {"release.unknown-applied", "An abandon, a consume or a trash has no " +
		"answer, and happened."},
	seenReleaseUnknownLost: {"release.unknown-lost", "An abandon, a consume or a trash has no " +
		"answer, and did not happen."},
	seenTrashByOwner: {"trash.by-owner", "A job is trashed by its owner, whose attempt was the last."},
	seenTrashByNext: {"trash.by-next", "A job is trashed by one who came to claim it, because " +
		"nobody was left of its last attempt."},
	seenTrashUnreadable: {"trash.unreadable", "A job is trashed because a record of it cannot be " +
		"read."},
	seenTrashRaced: {"trash.raced", "A job is restored from the trash while the answer to trashing " +
		"it is on its way."},
	seenRestoreConsumed: {"restore.consumed", "A job that was restored from the trash is consumed."},
	seenRestoreTrashed: {"restore.trashed", "A job that was restored from the trash is trashed " +
		"again."},
	seenFlowResumed: {"flow.resumed", "A conductor goes on in the middle of a flow where another " +
		"one left it."},
	seenFlowAfresh: {"flow.afresh", "A flow that has ended starts afresh."},
	seenFlowSuspended: {"flow.suspended", "A flow is suspended in the middle, because its conductor " +
		"ends."},
	seenTaskAgain: {"task.again", "A task of which only the beginning is recorded is executed once " +
		"more."},
	seenTaskSideBySide: {"task.side-by-side", "Two tasks of a job are at work at the same time."},
	seenTaskLeftOut:    {"task.left-out", "A decider leaves a task or a retry out."},
	seenRevertResumed:  {"revert.resumed", "A conductor goes on reverting where another one left off."},
	seenRevertAgain: {"revert.again", "A revert of which only the beginning is recorded is made " +
		"once more."},
	seenRetryResumed: {"retry.resumed", "A conductor goes on in the second or a later attempt of a " +
		"retry where another one left off."},
	seenRetryHelped:    {"retry.helped", "A flow succeeds after a retry in it has tried again."},
	seenCrashAtWork:    {"crash.at-work", "A conductor crashes while it executes a task."},
	seenCrashReverting: {"crash.reverting", "A conductor crashes while it reverts a task."},
	seenCrashBeforeWork: {"crash.before-work", "A conductor crashes when it was given a job and has " +
		"begun nothing."},
	seenCrashBeforeRelease: {"crash.before-release", "A conductor crashes when the end of the flow " +
		"is saved and the job is not released yet."},
	seenPausePastLease: {"pause.past-lease", "A conductor stands still until the lease of a job of " +
		"its has ended, and then goes on."},
	seenHealInProgress: {"heal.in-progress", "The last fault ends while conductors are at work on " +
		"jobs."},
	seenPostUnknownApplied: {"post.unknown-applied", "A post has no answer, and the job is on the " +
		"board."},
	seenPostUnknownLost: {"post.unknown-lost", "A post has no answer, and the job never came to the " +
		"board."},
	seenOwnerOvertaken: {"owner.overtaken", "A job changes hands while somebody asks who has it."},
	seenListOvertaken: {"list.overtaken", "A job in a list changes hands while the list is on its " +
		"way."},
	seenListTrash:   {"list.trash", "The trash is listed, and there is a job in it."},
	seenWaitLeft:    {"wait.left", "Somebody waits for a job until it has left the board."},
	seenWaitTimeout: {"wait.timeout", "Somebody waits in vain until the time is over."},
}
