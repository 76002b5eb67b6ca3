package host

import "context"

// watchForeign ends s when a parent ends that this package did not make. A simulated world has none:
// the standard library does this in a goroutine of its own.
func watchForeign(parent context.Context, s *Scope) (unhook func()) {
	stop := context.AfterFunc(parent, func() { s.end(parent.Err()) })
	return func() { stop() }
}

// closeDone is here because channels are for the real host alone.
func closeDone(done chan struct{}) { close(done) }
