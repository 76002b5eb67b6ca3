package engine

import (
	"cmp"
	"slices"

	"derail/core/state"
)

// order is what remains to be done of a graph, in either direction. Readiness is read off counters, in
// constant time per edge.
type order struct {
	waits []int32 // per node: how many nodes before it (when reverting: after it) are not done (undone)
	open  []int32 // nodes from which settle has yet to walk on
	ready []int32 // the tasks of the next batch
	spare []int32 // room for the batch after it
}

func newOrder(g *graph) order {
	n, t := len(g.nodes), len(g.tasks)
	room := make([]int32, 2*n+2*t)
	return order{
		waits: room[:n:n], open: room[n : n : 2*n],
		ready: room[2*n : 2*n : 2*n+t], spare: room[2*n+t : 2*n+t],
	}
}

// ahead begins the run forwards: ready is what has to be executed first.
func (e *Engine) ahead() {
	e.reverting = false
	for i := range e.graph.nodes {
		e.order.waits[i] = int32(len(e.graph.nodes[i].prev))
	}
	e.restart(e.graph.first)
}

// back turns the run round: from now on everything that was done is undone, last first.
func (e *Engine) back() {
	e.reverting = true
	for i := range e.graph.nodes {
		e.order.waits[i] = int32(len(e.graph.nodes[i].next))
	}
	e.restart(e.graph.last)
}

func (e *Engine) restart(node int32) {
	e.order.ready = e.order.ready[:0]
	e.settle(node)
	e.sortReady()
}

// settle walks on from a node that is done (undone): a neighbour that waits for no other is done too
// if it is a boundary or a task with nothing left to do, and otherwise ready.
func (e *Engine) settle(node int32) {
	o := &e.order
	o.open = append(o.open[:0], node)
	for len(o.open) > 0 {
		n := &e.graph.nodes[o.open[len(o.open)-1]]
		o.open = o.open[:len(o.open)-1]
		neighbours := n.next
		if e.reverting {
			neighbours = n.prev
		}
		for _, neighbour := range neighbours {
			o.waits[neighbour]--
			if o.waits[neighbour] > 0 {
				continue
			}
			task := e.graph.nodes[neighbour].task
			if task == noTask || e.isSettled(task) {
				o.open = append(o.open, neighbour)
			} else {
				o.ready = append(o.ready, task)
			}
		}
	}
}

// isSettled reports whether nothing is left to do with a task: it is done, or, when reverting, never
// ran or is undone.
func (e *Engine) isSettled(task int32) bool {
	s := e.atoms[task].detail.State
	if e.reverting {
		return s == state.Pending || s == state.Reverted
	}
	return s == state.Success
}

// takeBatch returns the tasks that are ready and makes room for those that become so.
func (o *order) takeBatch() []int32 {
	batch := o.ready
	o.ready, o.spare = o.spare[:0], batch
	return batch
}

// sortReady puts the next batch in order: higher priority first, then as in the flow, or, when
// reverting, in the opposite order.
func (e *Engine) sortReady() {
	if len(e.order.ready) < 2 {
		return
	}
	slices.SortFunc(e.order.ready, func(a, b int32) int {
		if p := cmp.Compare(e.graph.tasks[b].Priority, e.graph.tasks[a].Priority); p != 0 {
			return p
		}
		if e.reverting {
			return cmp.Compare(b, a)
		}
		return cmp.Compare(a, b)
	})
}
