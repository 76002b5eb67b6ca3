package disk

import (
	"context"
	"io"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"

	"derail/scenarios"
	"derail/sim/choice"
	"derail/sim/fault"
	"derail/sim/kernel"
)

// mount is the disk as the processes of one machine see it: a file system in SQLite's list.
type mount struct {
	disk    *Disk
	machine *kernel.Machine // nil: somebody outside of the run
	node    int
	name    string
	epoch   uint64 // of the disk when the machine booted: a loss of power ends it

	access, sync *choice.Stream
	connections  []io.Closer // the memories of those that were ever opened
	died         int64       // when the machine was first seen to be dead, or negative
}

var _ vfs.VFSFilename = (*mount)(nil)

// numbered begins the name of every file system; then comes its number.
const numbered = "derail-disk-"

// Unnumbered is a text that SQLite may have put the name of a file system into, without its number. That
// depends on what else the program has done, and whatever is written down of a run must not.
func Unnumbered(text string) string {
	before, rest, found := strings.Cut(text, numbered)
	if !found {
		return text
	}
	return before + numbered + Unnumbered(strings.TrimLeft(rest, "0123456789"))
}

func newMount(d *Disk, m *kernel.Machine, node int, number uint64) *mount {
	made := &mount{
		disk: d, machine: m, node: node, name: numbered + strconv.FormatUint(number, 10),
		epoch: d.epoch, died: -1,
	}
	if m != nil {
		made.access = d.config.Source.Stream("disk.access", m.Name())
		made.sync = d.config.Source.Stream("disk.sync", m.Name())
	}
	return made
}

func (m *mount) dead() bool { return m.machine != nil && !m.machine.Alive() }

// gone reports whether the machine is dead, and all its processes have unwound: the kernel lets them
// do so before anything else happens, so that they have when time has gone on since.
func (m *mount) gone() bool {
	if !m.dead() {
		return false
	}
	now := m.machine.Kernel().Now()
	if m.died < 0 {
		m.died = now
	}
	return now > m.died
}

// end frees the memory of all connections, and takes the file system out of SQLite's list.
func (m *mount) end() {
	m.disk.freed = true
	for _, memory := range m.connections {
		release(memory)
	}
	m.disk.freed = false
	m.connections = nil
	vfs.Unregister(m.name)
}

// adopt remembers the memory of a connection that is being opened. SQLite runs in memory that is mapped
// outside of the collector's reach; a connection whose process was killed is never closed, and cannot
// be, for it was left in the middle of what it did. The package has no way to give its memory back
// but the one that its own Close takes in the end, which is found here.
func (m *mount) adopt(name *vfs.Filename) {
	memory := reflect.ValueOf(name).Elem().FieldByName("wrp")
	closer := reflect.NewAt(memory.Type().Elem(), memory.UnsafePointer()).Interface().(io.Closer)
	kept := m.connections[:0]
	for _, known := range m.connections {
		if known == closer { // an attached database
			return
		}
		if !released(known) {
			kept = append(kept, known)
		}
	}
	clear(m.connections[len(kept):])
	m.connections = append(kept, closer)
}

func release(memory io.Closer) {
	if !released(memory) {
		_ = memory.Close() // what could fail is the handles' Close, which does not
	}
}

// released reports whether the connection was closed by whoever opened it.
func released(memory io.Closer) bool {
	return reflect.ValueOf(memory).Elem().FieldByName("Memory").IsNil()
}

// lasts lets an operation take its time, and says what else befalls it. It does not return when the
// machine dies meanwhile.
func (m *mount) lasts(op fault.DiskOp) (f fault.Disk) {
	if m.machine == nil {
		return f
	}
	m.machine.Check()
	if faults := m.disk.config.Faults; faults != nil {
		f = faults.Disk(m.disk.config.Kernel.Now(), m.node, op)
	}
	if op == fault.DiskSync {
		m.takes(m.disk.config.Sync, m.sync, f.Slow)
	} else {
		m.takes(m.disk.config.Access, m.access, f.Slow)
	}
	return f
}

