package storage

import (
	"context"
	"fmt"
	"slices"
	"time"

	"derail/core/store"
	"derail/sim/fault"
	"derail/sim/kernel"
)

type callKind uint8

const (
	callGet callKind = iota + 1
	callRange
	callCommit
	callWatch
	callGrant
	callRenew
	callRevoke
)

// call is one call on its way: to the server, through it, and back. It is an action of the kernel
// and what the caller waits on, and is used again, so that a call allocates nothing.
type call struct {
	kernel.Waiter
	client   *Client
	kind     callKind
	op       fault.Op
	next     func(*call) // what the next firing does
	deadline int64
	limit    int64 // of a message that waits to be overtaken
	sent     int64 // when the message on its way was
	subject  string
	reign    int // the server's, when the call was made
	// abandoned: the caller has gone, and the kernel may still hold the call. alone: it never had one.
	// again: it is a message that arrives for the second time.
	abandoned, alone, again bool
	held                    bool // its answer waits to be overtaken, for longer than the caller does
	hit                     fault.Storage
	fate                    *fate // of a message that arrives twice

	key      string
	txn      store.Txn
	ttl      time.Duration
	lease    store.LeaseID
	revision store.Revision

	err      error
	pair     store.Pair
	snapshot store.Snapshot
	commit   store.Commit
	watcher  *watcher
}

// Fire takes the call its next step.
func (c *call) Fire() { c.next(c) }

// do sends the call and waits for what becomes of it. The error is set where there is no proper
// answer. When it is the context's the call is lost to the caller, who must let go of it.
func (c *call) do(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%w: %w", store.ErrRefused, err) // nothing was sent
	}
	c.client.dies() // if so, that is the end of the caller
	c.send()
	if err := c.client.machine.Await(ctx, &c.Waiter); err != nil {
		c.abandoned = true
		return fmt.Errorf("%w (%w)", store.ErrUnknown, err)
	}
	return c.err
}

// send sends the request.
func (c *call) send() {
	s := c.client.server
	now := s.kernel.Now()
	c.deadline, c.reign, c.sent, c.held = now+c.client.timeout, s.reign, now, false
	d := c.client.network.Send(now, c.client.node, fault.Requests)
	at := now + d.Delay
	if d.Again > 0 {
		c.fate = new(fate)
		second := c.apart((*call).arrive)
		second.again = true
		s.kernel.At(at+d.Again, second)
	}
	switch {
	case d.Lost:
		c.tell(fault.Requests, Lost)
		c.timeOut()
	case d.Reorder > 0:
		c.holdRequest(at, at+d.Reorder)
	default:
		c.travel(at)
	}
}

// travel lets the request arrive at a time. A caller who has given up by then does not stop it.
func (c *call) travel(at int64) {
	if at >= c.deadline {
		c.leave(at, (*call).arrive)
		return
	}
	c.next = (*call).arrive
	c.client.server.kernel.At(at, c)
}

// apart is a copy of the request that goes on alone, to what is next for it.
func (c *call) apart(next func(*call)) *call {
	return &call{
		client: c.client, kind: c.kind, op: c.op, subject: c.subject, reign: c.reign, hit: c.hit, key: c.key,
		txn: c.txn, ttl: c.ttl, lease: c.lease, revision: c.revision, watcher: c.watcher, next: next,
		again: c.again, fate: c.fate, alone: true, sent: c.sent,
	}
}

// leave lets the request go on alone to what is next for it, at a time when its caller has given up. What
// goes on is a copy: the caller gives the call back as soon as it has timed out.
func (c *call) leave(at int64, next func(*call)) {
	c.client.server.kernel.At(at, c.apart(next))
	c.timeOut()
}

// arrive is the request's arrival at the server.
func (c *call) arrive() {
	s := c.client.server
	if !c.client.network.Open(s.kernel.Now(), c.client.node, fault.Requests) {
		c.tell(fault.Requests, Lost)
		c.met(lost)
		c.timeOut()
		return
	}
	if c.again {
		c.tell(fault.Requests, Repeated)
	} else {
		c.tell(fault.Requests, Arrived)
	}
	s.overtake(c.client.node, fault.Requests)
	c.enter()
}

// enter is the server's taking the request in.
func (c *call) enter() {
	s := c.client.server
	switch {
	case s.isStalled():
		s.stand(c, (*call).enter)
		return
	case c.reign != s.reign:
		c.reset()
		return
	}
	s.calls++
	if s.isDown() {
		if s.silent {
			c.met(lost)
			c.timeOut()
			return
		}
		c.err = errDown
		c.met(turnedAway)
		c.reply()
		return
	}
	now := s.kernel.Now()
	c.hit = s.faults.Storage(now, c.client.node, c.op, c.client.groupOf(c.subject), c.subject)
	switch at := now + c.hit.Slow; {
	case c.hit.Slow == 0:
		c.serve()
	case c.alone || at < c.deadline:
		c.next = (*call).serve
		s.kernel.At(at, c)
	default: // a caller that has timed out by then does not stop the server
		c.leave(at, (*call).serve)
	}
}

