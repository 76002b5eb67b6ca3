package storage

import (
	"context"
	"slices"

	"derail/core/host"
	"derail/core/store"
	"derail/core/store/memory"
)

// watcher is a running watch: a subscription at the server, and what has arrived from it.
//
// The server sends what is new in one message, which leaves as late as it can and still arrive
// after the link's delay: a burst of changes is one message.
type watcher struct {
	client       *Client
	subscription *memory.Subscription // nil until the server has carried the call out
	scope        *host.Scope          // whose end is the watch's, or nil
	news         host.Signal
	arrived      []store.Change
	told         []store.Change
	err          error // what ends the watch, once all that has arrived is told
	closed       bool  // nothing more is told
	onItsWay     bool
	lost         bool // the message on its way will not arrive: the connection breaks
}

var _ host.Waiter = (*watcher)(nil)

// listen begins to hear of changes at the server.
func (w *watcher) listen() {
	w.subscription.OnPending = w.send
	if w.subscription.Pending() {
		w.send()
	}
}

// send sends a message that will take along what is new by the time it arrives. A server that is
// down sends it when it is up.
func (w *watcher) send() {
	if w.onItsWay || w.closed || w.err != nil || !w.client.machine.Alive() {
		return
	}
	w.onItsWay = true
	s := w.client.server
	if s.isDown() {
		s.held = append(s.held, w)
		return
	}
	now := s.kernel.Now()
	delay, lost := w.client.in.Send(now)
	w.lost = lost
	w.client.machine.At(now+delay, w)
}

// Fire is a message's arrival.
func (w *watcher) Fire() {
	w.onItsWay = false
	if w.closed {
		return
	}
	if w.lost {
		w.err = errBroken
	} else {
		w.arrived, w.err = w.subscription.Take(w.arrived)
	}
	w.news.Wake()
}

// Next implements store.Watcher.
func (w *watcher) Next(ctx context.Context) ([]store.Change, error) {
	w.client.machine.Check()
	for {
		ended := ctx.Err()
		switch {
		case w.closed:
			return nil, w.err
		case ended != nil:
			w.end(ended)
		case len(w.arrived) > 0:
			w.told, w.arrived = w.arrived, w.told[:0]
			return w.told, nil
		case w.err != nil:
			w.end(w.err)
		default:
			if _, err := w.news.Wait(ctx, host.Forever); err != nil {
				w.end(err)
			}
		}
	}
}

// Close implements store.Watcher.
func (w *watcher) Close() {
	w.client.machine.Check()
	w.end(errClosed)
	w.news.Wake()
}

// ScopeEnded is [host.Waiter]'s: the end of the watch's context is the end of the watch.
func (w *watcher) ScopeEnded(cause error) {
	w.scope = nil
	w.end(cause)
	w.news.Wake()
}

// end ends the watch, here and at the server.
func (w *watcher) end(cause error) {
	if w.closed {
		return
	}
	w.closed, w.err = true, cause
	w.scope.Forget(w)
	w.scope = nil
	if w.subscription != nil {
		w.subscription.Close()
	}
	c := w.client
	c.watchers = slices.DeleteFunc(c.watchers, func(o *watcher) bool { return o == w })
}
