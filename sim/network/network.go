// Package network is the links of a simulated cluster: how long a message takes from one machine to
// another, and whether it arrives.
//
// A link joins one machine with the store, and has a stream of chance of its own. Every message
// draws its own delay, so messages overtake each other. What may not live here: what a message says
// (package storage).
package network

import (
	"derail/scenarios"
	"derail/sim/choice"
	"derail/sim/fault"
)

// Link is one way from one machine to another.
type Link struct {
	delay  scenarios.Span
	stream *choice.Stream
	node   int
	faults *fault.Injector
}

// New makes a link whose faults are those of the node.
func New(name string, node int, delay scenarios.Span, source *choice.Source, faults *fault.Injector) Link {
	return Link{delay: delay, stream: source.Stream("network", name), node: node, faults: faults}
}

// Send draws what becomes of a message that is sent now: how long it takes, in nanoseconds, and
// whether it is lost.
func (l *Link) Send(now int64) (delay int64, lost bool) {
	delay = l.stream.Between(int64(l.delay.Low), int64(l.delay.High))
	extra, lost := l.faults.Message(now, l.node)
	return delay + extra, lost
}
