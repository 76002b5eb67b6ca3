// Package claimcheck notices that a claim is no longer held, while an engine works under it. A [Check]
// is an event.Listener that asks at every move of the flow, of a task and of a retry:
//
//	check := claimcheck.New(claimcheck.Holds(held), e.Suspend)
//
// It is TaskFlow's CheckingClaimListener, and like that it looks and then acts: between the two the
// claim can still be lost, and between two moves nobody looks. An engine that a conductor runs does not
// need it: it asks for its claim before every task, and what protects the logbook is the fence. It is
// for engines that are run by hand, and for whoever wants to do more about a lost claim than to stop.
//
// What may not live here: how a claim is held, which is package jobboard's.
package claimcheck

import (
	"sync/atomic"

	"derail/core/event"
	"derail/core/host"
)

// Check asks until the claim is lost, and calls a function then, once. Any number of processes may
// tell it events at once. It asks for one claim: where a listener hears of several jobs, event.Only
// picks one.
type Check struct {
	holds func() (bool, error)
	lost  func()
	gone  atomic.Bool
}

// New makes a check of the claim that holds asks for. An error says that it is not certain that the
// claim is held, which is as bad as if it were not; so does a panic. Neither function may block; holds
// can be called by several processes at once, lost is called by the one that found out, in the middle of
// its move. A panic in lost does no harm.
func New(holds func() (bool, error), lost func()) *Check {
	if holds == nil || lost == nil {
		panic("claimcheck: there is nobody to ask or to tell") // later its panic would be swallowed
	}
	return &Check{holds: holds, lost: lost}
}

// Holds makes of a function that only says yes or no one that [New] takes.
func Holds(holds func() bool) func() (bool, error) {
	return func() (bool, error) { return holds(), nil }
}

// Hear asks, when the event is a move.
func (c *Check) Hear(e *event.Event) {
	switch e.Kind {
	case event.FlowMoved, event.AtomMoved, event.RetryMoved:
	default:
		return
	}
	if c.gone.Load() || c.held() || !c.gone.CompareAndSwap(false, true) {
		return
	}
	defer host.Catch(func(any) {})
	c.lost()
}

// Lost reports whether the claim was found lost.
func (c *Check) Lost() bool { return c.gone.Load() }

func (c *Check) held() (held bool) {
	defer host.Catch(func(any) { held = false })
	held, err := c.holds()
	return held && err == nil
}
