// Package network is the links of a simulated cluster: how long a message takes between a machine and
// the store, and whether it arrives.
//
// Each machine has a link with the store, and each way of it streams of chance of its own. Every message
// draws its own delay, so messages overtake each other. Cuts and slowness are the link's, and survive
// the machine. What may not live here: what a message says (package storage).
package network

import (
	"slices"

	"derail/scenarios"
	"derail/sim/choice"
	"derail/sim/fault"
)

// Network is the links of all machines, in one run after another. It is not safe for concurrent use.
type Network struct {
	delay, tail scenarios.Span
	tailRate    uint64 // in millionths
	nodes       []string
	ways        []way // two for each node: requests, answers
	source      *choice.Source
	faults      *fault.Injector
	cuts        int // how many ways have been cut in this run
}

// way is one way of a link.
type way struct {
	delays, lates, tails *choice.Stream // made when first drawn from
	cutUntil             int64
	slows                []slowness
}

// slowness is how much longer messages take, until when.
type slowness struct{ until, by int64 }

// Delivery is what becomes of a message.
type Delivery struct {
	Delay   int64 // how long it takes
	Lost    bool  // it does not arrive
	Cut     int64 // with Lost: it is a cut, which ends then
	Again   int64 // positive: it arrives once more, so long after the first time
	Reorder int64 // positive: it waits for another message to arrive, but no longer than that
}

// New makes a network in which nothing is wrong. nodes are the names of the machines in order of their
// number.
func New(spec scenarios.Network, nodes []string) *Network {
	return &Network{
		delay: spec.Delay, tail: spec.Tail, tailRate: uint64(spec.TailRate),
		nodes: nodes, ways: make([]way, 2*len(nodes)),
	}
}

// Reset makes the network as new, for another run.
func (n *Network) Reset(source *choice.Source, faults *fault.Injector) {
	n.source, n.faults, n.cuts = source, faults, 0
	clear(n.ways)
}

// index is where a way of a node's link is found.
func index(node int, w fault.Way) int { return 2*node + int(w) - int(fault.Requests) }

// name is what a way of a node's link is called in the record of choices.
func (n *Network) name(node int, w fault.Way) string {
	if w == fault.Requests {
		return n.nodes[node] + ">" + scenarios.NodeStore
	}
	return scenarios.NodeStore + ">" + n.nodes[node]
}

func (n *Network) stream(of **choice.Stream, name string, node int, w fault.Way) *choice.Stream {
	if *of == nil {
		*of = n.source.Stream(name, n.name(node, w))
	}
	return *of
}

// Send draws what becomes of a message that is sent now, between a node and the store.
func (n *Network) Send(now int64, node int, w fault.Way) Delivery {
	l := &n.ways[index(node, w)]
	span := n.delay
	d := Delivery{Delay: n.stream(&l.delays, "network", node, w).Between(int64(span.Low), int64(span.High))}
	if n.tail.High > 0 {
		d.Delay += n.late(l, node, w)
	}
	if now < l.cutUntil {
		d.Lost, d.Cut = true, l.cutUntil
		return d
	}
	if len(l.slows) > 0 {
		d.Delay += l.slowBy(now)
	}
	m := n.faults.Message(now, node, w)
	d.Delay += m.Extra
	d.Lost, d.Again, d.Reorder = m.Lost, m.Repeat, m.Reorder
	return d
}

// late draws whether a message is one of the late ones, and by how much: each doubling of the least is
// half as likely as the one before.
func (n *Network) late(l *way, node int, w fault.Way) int64 {
	const million = 1_000_000
	if !n.stream(&l.lates, "network.tail", node, w).Chance(n.tailRate, million) {
		return 0
	}
	tail := n.stream(&l.tails, "network.tail:for", node, w)
	low, high := int64(n.tail.Low), int64(n.tail.High)
	for halves := tail.Draw(1 << 40); halves >= 1<<39 && low <= high/2; halves = halves << 1 & (1<<40 - 1) {
		low *= 2
	}
	if low <= high/2 {
		high = low * 2
	}
	return tail.Between(low, high)
}

// Open reports whether a message gets through that arrives now.
func (n *Network) Open(now int64, node int, w fault.Way) bool {
	return n.cuts == 0 || now >= n.ways[index(node, w)].cutUntil
}

// CutUntil is when the cut of a way ends, if there is one.
func (n *Network) CutUntil(node int, w fault.Way) int64 { return n.ways[index(node, w)].cutUntil }

// Cut lets nothing through between a node and the store, one way or both, until then. What is cut for
// longer already stays so.
func (n *Network) Cut(node int, w fault.Way, until int64) {
	n.cuts++
	for _, one := range [...]fault.Way{fault.Requests, fault.Answers} {
		if w&one != 0 {
			l := &n.ways[index(node, one)]
			l.cutUntil = max(l.cutUntil, until)
		}
	}
}

// slowBy is the greatest slowness that there is now, and forgets those that are over.
func (l *way) slowBy(now int64) (by int64) {
	l.slows = slices.DeleteFunc(l.slows, func(s slowness) bool { return now >= s.until })
	for _, s := range l.slows {
		by = max(by, s.by)
	}
	return by
}

// Slow makes each message between a node and the store take longer, one way or both, until then.
func (n *Network) Slow(node int, w fault.Way, until, by int64) {
	for _, one := range [...]fault.Way{fault.Requests, fault.Answers} {
		if w&one != 0 {
			l := &n.ways[index(node, one)]
			l.slows = append(l.slows, slowness{until, by})
		}
	}
}

// Heal ends what cuts a node's link or slows it down.
func (n *Network) Heal(node int) {
	for _, one := range [...]fault.Way{fault.Requests, fault.Answers} {
		l := &n.ways[index(node, one)]
		l.cutUntil, l.slows = 0, nil
	}
}

// HealAll does so for all links.
func (n *Network) HealAll() {
	for node := range n.nodes {
		n.Heal(node)
	}
}
