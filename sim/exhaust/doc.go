// Package exhaust makes all runs of a small world that differ in what matters, and says so when it has.
//
// A run is a sequence of choices. Wherever one could have gone another way, [Explorer] notes the other
// ways, and makes the run again up to there (stateless model checking: nothing is kept of a run but its
// choices). What can go another way:
//
//   - which of the events comes first that are to happen at one instant (in a seeded run, their ties);
//   - which of the processes goes on that may, and which waiter a signal wakes;
//   - every draw with more than one answer. Of a chance there are two: it hits, or it does not. Of a draw
//     among very many (a delay) only some answers are tried, which [Coverage] does not pass over in silence.
//
// # What is left out, and why that is sound
//
// Two orders of steps that touch nothing in common are one. The kernel tells what each step touches: the
// machine that it belongs to, the records of the store, the leases, the history (every step that writes a
// record touches all of it, so that not even the order of two records is taken for indifferent). A step's
// hash is made from what it is and from the hashes of the steps before it that touched the same things:
// where it stands in the order that matters, happens-before, and not where it stands in the run. The hash
// of a state is the sum over the steps that led to it. So two runs that have taken the same steps in
// different orders of independent ones are in states with the same hash, and what can come after the second
// of them was looked at after the first. A step of which nobody says what it touches touches everything, and
// so does one of no machine that tells of nothing at the store: a strike changes what nobody tells of.
//
// Two things remain to be believed. That the steps say all that they touch: the tests compare the histories
// of whole explorations with and without this, and every run that is given up is still run to its end,
// where its history must be one that is known. And that no two of some million states share one of 2^64
// hashes: the chance of that is about one in ten million.
//
// What may not live here: what is explored (a scenario says that), and who makes the runs (package explore,
// or a test: [Explorer] is asked for a run and told what came of it).
package exhaust
