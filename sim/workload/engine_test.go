package workload_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"derail/core/engine"
	"derail/core/event"
	"derail/core/flow"
	"derail/core/host"
	"derail/core/logbook"
	"derail/core/state"
	"derail/core/store/memory"
	"derail/scenarios"
	"derail/sim/choice"
	"derail/sim/fault"
	"derail/sim/kernel"
	"derail/sim/workload"
)

// witness holds what an engine tells of a flow against its shape.
type witness struct {
	t      *rapid.T
	shape  workload.Shape
	at     map[string]*workload.Atom
	behind map[string][]string // the atoms directly after each
	states map[string]state.State
}

func newWitness(t *rapid.T, shape workload.Shape) *witness {
	w := &witness{
		t: t, shape: shape, at: map[string]*workload.Atom{}, behind: map[string][]string{},
		states: map[string]state.State{},
	}
	for i := range shape.Atoms {
		a := &shape.Atoms[i]
		w.at[a.Name], w.states[a.Name] = a, state.Pending
		for _, before := range a.After {
			w.behind[before] = append(w.behind[before], a.Name)
		}
	}
	return w
}

// Hear implements event.Listener.
func (w *witness) Hear(e *event.Event) {
	if e.Kind != event.AtomMoved && e.Kind != event.RetryMoved {
		return
	}
	a := w.at[e.Atom]
	if a == nil || a.Retry != (e.Kind == event.RetryMoved) {
		w.t.Fatalf("%s of %q, which the shape has as %+v", e.Kind, e.Atom, a)
	}
	w.states[e.Atom] = e.To
	switch e.To {
	case state.Running:
		w.begins(a, int(e.Attempt))
	case state.Reverting:
		for _, after := range w.behind[a.Name] {
			if s := w.states[after]; s != state.Pending && s != state.Reverted && s != state.Ignore {
				w.t.Errorf("%s is reverted while %s is in %s", a.Name, after, s)
			}
		}
	case state.Ignore:
		if !a.Never {
			w.t.Errorf("%s is passed over", a.Name)
		}
	}
}

func (w *witness) begins(a *workload.Atom, attempt int) {
	if a.Never {
		w.t.Errorf("%s runs", a.Name)
	}
	if a.Retry && attempt > max(1, a.Attempts) {
		w.t.Errorf("%s is at attempt %d of %d", a.Name, attempt, a.Attempts)
	}
	for _, before := range a.After {
		if s := w.states[before]; s != state.Success && s != state.Ignore {
			w.t.Errorf("%s runs while %s is in %s", a.Name, before, s)
		}
	}
}

// ended checks that all that could run has run, and nothing else.
func (w *witness) ended(final state.State) {
	if final != state.Success {
		return
	}
	for _, a := range w.shape.Atoms {
		want := state.Success
		if a.Never {
			want = state.Ignore
		}
		if w.states[a.Name] != want {
			w.t.Errorf("%s is in %s at the end, want %s", a.Name, w.states[a.Name], want)
		}
	}
}

// cluster is a kernel, a logbook that outlives its machines, and the job of a plan.
type cluster struct {
	t      *rapid.T
	kernel *kernel.Kernel
	books  *memory.Store
	faults *fault.Injector
	source *choice.Source
	plan   *workload.Plan
	record logbook.FlowDetail
	epoch  int64
	wrong  []string
}

