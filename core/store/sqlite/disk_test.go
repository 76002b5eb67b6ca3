package sqlite_test

import (
	"io"
	"sync"
	"testing"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"

	"derail/core/host"
)

// disk is a file system in memory, with the locks of a real one.
type disk struct {
	mu    sync.Mutex
	files map[string]*file
}

type file struct {
	content  []byte
	handles  map[*handle]vfs.LockLevel // those that hold a lock
	reserved *handle
	pending  *handle
}

func newDisk() *disk { return &disk{files: make(map[string]*file)} }

// process is one process that uses a disk: its own VFS, and what happens to its calls.
type process struct {
	*disk
	name string

	// before and after are asked about each call; an error of before is in place of the call. They are
	// not asked at the same time unless the process makes calls at the same time.
	before, after func(op, name string) error
	dead          bool
	calls         int
}

func (d *disk) process(t testing.TB, name string) *process {
	p := &process{disk: d, name: t.Name() + "/" + name}
	vfs.Register(p.name, p)
	t.Cleanup(func() { vfs.Unregister(p.name) })
	return p
}

func (p *process) path() string { return "file:/store.db?vfs=" + p.name }

// die is the end of a process: its locks go with it.
func (p *process) die() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dead = true
	for _, f := range p.files {
		for h := range f.handles {
			if h.process == p {
				f.release(h, vfs.LOCK_NONE)
			}
		}
	}
}

// call is what every method goes through.
func (p *process) call(op, name string, work func() error) error {
	if p.isDead() {
		panic(&host.Killed{})
	}
	if p.before != nil {
		if err := p.before(op, name); err != nil {
			return err
		}
	}
	if err := p.alone(work); err != nil || p.after == nil {
		return err
	}
	return p.after(op, name)
}

func (p *process) isDead() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls++
	return p.dead
}

func (p *process) alone(work func() error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return work()
}

func (p *process) Open(name string, flags vfs.OpenFlag) (opened vfs.File, _ vfs.OpenFlag, err error) {
	err = p.call("open", name, func() error {
		f := p.files[name]
		if f == nil && flags&vfs.OPEN_CREATE == 0 {
			return sqlite3.CANTOPEN
		}
		if f == nil {
			f = &file{handles: make(map[*handle]vfs.LockLevel)}
			p.files[name] = f
		}
		opened = &handle{process: p, file: f, name: name}
		return nil
	})
	return opened, flags, err
}

func (p *process) Delete(name string, _ bool) error {
	return p.call("delete", name, func() error {
		if p.files[name] == nil {
			return sqlite3.IOERR_DELETE_NOENT
		}
		delete(p.files, name)
		return nil
	})
}

func (p *process) Access(name string, _ vfs.AccessFlag) (there bool, err error) {
	err = p.call("access", name, func() error {
		there = p.files[name] != nil
		return nil
	})
	return there, err
}

func (p *process) FullPathname(name string) (string, error) { return name, nil }

// handle is an open file.
type handle struct {
	*process
	file *file
	name string
}

func (h *handle) ReadAt(b []byte, at int64) (n int, err error) {
	err = h.call("read", h.name, func() error {
		if at < int64(len(h.file.content)) {
			n = copy(b, h.file.content[at:])
		}
		if n < len(b) {
			return io.EOF
		}
		return nil
	})
	if err != nil && err != io.EOF {
		n = 0
	}
	return n, err
}

func (h *handle) WriteAt(b []byte, at int64) (int, error) {
	err := h.call("write", h.name, func() error {
		if end := at + int64(len(b)); end > int64(len(h.file.content)) {
			h.file.content = append(h.file.content, make([]byte, end-int64(len(h.file.content)))...)
		}
		copy(h.file.content[at:], b)
		return nil
	})
	return len(b), err
}

func (h *handle) Truncate(size int64) error {
	return h.call("truncate", h.name, func() error {
		if size < int64(len(h.file.content)) {
			h.file.content = h.file.content[:size:size]
		}
		return nil
	})
}

func (h *handle) Sync(vfs.SyncFlag) error {
	return h.call("sync", h.name, func() error { return nil })
}

func (h *handle) Size() (size int64, err error) {
	err = h.call("size", h.name, func() error {
		size = int64(len(h.file.content))
		return nil
	})
	return size, err
}

func (h *handle) Close() error {
	return h.call("close", h.name, func() error {
		h.file.release(h, vfs.LOCK_NONE)
		return nil
	})
}

func (h *handle) Lock(level vfs.LockLevel) error {
	return h.call("lock", h.name, func() error { return h.file.take(h, level) })
}

func (h *handle) Unlock(level vfs.LockLevel) error {
	return h.call("unlock", h.name, func() error {
		h.file.release(h, level)
		return nil
	})
}

func (h *handle) CheckReservedLock() (held bool, err error) {
	err = h.call("check", h.name, func() error {
		held = h.file.reserved != nil
		return nil
	})
	return held, err
}

func (*handle) SectorSize() int { return 512 }

func (*handle) DeviceCharacteristics() vfs.DeviceCharacteristic { return 0 }

func (f *file) take(h *handle, level vfs.LockLevel) error {
	if f.handles[h] >= level {
		return nil
	}
	switch level {
	case vfs.LOCK_SHARED:
		if f.pending != nil {
			return sqlite3.BUSY
		}
	case vfs.LOCK_RESERVED:
		if f.reserved != nil {
			return sqlite3.BUSY
		}
		f.reserved = h
	default:
		f.reserved, f.pending = h, h
		f.handles[h] = vfs.LOCK_PENDING
		if len(f.handles) > 1 {
			return sqlite3.BUSY
		}
	}
	f.handles[h] = level
	return nil
}

func (f *file) release(h *handle, level vfs.LockLevel) {
	if f.handles[h] <= level {
		return
	}
	if f.reserved == h {
		f.reserved = nil
	}
	if f.pending == h {
		f.pending = nil
	}
	f.handles[h] = level
	if level == vfs.LOCK_NONE {
		delete(f.handles, h)
	}
}
