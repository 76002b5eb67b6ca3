package workload_test

import (
	"context"
	"testing"
	"time"

	"go.uber.org/goleak"

	"derail/scenarios"
	"derail/sim/choice"
	"derail/sim/fault"
	"derail/sim/kernel"
	"derail/sim/workload"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const ms = time.Millisecond

var background = context.Background()

func benign() *choice.Source {
	return choice.FromFunc(func(choice.Address, uint64) uint64 { return 0 })
}

func span(low, high time.Duration) scenarios.Span {
	return scenarios.Span{Low: scenarios.Duration(low), High: scenarios.Duration(high)}
}

func compiled(t *testing.T, jobs ...scenarios.Jobs) *workload.Plan {
	t.Helper()
	p, err := workload.Compile(&scenarios.Scenario{Jobs: jobs})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// lab is a machine on which tasks run, or a client posts.
type lab struct {
	t        *testing.T
	kernel   *kernel.Kernel
	machine  *kernel.Machine
	place    workload.Place
	poisoned int
}

func newLab(t *testing.T, source *choice.Source, faults ...scenarios.Fault) *lab {
	t.Helper()
	nodes := []string{"store-1", "client-1", "conductor-1"}
	s := &scenarios.Scenario{
		Break: scenarios.Duration(time.Hour), Jobs: []scenarios.Jobs{{Name: "a"}, {Name: "b"}}, Faults: faults,
	}
	plan, err := fault.Compile(s, nodes)
	if err != nil {
		t.Fatal(err)
	}
	l := &lab{t: t, kernel: kernel.New(kernel.Config{Source: source})}
	t.Cleanup(l.kernel.Close)
	l.machine = l.kernel.Node("conductor-1").Boot()
	l.place = workload.Place{
		Machine: l.machine, Node: 2, Faults: fault.NewInjector(plan, nodes, source), Source: source,
		Poisoned: func() { l.poisoned++ },
	}
	return l
}

// does runs body as a process of the machine, until nothing happens any more, and reports whether it
// came to its end.
func (l *lab) does(body func()) (ended bool) {
	l.machine.Go("test", func() {
		body()
		ended = true
	})
	stop := l.kernel.Run(l.kernel.Now() + int64(time.Hour))
	if stop.Panic != nil {
		l.t.Fatal(stop)
	}
	return ended
}

func (l *lab) now() time.Duration { return time.Duration(l.kernel.Now()) }
