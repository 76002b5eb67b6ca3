package kernel

import "slices"

// Explorer is who makes a run to see what else could have come of it. It is told of all that could make one
// order of steps different from another, and says which of several events of one instant comes first. It
// must not call the kernel back.
type Explorer interface {
	// Due says which of the events comes first that are to happen at one instant: by its place in the list,
	// which is in the order in which they happen otherwise. It is asked also where there is only one, unless
	// that is the end of a wait which has only just begun.
	Due(due []Due) int
	// Took hears of a step before it happens, as [Config.Trace] does, and of what a pause holds back.
	Took(s Step)
	// Scheduled hears that an event was made, by the number that [Due] and [Fired] know it by. It is tied where
	// a tie was drawn for it right before. Where none was, no draw can let it happen later than others of its
	// instant: it is what a pause has held back, and comes when the machine goes on.
	Scheduled(event uint64, tied bool)
	// Touched hears what the step under way has looked at, or changed.
	Touched(what Resource, changed bool)
}

// Resource is something that steps of different machines can look at and change: two steps that touch
// nothing in common, or only look at it, leave the same behind in either order.
type Resource uint64

// The resources of the kernel's own. Layers above number theirs from FirstResource on.
const (
	// FirstResource is the least number of a layer's own resource.
	FirstResource Resource = 1
	// FirstMachine and those behind it are the nodes, by number: what their machines are and know.
	FirstMachine Resource = 1 << 32
)

// Due is an event that is to happen at the present instant. Its number is the same in every run that has
// made the same choices until it was scheduled.
type Due struct {
	Event uint64
	At    int64
}

// held tells an explorer of an event that a pause holds back, or of a process: nothing else happens, and yet
// the order in which they were held back is that in which they come when the machine goes on.
func (k *Kernel) held(m *Machine, event uint64, p *process) {
	if k.explorer == nil {
		return
	}
	s := Step{At: k.now, Steps: k.steps, Kind: Held, ID: event, Machine: m.node.name, Node: m.node.number}
	if p != nil {
		s.ID, s.Process, s.Rank = p.id, p.name, p.rank
	}
	k.explorer.Took(s)
}

// Touch tells an [Explorer], where there is one, that the step under way looks at something, or changes it.
func (k *Kernel) Touch(what Resource, change bool) {
	if k.explorer != nil {
		k.explorer.Touched(what, change)
	}
}

// Touch is [Kernel.Touch] of what the machine is and knows, by somebody else: its own steps touch it
// anyway.
func (m *Machine) Touch() {
	m.kernel.Touch(FirstMachine+Resource(m.node.number), true)
}

// orderNumber is the number that an event is known by, without its tie.
func orderNumber(order uint64) uint64 { return order & (1<<tieShift - 1) }

// choose lets the explorer say which event of this instant comes first, and takes it out of the queue.
func (k *Kernel) choose(first *entry) entry {
	k.dueAt = k.dueAt[:0]
	q := &k.queue
	if q.hole {
		q.close()
	}
	at := first.at
	for i := range q.entries {
		e := &q.entries[i]
		if v := &k.events[e.slot]; e.at == at && v.order == e.order && (v.machine == nil || !v.machine.dead) {
			k.dueAt = append(k.dueAt, *e)
		}
	}
	slices.SortFunc(k.dueAt, func(a, b entry) int {
		if a.before(&b) {
			return -1
		}
		return 1
	})
	k.due = k.due[:0]
	for i := range k.dueAt {
		k.due = append(k.due, Due{Event: orderNumber(k.dueAt[i].order), At: at})
	}
	chosen := k.dueAt[k.explorer.Due(k.due)]
	q.remove(slices.IndexFunc(q.entries, func(e entry) bool { return e.order == chosen.order }))
	return chosen
}

// remove takes one entry out of a queue that has no hole.
func (q *queue) remove(i int) {
	last := len(q.entries) - 1
	e := q.entries[last]
	q.entries = q.entries[:last]
	if i == last {
		return
	}
	if i > 0 && e.before(&q.entries[(i-1)/arity]) {
		q.rise(i, e)
		return
	}
	q.sink(i, e)
}
