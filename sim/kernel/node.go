package kernel

import "derail/sim/choice"

// Node is a place where a machine stands: it has a name, a clock and a source of chance, and keeps
// them over crashes. What runs there is the [Machine] that the latest [Node.Boot] started.
type Node struct {
	kernel  *Kernel
	name    string
	number  uint64
	boots   uint64
	clock   clock
	draws   *choice.Stream
	machine *Machine
}

// Node returns the node of that name, and makes it when it is asked for the first time.
func (k *Kernel) Node(name string) *Node {
	if n := k.named[name]; n != nil {
		return n
	}
	n := &Node{
		kernel: k,
		name:   name,
		number: uint64(len(k.nodes) + 1),
		draws:  k.config.Source.Stream("host", name),
	}
	if k.named == nil {
		k.named = map[string]*Node{}
	}
	k.named[name] = n
	k.nodes = append(k.nodes, n)
	return n
}

// Name is the node's name.
func (n *Node) Name() string { return n.name }

// Kernel is the kernel that the node belongs to.
func (n *Node) Kernel() *Kernel { return n.kernel }

// Boots is how many times the node was booted.
func (n *Node) Boots() int { return int(n.boots) }

// Current is the machine of the latest boot, dead or alive; nil before the first one.
func (n *Node) Current() *Machine { return n.machine }

// The number of a machine is its node's, and in the lower bits which boot of the node it is.
const machineShift = 32

// Boot starts a fresh machine on the node. One that is still alive is crashed first, as by pulling
// its plug.
func (n *Node) Boot() *Machine {
	k := n.kernel
	k.refuseTheDead()
	if n.machine != nil && !n.machine.dead {
		n.machine.Crash()
	}
	n.boots++
	m := &Machine{kernel: k, node: n, id: n.number<<machineShift | n.boots}
	m.wakeUp.machine = m
	n.machine = m
	k.stepAt(Booted, m)
	return m
}
