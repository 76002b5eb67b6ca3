// Package checker is the examiner: it reads a history and says, property by property, whether the
// promises were kept, with the records that show it.
//
// It copies nothing from the system that it examines: it has its own model of the jobboard (package
// model) and its own tables of legal moves, so that a mistake in the core cannot agree with itself. What
// lives here: the properties, each a method of [Reading] in a file of its own, and what they share. What
// may not: anything that knows how the system works inside, reads files, or draws chance.
//
// # The properties
//
// Each has a name, a sentence and a check, in the order of [Properties]. For each there is a file of
// small histories in testdata/properties, those that it accepts and those that it alone rejects.
//
//	claim.linearizable  the board: who owns a job, in which epoch, or whether it is absent, in the trash
//	                    or consumed. Every acknowledged operation and every lease end needs a place in
//	                    one order that respects time; what has an unknown outcome may have one
//	claim.exclusive     work: a task's execution or revert begins under a claim that was answered before
//	                    and is not over: no lease end, no newer claim, no acknowledged release and no
//	                    crash before it. And no claim is granted before the last one can have ended
//	job.conserved       places: what was posted, consumed, trashed and restored against where each job
//	                    is in the end. Undecided without Final records
//	attempt.counted     numbers: the attempts that claims, abandons and trashes report against those
//	                    that epochs and give-backs come to
//	trash.exact         the limit N: trashed as exhausted at N derived attempts, no claim beyond; and
//	                    trashed as unreadable after a Ruined record of the job, or of the run
//	cycle.none          K claims in a row given up without progress, see below; K = 0 asks for nothing
//	fence.held          the logbook: in the order of revisions, the epochs of writes never go down
//	moves.legal         states: each move against the table, and against the move before it. It says
//	                    from where to where, not how often: that is resume.once and retry.counted
//	revert.ordered      order: a revert begins, and a retry tries again, when all that comes after it is
//	                    reverted or has never run. Asks only about jobs with a shape
//	resume.once         the logbook: what a known write recorded as executed or reverted against what
//	                    is begun later, by this claim or another
//	retry.counted       numbers: executions of a retry between its reverts and fresh starts against its
//	                    attempts; never more, and not fewer when it is given up for what it decides
//	                    about. Asks only about jobs with a shape
//	decider.kept        shapes: what is declared never to run against what is begun
//	result.handed       arguments: what a task says that it was given against what those before it
//	                    returned. Asks only tasks that look, and tell by misled
//	failure.current     releases: the atom that the failure names has failed since it was last begun. Asks
//	                    only about jobs with a shape
//	rest.reached        the end: every job consumed or in the trash within RestWithin after the last
//	                    Heal. Undecided when the faults have no end, when Final records are missing, or
//	                    when the run ended before the time was over; RestWithin = 0 asks for nothing
//	run.happened        a job was posted and a job was claimed. Invalid if certainly not, because a
//	                    run that did nothing keeps every other promise; Unknown if perhaps
//
// A check that the header does not ask for is Valid, has Checked = 0 and says so in its Summary. A
// history that contradicts itself (a completion of nothing, time that goes back, ...) is no history:
// every property is Unknown, with the record as the finding.
//
// Progress, for cycle.none, is that the logbook records for the first time in the life of a job that a
// task reached a certain state in which its execution or its revert is done. A claim that does the same
// first tasks again and reverts them again makes none, so such claims are a cycle.
//
// # The guard
//
// A Ruined record says that every copy of a job's data, or of all data, was lost or damaged. From there on
// some promises do not cover the job, or none the run, and what is found is excused: it is counted in
// [Verdict].Excused and breaks nothing (guard.go). Of a ruined job these excuse: job.conserved,
// attempt.counted, trash.exact, cycle.none, resume.once, result.handed, rest.reached. All others are to
// hold for it as well, and every property for every other job.
//
// A finding is excused when the last record that it rests on comes after the ruin. What was decided before
// stays broken; for claim.linearizable and cycle.none, which look at a stretch as a whole, that means that
// the stretch before the ruin is looked at alone. run.happened is excused in a ruined run, which may have
// had no time to do anything. What is otherwise found without a record, because the history is cut off, is
// never excused, and what is no history is not either.
//
// # What was told and what was saved
//
// An engine tells a move when it is recorded, and a call before it is made. So what was told was done, and
// the properties that follow atoms go by that. The other direction does not hold: a conductor can die
// between a save and telling of it. Every lease end and every save without an answer may hide one such
// save, and these are counted; a property that would need a move that can have been hidden like that says
// nothing, and each says in its own file how many it takes.
//
// A shape is compiled once (form.go) and kept while the header has the same: what comes after an atom is a
// set of bits, so that looking for something there which is not undone takes one word for 64 atoms.
//
// # The witness
//
// Whether a history is linearizable is a search through orders, which porcupine does well and which is
// hopeless when many outcomes are unknown and something is wrong. For a history that is right there is
// a short way: to show an order, and to check it. The witness (witness.go) makes one. It walks through
// the records of a job, keeps the operations that were called and have no place yet, and gives each
// operation its place at its completion, a lease end at its record, after those that must come before
// it: those of which the store said a lower revision, those adopted in an epoch that is about to end,
// and those that bring the board to where the operation is legal. For the last, epochs leave hardly a
// choice: a claim with epoch e needs the end of e-1, which needs the claim with e-1, and so on; an
// operation with an unknown outcome is used exactly where one of these is missing.
//
// That is a proof, whatever guided it. Every operation gets its place while the walk is between its
// invoke and its completion, so two that do not overlap in time are placed in the order of time: the
// first at the latest at its completion, the second at the earliest at its invoke, which is later. The
// model accepts each operation where it is placed, or it would not have been placed. Everything
// acknowledged has a place, or the walk would have stopped. What has an unknown outcome and no place
// never happened, which it may.
//
// If the walk stops, that proves nothing (a wrong choice among unknown claims is possible), and
// porcupine decides about that job, cut off by counting steps and not by a clock. Tests hold the
// witness against porcupine alone on random histories, good and damaged.
//
// # Speed
//
// A campaign checks every run, so a good history must cost little: it is read once ([Reading]), each
// property then makes one pass through arrays, and a [Checker] that is used again allocates nothing.
package checker
