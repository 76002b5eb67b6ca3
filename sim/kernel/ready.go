package kernel

import "derail/sim/choice"

// runQueue holds the processes that are to run at this instant. Who goes first is drawn; with the
// benign draw it is the one that came first.
type runQueue struct {
	draws     *choice.Stream
	processes []*process
	head      int
	look      func([]Candidate) // Config.Ready
	seen      []Candidate       // what look is shown
}

// Candidate is a process that may go on, as [Config.Ready] sees it. Its number is the same in every run of
// the same choices, and counts processes in the order of their birth.
type Candidate struct {
	ID      uint64
	Machine string
	Process string // its name
	Rank    uint64 // which of its machine's processes it is, in the order of birth
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
	if q.look != nil {
		q.show(waiting)
	}
	drawn := int(q.draws.Draw(uint64(len(waiting))))
	p := waiting[drawn]
	copy(waiting[1:drawn+1], waiting[:drawn])
	return p
}

// show lets whoever looks on see between whom the next draw decides.
func (q *runQueue) show(waiting []*process) {
	q.seen = q.seen[:0]
	for _, p := range waiting {
		q.seen = append(q.seen, Candidate{
			ID: p.id, Machine: p.machine.node.name, Process: p.name, Rank: p.rank,
		})
	}
	q.look(q.seen)
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
