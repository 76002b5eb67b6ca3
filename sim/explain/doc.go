// Package explain works out how a run came to break a promise, for people who have to fix it: it fills a
// [derail/reports.Explanation].
//
// It has the run's choices, so it can run it again, as it was and otherwise, and does so some hundreds of
// times. What it asks, in this order:
//
//   - Which faults mattered? Faults are left out, first all, then in groups, then one by one, until none of
//     those that are left can be missed (faults.go). What is not left out strikes where it did: every draw
//     has an address, and so has every strike.
//   - What led from the first of them to the violation? The records of the history are a graph of what
//     happened before what (order.go, before.go), and the chain is the cheapest path in it, where a reason
//     that says much costs little (chain.go). The rest is folded away.
//   - Of claims that have no order: which of them contradict each other, and since when? The history is cut
//     where the first order is missing, and operations are forgotten that are not needed for that
//     (unordered.go).
//   - What would have happened without the last fault that mattered (without.go)?
//   - When was it decided? The run is branched: all that was drawn before an instant is drawn again as it
//     was, all that comes later anew (branches.go).
//
// A run that breaks no promise can still not be what its scenario expects, or not come to its end: then what
// it says itself stands in the place of a promise (itself.go).
//
// Everything is counted in steps and runs and nothing by a clock, so that the same run has the same
// explanation everywhere; who has no patience may say so by [Config].Stop, and then the explanation says so.
//
// What may not live here: how the words are set on a terminal or a page (package reports), and anything
// that changes what happens in a run.
package explain
