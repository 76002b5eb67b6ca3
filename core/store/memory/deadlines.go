package memory

// deadlines are the living leases as a binary heap: the one that ends next is the first. Leases that
// end at the same time end in order of their ids.
type deadlines []*lease

func sooner(a, b *lease) bool {
	if a.at != b.at {
		return a.at < b.at
	}
	return a.id < b.id
}

func (d *deadlines) add(l *lease) {
	*d = append(*d, l)
	d.rise(l, len(*d)-1)
}

func (d *deadlines) remove(l *lease) {
	hole, last := l.index, len(*d)-1
	moved := (*d)[last]
	(*d)[last] = nil
	*d = (*d)[:last]
	if hole != last {
		moved.index = hole
		d.moved(moved)
	}
}

// moved puts l, whose time has changed, in its place.
func (d *deadlines) moved(l *lease) {
	if !d.rise(l, l.index) {
		d.sink(l, l.index)
	}
}

// rise puts l at index i or above, and reports whether above.
func (d *deadlines) rise(l *lease, i int) bool {
	heap, start := *d, i
	for i > 0 {
		parent := (i - 1) / 2
		if !sooner(l, heap[parent]) {
			break
		}
		heap[i] = heap[parent]
		heap[i].index = i
		i = parent
	}
	heap[i] = l
	l.index = i
	return i != start
}

// sink puts l at index i or below.
func (d *deadlines) sink(l *lease, i int) {
	heap := *d
	for {
		child := 2*i + 1
		if child >= len(heap) {
			break
		}
		if right := child + 1; right < len(heap) && sooner(heap[right], heap[child]) {
			child = right
		}
		if !sooner(heap[child], l) {
			break
		}
		heap[i] = heap[child]
		heap[i].index = i
		i = child
	}
	heap[i] = l
	l.index = i
}
