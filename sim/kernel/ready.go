package kernel

import "derail/sim/choice"

// runQueue holds the processes that are to run at this instant. Who goes first is drawn; with the
// benign draw it is the one that came first.
type runQueue struct {
	draws     *choice.Stream
	processes []*process
	head      int
}

func (q *runQueue) emptied() runQueue {
	clear(q.processes[:cap(q.processes)])
	return runQueue{processes: q.processes[:0]}
}

func (q *runQueue) some() bool { return q.head < len(q.processes) }

func (q *runQueue) push(p *process) {
	if q.head == len(q.processes) {
		q.head, q.processes = 0, q.processes[:0]
	}
	q.processes = append(q.processes, p)
}

// take removes one, and keeps the others in the order in which they came.
func (q *runQueue) take() *process {
	waiting := q.processes[q.head:]
	q.head++
	if len(waiting) == 1 {
		return waiting[0]
	}
	drawn := int(q.draws.Draw(uint64(len(waiting))))
	p := waiting[drawn]
	copy(waiting[1:drawn+1], waiting[:drawn])
	return p
}

// forget removes the processes of a machine.
func (q *runQueue) forget(m *Machine) {
	kept := q.processes[:0]
	for _, p := range q.processes[q.head:] {
		if p.machine != m {
			kept = append(kept, p)
		}
	}
	q.head, q.processes = 0, kept
}
