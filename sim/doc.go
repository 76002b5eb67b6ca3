// Package sim is the root of the simulator; it holds no code of its own. Read it as a map.
//
//	choice    every decision that could go two ways: seeded, recorded, replayed
//	kernel    coroutines, virtual time, the run queue, the rolling hash, the machines' clocks
//	network   links between machines: delay and tail, loss, repeats, reordering, cuts
//	storage   the store as a simulated server, its replica, and its client
//	disk      the disk under a SQLite database: what is synced stays, and the rest may not
//	fault     which of a scenario's faults strike, and when; what a swarm draws
//	workload  scripted tasks, the flows made of them, the client that posts jobs
//	world     one scenario and one source of choices make one run and one history
//	explore   many runs, spread over the cores and judged: seeds, and searches that choose what to try
//	exhaust   all runs of a small world that differ in what matters, and what was covered
//	shrink    the same failure with less: a scenario that fails on every run
//	explain   how a run came to break a promise: what led there, and what came of running it otherwise
//	simtest   property tests of one's own conductors, policies, tasks and stores, for go test
//	planted   bugs planted in core, one at a time, and the property that catches each
//
// # What is simulated, and what is real
//
// Real: all of core (conductors, jobboard, engine, logbook) and the store's state machine; where a scenario
// asks for it, SQLite with its driver. Simulated: time, goroutines, chance, the machines, the network, the
// server around the state machine, and the disk under SQLite.
//
// # Which assumption each fault tests, or breaks
//
// The assumptions A1 to A7 are package core's. A fault that tests one stays within it, and may break no
// promise. One that breaks it does what the assumption rules out; the next section says what is left.
//
//	fault                    what it tests, or breaks
//	-----------------------  --------------------------------------------------------------------------
//	storage.refused          tests A2: refused means that it did not happen
//	storage.unknown-applied  tests A2: unknown may mean that it did
//	storage.unknown-later    tests A2: unknown may mean that it will, after somebody has looked
//	storage.unknown-lost     tests A2: unknown may mean that it did not
//	storage.slow             tests A2: a caller that has given up does not stop the store
//	storage.stalled          tests A2, A3: everything waits and comes at once, late renewals among it
//	storage.down             tests A1: nothing is lost while the store is down; waiting, coming back
//	storage.full             tests A2: what writes is refused, what deletes is not
//	storage.stale            breaks A1: a read says what was so once
//	storage.failover         breaks A1: acknowledged writes are gone, and revisions are given out again
//	storage.corrupt          breaks A1: a record is not what was written; its checksum tells
//	lease.lost               breaks A3: a lease ends before its time
//	lease.late               tests A3: the time to live counts from when the store renews, and that is late
//	watch.lag                tests A6: a watch may be late; views are behind the board
//	watch.repeat             breaks A6: something is told twice, and after what came later
//	watch.drop               breaks A6: something is never told
//	watch.restart            tests A6: a watch that lost its place says so; list again
//	disk.power-loss          tests A7: what was synced is there, the rest in part or not at all
//	disk.torn                tests A7: a write that was not synced is there by halves
//	disk.lie                 breaks A7: a sync has not happened, and says that it has
//	disk.sync-error          tests A7: a sync that failed promises nothing
//	disk.read-error          tests A2: a call that cannot read does not happen, and says so
//	disk.slow                tests A3: renewals and writes wait for the disk, and for each other
//	disk.full                tests A2: what needs space is refused
//	disk.flip                breaks A7: what was safe has changed
//	disk.lost                breaks A7: what was safe is gone, all of it
//	network.delay            tests A2, A3: stale views, late renewals, answers that overtake each other
//	network.loss             tests A2: requests and answers are lost on their own; watches break
//	network.repeat           tests A2: a transaction that arrives twice happens once
//	network.reorder          tests A2: of two calls the later one happens first
//	network.cut              tests A2, A3: no renewal comes through, or no answer to one
//	network.slow             tests A2, A3: everything of one machine is late
//	node.crash               tests nothing that is assumed: attempts, and going on from the logbook
//	node.pause               tests A4: a clock goes on while its machine stands still; zombies, the fence
//	node.stop                tests nothing that is assumed: attempts given back, work gone on with
//	clock.skew               tests A4: a clock may be wrong as long as it goes on evenly
//	clock.drift              tests A3: a slow clock measures a lease too long; a tenth is left for that
//	clock.jump               breaks A4: a clock jumps under a claim
//	task.error               tests nothing that is assumed: the outcome table, retries, reverts
//	task.panic               tests nothing that is assumed: the same
//	task.hang                tests nothing that is assumed: the run limit
//	task.slow                tests nothing that is assumed: claims outlive long tasks
//	task.poison              tests nothing that is assumed: attempts of conductors that cannot say so
//	code.failpoint           tests nothing that is assumed: an error or a crash between two steps
//
// No fault breaks A2, and none breaks A5: both would be the doing of whoever wrote the store's client, or
// posts the jobs. What the network repeats is carried out again, but of a transaction the second time comes
// to nothing: a revision that it compares has changed, and where it compares none the store recognises it.
//
// # What still holds without an assumption
//
// A broken assumption takes some promises with it: the ones named here have been seen to fail in runs with
// these faults, for the reasons given, and the others have not. The scenarios named have the faults. Package
// core says the same from its own side, under "What holds without them".
//
// Without A1, when acknowledged writes are lost (storage.failover; weak-store):
//
//   - A claim that was granted can be among them. Its job is then claimed again while its first owner works,
//     in the same epoch: P1 and P2 fail, and P8, because two owners move the same tasks. A release can be
//     among them: a job that was consumed is claimed and consumed again; a post can be, and the job is
//     gone: P3.
//   - The fence compares the revision of the logbook's head, and the epoch in it. Of what the store still
//     knows it lets no older epoch write. But a newer claim's write can be lost, and then the older one's is
//     taken: P7 fails in the history, though never in the store. Revisions are given out again, so that a
//     comparison can hold for a record that is not the one that was read.
//   - Records of what was executed can be lost: it is executed again, and P11 fails. A view can believe in
//     revisions that never were, and not see a job until the store has come so far again: P9 can fail.
//   - What holds: each record is whole, and what is read was once written. Jobs of which nothing was
//     forgotten are not touched.
//
// Without A1, when reads are stale (storage.stale; stale-reads):
//
//   - No transaction trusts a read: its comparisons are made on what is. So stale reads alone break
//     nothing: views are late anyhow, and a claim, a save or a release by a stale picture is refused.
//   - Whoever has no answer and reads back counts only what is newer than what was seen before; who
//     cannot tell from that what happened says that it is unknown.
//   - A claim of a conductor's own that a late list brings back is worked on until the next list or the
//     fence: P2 can fail, and P8 of what is told.
//   - What holds: who may decide, because commits do. No job is lost, consumed twice, or charged wrongly, and
//     the fence takes the writes of one.
//
// Without A1, when a record is damaged (storage.corrupt; corrupt-records): every record has a checksum, so
// damage is found when it is read and named; nothing is executed by a damaged record. Which of a job's
// promises are left depends on the record: the guard of package world marks jobs of which no good copy
// of some record is left as ruined, and the checker asks of those only what can be asked. All promises about
// all other jobs hold.
//
// Without A3 (lease.lost; leases-lost): a conductor works for as long as it believes in its claim, until it
// hears of the loss: from its watch, from a renewal, or from a save that the fence refuses. A task can begin
// in that time: P2 fails. Everything that depends on the store holds: P1, because the store decides about
// claims, and P7, because the fence asks for no clock. A clock that is slow by more than a tenth does the
// same.
//
// Without A4 (clock.jump; jumping-clocks): a clock that jumps forwards ends sessions too early, which costs
// attempts and time, and breaks nothing. One that is seen to go back ends the session. A jump back by less
// than has passed since the session last looked cannot be seen, and lengthens its belief in the lease by as
// much: with renewals that do not come through, P2 can fail. P7 and the rest hold, as without A3.
//
// Without A6 (watch.repeat, watch.drop; watches): views order news by revision, and claims compare
// revisions, so what is told twice or late changes nothing. What is never told is missed until the board is
// listed again: when the watch breaks, or when the time for that has come. A job can wait so long, and an
// owner be late to hear that its claim has ended; the store, its deadline and the fence still tell it. A
// rest that is shorter than that makes P9 fail; no other promise does.
//
// Without A7, when a disk lies or flips bits (disk.lie, disk.flip; sqlite-lying-disk, sqlite-flipped-bits):
// after a power loss acknowledged commits can be gone, and then it is as without A1 after a failover; or
// the database is damaged, which its integrity check, the store's own or a record's checksum finds: that is
// reported, and never read as if it were good. When the disk is lost (disk.lost; sqlite-lost-disk), nothing
// is left to make a promise about, and the run is marked as ruined.
//
// # Phases
//
// A run has two phases. In the first, faults strike; then all but those marked forever end, machines
// that are down come up, and the system has the scenario's rest to come to rest. With heal: core only a
// part heals, and what is outside of it stays broken for good.
package sim