// looks lets an operation take its time that no fault is about.
func (m *mount) looks() {
	if m.machine != nil {
		m.machine.Check()
		m.takes(m.disk.config.Access, m.access, 0)
	}
}

func (m *mount) takes(span scenarios.Span, stream *choice.Stream, longer int64) {
	if span.High > span.Low {
		longer += stream.Between(int64(span.Low), int64(span.High))
	} else {
		longer += int64(span.Low)
	}
	if longer > 0 {
		_ = m.machine.Sleep(context.Background(), time.Duration(longer)) // it ends by time or by death
	}
	if m.epoch != m.disk.epoch {
		m.stands()
	}
}

// losesPower strikes in the middle of an operation.
func (m *mount) losesPower() error {
	m.disk.config.PowerLost()
	m.machine.Check()
	m.stands()
	return sqlite3.IOERR
}

// stands waits for the end: whoever has not died yet of a loss of power when it next reaches for the
// disk stands still until it does.
func (m *mount) stands() {
	const longerThanAnyRun = 100 * 365 * 24 * time.Hour
	_ = m.machine.Sleep(context.Background(), longerThanAnyRun)
}

// syncsDirectory is the sync of the directory that SQLite asks for by way of something else.
func (m *mount) syncsDirectory() error {
	f := m.lasts(fault.DiskSync)
	d := m.disk
	d.stats.Syncs++
	switch {
	case f.PowerLoss:
		return m.losesPower()
	case f.SyncError:
		d.stats.SyncErrors++
		return sqlite3.IOERR_DIR_FSYNC
	case f.Lie:
		d.stats.Lies++
		d.pretend()
	default:
		d.sync()
	}
	return nil
}

// FullPathname leaves a name as it is: there is one directory.
func (m *mount) FullPathname(name string) (string, error) { return name, nil }

// Open opens a temporary file: those with a name come to OpenFilename.
func (m *mount) Open(_ string, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	return m.OpenFilename(nil, flags)
}

// OpenFilename opens a file, and makes it if it is asked to.
func (m *mount) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	d := m.disk
	if name != nil {
		m.adopt(name)
	}
	path := name.String()
	var fate fault.Disk
	if path != "" && flags&vfs.OPEN_CREATE != 0 && d.names[path] == nil {
		fate = m.lasts(fault.DiskWrite)
	} else {
		m.looks()
	}
	f := d.names[path] // somebody else may have made it meanwhile
	switch {
	case f == nil && flags&vfs.OPEN_CREATE == 0:
		return nil, flags, sqlite3.CANTOPEN
	case f != nil && flags&vfs.OPEN_CREATE != 0 && flags&vfs.OPEN_EXCLUSIVE != 0:
		return nil, flags, sqlite3.CANTOPEN
	case f == nil:
		f = d.create(path)
	}
	if fate.PowerLoss {
		return nil, flags, m.losesPower()
	}
	f.open++
	return &handle{
		mount: m, file: f, epoch: d.epoch, flags: flags, overwrites: true,
		entry: flags&vfs.OPEN_CREATE != 0 &&
			flags&(vfs.OPEN_MAIN_JOURNAL|vfs.OPEN_SUPER_JOURNAL|vfs.OPEN_WAL) != 0,
	}, flags, nil
}

// Delete takes a name out of the directory.
func (m *mount) Delete(name string, syncDir bool) error {
	fate := m.lasts(fault.DiskWrite)
	if m.disk.names[name] == nil {
		return sqlite3.IOERR_DELETE_NOENT
	}
	m.disk.remove(name)
	switch {
	case fate.PowerLoss:
		return m.losesPower()
	case syncDir:
		return m.syncsDirectory()
	}
	return nil
}

// Access reports whether there is a file of that name; whoever sees it may do anything with it.
func (m *mount) Access(name string, _ vfs.AccessFlag) (bool, error) {
	m.looks()
	return m.disk.names[name] != nil, nil
}
