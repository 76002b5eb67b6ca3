package storage

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"derail/core/host"
	"derail/core/store"
	"derail/scenarios"
	"derail/sim/fault"
	"derail/sim/kernel"
	"derail/sim/network"
)

// ClientConfig is what a client needs.
type ClientConfig struct {
	Server  *Server
	Machine *kernel.Machine
	Node    int // the machine's number
	Network *network.Network
	Timeout time.Duration // how long it waits for an answer; 0: DefaultTimeout

	// Step, if set, is called right before a call is sent, and right when an answer, or news, come: the machine
	// may die just then.
	Step func()
	// Tell, if set, hears of every message between the machine and the server: when it has arrived, or else when
	// it was lost.
	Tell func(Message)
	// Group tells which job group a transaction's subject belongs to, or a negative number. Nil: none.
	Group func(subject string) int
}

// Message is one between a machine and the server.
type Message struct {
	Way     fault.Way // requests, or else answers and news
	News    bool      // it is not asked for by any one call: a watch tells what has changed
	Op      fault.Op  // what the call is for
	Subject string    // of a call: what it is about, a job or nothing that has a name
	Sent    int64     // when it was sent
	Fate    Fate
}

// Fate is what became of a message.
type Fate uint8

// What becomes of messages.
const (
	Arrived  Fate = iota
	Repeated      // it has arrived, and had arrived before
	Lost          // on the way: by itself, or at a cut
	TooLate       // it is an answer to one who no longer waits for it
)

// Client is one machine's connection to the store. It implements store.Store for the processes of
// that machine, and dies with it.
type Client struct {
	server  *Server
	machine *kernel.Machine
	node    int
	network *network.Network
	timeout int64
	step    func()
	tell    func(Message)
	group   func(string) int

	watchers []*watcher
}

var _ store.Store = (*Client)(nil)

// NewClient connects a machine to the server.
func NewClient(c ClientConfig) *Client {
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	client := &Client{
		server: c.Server, machine: c.Machine, node: c.Node, network: c.Network,
		timeout: int64(c.Timeout), group: c.Group, step: c.Step, tell: c.Tell,
	}
	c.Server.clients = append(c.Server.clients, client)
	return client
}

// Close ends the client's watches at the server, those too that are being opened: its machine has
// crashed.
func (c *Client) Close() {
	for len(c.watchers) > 0 {
		c.watchers[0].end(errClosed)
	}
	c.server.clients = slices.DeleteFunc(c.server.clients, func(o *Client) bool { return o == c })
}

// dies reports whether the machine dies at this step.
func (c *Client) dies() bool {
	if c.step == nil {
		return false
	}
	c.step()
	return !c.machine.Alive()
}

func (c *Client) groupOf(subject string) int {
	if c.group == nil {
		return -1
	}
	return c.group(subject)
}

// begin takes a call from those that are idle.
func (c *Client) begin(kind callKind, op fault.Op, key string) *call {
	c.machine.Check()
	idle := c.server.idle
	if n := len(idle); n > 0 {
		call := idle[n-1]
		c.server.idle = idle[:n-1]
		call.client, call.kind, call.op, call.key = c, kind, op, key
		return call
	}
	return &call{client: c, kind: kind, op: op, key: key}
}

// end gives a call back for another use, unless the server may still hold on to it.
func (c *Client) end(call *call) {
	if call.abandoned {
		return
	}
	call.forget()
	c.server.idle = append(c.server.idle, call)
}

// Get implements store.KV.
func (c *Client) Get(ctx context.Context, key string) (store.Pair, store.Revision, error) {
	call := c.begin(callGet, ReadOp(key), key)
	err := call.do(ctx)
	pair, revision := call.pair, call.revision
	c.end(call)
	if err != nil {
		return store.Pair{}, 0, err
	}
	return pair, revision, nil
}

// Range implements store.KV.
func (c *Client) Range(ctx context.Context, prefix string) (store.Snapshot, error) {
	call := c.begin(callRange, ReadOp(prefix), prefix)
	err := call.do(ctx)
	snapshot := call.snapshot
	c.end(call)
	if err != nil {
		return store.Snapshot{}, err
	}
	return snapshot, nil
}

// ReadOp says what a read is for, by what it reads.
func ReadOp(key string) fault.Op {
	switch area, _, _ := strings.Cut(key, "/"); area {
	case "board", "trash":
		return opList
	case "book", "flow":
		return opLoad
	default:
		return fault.OpReadBack
	}
}

var (
	opList     = fault.OpOf(scenarios.OpList)
	opLoad     = fault.OpOf(scenarios.OpLoad)
	opRegister = fault.OpOf(scenarios.OpRegister)
	opRenew    = fault.OpOf(scenarios.OpRenew)
	opWatch    = fault.OpOf(scenarios.OpWatch)
)

// Commit implements store.KV.
func (c *Client) Commit(ctx context.Context, txn store.Txn) store.Commit {
	call := c.begin(callCommit, fault.OpOf(txn.Label), "")
	call.txn, call.subject = txn, txn.Subject
	err := call.do(ctx)
	commit := call.commit
	c.end(call)
	switch {
	case err == nil:
		return commit
	case errors.Is(err, store.ErrRefused):
		return store.Commit{Outcome: store.Refused, Err: err}
	default:
		return store.Commit{Outcome: store.Unknown, Err: err}
	}
}

// Grant implements store.Leases.
func (c *Client) Grant(ctx context.Context, ttl time.Duration) (store.LeaseID, error) {
	call := c.begin(callGrant, opRegister, "")
	call.ttl = ttl
	err := call.do(ctx)
	lease := call.lease
	c.end(call)
	if err != nil {
		return 0, err
	}
	return lease, nil
}

// Renew implements store.Leases.
func (c *Client) Renew(ctx context.Context, lease store.LeaseID) error {
	return c.withLease(ctx, callRenew, opRenew, lease)
}

// Revoke implements store.Leases.
func (c *Client) Revoke(ctx context.Context, lease store.LeaseID) error {
	return c.withLease(ctx, callRevoke, opRegister, lease)
}

func (c *Client) withLease(ctx context.Context, kind callKind, op fault.Op, lease store.LeaseID) error {
	call := c.begin(kind, op, "")
	call.lease = lease
	err := call.do(ctx)
	c.end(call)
	return err
}

// Watch implements store.KV.
func (c *Client) Watch(ctx context.Context, prefix string, since store.Revision) (store.Watcher, error) {
	call := c.begin(callWatch, opWatch, prefix)
	w := &watcher{client: c, news: c.machine.NewSignal()}
	c.watchers = append(c.watchers, w) // at once, so that a crash on the way ends it too
	call.revision, call.watcher = since, w
	err := call.do(ctx)
	c.end(call)
	if err == nil {
		w.scope, err = host.Watch(ctx, w)
	}
	if err != nil {
		w.end(err)
		return nil, err
	}
	w.listen()
	return w, nil
}
