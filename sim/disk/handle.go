package disk

import (
	"io"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"

	"derail/sim/fault"
)

// sectorSize is what disks of today read and write at a time, and what SQLite takes for granted where
// nobody tells it; it says so to SQLite, which aligns its journals to it unless overwriting is safe.
const sectorSize = 4096

// handle is an open file.
type handle struct {
	mount      *mount
	file       *file
	epoch      uint64
	level      vfs.LockLevel
	flags      vfs.OpenFlag
	entry      bool // the first sync is one of the directory too
	overwrites bool // SQLite may rely on it that a write leaves its neighbours alone
	closed     bool
}

var _ vfs.FilePowersafeOverwrite = (*handle)(nil)

// lives ends a dead process, and reports whether the handle is good.
func (h *handle) lives() bool {
	m := h.mount
	if m.machine != nil {
		m.machine.Check()
		if h.epoch != m.disk.epoch {
			m.stands()
		}
	}
	return h.epoch == m.disk.epoch && !h.closed
}

// ReadAt reads.
func (h *handle) ReadAt(p []byte, at int64) (int, error) {
	fate := h.mount.lasts(fault.DiskRead)
	if !h.lives() {
		return 0, sqlite3.IOERR_READ
	}
	stats := &h.mount.disk.stats
	if fate.ReadError {
		stats.ReadErrors++
		return 0, sqlite3.IOERR_READ
	}
	n := h.file.read(p, at)
	stats.Reads++
	stats.BytesRead += int64(n)
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// WriteAt writes what is safe only after a sync.
func (h *handle) WriteAt(p []byte, at int64) (int, error) {
	fate := h.mount.lasts(fault.DiskWrite)
	if !h.lives() {
		return 0, sqlite3.IOERR_WRITE
	}
	if h.refused(at + int64(len(p))) {
		return 0, sqlite3.FULL
	}
	h.file.write(p, at)
	stats := &h.mount.disk.stats
	stats.Writes++
	stats.BytesWritten += int64(len(p))
	if fate.PowerLoss {
		return 0, h.mount.losesPower()
	}
	return len(p), nil
}

// refused reports whether there is no space for a file of that size.
func (h *handle) refused(size int64) bool {
	d := h.mount.disk
	if d.full == 0 || size <= int64(len(h.file.current)) || d.config.Kernel.Now() >= d.full {
		return false
	}
	d.stats.Refused++
	return true
}

// Truncate changes the size.
func (h *handle) Truncate(size int64) error {
	fate := h.mount.lasts(fault.DiskWrite)
	if !h.lives() {
		return sqlite3.IOERR_TRUNCATE
	}
	if h.refused(size) {
		return sqlite3.FULL
	}
	h.file.truncate(size)
	h.mount.disk.stats.Writes++
	if fate.PowerLoss {
		return h.mount.losesPower()
	}
	return nil
}

// Sync makes safe what was written, and after a journal was made its name as well.
func (h *handle) Sync(vfs.SyncFlag) error {
	fate := h.mount.lasts(fault.DiskSync)
	if !h.lives() {
		return sqlite3.IOERR_FSYNC
	}
	stats := &h.mount.disk.stats
	stats.Syncs++
	switch {
	case fate.PowerLoss:
		return h.mount.losesPower()
	case fate.SyncError:
		stats.SyncErrors++
		return sqlite3.IOERR_FSYNC
	case fate.Lie:
		stats.Lies++
		h.file.pretend()
	default:
		h.file.sync()
	}
	if !h.entry {
		return nil
	}
	err := h.mount.syncsDirectory()
	h.entry = err != nil
	return err
}

// Size is how long the file is.
func (h *handle) Size() (int64, error) {
	if !h.lives() {
		return 0, sqlite3.IOERR_FSTAT
	}
	return int64(len(h.file.current)), nil
}

// Lock tries to get to a level of lock; it never waits.
func (h *handle) Lock(level vfs.LockLevel) error {
	if !h.lives() {
		return sqlite3.IOERR_LOCK
	}
	if !h.file.locks.raise(h, level) {
		return sqlite3.BUSY
	}
	return nil
}

// Unlock goes down to a level of lock.
func (h *handle) Unlock(level vfs.LockLevel) error {
	if h.lives() {
		h.file.locks.lower(h, level)
	}
	return nil
}

// CheckReservedLock reports whether anybody is about to write.
func (h *handle) CheckReservedLock() (bool, error) {
	if !h.lives() {
		return false, sqlite3.IOERR_CHECKRESERVEDLOCK
	}
	return h.file.locks.isReserved(), nil
}

// Close lets go of the file and of its locks. Of the dead it does so later.
func (h *handle) Close() error {
	d := h.mount.disk
	if !d.freed && h.mount.machine != nil {
		h.mount.machine.Check()
	}
	if h.closed {
		return nil
	}
	h.closed = true
	if h.epoch != d.epoch {
		return nil
	}
	h.file.locks.lower(h, vfs.LOCK_NONE)
	h.file.open--
	if h.flags&vfs.OPEN_DELETEONCLOSE != 0 && h.file.name != "" {
		d.remove(h.file.name)
	}
	return nil
}

// SectorSize is the disk's, for SQLite.
func (h *handle) SectorSize() int { return sectorSize }

// DeviceCharacteristics is what SQLite may rely on.
func (h *handle) DeviceCharacteristics() vfs.DeviceCharacteristic {
	if h.overwrites {
		return vfs.IOCAP_SUBPAGE_READ | vfs.IOCAP_POWERSAFE_OVERWRITE
	}
	return vfs.IOCAP_SUBPAGE_READ
}

// PowersafeOverwrite reports whether a write leaves its neighbours alone, as SQLite has been told.
func (h *handle) PowersafeOverwrite() bool { return h.overwrites }

// SetPowersafeOverwrite changes what SQLite is told (psow=0 in the name of the database): it then pads
// its journals to whole sectors.
func (h *handle) SetPowersafeOverwrite(safe bool) { h.overwrites = safe }
