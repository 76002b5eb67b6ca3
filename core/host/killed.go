package host

// Killed is the panic by which the processes of a dead machine unwind.
//
// A crash must not run the dead process's goodbyes: while a process unwinds, every host and store
// call that its deferred functions make panics again with the same value, so nothing that it does
// reaches beyond itself. Code that recovers panics (a task's panic becomes a failure of that task)
// must therefore let this one through, which [Catch] does.
type Killed struct{ _ struct{} }

// Error says what a Killed is to somebody who sees it escape.
func (*Killed) Error() string { return "host: the machine of this process has crashed" }

// Catch recovers a panic and hands its value to caught, except for [*Killed], which goes on. It is
// the only way in core to recover, and works only when deferred directly:
//
//	defer host.Catch(func(cause any) { err = failure.FromPanic(cause) })
func Catch(caught func(cause any)) {
	cause := recover()
	if cause == nil {
		return
	}
	if killed, dead := cause.(*Killed); dead {
		panic(killed)
	}
	caught(cause)
}
