package storage

import "derail/core/store"

// outage is what keeps the server from its work, each until a time.
type outage struct {
	downUntil  int64
	silent     bool // while it is down, callers get no answer
	stallUntil int64
	fullUntil  int64

	standing []*call    // what waits for the end of a stall
	held     []*watcher // those to be told of something when the server is up again
}

// Down takes the server down until a time; silent says that callers get no answer instead of a
// refusal. A server that is down already stays so until the later time. Leases end all the same.
func (s *Server) Down(until int64, silent bool) {
	if until > s.downUntil {
		s.downUntil, s.silent = until, silent
		s.kernel.At(until, (*recovery)(s))
	}
}

// Up ends an outage by [Server.Down].
func (s *Server) Up() {
	s.downUntil = 0
	s.goOn()
}

// Stall lets the server stand still until a time: calls wait, watches are told nothing, and no lease
// ends.
func (s *Server) Stall(until int64) {
	if until <= s.stallUntil {
		return
	}
	s.stallUntil = until
	s.kernel.At(until, (*recovery)(s))
	for i, c := range s.standing {
		if !c.alone && until >= c.deadline {
			s.standing[i] = c.apart(c.next)
			c.timeOut()
		}
	}
}

// Fill leaves the server without space until a time: it refuses what would take up more.
func (s *Server) Fill(until int64) { s.fullUntil = max(s.fullUntil, until) }

// Heal ends whatever keeps the server from its work.
func (s *Server) Heal() {
	s.downUntil, s.stallUntil, s.fullUntil = 0, min(s.stallUntil, s.kernel.Now()), 0
	s.goOn()
}

func (s *Server) isDown() bool    { return s.kernel.Now() < s.downUntil }
func (s *Server) isStalled() bool { return s.kernel.Now() < s.stallUntil }

// isFullFor reports whether there is no space left for a call.
func (s *Server) isFullFor(c *call) bool {
	if s.kernel.Now() >= s.fullUntil {
		return false
	}
	for i := range c.txn.Then {
		if !c.txn.Then[i].Delete {
			return true
		}
	}
	return c.kind == callGrant
}

// stand lets a call wait for the end of a stall. A caller that gives up before that does not take it back.
func (s *Server) stand(c *call, next func(*call)) {
	if !c.alone && s.stallUntil >= c.deadline {
		waits := c.apart(next)
		c.timeOut()
		c = waits
	}
	c.next = next
	s.standing = append(s.standing, c)
}

// recovery is the end of an outage, unless it has become longer.
type recovery Server

// Fire lets the server go on.
func (r *recovery) Fire() {
	s := (*Server)(r)
	if !s.isDown() {
		s.downUntil = 0
	}
	s.goOn()
}

// goOn does what had to wait until now. The calls come in an order of their own, as from any crowd.
func (s *Server) goOn() {
	if s.isStalled() {
		return
	}
	if s.stallUntil != 0 {
		s.stallUntil = 0
		for i, c := range s.standing {
			s.kernel.At(s.kernel.Now(), c)
			s.standing[i] = nil
		}
		s.standing = s.standing[:0]
		s.expire()
	}
	if s.isDown() {
		return
	}
	held := s.held
	s.held = nil
	for _, w := range held {
		w.onItsWay = false
		w.send()
	}
}

// EndLeases ends the leases that a node was granted, before their time, and returns how many there were.
func (s *Server) EndLeases(node int) int {
	now := s.kernel.Now()
	s.expire()
	ended := 0
	for _, lease := range s.leasesOf(node) {
		if end, was := s.state.Revoke(lease, now); was {
			s.record(&call{kind: callRevoke, lease: lease}, now)
			s.tellEnded(&end)
			ended++
		}
	}
	s.expire()
	return ended
}

// leasesOf lists the leases that a node was granted and that have not ended, in their order.
func (s *Server) leasesOf(node int) []store.LeaseID {
	var leases []store.LeaseID
	for _, grant := range s.grants {
		if grant.node == node {
			leases = append(leases, grant.lease)
		}
	}
	return leases
}
