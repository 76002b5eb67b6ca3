// Package sim is the root of the simulator; it holds no code of its own. Read it as a map.
//
//	choice    every decision that could go two ways: seeded, recorded, replayed
//	kernel    coroutines, virtual time, the run queue, the rolling hash
//	network   links between machines: delay and loss
//	storage   the store as a simulated server, and its client
//	fault     which of a scenario's faults strike, and when
//	workload  scripted tasks, the flows made of them, the client that posts jobs
//	world     one scenario and one source of choices make one run and one history
//	explore   many runs: seeds spread over the cores, judged against what the scenario expects
//	planted   bugs planted in core, one at a time, and the property that catches each
//
// # What is simulated, and what is real
//
// Real: all of core (conductors, jobboard, engine, logbook) and the store's state machine. Simulated:
// time, goroutines, chance, the machines, the network, and the server around the state machine.
//
// # Which assumption each fault tests
//
// The assumptions A1 to A5 are package core's. A fault that stays within them may break no promise.
//
//	fault                      what it tests
//	-------------------------  ------------------------------------------------------------------
//	storage.refused            A2: refused means that it did not happen
//	storage.unknown-applied    A2: unknown may mean that it did
//	storage.unknown-lost       A2: unknown may mean that it did not
//	storage.slow               A2: unknown may mean later
//	storage.down               waiting and coming back; nothing is lost while it is down (A1)
//	network.delay              stale views, late renewals, answers that overtake each other
//	network.loss               requests and answers lost on their own; watches that break
//	node.crash                 attempts charged by the claim; resumption from the logbook
//	node.stop                  a stop is no fault of a job: attempts given back, work resumed
//	node.pause                 the fence and the deadline: zombies (A3 is kept: clocks go on)
//	task.error, panic, slow    the outcome table
//	task.hang                  the run limit
//	task.poison                attempts used up by conductors that did not live to say so
//	code.failpoint             an error, or a crash, between two steps that belong together
//
// A run has two phases. In the first, faults strike; then all but those marked forever end, machines
// that are down come up, and the system has the scenario's rest to come to rest.
package sim
