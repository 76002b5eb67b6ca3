package kernel

import "math/bits"

// entry is an event's place in the queue. Order is the drawn tie-break in the upper bits and the
// event's number, which no other event has, in the lower ones.
type entry struct {
	at    int64
	order uint64
	slot  uint32
}

func (a *entry) before(b *entry) bool {
	return a.at < b.at || (a.at == b.at && a.order < b.order)
}

// queue holds the coming events, ordered by time, tie-break and number, in a heap with four
// children to a node: it is half as deep as a binary one, and the children share cache lines.
//
// An event that is called off stays in the queue until it comes to the top or until the queue
// consists of such entries by half. Taking the first entry leaves a hole in its place, which the
// next push fills: a process that wakes mostly goes to sleep again at once.
type queue struct {
	entries []entry
	hole    bool // entries[0] has been taken
	stale   int  // entries whose event was called off, about
}

const arity = 4

func (q *queue) emptied() queue { return queue{entries: q.entries[:0]} }

// push adds an event.
func (q *queue) push(e entry) {
	if q.hole {
		q.hole = false
		q.sink(0, e)
		return
	}
	q.entries = append(q.entries, e)
	q.rise(len(q.entries)-1, e)
}

// peek is the first event, or nil.
func (q *queue) peek() *entry {
	if q.hole {
		q.close()
	}
	if len(q.entries) == 0 {
		return nil
	}
	return &q.entries[0]
}

// drop removes what peek returned.
func (q *queue) drop() { q.hole = true }

// close moves the last entry into the hole.
func (q *queue) close() {
	q.hole = false
	last := len(q.entries) - 1
	e := q.entries[last]
	q.entries = q.entries[:last]
	if last > 0 {
		q.sink(0, e)
	}
}

// precedes reports whether e would be the first event if it were pushed.
func (q *queue) precedes(e *entry) bool {
	if !q.hole {
		return len(q.entries) == 0 || e.before(&q.entries[0])
	}
	for i := 1; i < len(q.entries) && i <= arity; i++ {
		if q.entries[i].before(e) {
			return false
		}
	}
	return true
}

func (q *queue) rise(i int, e entry) {
	entries := q.entries
	for i > 0 {
		parent := (i - 1) / arity
		if !e.before(&entries[parent]) {
			break
		}
		entries[i] = entries[parent]
		i = parent
	}
	entries[i] = e
}

// sink puts e in place of entry i or below. Which of four children is the least is decided without
// branches, which the processor could not predict.
func (q *queue) sink(i int, e entry) {
	entries := q.entries
	for {
		first := i*arity + 1
		if first+arity > len(entries) {
			break
		}
		four := entries[first : first+arity : first+arity]
		left := int(less(&four[1], &four[0]))
		right := 2 + int(less(&four[3], &four[2]))
		least := left
		if less(&four[right], &four[left]) != 0 {
			least = right
		}
		if less(&four[least], &e) == 0 {
			entries[i] = e
			return
		}
		entries[i] = four[least]
		i = first + least
	}
	q.sinkLast(i, e)
}

// sinkLast is sink where there are fewer than four children, which then have none.
func (q *queue) sinkLast(i int, e entry) {
	entries := q.entries
	least, at := &e, i
	for c := i*arity + 1; c < len(entries); c++ {
		if entries[c].before(least) {
			least, at = &entries[c], c
		}
	}
	entries[i] = *least
	entries[at] = e
}

// less is 1 if a comes before b, and 0 otherwise: the borrow of a subtraction of 128 bits.
func less(a, b *entry) uint64 {
	_, borrow := bits.Sub64(a.order, b.order, 0)
	_, borrow = bits.Sub64(uint64(a.at), uint64(b.at), borrow)
	return borrow
}

// calledOff notes that an entry has gone stale, and sweeps when too many have.
func (k *Kernel) calledOff() {
	const few = 64
	q := &k.queue
	q.stale++
	if q.stale < few || q.stale < len(q.entries)/2 {
		return
	}
	q.stale = 0
	if q.hole {
		q.close()
	}
	live := q.entries[:0]
	for _, e := range q.entries {
		if k.events[e.slot].order == e.order {
			live = append(live, e)
		}
	}
	q.entries = live
	for i := (len(live) - 2) / arity; i >= 0 && len(live) > 1; i-- {
		q.sink(i, live[i])
	}
}
