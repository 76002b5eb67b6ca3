// Package simtest is for the tests of people who write conductors, policies, tasks or stores of their own: it
// runs them in whole simulated clusters, from go test, and says how they break a promise.
//
//	func TestShipping(t *testing.T) {
//		simtest.Check(t, simtest.Config{Flow: shipping})
//	}
//
// [Check] has rapid draw case after case: some jobs, some conductors, a few faults with their times, and how
// chance falls. Each case is a whole cluster in virtual time, which takes about a millisecond; its history is
// held against every promise of package checker, and against properties of the test's own. When one is broken
// rapid makes the case smaller, piece by piece, as long as the same promise is broken. What is left is told
// in words: the jobs, the conductors, the faults, the promise, what happened to the job; with the command
// that runs just this case again, and the case as a scenario for derail.
//
// # What is one's own, and what is simulated
//
// A [Config] with nothing in it runs derail's own conductors on scripted tasks. Each of its functions puts
// something of the test's in the place of a part:
//
//	Policy      the attempts policy: what is promised, and what conductors do unless Conductor changes it
//	Conductor   how each conductor is set up: a policy in code (its Judge), a listener, limits
//	Flow        what a job does: real tasks, in flows of any kind
//	Store       what stands between the conductors and the store: a cache, a cipher, a driver's retries
//	Properties  what must hold besides
//
// They are called once in each life of a machine, with the machine's [host.Host], as production code calls
// them once in each process with the real one. Two rules make a case repeatable, and Check finds out where
// they are broken: time, goroutines, waiting and chance come from the host and nowhere else; and what
// outlives a run (a counter, a fake bank) is made anew for each, in Config.EachRun.
//
// A store that is to take the store's place has its own proof: [CheckStore] holds it against the contract of
// package store, in simulated time and in drawn orders. The algorithms above it are proven over that
// contract, so nothing more is asked of a store.
//
// # What a case is made of
//
// All of it is drawn by rapid, as structure and never as a seed, so that rapid's shrinking can take it apart:
// how many conductors; the jobs, each with its tasks; the faults, each striking at a time at one machine or
// operation; and the choices. Of these the run takes some thousands (who goes next, how long a message
// takes), each at an address of its own. They are spread over sixteen drawers by their addresses. A drawer
// that the case does not name answers each with the benign choice, zero; one that it names answers all of its
// choices by one of eight rules. So there is little to draw, nothing drawn is the simplest run, and one
// drawer can be taken away without moving the rest.
//
// What may not live here: promises (package checker), and anything that happens inside a run (package world).
package simtest
