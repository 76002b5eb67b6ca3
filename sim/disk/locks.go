package disk

import "github.com/ncruces/go-sqlite3/vfs"

// locks are who holds what on a file, in SQLite's five levels. The dead keep theirs until somebody is
// in the way of one: only then does it matter that they are dead.
type locks struct {
	holders   []*handle // everybody who has any
	reserved  *handle
	pending   *handle
	exclusive *handle
}

// raise tries to get the handle to a level, and reports whether it has got there.
func (l *locks) raise(h *handle, to vfs.LockLevel) bool {
	if h.level >= to || l.grant(h, to) {
		return true
	}
	return l.bury() && l.grant(h, to)
}

func (l *locks) grant(h *handle, to vfs.LockLevel) bool {
	switch to {
	case vfs.LOCK_SHARED:
		if l.pending != nil || l.exclusive != nil {
			return false
		}
		l.holders = append(l.holders, h)
	case vfs.LOCK_RESERVED:
		if l.reserved != nil {
			return false
		}
		l.reserved = h
	case vfs.LOCK_EXCLUSIVE:
		if l.pending != nil && l.pending != h {
			return false
		}
		// Who has announced to write keeps new readers out while it waits for the old ones. Who comes to
		// roll back somebody else's journal has announced nothing.
		if h.level == vfs.LOCK_RESERVED {
			l.pending, h.level = h, vfs.LOCK_PENDING
		}
		if len(l.holders) > 1 {
			return false
		}
		l.exclusive = h
	}
	h.level = to
	return true
}

// lower gives up whatever is above a level, which is none or shared.
func (l *locks) lower(h *handle, to vfs.LockLevel) {
	if h.level <= to {
		return
	}
	if l.reserved == h {
		l.reserved = nil
	}
	if l.pending == h {
		l.pending = nil
	}
	if l.exclusive == h {
		l.exclusive = nil
	}
	if to == vfs.LOCK_NONE {
		l.drop(h)
	}
	h.level = to
}

func (l *locks) drop(h *handle) {
	for i, holder := range l.holders {
		if holder == h {
			last := len(l.holders) - 1
			l.holders[i] = l.holders[last]
			l.holders[last] = nil
			l.holders = l.holders[:last]
			return
		}
	}
}

// isReserved reports whether somebody alive is about to write, or is writing.
func (l *locks) isReserved() bool {
	taken := func() bool { return l.reserved != nil || l.exclusive != nil }
	return taken() && (!l.bury() || taken())
}

// bury takes the locks of the dead away, and reports whether there were any.
func (l *locks) bury() (some bool) {
	for i := len(l.holders) - 1; i >= 0; i-- {
		if h := l.holders[i]; h.mount.dead() {
			l.lower(h, vfs.LOCK_NONE)
			some = true
		}
	}
	return some
}
