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
//	read.current        reads: where a job is, and that it is not there, as owners, waits and lists say.
//	                    Together with all that happened to the job they need places in one order. See below
//	list.whole          reads: of all that a list says, and leaves out, there is one instant; it is in
//	                    order; counts were right at some instant. See below
//	claim.exclusive     work: a task's execution or revert begins under a claim that was answered before
//	                    and is not over: no lease end, no newer claim, no acknowledged release and no
//	                    crash before it. And no claim is granted before the last one can have ended
//	job.conserved       places: what was posted, consumed, trashed and restored against where each job
//	                    is in the end. Undecided without Final records
//	attempt.counted     numbers: the attempts that claims, abandons and trashes report against those
//	                    that epochs and give-backs come to
//	restore.fresh       numbers: the first claim after a restore reports attempt 1. Asks where it is certain
//	                    which claim that is; what comes after it is attempt.counted's
//	trash.exact         the limit N: trashed as exhausted at N derived attempts, no claim beyond; and
//	                    trashed as unreadable after a Ruined record of the job, or of the run
//	cycle.none          K claims in a row given up without progress, see below; K = 0 asks for nothing
//	fence.held          the logbook: in the order of revisions, the epochs of writes never go down
//	moves.legal         states: each move against the table, and against the move before it. It says
//	                    from where to where, not how often: that is resume.once and retry.counted. A job is
//	                    not complete in a claim that has told of its flow and not of the flow's end
//	revert.ordered      order: a revert begins, and a retry tries again, when all that comes after it is
//	                    reverted or has never run. Asks only about jobs with a shape
//	revert.exact        what is done: where a flow ends in REVERTED, what has succeeded against what had to
//	                    go, as far as the shape and the failures decide it; and what begins to be reverted
//	                    against what ran since it was last undone, whoever goes on. That everything after
//	                    what is reverted is undone by then is revert.ordered's, and that each moves as its
//	                    table says is moves.legal's. What may stay is not asked to stay
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
//	engine.legal        engines: the moves of one claim's engine against the table, one after the other, and
//	                    its end against that of the flow and the consume of the job. That a run stops
//	                    anywhere is allowed, since a claim, a write or a crash may stop it
//	event.told          news: what the board acknowledged to a process against what it tells of jobs, per
//	                    job in order; and what a second listener heard against what the first wrote down.
//	                    Asks only processes that tell of jobs at all, and those to which somebody listens.
//	                    What a process had not told when it crashed is forgiven if it had done nothing later
//	metric.agrees       counters: their values against what was told until then, by a table of names in
//	                    metrics.go. Counters that are not in it, or that nobody writes down, are not asked
//	backoff.kept        time: the claim after an abandon is not answered before the rest is over that the
//	                    abandon asks for, counted from its call, less ClockError. Asks nothing where the lease
//	                    ended instead, or the job may have been restored since
//	claim.prompt        time: no job that can be claimed waits for longer than ClaimWithin while one and the
//	                    same conductor could have claimed it all the while; ClaimWithin = 0 asks for nothing
//	overtake.bounded    order: while a job can be claimed, at most Overtaken jobs are claimed that were posted
//	                    later and are not more urgent; Overtaken = 0 asks for nothing
//	priority.kept       order: no conductor calls for a job while a more urgent one has been there to be
//	                    claimed for ClaimWithin; ClaimWithin = 0 asks for nothing
//	slots.kept          numbers: the claims that a process has at once, of those that it is told to have
//	                    released, against Slots; Slots = 0 asks for nothing
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
// # Reads
//
// What a board promises to those who only look, of each question:
//
//	owner               linearizable: the answer was true of that job at an instant between question and answer
//	list, count         linearizable, of the whole board (or trash) at once: a snapshot; a list has the most
//	                    urgent first and then the oldest, where age counts from the post, or the last restore
//	wait, of a job      linearizable: that it is gone, or in the trash, was so at such an instant. A wait that
//	                    ends because its time is over has looked, and the job was on the board then
//	wait, of the board  the same, with a list that is not empty, or a board that was
//
// How soon a wait ends once it can is promised only where it is promised how long news take: with
// ClaimWithin, while no fault is at work, it goes on for no longer than that. A wait that polls or watches
// cannot do better than the news that it gets, so a time that is over while news are under way is nobody's
// fault. A store whose reads are from the past keeps none of these promises: whoever has one either records
// no reads or expects these two properties to be broken.
//
// read.current takes what a question found out about one job for an operation that changes nothing, and asks
// for one order of the job's operations and of all that was seen of it: each answer is to have been true,
// and a later one may not be older than an earlier one either. The absence of a job from a list is such an
// answer where the job may have been on the board all the time from question to answer; otherwise there is
// nothing to ask. The attempt of a claimed job is held against what its owner was told. Absence from a list
// of the trash is held against jobs that were certainly there, and so is a wait that says that a job is gone
// for good.
//
// list.whole narrows down the instant of a list by each job that it has or leaves out: to between two
// records (attend.go, spell.go), and where the revisions of its claims, releases and lease ends are known,
// to between two of those, which leaves no doubt where calls overlap. All of them must have an instant in
// common. That is necessary and not sufficient: a job that was unclaimed twice during one question counts as
// unclaimed in between, and how one list fits another is asked job by job only. Revisions are taken to be in
// the order of commits, so of a store that has lost some the history must say that it is ruined. Damaged
// jobs, which lists may leave out and counts may not, are left out of this. Of a list of the trash it is
// only asked that it names nobody twice and counts itself.
//
// # Who should have been claimed
//
// A vacancy (vacancy.go) is a stretch in which a job can certainly be claimed: from the answer that shows it
// to be free, and the end of its rest by all clocks, to the call of the first claim or trash that may have
// ended it. Epochs say which claim that was. Where the next epoch is known only from hearsay, or from
// nobody, it may have begun with any claim whose outcome is unknown, and the vacancy ends with the first of
// those.
//
// Scheduling is asked about only while no fault is at work (calm.go). Not every fault is recorded where it
// strikes, so a history with any says by Heal when they end, and nothing is asked until ClaimWithin after
// the last one, in which sessions, watches and stops that were under way settle. A Heal with a subject names
// those who are well again, with commas between them; what is broken elsewhere stays so. A Fault after it
// ends the calm for good. Without Heal the history must have no Fault, Crash or Pause and no plan of faults,
// and that it promises anything is its word that nothing else went wrong. A crash or a pause in calm
// concerns its process alone: that counts as well again ClaimWithin after it has come back. Until then it is
// not asked why it did not claim, nor, after a pause, why it chose what it did or heard of something late.
//
// A conductor is a process that claims. It has a place for a job while it may be busy with fewer than Slots,
// or with none where Slots is not known. What it may be busy with: each claim that it was given, or may have
// been, until its own release of it is acknowledged or it crashes. So one that lost a claim is busy with it
// for ever, because nobody knows when its task noticed; and of that job it is not asked again, nor blamed
// for not knowing of it. ClaimWithin must be longer than news take, than leases and stops last, and than a
// conductor passes over what it was refused; how long that is, is for whoever promises it to say.
//
// ClockError is by how much any two clocks, each at any instant of the run, may be wrong against each other:
// by an offset, by jumps, by what a drift comes to.
//
// # The guard
//
// A Ruined record says that every copy of a job's data, or of all data, was lost or damaged. From there on
// some promises do not cover the job, or none the run, and what is found is excused: it is counted in
// [Verdict].Excused and breaks nothing (guard.go). Of a ruined job these excuse: read.current, job.conserved,
// attempt.counted, restore.fresh, trash.exact, cycle.none, revert.exact, resume.once, result.handed,
// backoff.kept, claim.prompt, overtake.bounded, priority.kept, rest.reached. All others are to hold for it as
// well, and every property for every other job.
//
// One more thing can be lost with the data of a job, and that is how often it was claimed. Such a job goes to
// the trash as unreadable, and if it comes back it is with any higher epoch, so that the fence holds. So of
// claim.linearizable too a ruined job is excused from the call of such a trash on, if an epoch is left out
// after it of which nothing is known. That nobody works on it without a claim, claim.exclusive asks all the
// same.
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
// between a save and telling of it, or hear of it late. Every lease end, every save without an answer and
// every save that somebody else tells of may hide one such save, and these are counted; a property that would
// need a move that can have been hidden like that says nothing, and each says in its own file how many it
// takes.
//
// A shape is compiled once (form.go) and kept while the header has the same: what comes after an atom is a
// set of bits, so that looking for something there which is not undone takes one word for 64 atoms.
//
// # The claim algorithm
//
// Whether the operations on a job have an order is a search, and exponential for a searcher who knows
// nothing of jobs: each operation with an unknown outcome may happen anywhere or not at all. But epochs say
// nearly all. They grow by one, so an order is a chain: the post, then for every epoch its claim and its one
// end, and between the end and the next claim perhaps trashes and restores. An operation that says its epoch
// has one place in the chain. What is left to choose is which operation fills a gap that nothing known fills.
// The files claim*.go decide it, for one job at a time; [Reading] gives them its operations as marks.
//
// The layout (claim_layout.go) reads the marks once. For every epoch there is a slot: the claim that is
// known to have happened, the end that is, who must own it because of one of these or of a read, and the
// unknown operations that name it. There are no more epochs than claims, so a claim with a higher one has no
// place. Unknown operations that name no epoch are in pools, by kind and, for claims and releases, by
// process: they have no deadline, so one that was called is as good as any other that was, and the number
// used says all.
//
// The walk (claim.go) goes through the marks with a set of branches. A branch is the beginning of an order:
// the state of the board, the known operations under way that name no epoch and have a place, and the number
// used of each pool. At the end of a known operation, a lease end's being its one record, every branch in
// which it has no place is extended (claim_extend.go) by all sequences of called operations that end with it
// (claim_moves.go), and the others stay. No branch is left: there is no order. Some are left after the last
// mark: there is one, in which whatever has no place never happened.
//
// It finds only orders. Every operation gets its place while the walk is between its two marks, so of two
// that do not overlap the first has its place first; every place is one that the model allows (the branch
// asks it); and everything known has one, or the branch would have gone.
//
// It misses none. Take an order, and let everything in it happen as late as it allows: at the first end, in
// time, of an operation that stands there or later in it. Then all that happens at an end is a sequence whose
// last operation is the one that ends, and what comes after the last known operation need not happen. The
// walk makes all such sequences but those that one of these makes needless:
//
//   - A read takes its place as soon as the board is as it found it: it changes nothing for others.
//   - The known claim of an epoch is its claim, and the known end its end. Another in its place would leave
//     it without one.
//   - Of known trashes, restores or releases that name no epoch, the one that ends first goes first, and
//     before unknown ones: in an order that has it otherwise the two can change places. An unknown operation
//     that names the epoch goes before one of its pool, because it fits nowhere else.
//   - On the way to the goal nothing goes beyond its epoch. A claim is not made that cannot end again, and a
//     trash and restore that lead nowhere are not made unless they, or a read between them, are known: in an
//     order with more the needless ones can be left out.
//   - Of two branches with the same state and the same known operations, one goes that has used as much or
//     more of every pool. What follows it can follow the other.
//   - Where it does not matter who had an epoch, because its lease ended and nobody says otherwise, any
//     process will do that can spare an unknown claim. It can (claim_spare.go) if from now on, however late,
//     it has called more of them than this branch has used and all epochs that may need one of its claims
//     need by then. Take an order that uses another process's here and in which this one would then run
//     short: by then it has used more than those epochs need, so one of its claims is for another epoch where
//     it does not matter who has it; there the other process's, which is left over, can stand. So one choice
//     is enough. Only if no process is sure to be able to, all are tried but those that will certainly lack
//     one later.
//
// For the last, an epoch needs a claim of a process if a known operation or read shows that it owned it and
// none of its claims names it, and may need one if an unknown release, or a read or release without an
// epoch, could be in it (claim_contest.go): then it matters who has it, and all of these are tried. It is
// needed at the earliest when everything below it can have ended, and not before something ends that is in a
// later place or may be; at the latest when something of this epoch or a later one ends.
//
// What has no place is told with the state of the longest branch, its last operations, and the known ones
// under way without a place. If the reason is only that an epoch has no claim by the one who shows later that
// he had it, somebody else's is taken, once, so that the walk comes to the operation that shows it.
//
// In a history in which operations name their epochs there is one branch nearly everywhere, and a mark costs
// a few steps, a step being an operation that is tried: n marks take O(n p) for p pools at most, whether the
// history is good or bad. The number of branches is exponential where it matters who had an epoch and nothing
// says it, as for releases with unknown outcomes of many processes in the same epochs, or for claims whose
// owners are only read without their epoch; and it grows with the trashes and restores that are under way at
// once, which have no epoch at all. So steps and branches are counted, and what takes too many is Unknown:
// nothing else is.
//
// Revisions are not asked: sequence numbers show what came first. Porcupine knows nothing of all this and
// holds no part of it. Tests ask it about random small histories of every kind, good and damaged, and where
// it decides about larger ones; [SecondOpinion] asks it about any, and [Picture] draws what it says.
//
// # Sometimes
//
// A run that keeps every promise has shown little if nothing happened in it. So there is a list of marks
// ([Sometimes]): situations in which systems like this one break, such as a lease that ends between the last
// save and the consume. [Checker.Marks] counts them in the history that was checked last, in one pass beside
// those of the properties. Whoever runs a suite can ask that each was met by some run; a mark that no run can
// meet does not belong there. testdata/sometimes has for each a history that has it, and one that nearly has.
//
// A mark is no judgement, and is found by what the history shows in the end: of a claim without an answer, by
// the epochs of those that were answered; of a release without one, by the lease end or the claim that comes
// next. Where it shows nothing the mark is not met, and of some that depend on what waits where it is only
// met if it happens to be seen. What was not answered because its process crashed is without an answer too.
//
// # While a history is written
//
// A [Live] looks at a history record by record, so that a run can end where the first promise is broken. It
// goes through the properties in the same steps that [Checker] takes through a whole history, those of them
// that the records until then decide: what it finds broken stays broken, and is broken in the part that it
// has seen. What can still be excused or explained by what comes later it leaves alone (live.go says which),
// and calls without an answer have the benefit of the doubt. Tests hold it against the checker on histories
// of all sorts, each cut where it spoke, and on runs of the simulator with and without it.
//
// # Speed
//
// A campaign checks every run, so a good history must cost little: it is read once ([Reading]), each
// property then makes one pass through arrays, and a [Checker] that is used again allocates nothing.
package checker
