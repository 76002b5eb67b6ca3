package storage

import (
	"derail/sim/fault"
	"derail/sim/kernel"
)

// laggard is a message that waits until another one of its link, the same way, has arrived. Its timer is
// the end of its patience.
type laggard struct {
	node  int
	way   fault.Way
	at    int64 // when it would have arrived
	timer kernel.Timer
	call  *call    // or:
	watch *watcher // a message of a watch
}

// holdRequest holds a request back that would arrive at a time, until a limit.
func (c *call) holdRequest(at, limit int64) {
	c.next = (*call).arrive
	if limit >= c.deadline {
		c.next, c.limit = (*call).outlast, limit
		limit = c.deadline
	}
	s := c.client.server
	s.laggards = append(s.laggards, laggard{
		node: c.client.node, way: fault.Requests, at: at, call: c, timer: s.kernel.At(limit, c),
	})
}

// outlast is the end of the caller's patience with a request that was held back and is on its way still.
func (c *call) outlast() { c.leave(c.limit, (*call).arrive) }

// holdAnswer holds an answer back.
func (c *call) holdAnswer(at, limit int64) {
	s, m := c.client.server, c.client.machine
	late := laggard{node: c.client.node, way: fault.Answers, at: at, call: c}
	if limit >= c.deadline {
		c.held = true
		late.timer = c.timeOut()
	} else {
		c.next = (*call).answer
		late.timer = m.At(limit, c)
	}
	s.laggards = append(s.laggards, late)
}

// hold holds a message of a watch back.
func (w *watcher) hold(at, limit int64) {
	s := w.client.server
	s.laggards = append(s.laggards, laggard{
		node: w.client.node, way: fault.Answers, at: at, watch: w, timer: w.client.machine.At(limit, w),
	})
}

// overtake lets go of what waits for a message like the one that has just arrived.
func (s *Server) overtake(node int, way fault.Way) {
	if len(s.laggards) == 0 {
		return
	}
	rest := s.laggards[:0]
	for i := range s.laggards {
		late := s.laggards[i]
		switch {
		case !late.timer.Pending(): // it has come to its end
		case late.node != node || late.way != way:
			rest = append(rest, late)
		default:
			late.release(s.kernel.Now())
		}
	}
	clear(s.laggards[len(rest):])
	s.laggards = rest
}

// release lets a message arrive now, or when it would have.
func (l *laggard) release(now int64) {
	at, c := max(l.at, now), l.call
	if c != nil && l.way == fault.Answers && at >= c.deadline {
		return // its caller gives up before that
	}
	l.timer.Stop()
	switch {
	case c == nil:
		l.watch.client.machine.At(at, l.watch)
	case l.way == fault.Requests:
		c.travel(at)
	default:
		c.held = false
		c.next = (*call).answer
		c.client.machine.At(at, c)
	}
}
