package jobboard

// queue is a heap of jobs. Every job knows its place in it, so that one in the middle can leave.
type queue struct {
	before func(a, b *sighting) bool
	heap   []*sighting
}

// first is the job before all others, or nil.
func (q *queue) first() *sighting {
	if len(q.heap) == 0 {
		return nil
	}
	return q.heap[0]
}

// add puts in a job that is in no queue.
func (q *queue) add(s *sighting) {
	s.in, s.place = q, len(q.heap)
	q.heap = append(q.heap, s)
	q.up(s.place)
}

// remove takes a job out of the queue that it is in.
func (q *queue) remove(s *sighting) {
	last := len(q.heap) - 1
	place, moved := s.place, q.heap[last]
	q.heap[last] = nil
	q.heap = q.heap[:last]
	s.in, s.place = nil, 0
	if moved == s {
		return
	}
	q.set(place, moved)
	q.up(place)
	q.down(moved.place)
}

func (q *queue) set(place int, s *sighting) {
	q.heap[place] = s
	s.place = place
}

func (q *queue) up(place int) {
	s := q.heap[place]
	for place > 0 {
		parent := (place - 1) / 2
		if !q.before(s, q.heap[parent]) {
			break
		}
		q.set(place, q.heap[parent])
		place = parent
	}
	q.set(place, s)
}

func (q *queue) down(place int) {
	s := q.heap[place]
	for {
		child := 2*place + 1
		if child >= len(q.heap) {
			break
		}
		if right := child + 1; right < len(q.heap) && q.before(q.heap[right], q.heap[child]) {
			child = right
		}
		if !q.before(q.heap[child], s) {
			break
		}
		q.set(place, q.heap[child])
		place = child
	}
	q.set(place, s)
}
