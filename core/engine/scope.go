package engine

import (
	"slices"
	"sort"
)

// scope is the values that the current place can see, the nearest last. While few are shown there is
// no index by name: looking through them is faster than keeping one.
type scope struct {
	graph  *graph
	shown  []shown
	latest map[string]int // of each name, the last of shown, counted from one
	frames []*frame       // the graph flows around the current place, the innermost last
}

// shown is one value that an atom provides.
type shown struct {
	source
	name   string
	before int   // the one before it of the same name, counted from one, or none
	option int32 // its place in binding.options, counted from one, once it has one
}

// frame is a graph flow on the way to the current place.
type frame struct {
	begins []int     // where the values of each of its items begin in shown; the last is the current item
	prev   [][]int32 // the items from which links lead to each, by place in the flow's order

	walked int    // for which item, counted from one, marks holds what comes before it
	marks  []bool // by item
}

const fewShown = 16

// measure makes room for all that can be shown.
func (s *scope) measure(g *graph) {
	size := 0
	for i := range g.specs {
		one, items, keys := g.specs[i].provides()
		if one != "" {
			size++
		}
		size += len(items) + len(keys)
	}
	s.shown = make([]shown, 0, size)
}

// provides is the names of an atom's values.
func (s *spec) provides() (one string, items, keys []string) {
	if s.retry != nil {
		return s.retry.Provides, s.retry.ProvidesItems, s.retry.ProvidesKeys
	}
	return s.task.Provides, s.task.ProvidesItems, s.task.ProvidesKeys
}

func (s *scope) size() int { return len(s.shown) }

// show makes visible what an atom provides.
func (s *scope) show(atom int32) {
	one, items, keys := s.graph.specs[atom].provides()
	if one != "" {
		s.add(one, source{kind: fromAtom, at: atom})
	}
	for i, name := range items {
		if name != "" {
			s.add(name, source{kind: fromAtom, at: atom, part: byIndex, item: int32(i)})
		}
	}
	for i, name := range keys {
		s.add(name, source{kind: fromAtom, at: atom, part: byKey, item: int32(i)})
	}
}

func (s *scope) add(name string, from source) {
	s.shown = append(s.shown, shown{name: name, source: from})
	switch {
	case s.latest != nil:
		s.index(len(s.shown))
	case len(s.shown) > fewShown:
		s.latest = make(map[string]int, 4*fewShown)
		for n := 1; n <= len(s.shown); n++ {
			s.index(n)
		}
	}
}

func (s *scope) index(n int) {
	latest := &s.shown[n-1]
	latest.before = s.latest[latest.name]
	s.latest[latest.name] = n
}

// hide takes back what was shown since there were size of them.
func (s *scope) hide(size int) {
	if s.latest != nil {
		for n := len(s.shown); n > size; n-- {
			s.latest[s.shown[n-1].name] = s.shown[n-1].before
		}
	}
	s.shown = s.shown[:size]
}

// newest is the last value of that name, counted from one, or none.
func (s *scope) newest(name string) int {
	if s.latest != nil {
		return s.latest[name]
	}
	return s.search(name, len(s.shown))
}

// before is the one of the same name before n.
func (s *scope) before(n int) int {
	if s.latest != nil {
		return s.shown[n-1].before
	}
	return s.search(s.shown[n-1].name, n-1)
}

func (s *scope) search(name string, n int) int {
	for n > 0 && s.shown[n-1].name != name {
		n--
	}
	return n
}

// seen is the first one that the current place sees, from the n-th backwards, or none.
func (s *scope) seen(n int) int {
	for n > 0 && !s.sees(n-1) {
		n = s.before(n)
	}
	return n
}

// sees reports whether the current place sees a value that is shown: what comes from another item of a
// graph flow is seen only by the items that come after that one.
func (s *scope) sees(at int) bool {
	for i := len(s.frames) - 1; i >= 0; i-- {
		fr := s.frames[i]
		current := len(fr.begins) - 1
		if at >= fr.begins[current] {
			return true
		}
		if at >= fr.begins[0] {
			item := sort.Search(current, func(i int) bool { return fr.begins[i] > at }) - 1
			return fr.comesBefore(int32(item), current)
		}
	}
	return true
}

// comesBefore reports whether links lead from one item to another.
func (fr *frame) comesBefore(item int32, current int) bool {
	if slices.Contains(fr.prev[current], item) {
		return true
	}
	if fr.walked != current+1 {
		fr.walk(current)
	}
	return fr.marks[item]
}

// walk marks all that comes before an item.
func (fr *frame) walk(current int) {
	fr.walked = current + 1
	fr.marks = make([]bool, current)
	open := slices.Clone(fr.prev[current])
	for len(open) > 0 {
		item := open[len(open)-1]
		open = open[:len(open)-1]
		if !fr.marks[item] {
			fr.marks[item] = true
			open = append(open, fr.prev[item]...)
		}
	}
}
