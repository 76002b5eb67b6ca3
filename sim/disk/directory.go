package disk

// change is one of the directory that was not synced.
type change struct {
	name string
	to   *file // nil: deleted
	lied bool  // a sync has called it safe
}

// create makes a file; one without a name is not in the directory.
func (d *Disk) create(name string) *file {
	var f *file
	if last := len(d.spare) - 1; last >= 0 {
		f, d.spare = d.spare[last], d.spare[:last]
	} else {
		f = &file{}
	}
	f.name = name
	d.files = append(d.files, f)
	if name != "" {
		d.names[name] = f
		d.changes = append(d.changes, change{name: name, to: f})
	}
	return f
}

// remove takes a name out of the directory. Whoever has the file open keeps it.
func (d *Disk) remove(name string) {
	delete(d.names, name)
	d.changes = append(d.changes, change{name: name})
}

// keep makes a change of the directory safe.
func (d *Disk) keep(c change) {
	if c.to == nil {
		delete(d.durable, c.name)
	} else {
		d.durable[c.name] = c.to
	}
}

// sync makes safe which names there are.
func (d *Disk) sync() {
	for _, c := range d.changes {
		d.keep(c)
	}
	d.settled()
}

// pretend leaves the directory as unsafe as it is, and remembers that somebody thinks otherwise.
func (d *Disk) pretend() {
	for i := range d.changes {
		d.changes[i].lied = true
	}
}

// reload makes everybody see the directory as it is on the disk.
func (d *Disk) reload() {
	for _, c := range d.changes {
		if f := d.durable[c.name]; f != nil {
			d.names[c.name] = f
		} else {
			delete(d.names, c.name)
		}
	}
	for _, f := range d.files {
		f.open = 0
	}
	d.settled()
}

// settled is called when no change is pending any more. It takes the files out of the list that nobody
// can reach any more, not even by a loss of power.
func (d *Disk) settled() {
	clear(d.changes)
	d.changes = d.changes[:0]
	kept := d.files[:0]
	for _, f := range d.files {
		if f.open == 0 && (f.name == "" || d.names[f.name] != f) {
			d.retire(f)
			continue
		}
		kept = append(kept, f)
	}
	clear(d.files[len(kept):])
	d.files = kept
}

// retire keeps a file's memory for another one. Handles that still point at it are dead, and dead
// handles look at nothing.
func (d *Disk) retire(f *file) { d.spare = append(d.spare, f.emptied()) }
