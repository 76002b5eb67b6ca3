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
	subscription *memory.Subscription
	news         host.Signal
	arrived      []store.Change
	told         []store.Change
	err          error
	onItsWay     bool
	lost         bool // the message on its way will not arrive: the connection breaks
	closed       bool
}

// listen begins to hear of changes at the server.
func (w *watcher) listen() {
	w.subscription.OnPending = w.send
	if w.subscription.Pending() {
		w.send()
	}
}

func (w *watcher) send() {
	if w.onItsWay || w.closed || w.err != nil || !w.client.machine.Alive() {
		return
	}
	now := w.client.server.kernel.Now()
	delay, lost := w.client.in.Send(now)
	w.onItsWay, w.lost = true, lost
	at := now + delay
	if s := w.client.server; s.downUntil > at {
		at = s.downUntil + delay
	}
	w.client.machine.At(at, w)
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
	for len(w.arrived) == 0 {
		if w.err != nil {
			return nil, w.err
		}
		if _, err := w.news.Wait(ctx, host.Forever); err != nil {
			return nil, err
		}
	}
	w.told, w.arrived = w.arrived, w.told[:0]
	return w.told, nil
}

// Close implements store.Watcher.
func (w *watcher) Close() {
	w.unsubscribe()
	c := w.client
	c.watchers = slices.DeleteFunc(c.watchers, func(o *watcher) bool { return o == w })
}

func (w *watcher) unsubscribe() {
	w.closed = true
	if w.subscription != nil {
		w.subscription.Close()
	}
}
