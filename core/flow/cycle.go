package flow

import (
	"fmt"
	"slices"
	"strings"
)

// next is the items that an item has links to.
func (g *graph) next(item int32) []int32 {
	var all []int32
	for at := g.nodes[item].firstOut; at != none; at = g.ways[at].nextOut {
		all = append(all, int32(g.links[at].To))
	}
	return all
}

// checkCycle refuses links from an item to those in to, when one of these comes before it. All cycles
// that a step can make go through the item that it adds, or through the link that it makes.
func (f *Flow) checkCycle(item int32, to []int32) error {
	g := f.graph
	if len(to) == 0 || !g.leads(to, item) {
		return nil
	}
	path := g.path(to, item)
	const most = 10 // names in the text
	var text strings.Builder
	fmt.Fprintf(&text, "%q", f.items[item].Label())
	for i, n := range path {
		if left := len(path) - i; i >= most && left > 1 {
			fmt.Fprintf(&text, " -> (%d more)", left-1)
			n = path[len(path)-1]
			fmt.Fprintf(&text, " -> %q", f.items[n].Label())
			break
		}
		fmt.Fprintf(&text, " -> %q", f.items[n].Label())
	}
	return fmt.Errorf("no order is possible: %s", text.String())
}

// leads reports whether links lead from one of the items to the last. It looks from both ends at once,
// one link here and one there, and is done when either has seen all: items are mostly added before
// everything that they are linked to, or after, and then there is next to nothing to see.
func (g *graph) leads(from []int32, to int32) bool {
	g.searchN++
	ahead := search{graph: g, at: none}
	for _, item := range from {
		if item == to {
			return true
		}
		ahead.see(item)
	}
	behind := search{graph: g, at: none, backwards: true}
	behind.see(to)
	for {
		for _, s := range [...]*search{&ahead, &behind} {
			met, more := s.look()
			if met {
				return true
			}
			if !more {
				return false
			}
		}
	}
}

// search goes along the links, or against them.
type search struct {
	graph     *graph
	backwards bool
	queue     []int32
	head      int   // the next item of the queue
	at        int32 // the next link of the item before it, or none
}

// see marks an item, and reports whether the search from the other end has been there.
func (s *search) see(item int32) (met bool) {
	n := &s.graph.nodes[item]
	mine, other := &n.ahead, &n.behind
	if s.backwards {
		mine, other = other, mine
	}
	if *mine != s.graph.searchN {
		*mine = s.graph.searchN
		s.queue = append(s.queue, item)
	}
	return *other == s.graph.searchN
}

// look follows one link, and reports whether there was one.
func (s *search) look() (met, more bool) {
	for s.at == none {
		if s.head == len(s.queue) {
			return false, false
		}
		n := &s.graph.nodes[s.queue[s.head]]
		s.head++
		s.at = n.firstOut
		if s.backwards {
			s.at = n.firstIn
		}
	}
	at := s.at
	if s.backwards {
		s.at = s.graph.ways[at].nextIn
		return s.see(int32(s.graph.links[at].From)), true
	}
	s.at = s.graph.ways[at].nextOut
	return s.see(int32(s.graph.links[at].To)), true
}

// path is the items on a shortest way from one of from to the last, with both ends. There is one.
func (g *graph) path(from []int32, to int32) []int32 {
	before := map[int32]int32{}
	for _, item := range from {
		before[item] = none
	}
	for queue := from; ; queue = queue[1:] {
		item := queue[0]
		if item == to {
			break
		}
		for _, next := range g.next(item) {
			if _, seen := before[next]; !seen {
				before[next] = item
				queue = append(queue, next)
			}
		}
	}
	var path []int32
	for item := to; item != none; item = before[item] {
		path = append(path, item)
	}
	slices.Reverse(path)
	return path
}
