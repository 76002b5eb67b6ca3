// Package timing says how long things took and when they came into which state, by the events' own
// times: of a simulated run, in virtual time.
//
// [Durations] measures tasks, reverts, retries, flows, jobs and stages, and sums them up by name.
// [Timestamps] remembers when each flow and each atom last entered each state. Both are event.Listeners
// that any number of processes may tell events, and ask, at once; both keep a bounded number of things
// and forget those first that they heard of first.
//
// What may not live here: metrics for a server, which are package prometheus's; a clock.
package timing
