// Package history is the border between the system and its examiner: what a run wrote down, as
// operations with a beginning and an end and as events, in one order.
//
// The package knows nothing of derail's core or simulator. Any job system can write a history and
// have it checked; the form on disk is JSON lines, described below. A [Recorder] builds a history in
// memory, [Write] and [Read] take it to disk and back.
//
// # Operations
//
// An operation has a record of type invoke when it is called, and at most one completion: ok (it is
// known to have happened), fail (it is known not to have happened) or info (nobody knows: it may have
// happened, may happen later, or never). An operation without a completion, because its process died
// or the run ended, counts as info. An operation happens at one instant between its invoke and its
// completion; an unknown one at any instant after its invoke, or never. Saves are the exception: they
// are many, and are recorded at their end only.
//
// A claim whose outcome was unknown may turn out to have happened: the conductor reads the board and
// finds its own claim. It then adopts it, which is another claim operation, completed as ok with the
// reason "adopted" and the claim's true epoch. Adopting changes nothing on the board.
//
// Everything else is an event, which happens at its record. A lease_end is recorded in exact order
// relative to the changes of the board.
//
// # The form on disk
//
// The first line is the header, an object with these fields, in any order. All but version may be
// left out, and then are zero or empty.
//
//	version         1
//	scenario        the name of what was run
//	seed            the seed of the run, 0 to 2^64-1
//	hash            the run's rolling hash, 16 hexadecimal digits
//	attempts        N: after how many attempts a job is trashed; 0 is no limit
//	cycle_length    K: how many claims in a row without progress are a cycle; 0 asks for nothing
//	rest_within_ns  how long after the heal the system may take to come to rest; 0 asks for nothing
//	claim_within_ns how long a job may wait that could be claimed, while a conductor is free and well and no
//	                fault is at work; 0 asks for nothing
//	slots           how many jobs a conductor runs at once; 0 is not known
//	overtaken       how many jobs that were posted later and are not more urgent may be claimed while one
//	                waits that could be claimed; 0 asks for nothing
//	clock_error_ns  by how much the clocks of two conductors may differ
//	end_ns          the virtual time at which the run ended
//	faults          the plan of the faults that the run drew for itself, as text
//	shapes          the flows of the jobs as they were declared, see below
//	processes       the names of all processes, each once
//	jobs            the names of all jobs, each once
//
// Every other line is one record, an object with these fields. The first four are always there.
//
//	seq       the record's number, from 1 without a gap: it orders the history
//	at_ns     the virtual time in nanoseconds since the run began; it never decreases
//	type      invoke, ok, fail, info or event
//	kind      operations: post, claim, abandon, consume, trash, restore, save, owner, list, wait, count;
//	          events: lease_end, move, retry, misled, lost, crash, start, pause, resume, fault, heal,
//	          ruined, final, message, note, listed, engine, heard, metric
//	process   who; operations need one
//	job       which job; operations (but not list, wait and count), lease_end, move, retry, misled, final,
//	          listed and engine need one
//	call      completions: the seq of the invoke that they complete; listed: of the list or wait
//	epoch     the claim's epoch, from 1; a claim that is ok needs one. Absent where it is not known, and
//	          in a trash by one who does not own the job. In an invoke it binds: the operation happens
//	          with this epoch or not at all
//	attempt   claim ok: which attempt this is, from 1; trash ok and abandon ok: how many attempts are
//	          charged after it; retry: which of its attempts it is, from 1
//	revision  ok: the store's revision at which it happened, where it is known
//	counted   abandon, its invoke and its completion: true when the attempt stays charged
//	n         save: how many atoms it newly records as finished; fault: for how many milliseconds it
//	          lasts, where it lasts and that is known; post: how urgent the job is, more is more;
//	          abandon: for how many milliseconds, rounded down, nobody is to claim the job; list, wait and
//	          count, ok: how many jobs; heard: a running number; metric: the value; message: for how many
//	          microseconds it was on its way
//	subject   move: "flow", "job" or a task's name; retry: the retry's name; trash: the last failure;
//	          misled: the task's name; fault: what it hit; ruined: which record, where it was one;
//	          owner and listed: who owns a claimed job; list: "trash" where it is that; metric: its name;
//	          message: what the call is for ("claim", "renew", ...), or "news"
//	from      move, retry, engine: the state before; message from the store: "store"
//	to        move, retry, engine: the state after; final, listed, owner ok, and wait ok with a job:
//	          unclaimed, claimed, trashed or gone; message to the store: "store"
//	reason    why: a failure's fingerprint, a fault's name, the reason of a fail, "adopted", ...;
//	          misled: what was wrong, in words for people; message: "lost", "repeated" or "too late" where it
//	          did not arrive just once and in time
//
// A task that looks at its arguments tells by misled that one of them is not what those before it returned
// in the current attempts of the retries around them, or is not there, or is not for it. The record comes
// after the move by which the task began, and is the task's word: nobody else knows what was handed over.
//
// A ruined record says that the promises do not cover a job, or without a job the whole run, from there
// on: every copy of the data in which they are kept was lost or damaged, by the world and not by the
// system. Whoever writes it must know that nothing is left from which the system could have gone on. What
// the system did before it, and what it does about other jobs, is to be right all the same.
//
// A failure of an atom is told as "KIND in ATOM: TEXT", wherever one is told.
//
// # Reads
//
// Where a job is (owner), which jobs there are (list, wait) and how many (count) are operations whose
// answers are examined. What a list or a wait answers stands in listed records, in the order of the answer,
// between its invoke and its completion; it is one answer, about one instant. A wait with a job is answered
// when the job has left the board, one without when there is a job on it; one whose time is over first
// fails with the reason "timeout". The answer of a wait is about an instant as well.
//
// # Listeners and metrics
//
// A heard record is what a listener of a process was told, numbered from 1 in each of its lives: reason is
// the kind of the event, as in claimed, consumed, abandoned, trashed, lost, saved, unsaved, flow, atom,
// retry and engine. It comes after the record of what it tells. A metric is a counter with its labels, as
// Prometheus writes them, at that instant.
//
// # Shapes
//
// A shape says what the flow of a group of jobs is, so that more of its moves can be checked: in what
// order things are reverted, how often a retry tries, what a decider leaves out. It is an object with these
// fields. Jobs whose flow nobody declares have no shape.
//
//	group     what the jobs have in common, for people
//	jobs      the names of the jobs, each in one shape; they need not be in the header's list
//	atoms     the flow's atoms, from 1 to 2000; each is listed after those that it names
//
// An atom is an object with these fields; all but name may be left out.
//
//	name        as in the subject of its moves
//	retry       true of a retry, false of a task
//	after       the atoms directly before it in the order of execution, through the boundaries of flows;
//	            the first atoms of a flow come after its retry
//	under       the nearest retry around it; of a retry, the one around its flow
//	attempts    of a retry: at most so many attempts; 0: it never tries again
//	revert_all  of a retry: when its attempts are used up, everything is reverted
//	never       true of what a decider always leaves out
//	undoes      true of what has something to undo
//
// An absent field is zero, false or empty; [Write] leaves those out. There are no other fields, no
// other values, no blank lines and no two records on a line: [Read] refuses them, with the line, the
// column, what is wrong and what would be right. Numbers are whole and written without an exponent.
//
// [Schema] is the same as a JSON schema of one line, for programs in other languages. What it cannot say
// is what lines say about each other: that seq counts without a gap and at_ns does not go back, that a call
// names an open invoke of the same kind, process and job, and that names are those that the header lists.
//
// # Histories of other systems
//
// Whatever hands out jobs one at a time can be checked by what it has in its log: see the example. Write down
// every call with its beginning and its end, from the caller's side, as they came; a call of which the end
// is not known is an invoke alone, or ends as info. Never make an ok of what is only likely. Where a system
// numbers its claims (a delivery count, a fencing token), that is the epoch, from 1 for each job; where it
// does not, claims can be counted while there is one log and it is complete. The lines of several logs have
// one order only when their clocks do: where they are apart by less than the clocks may differ, write invokes
// as early and completions as late as they can have been.
//
// A promise is checked as far as the records go that it looks at. What each needs beside jobs that are posted
// and claimed (epochs in the claims that are ok):
//
//	claim.linearizable  claims, abandons, consumes, trashes and restores, and lease_end wherever a job became
//	                    free without its owner: a claim that ends untold is a claim too many
//	claim.exclusive     the same; and move where work on a task begins, with the epoch of its claim, and crash
//	read.current        owner, wait, list and listed
//	list.whole          list with listed, wait without a job, count; n in post for their order
//	job.conserved       consume, trash, restore; final for every job
//	attempt.counted     attempt in claim, abandon and trash; counted in abandon. Where a system does not count
//	                    attempts, do not ask for it
//	restore.fresh       restore; attempt in claim
//	trash.exact         attempts in the header; trash with its reason; counted in abandon
//	cycle.none          cycle_length in the header; abandon, lease_end; move and save with n
//	fence.held          save with epoch; revision where the store has one
//	moves.legal         move and retry, every one of them
//	revert.ordered      the same, and the shapes
//	revert.exact        the same, and the shapes
//	resume.once         the same, and save
//	retry.counted       the same, and the shapes
//	decider.kept        the same, and the shapes
//	result.handed       misled, of tasks that look at their arguments
//	failure.current     reason in abandon, subject in trash, in the form above; move, and the shapes
//	engine.legal        engine
//	event.told          heard, and move of the subject "job"
//	metric.agrees       metric
//	backoff.kept        n in abandon
//	claim.prompt        claim_within_ns and slots in the header; fault, heal, crash, start, pause, resume
//	overtake.bounded    overtaken in the header; n in post
//	priority.kept       claim_within_ns in the header; n in post
//	slots.kept          slots in the header
//	rest.reached        rest_within_ns and end_ns in the header; heal where there were faults; final
//	run.happened        nothing more
//
// What is not there is not asked: a history without saves keeps fence.held, and the number of checks that the
// verdict tells is zero. Only job.conserved and rest.reached are undecided where it is not said how the jobs
// ended. A promise of which a system knows nothing is best left out of the verdict: derail check --property.
package history
