package kernel

import (
	"math"
	"time"

	"derail/sim/choice"
)

// Backend says what carries a process while it is parked. A run does not depend on it.
type Backend uint8

const (
	// Coroutines are made with iter.Pull: control passes from one to the next without the scheduler.
	Coroutines Backend = iota
	// Tokens are goroutines that hand a token over channels: slower, and easy on the race detector.
	Tokens
)

// Limits that hold when a [Config] names none.
const (
	// DefaultInstantLimit is the number of steps at one instant that counts as a livelock.
	DefaultInstantLimit = 100_000
	// DefaultStart is what a clock without an offset shows when a run begins, in nanoseconds since
	// 1970: the first of January 2026, midnight UTC.
	DefaultStart = int64(1_767_225_600_000_000_000)
)

// The choices that the kernel has to make itself are drawn from the stream of that name, by what they decide:
// which of the events of one instant comes first, which waiter a signal wakes, and which process goes on.
const (
	Stream       = "kernel"
	EntityTie    = "tie"
	EntitySignal = "signal"
	EntityReady  = "ready"
)

// Config says how a kernel runs. Only the source is required.
type Config struct {
	// Source answers every draw of the run.
	Source *choice.Source

	// Backend carries the processes.
	Backend Backend

	// Start is what the clocks show at virtual time zero, in nanoseconds since 1970; zero stands for
	// [DefaultStart].
	Start int64

	// EventLimit ends the run after that many steps in all; zero is no limit. InstantLimit ends it
	// after that many steps without virtual time going on; zero stands for [DefaultInstantLimit].
	EventLimit, InstantLimit uint64

	// Trace, unless nil, hears of every step as it happens. It must not call the kernel back.
	Trace func(Step)

	// Ready, unless nil, sees the processes that may go on, first come first, right before a draw of
	// kernel/ready decides which of them does: the draw's value is a place in the list. Where only one can
	// there is no draw, and Ready is not called. It must not call the kernel back, and the list is valid
	// until the draw is answered.
	Ready func([]Candidate)

	// Explorer, unless nil, decides between events of one instant, in the place of their ties.
	Explorer Explorer
}

// Kernel runs the processes and callbacks of one simulated world, one at a time, in an order that
// the source of choices decides. It is not safe for concurrent use; any number of kernels may run
// in one program at once.
type Kernel struct {
	now     int64
	until   int64
	steps   uint64 // steps so far
	limit   uint64 // the number of steps at which a limit is reached
	hash    uint64
	current *process // the process that runs; nil in callbacks and outside of Run
	seq     uint64   // events so far
	ties    *choice.Stream
	queue   queue
	events  []event
	ready   runQueue
	reap    []*process // killed processes that have yet to unwind
	stop    Stop
	trace   func(Step)

	running, closing, closed, exiting bool

	signals *choice.Stream
	start   int64
	config  Config
	free    []uint32 // events that are not in use
	nodes   []*Node
	named   map[string]*Node
	born    uint64 // processes so far
	pool    processPool
	fibers  fiberPool

	explorer Explorer
	due      []Due   // what it is shown
	dueAt    []entry // the same
}

// New makes a kernel at virtual time zero. Close it when the run is over.
func New(c Config) *Kernel {
	k := &Kernel{}
	k.begin(c)
	return k
}

// Reset ends the run as [Kernel.Close] does and begins a new one, keeping memory and coroutines for
// it. Nothing that was got from the kernel before (nodes, machines, signals, timers) may be used
// afterwards. The backend stays as it was.
func (k *Kernel) Reset(c Config) {
	k.unwindAll()
	c.Backend = k.config.Backend
	clear(k.nodes)
	clear(k.named)
	clear(k.events)
	clear(k.reap)
	*k = Kernel{
		queue:  k.queue.emptied(),
		events: k.events[:0],
		free:   k.free[:0],
		ready:  k.ready.emptied(),
		reap:   k.reap[:0],
		nodes:  k.nodes[:0],
		named:  k.named,
		pool:   k.pool,
		fibers: k.fibers,
	}
	for i, p := range k.pool {
		p.slot = uint32(i)
		k.events = append(k.events, event{process: p})
	}
	k.begin(c)
}

func (k *Kernel) begin(c Config) {
	if c.Source == nil {
		panic("kernel: a run without a source of choices")
	}
	if c.Start == 0 {
		c.Start = DefaultStart
	}
	if c.InstantLimit == 0 {
		c.InstantLimit = DefaultInstantLimit
	}
	if c.EventLimit == 0 {
		c.EventLimit = math.MaxUint64
	}
	k.config, k.start, k.trace, k.explorer = c, c.Start, c.Trace, c.Explorer
	k.ties = c.Source.Stream(Stream, EntityTie)
	k.signals = c.Source.Stream(Stream, EntitySignal)
	k.ready.draws = c.Source.Stream(Stream, EntityReady)
	k.ready.look = c.Ready
	k.fibers.kernel = k
	k.refreshLimit()
}

// Now is the virtual time: nanoseconds since the start of the run.
func (k *Kernel) Now() int64 { return k.now }

// Running is the machine whose process runs; nil in callbacks and outside of Run.
func (k *Kernel) Running() *Machine {
	if k.current == nil {
		return nil
	}
	return k.current.machine
}

// Source is where the run's choices come from.
func (k *Kernel) Source() *choice.Source { return k.config.Source }

// Steps is how many steps the run has taken: processes started, resumed and ended, and callbacks
// fired.
func (k *Kernel) Steps() uint64 { return k.steps }

// Close ends the run for good: what is left of its processes unwinds by [*host.Killed] and the
// coroutines end, so that nothing leaks. The hash stays as it was. Closing twice is harmless; Close
// may not be called from inside the run.
func (k *Kernel) Close() {
	if k.closed {
		return
	}
	k.unwindAll()
	k.closed = true
	k.fibers.end()
}

// unwindAll kills every process without a trace.
func (k *Kernel) unwindAll() {
	if k.running {
		panic("kernel: closed from inside the run")
	}
	hash, steps := k.hash, k.steps
	k.trace, k.explorer, k.closing = nil, nil, true // who made the run may be judging it by now
	for _, n := range k.nodes {
		if m := n.machine; m != nil && !m.dead {
			m.kill()
		}
	}
	k.drive()
	k.hash, k.steps = hash, steps
}

// later is the instant d after now, and the last instant of all when there is none.
func (k *Kernel) later(d time.Duration) int64 {
	if d <= 0 {
		return k.now
	}
	if at := k.now + int64(d); at >= k.now {
		return at
	}
	return math.MaxInt64
}
