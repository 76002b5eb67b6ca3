package disk

import (
	"strings"
	"sync/atomic"

	"github.com/ncruces/go-sqlite3/vfs"

	"derail/scenarios"
	"derail/sim/choice"
	"derail/sim/fault"
	"derail/sim/kernel"
)

// Faults decides what goes wrong. A fault.Injector does.
type Faults interface {
	Disk(now int64, node int, op fault.DiskOp) fault.Disk
	Torn(now int64) bool
}

// Config says what a disk is in a run. Without Faults nothing goes wrong that nobody asks for by a
// method of [Disk].
type Config struct {
	Kernel *kernel.Kernel
	Faults Faults
	Source *choice.Source

	// Access is how long it takes to read, write, truncate, open, look for or delete; Sync how long to
	// sync a file or the directory. An operation for which no time is drawn does not park.
	Access, Sync scenarios.Span

	// PowerLost is called when an operation draws a loss of power. It calls [Disk.LosePower] and crashes
	// every machine, that of the caller last: that one does not come back from its own crash. It may
	// also leave the crashes to an action at this instant, and return.
	PowerLost func()
}

// Disk is one directory of files that loses power. It is not safe for concurrent use: only the
// process that runs touches it.
type Disk struct {
	config Config
	power  *choice.Stream
	mounts []*mount
	full   int64  // until when it is
	epoch  uint64 // handles of an earlier one are dead
	stats  Stats
	freed  bool // what is being closed is what the dead left open

	files   []*file          // in the order of creation
	names   map[string]*file // what the directory says to whoever asks
	durable map[string]*file // what it says after a loss of power in which no change was kept
	changes []change         // of the directory, since it was last synced
	spare   []*file          // emptied, for the next one that is created
}

// New makes an empty disk. Reset it before use, and Close it in the end.
func New() *Disk {
	return &Disk{names: map[string]*file{}, durable: map[string]*file{}}
}

// Reset makes the disk ready for another run: empty, and with nothing left of the connections of the
// last one, whose processes must be gone.
func (d *Disk) Reset(c Config) {
	d.Close()
	d.Wipe()
	d.config = c
	d.power = c.Source.Stream("disk.power", "")
	d.full, d.stats = 0, Stats{}
}

// Close frees what connections have left open, and takes the disk's file systems out of SQLite's
// list. The files stay, for another Path.
func (d *Disk) Close() {
	for i, m := range d.mounts {
		m.end()
		d.mounts[i] = nil
	}
	d.mounts = d.mounts[:0]
}

// mounted counts file systems: SQLite finds them by a name that is the only one in the program.
var mounted atomic.Uint64

// Path is the name under which the processes of a machine open a file as a database; node is the
// machine's number for the faults. All machines see the same files. Without a machine it is the name
// for somebody outside of the run: operations take no time then, and meet no faults but those that are
// there already.
func (d *Disk) Path(m *kernel.Machine, node int, file string) string {
	d.sweep()
	if strings.ContainsAny(file, "/?#%&") {
		panic("disk: " + file + " is not the name of a file")
	}
	return "file:/" + file + "?vfs=" + d.mountOf(m, node).name
}

func (d *Disk) mountOf(m *kernel.Machine, node int) *mount {
	for _, found := range d.mounts {
		if found.machine == m && found.node == node && found.epoch == d.epoch {
			return found
		}
	}
	made := newMount(d, m, node, mounted.Add(1))
	vfs.Register(made.name, made)
	d.mounts = append(d.mounts, made)
	return made
}

// sweep frees what the dead have left, once they have unwound: a process that unwinds may yet reach
// for its connection. The kernel lets nothing else happen before they have.
func (d *Disk) sweep() {
	kept := d.mounts[:0]
	for _, m := range d.mounts {
		if m.gone() {
			m.end()
			continue
		}
		kept = append(kept, m)
	}
	clear(d.mounts[len(kept):])
	d.mounts = kept
}

// Fill makes the disk full until an instant: no file can grow.
func (d *Disk) Fill(until int64) { d.full = max(d.full, until) }

// Heal ends what [Disk.Fill] began.
func (d *Disk) Heal() { d.full = 0 }

// Flip turns over a bit of a file, drawn among all that are on the disk itself. It reports whether
// there is any.
func (d *Disk) Flip(name string, stream *choice.Stream) bool {
	f := d.names["/"+name]
	if f == nil || len(f.durable) == 0 {
		return false
	}
	bit := stream.Draw(uint64(len(f.durable)) * 8)
	f.flip(int64(bit/8), 1<<(bit%8))
	d.stats.Flips++
	return true
}

// Wipe loses every file. Open handles are dead.
func (d *Disk) Wipe() {
	for i, f := range d.files {
		d.retire(f)
		d.files[i] = nil
	}
	d.files = d.files[:0]
	clear(d.names)
	clear(d.durable)
	clear(d.changes)
	d.changes = d.changes[:0]
	d.epoch++
}

// Stats counts since the last Reset.
func (d *Disk) Stats() Stats { return d.stats }

// Stats is what has happened to a disk. Writes that were not synced are in three parts at a loss of
// power: kept, dropped and torn; truncations, and changes of the directory, are kept or dropped.
type Stats struct {
	Reads, Writes, Syncs int64
	BytesRead            int64
	BytesWritten         int64

	PowerLosses int64
	// Harmful is the number of losses of power by which anything was dropped or torn.
	Harmful                                int64
	Kept, Dropped, Torn                    int64 // writes and truncations
	BytesUnsynced, BytesDropped, BytesTorn int64
	EntriesUnsynced, EntriesDropped        int64 // of the directory

	// Lies is the number of syncs that did nothing and said otherwise. Betrayed is the number of losses
	// of power that dropped or tore what such a sync had called safe.
	Lies, Betrayed int64

	SyncErrors, ReadErrors, Refused, Flips int64 // Refused: for want of space
}
