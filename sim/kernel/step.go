package kernel

import (
	"fmt"
	"math/bits"
	"strings"
	"time"
)

// Kind says what a step was.
type Kind uint8

// The kinds of step.
const (
	Started   Kind = iota + 1 // a process began
	Resumed                   // a process went on from the run queue
	Woke                      // a process went on because its time had come
	Ended                     // a process returned
	Died                      // a process of a crashed machine unwound
	Collapsed                 // a process or a callback panicked
	Fired                     // a callback
	Booted                    // a machine came up
	Crashed                   // a machine went down
	Paused                    // a machine stood still
	Continued                 // a machine went on
	Drew                      // a process drew a number
	Noted                     // Kernel.Note
	Held                      // what was to happen waits for the end of a pause; only an [Explorer] is told
)

var kindNames = [...]string{
	"?", "started", "resumed", "woke", "ended", "died", "collapsed", "fired", "booted", "crashed",
	"paused", "continued", "drew", "noted", "held",
}

// String is the kind in one word.
func (kind Kind) String() string {
	if int(kind) >= len(kindNames) {
		kind = 0
	}
	return kindNames[kind]
}

// Step is one thing that happened in a run. Two runs are the same if and only if their steps are.
type Step struct {
	At      int64  // virtual time
	Steps   uint64 // steps counted so far, this one included; see Kernel.Steps
	Kind    Kind
	ID      uint64 // the process, callback or machine by its number; Noted: the layer's kind
	Value   uint64 // Drew, Noted: the number
	Machine string // the machine that it concerns, if any
	Process string // the process's name, if any
	Action  string // Fired: the action's String, or its type
	Hash    uint64 // the rolling hash with this step in it; an [Explorer] is not told
	Node    uint64 // the number of the machine's node, from 1; only an [Explorer] is told
	Rank    uint64 // which of its machine's processes it is, in the order of birth; the same
}

// String is the step on one line.
func (s Step) String() string {
	line := fmt.Sprintf("%-14v %8d %-9v", time.Duration(s.At), s.Steps, s.Kind)
	switch {
	case s.Process != "":
		line += fmt.Sprintf(" %s/%s (process %d)", s.Machine, s.Process, s.ID)
	case s.Action != "":
		line += fmt.Sprintf(" %s (event %d)", strings.TrimPrefix(s.Machine+": "+s.Action, ": "), s.ID)
	case s.Machine != "":
		line += fmt.Sprintf(" %s (boot %d)", s.Machine, s.ID&(1<<machineShift-1))
	default:
		line += fmt.Sprintf(" %d", s.ID)
	}
	if s.Kind == Drew || s.Kind == Noted {
		line += fmt.Sprintf(": %d", s.Value)
	}
	return fmt.Sprintf("%s  [%016x]", line, s.Hash)
}

// Hash is the rolling hash of all that happened so far, in order. Equal seeds give equal hashes on
// every machine, or something in the run is outside the kernel's control.
func (k *Kernel) Hash() uint64 {
	h := k.hash
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

// Note mixes something that happened in a layer above into the hash: a message, a result. The kind
// tells the layers' notes apart.
func (k *Kernel) Note(kind, value uint64) {
	k.refuseTheDead()
	k.mix(Noted, kind)
	k.mix(Noted, value)
	if k.trace != nil {
		k.trace(Step{At: k.now, Steps: k.steps, Kind: Noted, ID: kind, Value: value, Hash: k.Hash()})
	}
}

// Odd numbers without a pattern.
const (
	timeFactor  = 0x9e3779b97f4a7c15
	eventFactor = 0xd6e8feb86659fd93
	chainFactor = 0xff51afd7ed558ccd
)

// mix takes one thing that happened into the hash.
func (k *Kernel) mix(kind Kind, id uint64) {
	what := uint64(k.now)*timeFactor ^ bits.RotateLeft64((id<<8|uint64(kind))*eventFactor, 32)
	h := (k.hash ^ what) * chainFactor
	k.hash = h ^ h>>32
}

// stepTo is the step that fires an action, the one of that number.
func (k *Kernel) stepTo(number uint64, a Action, m *Machine) {
	k.steps++
	k.mix(Fired, number)
	if k.trace != nil {
		k.traceTo(number, a, m)
	}
	if k.explorer != nil {
		s := Step{At: k.now, Steps: k.steps, Kind: Fired, ID: number}
		if m != nil {
			s.Machine, s.Node = m.node.name, m.node.number
		}
		k.explorer.Took(s)
	}
}

func (k *Kernel) traceTo(number uint64, a Action, m *Machine) {
	s := Step{At: k.now, Steps: k.steps, Kind: Fired, ID: number, Hash: k.Hash()}
	if named, ok := a.(fmt.Stringer); ok {
		s.Action = named.String()
	} else {
		s.Action = fmt.Sprintf("%T", a)
	}
	if m != nil {
		s.Machine = m.node.name
	}
	k.trace(s)
}

// stepOf is a step of a process.
func (k *Kernel) stepOf(kind Kind, p *process) {
	k.steps++
	k.mix(kind, p.id)
	if k.trace != nil {
		k.traceOf(kind, p.machine, p.name, p.id, 0)
	}
	if k.explorer != nil {
		k.explorer.Took(Step{
			At: k.now, Steps: k.steps, Kind: kind, ID: p.id, Machine: p.machine.node.name, Process: p.name,
			Node: p.machine.node.number, Rank: p.rank,
		})
	}
}

// stepAt is something that happened to a machine. It does not count as a step.
func (k *Kernel) stepAt(kind Kind, m *Machine) {
	k.mix(kind, m.id)
	if k.trace != nil {
		k.traceOf(kind, m, "", m.id, 0)
	}
	if k.explorer != nil {
		k.explorer.Took(Step{
			At: k.now, Steps: k.steps, Kind: kind, ID: m.id, Machine: m.node.name, Node: m.node.number,
		})
	}
}

func (k *Kernel) traceOf(kind Kind, m *Machine, name string, id, value uint64) {
	k.trace(Step{
		At: k.now, Steps: k.steps, Kind: kind, ID: id, Value: value,
		Machine: m.node.name, Process: name, Hash: k.Hash(),
	})
}
