package world

import (
	"context"
	"fmt"
	"slices"

	client "github.com/prometheus/client_golang/prometheus"

	"derail/checker"
	"derail/checker/history"
	"derail/core/event/prometheus"
	"derail/scenarios"
	"derail/sim/choice"
	"derail/sim/fault"
	"derail/sim/kernel"
	"derail/sim/network"
	"derail/sim/storage"
	"derail/sim/workload"
)

// World runs a blueprint, one run after another. It is not safe for concurrent use.
type World struct {
	blueprint *Blueprint
	options   Options
	kernel    *kernel.Kernel
	source    *choice.Source
	faults    *fault.Injector
	network   *network.Network
	server    *storage.Server
	recorder  *history.Recorder
	result    Result
	calls     int64 // to the store, where it is no server
	machinery       // the same

	registry *client.Registry    // of the run's metrics, where those are written down
	metrics  *prometheus.Metrics // the same

	lives   []*life            // by node; nil where no conductor is alive
	claims  map[string][]byte  // by job, while it is claimed: the claim record
	saves   map[string]applied // by job: see applied
	posted  map[string]bool    // the jobs that the board has had
	onBoard map[string]bool    // those that it has
	rounds  []workload.Round   // by group: how far the client has come
	posting int                // groups whose client is still at work
	failing *strike            // the failover that is being carried out
	lost    []bool             // by node: it is outside the core that has healed; nil: none is
	ruins   []string
	healed  bool
	done    bool
	over    bool // nothing more happens: the books are being closed
}

// Options are how a run is run. None of them changes what happens in it, but that Wrap breaks the core, Spare
// leaves faults out, and Live may end the run sooner.
type Options struct {
	Backend kernel.Backend
	// Full records everything that happened, not only what the checker needs, but for messages.
	Full bool
	// Messages records what becomes of each message between a machine and the store: for those who read of the
	// run, because no promise is about it. An [Explorer] would take histories for two that differ in nothing
	// else.
	Messages bool
	// Trace, if set, sees every step of the kernel.
	Trace func(kernel.Step)
	// Ready, if set, sees between whom each draw of kernel/ready decides.
	Ready func([]kernel.Candidate)
	// Explorer, if set, decides between the events of one instant, and hears what could make a difference.
	Explorer Explorer
	// Wrap, if set, puts something between the core and the simulator: a planted bug.
	Wrap Wrap
	// Spare, if set, leaves out those strikes of faults for which it returns true: the run as it is without
	// them, and with the same choices otherwise.
	Spare func(choice.Address) bool
	// Live, if set, sees every record as it is written down, and ends the run where a promise is broken.
	Live *checker.Live
}

// Explorer is who makes a run to see what else could have come of it.
type Explorer interface {
	kernel.Explorer
	// Wrote hears of each record as it is written down, with a time and without a number. It changes the
	// history, which everything touches that writes.
	Wrote(r *history.Record)
}

// New makes a world.
func New(b *Blueprint) *World {
	return &World{
		blueprint: b, claims: map[string][]byte{}, saves: map[string]applied{}, posted: map[string]bool{},
		onBoard: map[string]bool{}, recorder: history.NewRecorder(history.Header{}),
		lives: make([]*life, len(b.nodes)),
	}
}

// Close ends the processes of the last run. A world that has run must be closed.
func (w *World) Close() {
	if w.kernel != nil {
		w.kernel.Close()
	}
	if w.disk != nil {
		w.abandon()
		w.disk.Close()
	}
}

// What ends a run that does not end by itself: the suite's largest takes tens of thousands of events, and a
// job a few hundred.
const (
	eventLimit  = 20_000_000
	eventsOfJob = 20_000
)

// Run runs the blueprint once with the choices of a source. seed is only written down.
func (w *World) Run(source *choice.Source, seed uint64, o Options) *Result {
	w.prepare(source, seed, o)
	s := w.blueprint.Scenario
	w.start()
	stop := w.kernel.Run(int64(s.Break))
	if s.Rest > 0 && ranOn(stop) && w.result.Stopped == "" {
		w.heal()
		stop = w.kernel.Run(w.latest())
	}
	w.finish(stop)
	return &w.result
}

// latest is when a run ends at the latest.
func (w *World) latest() int64 {
	s := w.blueprint.Scenario
	if s.Rest == 0 {
		return int64(s.Break)
	}
	return int64(s.Break) + int64(s.Rest) + int64(aftermath)
}