// serve is the server's work on the call. One that it was slow with can meet its end in an outage.
func (c *call) serve() {
	s := c.client.server
	switch {
	case s.isStalled():
		s.stand(c, (*call).serve)
		return
	case s.isDown() && s.silent:
		c.met(lost)
		c.timeOut()
		return
	case s.isDown(), c.reign != s.reign, c.hit.Lost:
		c.met(lost)
		c.err = errReset
	case c.hit.Refused:
		c.met(turnedAway)
		c.err = errRefused
	case c.hit.Later > 0:
		later := c.apart((*call).serve)
		later.hit = fault.Storage{}
		s.kernel.At(s.kernel.Now()+c.hit.Later, later)
		c.err = errReset
	default:
		c.happen()
		if c.hit.Applied {
			c.err = errReset
		}
	}
	c.reply()
}

// happen is the call's being carried out. One that has arrived for the second time is carried out only if
// the first has happened, or never will: else somebody could be told that it did not happen, and it did.
// A transaction that has happened, and compares no revision, does not happen again: what it compares can be
// as it was, and no store that keeps the contract takes it for another.
func (c *call) happen() {
	if c.again {
		first := *c.fate
		if first != happened && first != lost || first == happened && !c.comparesRevision() {
			return
		}
	}
	c.client.server.execute(c)
	switch {
	case c.err != nil || c.kind == callCommit && c.commit.Outcome != store.Done:
		c.met(turnedAway)
	default:
		c.met(happened)
	}
}

// comparesRevision reports whether the call is no transaction, or one that holds only once.
func (c *call) comparesRevision() bool {
	return c.kind != callCommit ||
		slices.ContainsFunc(c.txn.If, func(i store.Compare) bool { return i.Condition == store.ChangedAt })
}

// fate is what became of a message that arrives twice, when it arrived first.
type fate uint8

const (
	underWay fate = iota
	happened
	turnedAway
	lost
)

// met notes what became of the call, if anybody will ask.
func (c *call) met(end fate) {
	if c.fate != nil && !c.again {
		*c.fate = end
	}
}

// reset answers that the connection is gone.
func (c *call) reset() {
	c.err = errReset
	c.reply()
}

// reply sends the answer. One that arrives twice is one: the caller knows which calls it waits for.
func (c *call) reply() {
	if c.alone {
		return
	}
	now := c.client.server.kernel.Now()
	c.sent = now
	d := c.client.network.Send(now, c.client.node, fault.Answers)
	switch at := now + d.Delay; {
	case d.Lost:
		c.tell(fault.Answers, Lost)
		c.timeOut()
	case at >= c.deadline:
		c.tell(fault.Answers, TooLate)
		c.timeOut()
	case d.Reorder > 0:
		c.holdAnswer(at, at+d.Reorder)
	default:
		c.next = (*call).answer
		c.client.machine.At(at, c)
	}
}

// answer is the answer's arrival.
func (c *call) answer() {
	s := c.client.server
	if !c.client.network.Open(s.kernel.Now(), c.client.node, fault.Answers) {
		c.tell(fault.Answers, Lost)
		c.timeOut()
		return
	}
	c.tell(fault.Answers, Arrived)
	s.overtake(c.client.node, fault.Answers)
	if !c.client.dies() {
		c.Complete()
	}
}

// timeOut lets the caller wait until it gives up.
func (c *call) timeOut() kernel.Timer {
	if c.alone {
		return kernel.Timer{}
	}
	c.next = (*call).expire
	return c.client.machine.At(c.deadline, c)
}

func (c *call) expire() {
	if c.held {
		c.tell(fault.Answers, TooLate)
	}
	c.err = errTimeout
	c.Complete()
}

// tell tells what became of the call's message, to whom that is told.
func (c *call) tell(way fault.Way, fate Fate) {
	if tell := c.client.tell; tell != nil {
		tell(Message{Way: way, Op: c.op, Subject: c.subject, Sent: c.sent, Fate: fate})
	}
}

// forget clears the call for its next use.
func (c *call) forget() {
	c.next, c.client, c.subject, c.hit = nil, nil, "", fault.Storage{}
	c.txn, c.err, c.watcher, c.fate = store.Txn{}, nil, nil, nil
	c.pair, c.snapshot, c.commit = store.Pair{}, store.Snapshot{}, store.Commit{}
}
