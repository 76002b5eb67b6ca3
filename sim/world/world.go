package world

import (
	"context"
	"fmt"

	"derail/checker/history"
	"derail/core/store"
	"derail/sim/choice"
	"derail/sim/fault"
	"derail/sim/kernel"
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
	server    *storage.Server
	recorder  *history.Recorder
	result    Result

	lives   []*life // by node; nil where no conductor is alive
	claims  map[string][]byte
	saves   map[string]applied // by job: see applied
	board   []store.Pair       // room for onBoard
	posted  map[string]bool
	posting int // groups whose client is still at work
	healed  bool
	done    bool
}

// Options are how a run is run; none of them changes what happens in it.
type Options struct {
	Backend kernel.Backend
	// Full records everything that happened, not only what the checker needs.
	Full bool
	// Trace, if set, sees every step of the kernel.
	Trace func(kernel.Step)
	// Wrap, if set, puts something between the core and the simulator: a planted bug.
	Wrap Wrap
}

// Result is what a run came to. It is valid until the world's next run.
type Result struct {
	Seed      uint64
	Hash      uint64
	History   *history.History
	Simulated int64   // virtual nanoseconds
	Steps     uint64  // of the kernel
	Calls     int64   // that reached the store
	Faults    []int64 // by Blueprint.FaultNames
	Posted    int     // jobs that the board had, at one time or another
	Consumed  int
	Trashed   int
	Left      int
	// Broken is set when the run could not be run to its end: a process of the simulation or of core
	// panicked, or the run went on for ever at one instant.
	Broken error
}

// New makes a world.
func New(b *Blueprint) *World {
	return &World{
		blueprint: b, claims: map[string][]byte{}, saves: map[string]applied{}, posted: map[string]bool{},
		recorder: history.NewRecorder(history.Header{}), lives: make([]*life, len(b.nodes)),
	}
}

// Close ends the processes of the last run. A world that has run must be closed.
func (w *World) Close() {
	if w.kernel != nil {
		w.kernel.Close()
	}
}

// eventLimit ends a run that does not end by itself; the suite's largest takes tens of thousands.
const eventLimit = 20_000_000

// Run runs the blueprint once with the choices of a source. seed is only written down.
func (w *World) Run(source *choice.Source, seed uint64, o Options) *Result {
	w.prepare(source, seed, o)
	s := w.blueprint.Scenario
	w.start()
	stop := w.kernel.Run(int64(s.Break))
	if s.Rest > 0 && ranOn(stop) {
		w.heal()
		stop = w.kernel.Run(int64(s.Break) + int64(s.Rest) + int64(aftermath))
	}
	w.finish(stop)
	return &w.result
}

func (w *World) prepare(source *choice.Source, seed uint64, o Options) {
	config := kernel.Config{Source: source, Backend: o.Backend, Trace: o.Trace, EventLimit: eventLimit}
	if w.kernel == nil || w.options.Backend != o.Backend {
		w.Close()
		w.kernel = kernel.New(config)
	} else {
		w.kernel.Reset(config)
	}
	w.options, w.source = o, source
	if w.faults == nil {
		w.faults = fault.NewInjector(w.blueprint.faults, w.blueprint.nodes, source)
		w.server = storage.NewServer(w.kernel, w.faults)
	} else {
		w.faults.Reset(source)
		w.server.Reset(w.kernel, w.faults)
	}
	s := w.blueprint.Scenario
	w.recorder.Reset(history.Header{
		Version: history.Version, Scenario: s.Name, Seed: seed, Attempts: s.Policy.Attempts,
		CycleLength: s.Cycle, RestWithin: int64(s.Rest), Shapes: w.blueprint.shapes,
	})
	for _, name := range w.blueprint.nodes {
		w.recorder.Process(name) // a machine's process has the machine's number
	}
	clear(w.lives)
	clear(w.claims)
	clear(w.saves)
	clear(w.posted)
	w.result = Result{Seed: seed}
	w.posting, w.healed, w.done = 0, false, false
	w.faults.Struck = nil
	if o.Full {
		w.faults.Struck = w.struck
	}
	w.server.Observe, w.server.LeaseEnded = w.observe, w.leaseEnded
}

// start boots the machines, and sets the client and the nemesis to work.
func (w *World) start() {
	for i := firstConductor; i < len(w.blueprint.nodes); i++ {
		w.boot(i)
	}
	client := w.connect(clientNode)
	for i := range w.blueprint.work.Groups {
		g := &w.blueprint.work.Groups[i]
		w.posting++
		client.machine.Go("post", func() {
			workload.Post(client.context, g, client.machine, w.source, client.books, client.recorded)
			w.posting--
			w.checkRest()
		})
	}
	for _, t := range w.blueprint.faults.Timed() {
		w.nemesis(t)
	}
}

// ranOn reports whether a run stopped as runs do. Whatever halts one that is not at rest breaks it.
func ranOn(stop kernel.Stop) bool {
	return stop.Reason == kernel.Idle || stop.Reason == kernel.TimeLimit ||
		stop.Reason == kernel.Halted && stop.Cause == atRest
}

// finish ends the run and writes down where everything is.
func (w *World) finish(stop kernel.Stop) {
	r := &w.result
	r.Hash, r.Steps, r.Simulated = w.kernel.Hash(), w.kernel.Steps(), w.kernel.Now()
	w.closeBooks()
	r.Calls, r.Faults = w.server.Calls(), w.faults.Counts()
	switch {
	case stop.Reason == kernel.Panicked:
		r.Broken = fmt.Errorf("the run stopped: %v", stop)
	case !ranOn(stop):
		r.Broken = fmt.Errorf("the run did not end: %v", stop)
	}
	h := w.recorder.Header()
	h.End, h.Hash = r.Simulated, fmt.Sprintf("%016x", r.Hash)
	r.History = w.recorder.History()
}

// root is the context at the top of a machine's processes.
func (w *World) root(l *life) context.Context {
	return workload.With(withPoints(context.Background(), l), &l.place)
}