func (w *World) prepare(source *choice.Source, seed uint64, o Options) {
	w.prepareKernel(source, o)
	s := w.blueprint.Scenario
	w.recorder.Reset(history.Header{
		Version: history.Version, Scenario: s.Name, Seed: seed, Attempts: s.Policy.Attempts,
		CycleLength: s.Cycle, RestWithin: w.blueprint.restWithin(), Shapes: w.blueprint.shapes,
		ClaimWithin: int64(s.Promise.ClaimWithin), Overtaken: s.Promise.Overtaken, Slots: s.Cluster.MaxJobs,
	})
	for _, name := range w.blueprint.nodes {
		w.recorder.Process(name) // a machine's process has the machine's number
	}
	clear(w.lives)
	clear(w.claims)
	clear(w.saves)
	clear(w.posted)
	clear(w.onBoard)
	w.result = Result{Seed: seed, Points: w.result.Points}
	w.rounds = append(w.rounds[:0], make([]workload.Round, len(w.blueprint.work.Groups))...)
	w.posting, w.healed, w.done, w.over = len(w.rounds), false, false, false
	w.failing, w.lost, w.ruins = nil, nil, w.ruins[:0]
	plan := w.plan()
	w.recorder.Header().ClockError = plan.ClockError(w.latest())
	if o.Live != nil {
		o.Live.Reset(w.recorder.History())
	}
	w.prepareMetrics()
	if w.faults == nil {
		w.faults = fault.NewInjector(plan, w.blueprint.nodes, source)
	} else {
		w.faults.ResetTo(plan, source)
	}
	w.faults.Struck, w.faults.Spare = nil, o.Spare
	if o.Full {
		w.faults.Struck = w.struck
	}
	w.prepareStore()
}

func (w *World) prepareKernel(source *choice.Source, o Options) {
	config := kernel.Config{
		Source: source, Backend: o.Backend, Trace: o.Trace, Ready: o.Ready,
		Explorer:   o.Explorer,
		EventLimit: eventLimit + eventsOfJob*uint64(w.blueprint.Jobs()),
	}
	if w.kernel == nil || w.options.Backend != o.Backend {
		w.Close()
		w.kernel = kernel.New(config)
	} else {
		w.kernel.Reset(config)
	}
	w.options, w.source = o, source
}

// plan is the faults of a run: the scenario's, and with a swarm those that the run draws.
func (w *World) plan() *fault.Plan {
	s := w.blueprint.Scenario
	if s.Swarm == nil {
		return w.blueprint.faults
	}
	drawn := fault.Draw(s, w.blueprint.points, w.source)
	plan, err := w.blueprint.faults.With(drawn)
	if err != nil { // what is drawn is what the scenario could have had in its file
		w.kernel.Halt("the faults that were drawn cannot be: " + err.Error())
		plan = w.blueprint.faults
	}
	w.result.Plan = scenarios.FormatFaults(slices.Concat(s.Faults, drawn))
	w.recorder.Header().Faults = w.result.Plan
	return plan
}

// remembered is how many changes the store remembers for each machine, of 16 at least.
const remembered = 256

// prepareStore makes the store as new.
func (w *World) prepareStore() {
	w.calls = 0
	if w.sqliteWorld() {
		w.prepareDisk()
		return
	}
	if w.server == nil {
		w.server = storage.NewServer(w.kernel, w.faults)
		w.network = network.New(w.blueprint.Scenario.Network, w.blueprint.nodes)
	} else {
		w.server.Reset(w.kernel, w.faults)
	}
	// A real store remembers minutes. Many conductors write more in that time, and the last of them to look
	// must not lose its place for that alone.
	w.server.State().Remember(remembered * max(len(w.blueprint.nodes), 16))
	w.network.Reset(w.source, w.faults)
	w.server.Observe, w.server.LeaseEnded, w.server.FailedOver = w.observe, w.leaseEnded, w.failedOver
}

// start boots the machines, and sets the client and the nemesis to work.
func (w *World) start() {
	for i := firstConductor; i < len(w.blueprint.nodes); i++ {
		w.boot(i)
	}
	w.boot(clientNode)
	for _, t := range w.faults.Plan().Timed() {
		if !w.faults.LeavesOut(&t) {
			w.nemesis(t)
		}
	}
}

// promiseBroken is why a run is halted that has broken a promise, where somebody watches for that.
const promiseBroken = "a promise is broken"

// ranOn reports whether a run stopped as runs do. Whatever halts one that is not at rest breaks it.
func ranOn(stop kernel.Stop) bool {
	return stop.Reason == kernel.Idle || stop.Reason == kernel.TimeLimit ||
		stop.Reason == kernel.Halted && (stop.Cause == atRest || stop.Cause == promiseBroken)
}

// finish ends the run and writes down where everything is.
func (w *World) finish(stop kernel.Stop) {
	r := &w.result
	w.over = true
	if w.sqliteWorld() {
		w.shutDown()
	}
	r.Hash, r.Steps, r.Simulated = w.kernel.Hash(), w.kernel.Steps(), w.kernel.Now()
	r.Calls = w.calls
	w.readMetrics()
	if w.sqliteWorld() {
		w.closeBooks(w.finalState())
	} else {
		state := w.server.State()
		w.closeBooks(func(key string) bool { return state.Get(key).Changed != 0 })
		r.Calls = w.server.Calls()
	}
	w.countPoints()
	r.Ruined, r.Faults = w.ruinText(), w.faults.Counts()
	switch {
	case stop.Reason == kernel.Panicked:
		r.Broken = fmt.Errorf("the run stopped: %v", stop)
	case !ranOn(stop):
		r.Broken = fmt.Errorf("the run did not end: %v", stop)
	}
	if w.failure != nil {
		r.Broken = w.failure
	}
	h := w.recorder.Header()
	h.End, h.Hash = r.Simulated, fmt.Sprintf("%016x", r.Hash)
	r.History = w.recorder.History()
}

// root is the context at the top of a machine's processes.
func (w *World) root(l *life) context.Context {
	return workload.With(withPoints(context.Background(), l), &l.place)
}
