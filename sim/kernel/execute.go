package kernel

import (
	"fmt"
	"runtime"
	"strings"
	"time"

	"derail/core/host"
)

// Panic says which process or callback panicked, and where.
type Panic struct {
	At      int64  // virtual time
	Machine string // empty for a callback
	Process string
	ID      uint64 // the process's number; zero for a callback
	Cause   any
	Stack   string // one line for each call, the innermost first
}

// Error is everything but the stack.
func (p *Panic) Error() string {
	who := p.Process
	if p.Machine != "" {
		who = p.Machine + "/" + p.Process
	}
	return fmt.Sprintf("%s panicked at %v: %v", who, time.Duration(p.At), p.Cause)
}

// killed is the value by which every process of every dead machine unwinds. It never changes.
var killed = new(host.Killed)

// execute runs the process of f to its end, whatever that is.
func (k *Kernel) execute(f *fiber) {
	p := f.process
	defer k.finish(f, p)
	k.current = p
	p.fn()
	p.done = true
}

// finish is deferred by execute: it takes care of how the process ended.
func (k *Kernel) finish(f *fiber, p *process) {
	cause := recover()
	k.current = nil
	f.process = nil
	exited := cause == nil && !p.done
	switch {
	case p.killed:
		k.stepOf(Died, p)
	case exited:
		k.stopFor(Stop{Reason: Halted, Cause: "runtime.Goexit in process " + p.name})
	case cause != nil:
		k.stepOf(Collapsed, p)
		k.panicked(cause, p.machine.node.name, p.name, p.id)
	default:
		k.stepOf(Ended, p)
	}
	k.retire(p)
	if exited {
		k.leaveForGood(f)
	}
}

// leaveForGood parks a fiber whose goroutine is exiting (a test has failed inside of a process)
// until the kernel is closed. The goroutine that called Run exits in its place.
func (k *Kernel) leaveForGood(f *fiber) {
	k.exiting = true
	k.fibers.change(f, &k.fibers.driver)
}

// panicked records a panic and stops the run. It is called while the panic is being recovered.
func (k *Kernel) panicked(cause any, machine, process string, id uint64) {
	k.stopFor(Stop{Reason: Panicked, Panic: &Panic{
		At: k.now, Machine: machine, Process: process, ID: id, Cause: cause, Stack: stack(),
	}})
}

// stack lists who called whom, from the panic down to the kernel.
func stack() string {
	const depth, kernelsOwn = 64, 4
	var counters [depth]uintptr
	frames := runtime.CallersFrames(counters[:runtime.Callers(kernelsOwn, counters[:])])
	var lines strings.Builder
	for {
		frame, more := frames.Next()
		if strings.HasSuffix(frame.Function, ".execute") || strings.HasSuffix(frame.Function, ".fire") {
			break
		}
		if !strings.HasPrefix(frame.Function, "runtime.") {
			fmt.Fprintf(&lines, "%s (%s:%d)\n", frame.Function, frame.File, frame.Line)
		}
		if !more {
			break
		}
	}
	return lines.String()
}

// refuseTheDead unwinds a process of a crashed machine that makes a call while it unwinds.
func (k *Kernel) refuseTheDead() {
	if p := k.current; p != nil && p.killed {
		panic(killed)
	}
}

var _ host.Waiter = (*process)(nil)
