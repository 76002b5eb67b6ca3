package world

import (
	"context"

	"derail/checker/history"
	"derail/core/conductor"
	"derail/core/failpoints"
	"derail/core/jobboard"
	"derail/core/logbook"
	"derail/core/store"
	"derail/sim/kernel"
	"derail/sim/storage"
	"derail/sim/workload"
)

// life is one life of a machine, from a boot to a crash.
type life struct {
	world    *World
	node     int
	machine  *kernel.Machine
	client   *storage.Client
	place    workload.Place
	context  context.Context
	books    *logbook.Library
	recorded *recordedBoard
	ears     ears
	pauses   int // so far

	conductor *conductor.Conductor
	stopping  bool  // it was asked to stop
	away      int64 // how long it is to stay away then
}

// Wrap is where something can be put between the core and what it runs on: a planted bug. A nil
// function stands for nothing in between.
type Wrap struct {
	Store  func(s store.Store, m *kernel.Machine) store.Store
	Claims func(c conductor.Claims, b *jobboard.Board, s store.Store) conductor.Claims
	Config func(c *conductor.Config)
}

// connect boots a machine and gives it a connection to the store.
func (w *World) connect(node int) *life {
	l := &life{world: w, node: node}
	l.machine = w.kernel.Node(w.blueprint.nodes[node]).Boot()
	l.client = storage.NewClient(storage.ClientConfig{
		Server: w.server, Machine: l.machine, Node: node, Source: w.source,
		Delay: w.blueprint.Scenario.Network.Delay, Group: w.blueprint.work.GroupOf,
	})
	l.place = workload.Place{
		Machine: l.machine, Node: node, Faults: w.faults, Source: w.source,
		Poisoned: func() { w.buried(l) }, Misled: l.misled,
	}
	l.context = w.root(l)
	var s store.Store = l.client
	if w.options.Wrap.Store != nil {
		s = w.options.Wrap.Store(s, l.machine)
	}
	l.books = logbook.New(logbook.Config{Store: s, Host: l.machine})
	board := jobboard.New(jobboard.Config{Store: s, Host: l.machine})
	l.recorded = &recordedBoard{
		Board: board, claims: board, life: l, open: map[*jobboard.Claim]history.Record{},
	}
	if w.options.Wrap.Claims != nil {
		l.recorded.claims = w.options.Wrap.Claims(board, board, s)
	}
	l.ears.life = l
	return l
}

// boot starts a conductor on its machine.
func (w *World) boot(node int) {
	l := w.connect(node)
	w.lives[node] = l
	s := w.blueprint.Scenario
	config := conductor.Config{
		Name: w.blueprint.nodes[node], Host: l.machine, Claims: l.recorded, Roster: l.recorded,
		Books: l.books, Flows: w.blueprint.work.Flows, Policy: w.blueprint.policy,
		MaxJobs: s.Cluster.MaxJobs, Lease: s.Cluster.Lease.Std(), Idle: s.Cluster.Idle.Std(),
		RunLimit: s.Cluster.RunLimit.Std(), Listener: &l.ears,
		Workers: s.Cluster.Engine.Workers, DeferReverts: s.Cluster.Engine.DeferReverts,
	}
	if w.options.Wrap.Config != nil {
		w.options.Wrap.Config(&config)
	}
	c, err := conductor.New(config)
	if err != nil {
		w.kernel.Halt("a conductor could not be made: " + err.Error())
		return
	}
	w.note(history.Start, node, "", "")
	l.conductor = c
	l.machine.Go("conductor", func() {
		_ = c.Run(l.context)
		w.retired(l)
	})
}

// points decides the failpoints of one machine.
type points struct{ life *life }

func withPoints(ctx context.Context, l *life) context.Context {
	return failpoints.With(ctx, points{l})
}

// Fires implements failpoints.Decider. Where the point is a crash it does not return.
func (p points) Fires(point *failpoints.Point) bool {
	l := p.life
	l.machine.Check()
	fires, crash := l.world.faults.Point(l.world.kernel.Now(), l.node, point.Name)
	if fires && crash {
		l.world.buried(l)
		l.machine.Crash()
	}
	return fires
}
