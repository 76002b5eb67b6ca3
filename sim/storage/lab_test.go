package storage_test

import (
	"context"
	"reflect"
	"testing"
	"time"

	"go.uber.org/goleak"

	"derail/core/store"
	"derail/core/store/memory"
	"derail/scenarios"
	"derail/sim/choice"
	"derail/sim/fault"
	"derail/sim/kernel"
	"derail/sim/network"
	"derail/sim/storage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	ms      = time.Millisecond
	timeout = storage.DefaultTimeout
	forever = int64(1) << 62
)

var (
	background = context.Background()
	backends   = map[string]kernel.Backend{"coroutines": kernel.Coroutines, "tokens": kernel.Tokens}
)

// lab is a server, and machines that are connected to it by links which take a millisecond each way.
type lab struct {
	t       testing.TB
	kernel  *kernel.Kernel
	faults  *fault.Injector
	network *network.Network
	server  *storage.Server
	ended   map[store.LeaseID]int // how often the end of a lease was reported
}

var nodes = []string{scenarios.NodeStore, scenarios.NodeClient, "conductor-1", "conductor-2"}

type setup struct {
	backend kernel.Backend
	source  *choice.Source // nil: the benign one
	delay   scenarios.Span // of the links; zero: a millisecond
	faults  []scenarios.Fault
}

func benign() *choice.Source {
	return choice.FromFunc(func(choice.Address, uint64) uint64 { return 0 })
}

func span(low, high time.Duration) scenarios.Span {
	return scenarios.Span{Low: scenarios.Duration(low), High: scenarios.Duration(high)}
}

func newLab(t testing.TB, s setup) *lab {
	t.Helper()
	if s.source == nil {
		s.source = benign()
	}
	if s.delay.High == 0 {
		s.delay = span(ms, ms)
	}
	plan, err := fault.Compile(&scenarios.Scenario{Break: scenarios.Duration(time.Hour), Faults: s.faults}, nodes)
	if err != nil {
		t.Fatal(err)
	}
	l := &lab{t: t, ended: map[store.LeaseID]int{}}
	l.kernel = kernel.New(kernel.Config{Source: s.source, Backend: s.backend})
	t.Cleanup(l.kernel.Close)
	l.faults = fault.NewInjector(plan, nodes, s.source)
	l.network = network.New(scenarios.Network{Delay: s.delay}, nodes)
	l.network.Reset(s.source, l.faults)
	l.server = storage.NewServer(l.kernel, l.faults)
	l.server.LeaseEnded = func(e *memory.EndedLease) { l.ended[e.Lease]++ }
	return l
}

// connect boots a machine and connects it.
func (l *lab) connect(node int) (*storage.Client, *kernel.Machine) {
	m := l.kernel.Node(nodes[node]).Boot()
	return storage.NewClient(storage.ClientConfig{
		Server: l.server, Machine: m, Node: node, Network: l.network,
	}), m
}

// runs lets the run go on for some time; nothing may stop it before.
func (l *lab) runs(d time.Duration) {
	l.t.Helper()
	stop := l.kernel.Run(l.kernel.Now() + int64(d))
	if stop.Reason != kernel.TimeLimit && stop.Reason != kernel.Idle {
		l.t.Fatalf("the run stopped: %v", stop)
	}
}

// does runs body as a process of a machine until it is done, and fails if it never is.
func (l *lab) does(m *kernel.Machine, body func()) {
	l.t.Helper()
	m.Go("test", func() {
		body()
		l.kernel.Halt("done")
	})
	if stop := l.kernel.Run(forever); stop.Cause != "done" {
		l.t.Fatalf("the process did not come to its end: %v", stop)
	}
}

func (l *lab) at(d time.Duration, what func()) { l.kernel.At(int64(d), kernel.Do(what)) }

func (l *lab) now() time.Duration { return time.Duration(l.kernel.Now()) }

// subscriptions is how many watches the server serves.
func (l *lab) subscriptions() int {
	return reflect.ValueOf(l.server.State()).Elem().FieldByName("subscriptions").Len()
}

// holds is the value at the server, now; empty when there is none.
func (l *lab) holds(key string) string { return string(l.server.State().Get(key).Value) }

func put(key, value string) store.Txn {
	return store.Txn{Label: scenarios.OpClaim, Subject: "job", Then: []store.Op{store.Put(key, []byte(value))}}
}

// always is a fault that hits whatever it can.
func always(kind string) scenarios.Fault { return scenarios.Fault{Kind: kind, Rate: scenarios.Whole} }

// session is a machine and its connection.
type session struct {
	client  *storage.Client
	machine *kernel.Machine
}

func (l *lab) session(node int) *session {
	client, m := l.connect(node)
	return &session{client, m}
}

// remembered is how many operations the server keeps for its replica.
func (l *lab) remembered() int {
	return reflect.ValueOf(l.server).Elem().FieldByName("replica").Elem().FieldByName("entries").Len()
}
