package disk

import "math"

// atom is the piece of a write that a loss of power keeps or drops whole, except for the one in which
// the write was just then: the 512 bytes in which disks have always counted.
const atom = 512

// file is what a name of the directory, or an open handle, stands for.
type file struct {
	name    string // empty: temporary, and gone with its handle
	durable []byte // what is safe
	current []byte // what whoever reads sees
	pending []write
	log     []byte // the bytes of the pending writes
	locks   locks
	open    int // handles
}

// write is one that was not synced.
type write struct {
	at       int64 // where, or for a truncation the new size
	from, to int   // in the log
	cut      bool  // a truncation
	lied     bool  // a sync has called it safe
}

func (f *file) read(p []byte, at int64) int {
	if at >= int64(len(f.current)) {
		return 0
	}
	return copy(p, f.current[at:])
}

// write writes into what readers see, and remembers that it is not safe.
func (f *file) write(p []byte, at int64) {
	f.current = overlaid(f.current, p, at)
	if f.name == "" {
		return
	}
	from := len(f.log)
	f.log = append(f.log, p...)
	f.pending = append(f.pending, write{at: at, from: from, to: len(f.log)})
}

func (f *file) truncate(size int64) {
	f.current = resized(f.current, size, 0)
	if f.name != "" {
		f.pending = append(f.pending, write{at: size, cut: true})
	}
}

// sync makes safe whatever was written.
func (f *file) sync() {
	for i := range f.pending {
		w := &f.pending[i]
		if w.cut {
			f.durable = resized(f.durable, w.at, 0)
		} else {
			f.durable = overlaid(f.durable, f.log[w.from:w.to], w.at)
		}
	}
	f.forget()
}

// pretend leaves everything as unsafe as it is, and remembers that somebody thinks otherwise.
func (f *file) pretend() {
	for i := range f.pending {
		f.pending[i].lied = true
	}
}

func (f *file) forget() { f.pending, f.log = f.pending[:0], f.log[:0] }

// reload makes readers see what is safe, and nothing else. size is how long the safe part was before.
func (f *file) reload(size int) {
	tail := min(size, len(f.current), len(f.durable))
	for i := range f.pending {
		w := &f.pending[i]
		at := int(min(w.at, int64(len(f.durable))))
		if w.cut {
			tail = min(tail, at)
			continue
		}
		end := min(at+w.to-w.from, len(f.durable), len(f.current))
		if at < end {
			copy(f.current[at:end], f.durable[at:end])
		}
	}
	f.current = append(f.current[:tail], f.durable[tail:]...)
	f.forget()
}

// flip turns a bit over, for readers too unless they see something newer there.
func (f *file) flip(at int64, bit byte) {
	f.durable[at] ^= bit
	for i := range f.pending {
		w := &f.pending[i]
		if at >= w.at && (w.cut || at < w.at+int64(w.to-w.from)) {
			return
		}
	}
	if at < int64(len(f.current)) {
		f.current[at] ^= bit
	}
}

// emptied is f as if it had just been made, with its memory.
func (f *file) emptied() *file {
	*f = file{
		durable: f.durable[:0], current: f.current[:0], log: f.log[:0], pending: f.pending[:0],
	}
	return f
}

// overlaid is content with p at some place; what lies between is zero.
func overlaid(content, p []byte, at int64) []byte {
	if end := at + int64(len(p)); end > int64(len(content)) {
		content = resized(content, end, 0)
	}
	copy(content[at:], p)
	return content
}

// resized is content at another size, filled up with some byte.
func resized(content []byte, size int64, filler byte) []byte {
	if size > math.MaxInt32 {
		panic("disk: a file of more than 2 GiB")
	}
	had := len(content)
	if n := int(size) - had; n > 0 {
		content = append(content, make([]byte, n)...)
		if filler != 0 {
			fill(content[had:], filler)
		}
		return content
	}
	return content[:size]
}

func fill(p []byte, with byte) {
	for i := range p {
		p[i] = with
	}
}
