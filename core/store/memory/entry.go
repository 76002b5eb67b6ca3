package memory

import "derail/core/store"

// entry is a key in the machine. Entries never leave it: answers are copies of the pair.
type entry struct {
	pair store.Pair

	lease         *lease
	before, after *entry // neighbours among the entries of the lease
}

// attach hangs e, which hangs on nothing, on l.
func (e *entry) attach(l *lease) {
	e.pair.Lease, e.lease = l.id, l
	e.after = l.first
	if l.first != nil {
		l.first.before = e
	}
	l.first = e
}

// detach takes e off its lease, if it has one.
func (e *entry) detach() {
	if e.lease == nil {
		return
	}
	if e.before != nil {
		e.before.after = e.after
	} else {
		e.lease.first = e.after
	}
	if e.after != nil {
		e.after.before = e.before
	}
	e.pair.Lease, e.lease, e.before, e.after = 0, nil, nil, nil
}

// pool is where entries come from. It allocates them a block at a time and keeps the blocks when the
// machine is reset: a simulation makes millions of entries in machines that live a millisecond.
type pool struct {
	blocks [][]entry
	full   int    // how many blocks have been handed out entirely
	used   int    // how many entries of the next block have been handed out
	free   *entry // entries given back, linked by after
}

const blockSize = 32

func (p *pool) take() *entry {
	if e := p.free; e != nil {
		p.free, e.after = e.after, nil
		return e
	}
	if p.full == len(p.blocks) {
		p.blocks = append(p.blocks, make([]entry, blockSize))
	}
	e := &p.blocks[p.full][p.used]
	if p.used++; p.used == blockSize {
		p.full, p.used = p.full+1, 0
	}
	return e
}

func (p *pool) give(e *entry) {
	*e = entry{after: p.free}
	p.free = e
}

func (p *pool) reset() {
	for _, block := range p.blocks[:p.full] {
		clear(block)
	}
	if p.used > 0 {
		clear(p.blocks[p.full][:p.used])
	}
	p.full, p.used, p.free = 0, 0, nil
}
