package storage

import (
	"context"
	"slices"

	"derail/core/host"
	"derail/core/store"
	"derail/core/store/memory"
	"derail/sim/fault"
)

// watcher is a running watch: a subscription at the server, and what has arrived from it.
//
// The server sends what is new in one message, which leaves as late as it can and still arrive
// after the link's delay: a burst of changes is one message. While nobody waits for news there is no
// message either: what has been pending for as long as the link's delay is there when it is asked for.
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
	waiting      bool           // a process waits for news
	since        int64          // when that became pending for which nobody has waited yet, or 0
	sent         int64          // when the message on its way was sent
	lost         bool           // it will not arrive: the connection breaks
	severed      bool           // the server at the other end is gone
	hit          fault.Watch    // what happens to the message on its way
	repeats      []store.Change // what the next message tells once more
}

var _ host.Waiter = (*watcher)(nil)

// listen begins to hear of changes at the server.
func (w *watcher) listen() {
	w.subscription.OnPending = w.send
	if w.subscription.Pending() {
		w.send()
	}
}

// unsent reports whether there is something to tell that is not on its way.
func (w *watcher) unsent() bool {
	w.client.server.kernel.Touch(records, false)
	return !w.onItsWay && (w.severed || w.subscription.Pending())
}

// send sends a message that will take along what is new by the time it arrives. A server that is
// down or stands still sends it when it goes on.
func (w *watcher) send() {
	w.client.machine.Touch()
	if w.onItsWay || w.closed || w.err != nil || !w.client.machine.Alive() {
		return
	}
	s := w.client.server
	if !w.waiting {
		w.since = s.kernel.Now()
		return
	}
	w.onItsWay = true
	if s.isDown() || s.isStalled() {
		s.held = append(s.held, w)
		return
	}
	now := s.kernel.Now()
	d := w.client.network.Send(now, w.client.node, fault.Answers)
	w.sent, w.lost, w.hit = now, d.Lost, s.faults.Watch(now, w.client.node)
	pending := now
	if w.since > 0 {
		pending, w.since = w.since, 0
	}
	switch at := max(pending+d.Delay+w.hit.Lag, now); {
	case d.Cut > 0:
		w.holdBack(d.Cut + d.Delay)
	case d.Reorder > 0:
		w.hold(at, at+d.Reorder)
	case at == now && pending < now:
		w.Fire() // it has been here for a while
	default:
		w.client.machine.At(at, w)
	}
}

// holdBack lets a message wait for the end of a cut. When that is too far away the connection breaks.
func (w *watcher) holdBack(until int64) {
	w.lost = until >= w.sent+w.client.timeout
	w.client.machine.At(min(until, w.sent+w.client.timeout), w)
}

// sever breaks the connection: the server is gone, and what it knew of the watch with it.
func (w *watcher) sever() {
	w.severed = true
	if w.subscription != nil {
		w.subscription.Close()
	}
	w.send()
}

// Fire is a message's arrival.
func (w *watcher) Fire() {
	c := w.client
	now := c.server.kernel.Now()
	if !w.closed && !w.lost && !c.network.Open(now, c.node, fault.Answers) {
		w.holdBack(c.network.CutUntil(c.node, fault.Answers))
		return
	}
	w.tell()
	if c.dies() {
		return
	}
	w.onItsWay = false
	if !w.lost {
		c.server.overtake(c.node, fault.Answers)
	}
	switch {
	case w.closed:
		return
	case w.lost, w.severed:
		w.err = errBroken
	case w.hit.Restart:
		w.err = store.ErrCompacted
	default:
		w.take()
	}
	w.news.Wake()
}

// tell tells what became of a message, to whom that is told.
func (w *watcher) tell() {
	c := w.client
	if c.tell == nil {
		return
	}
	m := Message{Way: fault.Answers, News: true, Op: opWatch, Sent: w.sent}
	switch {
	case w.lost, w.severed:
		m.Fate = Lost
	case w.closed:
		m.Fate = TooLate
	}
	c.tell(m)
}

// take takes in what a message tells.
func (w *watcher) take() {
	w.client.server.kernel.Touch(records, false)
	w.arrived = append(w.arrived, w.repeats...)
	w.repeats = w.repeats[:0]
	from := len(w.arrived)
	w.arrived, w.err = w.subscription.Take(w.arrived)
	if s := w.client.server; len(s.damaged) > 0 {
		for i := range w.arrived[from:] {
			s.repair(&w.arrived[from+i].Pair)
		}
	}
	switch {
	case w.hit.Drop:
		w.arrived = w.arrived[:from]
	case w.hit.Repeat:
		w.repeats = append(w.repeats, w.arrived[from:]...)
	}
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
			w.await(ctx)
		}
	}
}

// await waits for a message.
func (w *watcher) await(ctx context.Context) {
	w.waiting = true
	if w.unsent() {
		w.send()
	}
	_, err := w.news.Wait(ctx, host.Forever)
	w.waiting = false
	if err != nil {
		w.end(err)
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
