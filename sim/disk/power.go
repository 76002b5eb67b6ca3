package disk

// garbage is what may be found where a file has grown and nothing has been written yet.
const garbage = 0xa5

// survival are the chances, in eighths, that an unsynced write is dropped: each loss of power draws
// one of them, because with a coin for each write, losing just one of twenty would be seen never.
var survival = [...]uint64{0, 1, 4, 7, 8}

// LosePower is what the loss of power does to the disk: all that was not synced is kept, dropped or
// torn, each write by its own draw, and every open handle is dead. Machines are the caller's matter.
func (d *Disk) LosePower() {
	d.stats.PowerLosses++
	d.epoch++
	drop := survival[d.power.Draw(uint64(len(survival)))]
	var harm, betrayed bool
	for _, f := range d.files {
		f.locks = locks{}
		if len(f.pending) == 0 {
			continue
		}
		size := len(f.durable)
		for i := range f.pending {
			if !d.settle(f, &f.pending[i], drop) {
				harm, betrayed = true, betrayed || f.pending[i].lied
			}
		}
		f.reload(size)
	}
	for _, c := range d.changes {
		d.stats.EntriesUnsynced++
		if d.power.Chance(drop, 8) {
			d.stats.EntriesDropped++
			harm, betrayed = true, betrayed || c.lied
			continue
		}
		d.keep(c)
	}
	d.reload()
	if harm {
		d.stats.Harmful++
	}
	if betrayed {
		d.stats.Betrayed++
	}
}

// settle decides about one write, and reports whether it has survived as it was. The draws are the same
// whatever was written: what SQLite draws for itself has no say.
func (d *Disk) settle(f *file, w *write, drop uint64) bool {
	if w.cut {
		if d.power.Chance(drop, 8) {
			d.stats.Dropped++
			return false
		}
		d.stats.Kept++
		f.durable = resized(f.durable, w.at, 0)
		return true
	}
	bytes := int64(w.to - w.from)
	d.stats.BytesUnsynced += bytes
	torn := d.config.Faults != nil && d.config.Faults.Torn(d.config.Kernel.Now())
	switch {
	case torn:
		d.stats.Torn++
		d.stats.BytesTorn += bytes
		d.tear(f, w)
	case d.power.Chance(drop, 8):
		d.stats.Dropped++
		d.stats.BytesDropped += bytes
		d.grow(f, w.at+bytes)
	default:
		d.stats.Kept++
		f.durable = overlaid(f.durable, f.log[w.from:w.to], w.at)
		return true
	}
	return false
}

// grow decides whether a file has grown for a write that is not there, and what is found instead: file
// systems keep a file's length apart from its content.
func (d *Disk) grow(f *file, end int64) {
	if how := d.power.Draw(3); how > 0 && end > int64(len(f.durable)) {
		f.durable = resized(f.durable, end, [...]byte{0, 0, garbage}[how])
	}
}

// tear keeps each of a write's atoms or not, and of one of them a part.
func (d *Disk) tear(f *file, w *write) {
	p := f.log[w.from:w.to]
	filler := [...]byte{0, garbage}[d.power.Draw(2)]
	atoms := (w.at+int64(len(p))-1)/atom - w.at/atom + 1
	split := int64(d.power.Draw(uint64(atoms)))
	for i := range atoms {
		start := max(w.at, (w.at/atom+i)*atom)
		end := min(w.at+int64(len(p)), (w.at/atom+i+1)*atom)
		kept := end
		switch {
		case i == split: // linear: from its beginning up to somewhere
			kept = start + int64(d.power.Draw(uint64(end-start)+1))
		case d.power.Draw(2) == 1:
			kept = start
		}
		if kept == start {
			continue
		}
		if start > int64(len(f.durable)) {
			f.durable = resized(f.durable, start, filler)
		}
		f.durable = overlaid(f.durable, p[start-w.at:kept-w.at], start)
	}
	d.grow(f, w.at+int64(len(p)))
}
