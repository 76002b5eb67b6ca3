// Package kernel runs a simulated world: processes as coroutines, callbacks, virtual time, and
// machines that crash and pause, in one order that a source of choices decides, with a rolling hash
// of all that happened.
//
// A run is one [Kernel]. [Kernel.Node] makes the places where machines stand; [Node.Boot] starts a
// [Machine], which is the host.Host of everything that runs in it. What is not a process is a
// callback ([Kernel.At], [Machine.At]). [Kernel.Run] drives all of it until nothing is left to do or
// a limit is reached.
//
// # Order
//
// Virtual time is nanoseconds since the start of the run. It goes on only when nothing is left to do
// at the present instant, and computing takes none of it. At one instant:
//
//  1. processes of a machine that has just crashed unwind;
//  2. processes that may go on (new ones, woken ones) run, in a drawn order;
//  3. events whose time this is happen, by their drawn tie-break and then in the order in which they
//     were made. Whatever an event allows to go on, goes on before the next event.
//
// With all draws benign both orders are first come, first served.
//
// # Cost
//
// Only the process that runs touches the kernel, so that there are no locks. A process that parks
// looks itself for what comes next and fires callbacks on its own stack; changing to another process
// takes one switch of coroutines, and going on itself takes none. Sleeping, waiting and waking
// allocate nothing.
//
// What lives here: order, time, processes, machines and their deaths. What may not: messages,
// stores, faults that are drawn, anything that knows about jobs. The kernel draws nothing but order.
package kernel
