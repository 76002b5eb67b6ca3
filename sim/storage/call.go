package storage

import (
	"context"
	"fmt"
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
	subject  string
	// abandoned: the caller has gone, and the kernel may still hold the call. alone: it never had one.
	abandoned, alone bool
	hit              fault.Storage

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
	s := c.client.server
	now := s.kernel.Now()
	c.deadline = now + c.client.timeout
	switch delay, lost := c.client.out.Send(now); {
	case lost:
		c.timeOut()
	case now+delay >= c.deadline:
		c.leave(now+delay, (*call).arrive)
	default:
		c.next = (*call).arrive
		s.kernel.At(now+delay, c)
	}
	if err := c.client.machine.Await(ctx, &c.Waiter); err != nil {
		c.abandoned = true
		return fmt.Errorf("%w (%w)", store.ErrUnknown, err)
	}
	return c.err
}

// leave lets the request go on alone to what is next for it, at a time when its caller has given up. What
// goes on is a copy: the caller gives the call back as soon as it has timed out.
func (c *call) leave(at int64, next func(*call)) {
	alone := &call{
		client: c.client, kind: c.kind, op: c.op, subject: c.subject, hit: c.hit, key: c.key, txn: c.txn,
		ttl: c.ttl, lease: c.lease, revision: c.revision, watcher: c.watcher, next: next, alone: true,
	}
	c.client.server.kernel.At(at, alone)
	c.timeOut()
}

// arrive is the request's arrival at the server.
func (c *call) arrive() {
	s := c.client.server
	s.calls++
	if s.isDown() {
		if s.silent {
			c.timeOut()
			return
		}
		c.err = errDown
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
	case s.isDown() && s.silent:
		c.timeOut()
		return
	case s.isDown():
		c.err = errReset
	case c.hit.Refused:
		c.err = errRefused
	case c.hit.Lost:
		c.err = errReset
	default:
		s.execute(c)
		if c.hit.Applied {
			c.err = errReset
		}
	}
	c.reply()
}

// reply sends the answer.
func (c *call) reply() {
	if c.alone {
		return
	}
	now := c.client.server.kernel.Now()
	delay, lost := c.client.in.Send(now)
	if lost || now+delay >= c.deadline {
		c.timeOut()
		return
	}
	c.next = (*call).answer
	c.client.machine.At(now+delay, c)
}

func (c *call) answer() { c.Complete() }

// timeOut lets the caller wait until it gives up.
func (c *call) timeOut() {
	if c.alone {
		return
	}
	c.next = (*call).expire
	c.client.machine.At(c.deadline, c)
}

func (c *call) expire() {
	c.err = errTimeout
	c.Complete()
}

// forget clears the call for its next use.
func (c *call) forget() {
	c.next, c.client, c.subject, c.hit = nil, nil, "", fault.Storage{}
	c.txn, c.err, c.watcher = store.Txn{}, nil, nil
	c.pair, c.snapshot, c.commit = store.Pair{}, store.Snapshot{}, store.Commit{}
}
