// Package core is the root of the job system; it holds no code of its own. Read it as a map.
//
// # Nouns
//
//	host       time, goroutines, places to wait, chance: the machine, or a simulated one
//	store      the contract for everything that lasts: transactions, leases, watches
//	record     the stored form: kind, version, fields, checksum
//	state      every state and every legal move, as tables
//	failure    what went wrong, as a value: stored, compared, classified
//	flow       tasks and retries and how they are arranged: work as data; flow/draw draws it
//	logbook    what is recorded of each flow, behind the fence
//	engine     runs a flow under a claim: execute, save, revert, try again, resume
//	jobboard   where jobs wait, are claimed, and end
//	conductor  the loop: claim, run, then consume, abandon or trash
//	event      what listeners hear; below it: metrics (prometheus), logs (logging), durations and
//	           timestamps (timing), copies for tests (capture), the claim check (claimcheck)
//	failpoints the places where a run, or an operator, may make things fail
//
// An arrow points at what is imported:
//
//	conductor ─→ jobboard ─→ store
//	    └──────→ engine ──→ logbook ─→ store
//	                └─────→ flow
//
// A process, here, is one line of execution on a host: with the machine's host a goroutine.
//
// Nothing here knows of the simulator, the checker or the reports, and a test keeps it so.
//
// # A job's life
//
//	             post
//	              │
//	              ▼          claim (epoch+1, attempt+1)
//	         ┌─UNCLAIMED ──────────────────────────▶ CLAIMED ──consume──▶ (gone: COMPLETE)
//	restore  │    ▲  │                                 │ │
//	         │    │  │ attempts used up, nobody left   │ │ last attempt failed, or undispatchable
//	         │    │  └───────────────▶ TRASHED ◀───────┼─┘
//	         └────┼────────────────────── │            │
//	              └── abandon, lease ended ────────────┘
//
// # What the core promises
//
// Each promise is a property of package checker (in brackets), which every scenario examines.
//
//	P1  A job has one owner at a time; claims, releases and lease ends of a job happen as if one after
//	    another, each between its beginning and its answer. [claim.linearizable]
//	P2  A conductor begins no task or revert after its claim has ended. [claim.exclusive]
//	P3  No job is lost and none comes from nowhere: a job that was posted is on the board, consumed
//	    once, or in the trash. [job.conserved]
//	P4  Every granted claim charges one attempt, and only an abandon that does not count gives it
//	    back. [attempt.counted]
//	P5  With a policy of N attempts a job is trashed for exhaustion at exactly N, and never claimed
//	    after that. [trash.exact]
//	P6  With such a policy no job is claimed and given up for ever without progress. [cycle.none]
//	P7  Once a newer claim has written to a logbook, an older one's writes are refused. [fence.held]
//	P8  Jobs, flows, tasks, retries and engines move only as package state's tables allow, and a flow ends
//	    as its atoms have. [moves.legal, engine.legal]
//	P9  When the faults have ended the system comes to rest: every job is consumed or in the trash.
//	    [rest.reached] It needs A1 to A5 and A7, and a policy with a limit or no task that fails for ever.
//	P10 A revert begins, and a retry tries again, only when everything that comes after it is reverted
//	    or has never run. [revert.ordered]
//	P11 What is recorded as executed is not executed again unless it was reverted or its flow starts
//	    afresh, and what is recorded as reverted is not reverted again, whoever goes on. [resume.once]
//	P12 A retry with N attempts is executed at most N times before it is reverted, and given up for a
//	    failure that it decides about only after exactly N, however many engines die. [retry.counted]
//	P13 What a decider says is never to run is neither executed nor reverted. [decider.kept]
//	P14 A task is given what those before it returned in the current attempt, and nothing else.
//	    [result.handed]
//	P15 A job is given up, consumed or trashed for a failure of an atom that failed when it last ran:
//	    one that a retry resolved does not come back. [failure.current]
//	P16 When a flow is reverted, everything that was done and has to go is undone, once, and nothing that
//	    has not run since it was last undone. [revert.exact]
//	P17 A job that comes back from the trash begins again at its first attempt. [restore.fresh]
//	P18 A job that was given back is not claimed before its rest is over. [backoff.kept] By clocks that
//	    differ, it may be by as much as they do.
//	P19 A conductor that is well takes the most urgent job of those that it knows of, and of these about the
//	    oldest, so that none is overtaken for long; and a job that can be claimed does not wait while a
//	    conductor has a place for it. [priority.kept, overtake.bounded, claim.prompt] News take up to a
//	    second and more of it where they are many, see package conductor.
//	P20 Whoever asks the board is told what is so at an instant between question and answer, and whoever
//	    lists it is told of one instant, in the order in which jobs are to be claimed. [read.current,
//	    list.whole]
//	P21 Listeners are told of everything that happened to a job once, in order, and after it happened; and
//	    metrics count what they were told. [event.told, metric.agrees]
//	P22 No conductor works on more jobs at once than it has places for. [slots.kept]
//
// A task is executed at least once for each success that is recorded, and what is recorded as done
// is not done again; a crash between the end of a task and the save of its result repeats it. There
// is no exactly-once: a task with effects outside must be able to find out that it has run before.
//
// # What the core assumes
//
//	A1  The store is linearizable, and a transaction happens wholly or not at all.
//	A2  A commit that was refused never happens; one that is unknown happens once, later, or never.
//	A3  A lease does not end before its time to live has passed since it was last renewed, by a clock
//	    that runs at most a tenth faster than the machine's.
//	A4  A clock does not jump while a process works under a claim. (The fence does not need this: P7
//	    and all that depends on the store hold with any clock. P2 does.)
//	A5  Jobs have ids that were never used before.
//	A6  A watch tells every change once, and in order, or ends.
//	A7  A disk that says that something is safe keeps it as it was.
//
// # What holds without them
//
// Whoever decides compares, in the transaction that the decision is; whoever reads only chooses what to
// try. So most of what is wrong with a store costs time and attempts, and not jobs.
//
// Without A1, as far as reads go: commits decide who owns what, so P1, P3 to P8 and P10 to P15 hold where
// reads are from the past but commits are not. Reads by which a call finds out what became of its
// transaction count only in the order of their revisions, and not where they show what the caller has seen
// to be over; a list that is older than what a view has heard is asked for again; a logbook that is read
// too old is noticed by the first save, and one that is not there yet is not taken for missing. What is left
// is that somebody who asks is told what was true once, against P20 (jobboard.Board's List, Find, Wait and
// WaitGone, ErrGone from Restore), and that a claim of a conductor's own that a late list brings back is
// worked on until the fence or the next list says otherwise, against P2 (and P8 of what is told).
//
// Without A1, as far as commits go, of a store that forgets what it has acknowledged: nothing holds of the
// jobs whose writes were forgotten. Such a claim is granted twice, such a job comes back or is lost. Other
// jobs are not touched, and a view follows the store back when it sees the revision fall.
//
// A record that is not as it was written (A1 at rest, A7 for a bit that flips) is never misread: each has
// a checksum, and whoever meets the damage says so (event.RecordDamaged). A job whose posting or ledger
// cannot be read goes to the trash as unreadable, its bytes kept, for somebody to repair, restore or purge;
// a damaged claim still ends with its lease or by its owner, who compares revisions; a damaged logbook is an
// internal failure of the run, which counts. What the bytes said is lost, and with them P4, P5 and P14 for
// that job. Where its epoch is lost too, with the ledger, it goes on with one that is higher than any that it
// can have had, so that P1, P2 and P7 hold but for the number.
//
// Without A2: a transaction that happens after it was refused does no harm to what is stored, because it
// changes what it compares, and so happens once at most. The answer was wrong, though, so that P1 does not
// hold for it: a claim is then found and taken up, a post that was tried again is told that it is there.
//
// Without A3, or where an operator revokes a lease: P2 does not hold from the end of the lease until its
// conductor hears of it, by the watch, by the next renewal, or by a save once a newer claim has written; nor
// P1 of a claim that is only found out about in that time, as one whose making got no answer. A conductor
// that has no place for another job is in no hurry with its watch as long as its renewals are in time. All
// else holds: the fence takes the writes of one only. A lease that ends late costs time.
//
// Without A4: a session whose clock has jumped is given up, forwards because its deadline is past, back as
// soon as it is seen. Until then P2 may not hold, nor P8 of what is told (not of what is written); a jump
// back that is shorter than the time between two looks is not seen, and lasts as long as it is. How long a
// job rests after it was given back does not hang on clocks that agree: who hears of it by a watch lets it
// rest for three quarters of the time at least and for all of it at most, who comes later for all of it at
// most. So a clock that is hours ahead or behind neither starves a job nor has its attempts used up at
// once, except that a conductor whose own clock is ahead takes a job that rests once for each session that
// it begins.
//
// Without A5: a job whose id is on the board or in the trash is refused. One whose id was used before that
// has its predecessor's logbook, if that was not destroyed: it goes on where that one ended, or is fenced
// off, as the epochs begin anew, until its attempts are used up.
//
// Without A6: what is told twice or too late changes nothing in a view, because it is older than what is
// known. What is left out leaves a job alone until the board is listed anew, which it is from time to time
// (jobboard.Config.Relist), and claims by what the view believes until then are refused. A claim that is
// lost without a word is noticed by the clock. P9 holds, later.
//
// Without A7: as without A1, for all that the disk forgot.
//
// # Where this differs from TaskFlow on purpose
//
//	TaskFlow                                                    here
//	---------------------------------------------------------   ------------------------------------------
//	a job that fails internally is abandoned for ever           N attempts, backoff, trash
//	no count survives a conductor that dies                     the claim itself charges the attempt
//	an owner is a name; equal names consume each other's jobs   session, epoch and revision are compared
//	a zombie's writes overwrite the new owner's                 every write is fenced by the epoch
//	a lost claim goes unnoticed                                 asked before every task; the engine stops
//	a release is tried once                                     tried until it is settled, and read back
//	a healthy job is trashed while the storage is down          abandoned
//	a lost connection ends run()                                the conductor registers again
//	a stopped conductor can never run again                     it can
//	lowest priority first (ZooKeeper), newest first (Redis)     highest first, oldest first
//	no way to see into the trash                                list, restore, purge
//	stored failures of earlier attempts linger                  what a retry resolved does not come back
//	a batch's results are saved at its end                      each as soon as it exists
//	one write for every atom that a decision concerns           a decision is recorded once
//	a retry's values are lost on reload after a failure         they are kept
//	an argument whose provider was ignored ends the engine      the atom fails, and retries decide
//	an atom that never ran can be reverted                      only what ran is
//	after a failed revert a second run ends in REVERTED         it stays in FAILURE
//	reset of FAILURE or SUSPENDED fails half done               it is refused, and nothing is changed
//	REVERT_ALL can be overridden by another atom's RETRY        the decision that reverts more stands
//	queued work of a parallel engine is recorded as RUNNING     what runs is
//	a suspension waits while a task runs under a lock           it is heard at once
//	ignore lists and a functor's revert arguments are dropped   what a call is given is declared
//
// What TaskFlow's own tests show, and what they leave out, is listed in PARITY.md with the test that
// shows it here.
package core
