package world

import (
	"context"
	"time"

	"derail/checker/history"
	"derail/core/conductor"
	"derail/core/failpoints"
	"derail/core/jobboard"
	"derail/core/logbook"
	"derail/core/store"
	"derail/core/store/sqlite"
	"derail/sim/fault"
	"derail/sim/kernel"
	"derail/sim/storage"
	"derail/sim/workload"
)

// life is one life of a machine, from a boot to a crash.
type life struct {
	world    *World
	node     int
	machine  *kernel.Machine
	client   *storage.Client // where there is a server
	place    workload.Place
	context  context.Context
	books    *logbook.Library
	recorded *recordedBoard
	ears     ears
	pauses   int             // so far
	database *sqlite.Store   // in a SQLite world, once it is open
	leases   []store.LeaseID // in such a world, those that were granted

	restoring bool // it is about to put a job back on the board

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

// boot starts a machine, with a conductor or the client on it.
func (w *World) boot(node int) {
	w.abandon()
	l := &life{world: w, node: node}
	l.machine = w.kernel.Node(w.blueprint.nodes[node]).Boot()
	w.setClock(l)
	l.place = workload.Place{
		Machine: l.machine, Node: node, Faults: w.faults, Source: w.source,
		Poisoned: func() { w.buried(l) }, Misled: l.misled,
	}
	l.context = w.root(l)
	l.ears.life = l
	w.lives[node] = l
	if node != clientNode || l.machine.Node().Boots() > 1 {
		w.note(history.Start, node, "", "")
	}
	if w.sqliteWorld() {
		l.machine.Go("open", func() { w.open(l) })
		return
	}
	config := storage.ClientConfig{
		Server: w.server, Machine: l.machine, Node: node, Network: w.network, Group: w.blueprint.work.GroupOf,
	}
	if w.faults.Plan().Steps() {
		config.Step = l.step
	}
	if w.options.Messages {
		config.Tell = l.message
	}
	l.client = storage.NewClient(config)
	l.equip(l.client)
	l.operate()
}

// step is a step of the machine, at which it may die.
func (l *life) step() {
	if l.world.faults.Step(l.world.kernel.Now(), l.node) {
		l.world.buried(l)
		l.machine.Crash()
	}
}

// equip gives a machine what it works with on a store.
func (l *life) equip(s store.Store) {
	wrap := l.world.options.Wrap
	if wrap.Store != nil {
		s = wrap.Store(s, l.machine)
	}
	l.books = logbook.New(logbook.Config{Store: s, Host: l.machine})
	board := jobboard.New(jobboard.Config{Store: s, Host: l.machine})
	l.recorded = &recordedBoard{
		Board: board, claims: board, life: l, open: map[*jobboard.Claim]history.Record{},
	}
	if wrap.Claims != nil {
		l.recorded.claims = wrap.Claims(board, board, s)
	}
}

// operate sets what runs on the machine to work.
func (l *life) operate() {
	if l.node == clientNode {
		l.post()
		if every := l.world.blueprint.Scenario.Operator; every.High > 0 {
			l.machine.Go("operator", func() { l.tidy(every) })
		}
		l.readers()
	} else {
		l.conduct()
	}
}

// setClock sets the clock of a machine that boots: right, or as wrong as is drawn.
func (w *World) setClock(l *life) {
	wrong, n := w.faults.Boot(w.kernel.Now(), l.node), l.machine.Node()
	if wrong != (fault.Clock{}) || n.Drift() != 0 || n.Clock() != 0 {
		n.SetClock(time.Duration(wrong.Offset))
		n.SetDrift(wrong.Drift)
	}
}

// close ends what the life has at the store.
func (l *life) close() {
	if l.client != nil {
		l.client.Close()
	}
	if l.database != nil {
		l.world.abandoned = append(l.world.abandoned, l.database)
	}
	if l.world.checker == l {
		l.world.checker = nil
	}
}

// post lets the client post what it has not posted yet.
func (l *life) post() {
	w := l.world
	for i := range w.rounds {
		g, round := &w.blueprint.work.Groups[i], &w.rounds[i]
		if round.Done() {
			continue
		}
		if l.database != nil {
			round.Look = l.lookFor
		}
		l.machine.Go("post", func() {
			round.Post(l.context, g, l.machine, w.source, l.books, l.recorded)
			w.posting--
			w.checkRest()
		})
	}
}

// conduct starts the conductor.
func (l *life) conduct() {
	w := l.world
	s := w.blueprint.Scenario
	config := conductor.Config{
		Name: l.machine.Name(), Host: l.machine, Claims: l.recorded, Roster: l.recorded,
		Books: l.books, Flows: w.blueprint.work.Flows, Policy: w.blueprint.policy,
		MaxJobs: s.Cluster.MaxJobs, Lease: s.Cluster.Lease.Std(), Idle: s.Cluster.Idle.Std(),
		RunLimit: s.Cluster.RunLimit.Std(), Listener: l.listener(),
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
	fires, crash := l.world.faults.Point(l.world.kernel.Now(), l.node, point)
	if fires && crash {
		l.world.buried(l)
		l.machine.Crash()
	}
	return fires
}
