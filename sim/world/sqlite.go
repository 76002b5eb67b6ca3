package world

import (
	"errors"
	"fmt"
	"time"

	"derail/checker/history"
	"derail/core/store"
	"derail/core/store/sqlite"
	"derail/scenarios"
	"derail/sim/disk"
)

// databaseFile is the file that all processes of a SQLite world share.
const databaseFile = "store.db"

// machinery is the one machine of a SQLite world: its disk, and what is known of the database on it. The
// nodes of such a world are its processes: a conductor's crash is that of a process, and a loss of power
// ends them all.
type machinery struct {
	disk      *disk.Disk
	unchecked bool  // the power was lost, and nobody has looked at the database since
	checker   *life // who is looking
	ruined    bool  // the database is damaged, or lost
	wiped     bool  // the disk was lost, and nobody has seen the empty one yet
	flips     int
	seen      store.Revision
	excused   int64  // losses of power that took what a lie had called safe, when all was last there
	undo      []undo // what the latest revisions changed, where the disk may lose them
	lies      bool   // it may
	failure   error  // what shows that the database does not keep its word
	abandoned []*sqlite.Store
}

// sqliteWorld reports whether the world's records are in a SQLite database and not on a server.
func (w *World) sqliteWorld() bool {
	return w.blueprint.Scenario.Cluster.Store == scenarios.StoreSQLite
}

// prepareDisk makes the machine as new. The processes of the last run are gone.
func (w *World) prepareDisk() {
	w.abandon()
	d := w.disk
	if d == nil {
		d = disk.New()
	}
	w.machinery = machinery{
		disk: d, undo: w.undo[:0], abandoned: w.abandoned[:0],
		lies: w.faults.Plan().Has(scenarios.KindDiskLie) || w.faults.Plan().Has(scenarios.KindDiskLost),
	}
	spec := w.blueprint.Scenario.Cluster.Disk
	d.Reset(disk.Config{
		Kernel: w.kernel, Faults: w.faults, Source: w.source, Access: spec.Access, Sync: spec.Sync,
		PowerLost: func() { w.losePower(scenarios.KindDiskPowerLoss) },
	})
}

// abandon frees what the dead have left of their stores. Their processes have unwound.
func (w *World) abandon() {
	for i, s := range w.abandoned {
		s.Abandon()
		w.abandoned[i] = nil
	}
	w.abandoned = w.abandoned[:0]
}

// retry is how long a process waits before it tries again what the disk has refused.
const retry = 250 * time.Millisecond

// open opens the database in a process of a machine that has booted, as often as it takes, and lets the
// conductor or the client run on it. After a loss of power nobody goes on before somebody has checked the
// database.
func (w *World) open(l *life) {
	path := w.disk.Path(l.machine, l.node, databaseFile)
	for {
		err := w.openOnce(l, path)
		if err == nil {
			break
		}
		if errors.Is(err, sqlite.ErrDamaged) || errors.Is(err, sqlite.ErrForeign) {
			w.damaged(err)
			return
		}
		if l.machine.Sleep(l.context, retry) != nil {
			return
		}
	}
	l.equip(&cabinet{Store: l.database, life: l})
	l.operate()
}

func (w *World) openOnce(l *life, path string) error {
	for w.unchecked && w.checker != nil {
		if err := l.machine.Sleep(l.context, retry/10); err != nil {
			return err
		}
	}
	if w.unchecked {
		w.checker = l
		defer func() {
			if w.checker == l {
				w.checker = nil
			}
		}()
	}
	if l.database == nil {
		s, err := sqlite.Open(l.context, sqlite.Config{Path: path, Host: l.machine, Observer: (*observer)(w)})
		if err != nil {
			return err
		}
		l.database = s
	}
	if w.checker != l {
		return nil
	}
	if err := w.check(l); err != nil {
		return err
	}
	w.unchecked = false
	return nil
}

// check looks whether the database is whole. Where a read has failed meanwhile nobody can say.
func (w *World) check(l *life) error {
	failed := w.disk.Stats().ReadErrors
	err := l.database.Check(l.context)
	if err != nil && w.disk.Stats().ReadErrors > failed {
		return fmt.Errorf("%w: a read failed: %s", store.ErrRefused, err.Error())
	}
	return err
}

// losePower ends every process, and the one that runs last of all: then it does not return.
func (w *World) losePower(why string) {
	if why == scenarios.KindDiskPowerLoss && w.faults.Struck == nil { // or it is written down already
		w.note(history.Fault, storeNode, why, scenarios.NodeStore)
	}
	w.disk.LosePower()
	w.unchecked, w.checker = true, nil
	running := w.kernel.Running()
	var last *life
	for _, l := range w.lives {
		switch {
		case l == nil:
		case l.machine == running:
			last = l
		default:
			w.buried(l)
			l.machine.Crash()
		}
	}
	if last != nil {
		w.buried(last)
		last.machine.Crash()
	}
}

// hitDisk is a strike of a kind that hits the disk. A flip has drawn its bit when it is told, so that one
// that is left out moves the bits of those after it.
func (s *strike) hitDisk() {
	w := s.world
	if s.spared(storeNode) {
		if s.timed.Kind == scenarios.KindDiskFull {
			s.length(scenarios.Span{})
		}
		return
	}
	switch s.timed.Kind {
	case scenarios.KindDiskFull:
		s.told(storeNode, scenarios.NodeStore)
		w.disk.Fill(w.kernel.Now() + s.lasts(s.length(scenarios.Span{})))
	case scenarios.KindDiskFlip:
		if w.disk.Flip(databaseFile, s.stream) {
			w.flips++
			s.told(storeNode, databaseFile)
		}
	case scenarios.KindDiskLost:
		s.told(storeNode, scenarios.NodeStore)
		w.wiped = true
		w.ruinDatabase("its only disk was lost")
		w.losePower(s.timed.Kind)
		w.disk.Wipe()
	}
}

// revoke has a process end its own leases, for want of somebody else who could.
func (l *life) revoke() {
	leases := l.leases
	l.leases = nil
	l.machine.Go("lease lost", func() {
		for _, lease := range leases {
			_ = l.database.Revoke(l.context, lease)
		}
	})
}

// ruinDatabase writes down that nothing is left from which the system could go on, once.
func (w *World) ruinDatabase(why string) {
	if !w.ruined {
		w.ruined = true
		w.ruin("", "", why)
	}
}

// fail ends a run that has shown the database, or the simulation, to be wrong.
func (w *World) fail(err error) {
	if w.failure == nil {
		w.failure = unnumbered(err)
		w.kernel.Halt(w.failure.Error())
	}
}

// damaged is told when somebody finds the database damaged. That is a ruin where the power took what the
// disk had lied about, or bits have flipped, and a failure of the database where the disk was honest. What
// exactly the damage is has no place in a history: it depends on bytes that SQLite draws for itself.
func (w *World) damaged(err error) {
	switch {
	case w.flips > 0:
		w.ruinDatabase("bits of the database have flipped, and it was found to be damaged")
	case w.disk.Stats().Betrayed > 0:
		w.ruinDatabase("the disk has lied, and the database was found to be damaged")
	case w.ruined:
	default:
		w.fail(fmt.Errorf("the database is damaged, and the disk was honest: %w", err))
	}
}
