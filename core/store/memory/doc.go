// Package memory is the store that lives in the process: the embedded default.
//
// [Machine] is the store's behaviour and nothing else: a state machine without a lock, a host or a
// clock, to which time is an argument. [Store] is a Machine behind a lock, on a host, with the process
// that ends leases. The simulated server of sim/storage is the same Machine behind a network, so what
// is proven of one holds for the other.
//
// What lives here: the machine, its index, its leases, its memory of changes, and the store over it.
// What may not: anything that knows what the keys mean, or how a call may fail on its way.
package memory