func newCluster(t *rapid.T, s *scenarios.Scenario, seed uint64) *cluster {
	c := &cluster{t: t, source: choice.Seeded(seed), books: memory.New(host.Real())}
	c.kernel = kernel.New(kernel.Config{Source: c.source})
	nodes := []string{"store", "client-1", "conductor-1"}
	faults, err := fault.Compile(s, nodes)
	if err != nil {
		t.Fatal(err)
	}
	c.faults = fault.NewInjector(faults, nodes, c.source)
	if c.plan, err = workload.Compile(s); err != nil {
		if !strings.Contains(err.Error(), "hangs on chance") {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	return c
}

// post records the book of the group's only job.
func (c *cluster) post() {
	c.on(func(m *kernel.Machine, ctx context.Context) {
		books := logbook.New(logbook.Config{Store: c.books, Host: m})
		workload.Post(ctx, &c.plan.Groups[0], m, c.source, keeper{books, &c.record}, &office{lab: &lab{kernel: c.kernel}})
	})
}

// keeper remembers what was recorded.
type keeper struct {
	*logbook.Library
	last *logbook.FlowDetail
}

func (k keeper) Create(ctx context.Context, b logbook.Book, flows ...logbook.FlowDetail) error {
	*k.last = flows[0]
	return k.Library.Create(ctx, b, flows...)
}

// on runs something on a machine of its own, until it ends or crashes.
func (c *cluster) on(do func(m *kernel.Machine, ctx context.Context)) {
	m := c.kernel.Node("conductor-1").Boot()
	place := &workload.Place{
		Machine: m, Node: 2, Faults: c.faults, Source: c.source, Poisoned: func() {},
		Misled: func(job, task string, wrong error) {
			c.wrong = append(c.wrong, fmt.Sprintf("%s of %s: %v", task, job, wrong))
		},
	}
	m.Go("test", func() { do(m, workload.With(background, place)) })
	if stop := c.kernel.Run(c.kernel.Now() + int64(time.Hour)); stop.Panic != nil {
		c.t.Fatal(stop)
	}
	if m.Alive() {
		m.Crash()
	}
}

type options struct {
	workers      int
	deferReverts bool
}

// run lets an engine run the job for so long.
func (c *cluster) run(f *flow.Flow, how options, stop time.Duration, crash bool, w *witness) (final state.State) {
	c.epoch++
	c.on(func(m *kernel.Machine, ctx context.Context) {
		e := engine.New(engine.Config{
			Flow: f, Inputs: c.record.Inputs, FlowID: c.record.ID, Host: m, Epoch: c.epoch,
			Workers: how.workers, DeferReverts: how.deferReverts,
			Books: logbook.New(logbook.Config{Store: c.books, Host: m}), Listener: w,
		})
		if stop > 0 {
			c.kernel.After(stop, kernel.Do(func() {
				if crash {
					m.Crash()
				} else {
					e.Suspend()
				}
			}))
		}
		for _, stage := range []func() error{e.Compile, func() error { return e.Prepare(ctx) }, e.Validate} {
			if err := stage(); err != nil {
				c.t.Fatal(err)
			}
		}
		var err error
		if final, err = e.Run(ctx); err != nil {
			c.t.Errorf("the run ended with %v", err)
		}
	})
	return final
}

// TestShapesAreWhatTheEngineDoes: random flows, with tasks that fail, and engines that are suspended or
// die, run by the core, do nothing that their shapes rule out; and no task is given anything wrong.
func TestShapesAreWhatTheEngineDoes(t *testing.T) {
	var finals [2]int
	rapid.Check(t, func(t *rapid.T) {
		p := &pen{T: t}
		s := &scenarios.Scenario{
			Break: scenarios.Duration(time.Hour),
			Jobs:  []scenarios.Jobs{{Name: "orders", Count: 1, Flow: p.flow(3), Work: span(0, 10*ms)}},
		}
		if rate := p.upTo(5, "rate"); rate > 0 {
			s.Faults = []scenarios.Fault{{
				Kind: scenarios.KindTaskError, Rate: scenarios.Rate(rate) * scenarios.Whole / 20,
			}}
		}
		s.Fill()
		c := newCluster(t, s, rapid.Uint64().Draw(t, "seed"))
		defer c.kernel.Close()
		c.post()
		w := newWitness(t, c.plan.Shapes()[0])
		factory, _ := c.plan.Flows.Lookup(c.plan.Groups[0].Factory)
		f, err := factory(c.record.Inputs)
		if err != nil {
			t.Fatal(err)
		}
		how := options{p.upTo(3, "workers"), p.upTo(1, "defer reverts") == 1}
		var final state.State
		for range p.upTo(3, "stops") {
			stop := time.Duration(1+p.upTo(60, "stop")) * ms
			final = c.run(f, how, stop, p.upTo(1, "crash") == 1, w)
		}
		if final != state.Success && final != state.Failure {
			final = c.run(f, how, 0, false, w)
		}
		if len(c.wrong) > 0 {
			t.Errorf("tasks were given what is wrong:\n%s", strings.Join(c.wrong, "\n"))
		}
		w.ended(final)
		switch final {
		case state.Success:
			finals[0]++
		case state.Reverted:
			finals[1]++
		default:
			t.Errorf("it ended in %s", final)
		}
	})
	if finals[0] < 10 || finals[1] < 10 {
		t.Errorf("%d flows ended in SUCCESS and %d in REVERTED", finals[0], finals[1])
	}
}
