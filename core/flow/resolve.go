package flow

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// graph is what a graph flow has beside its items. Everything in it is an index that grows with each
// step, so that adding an item costs as much as it has links.
type graph struct {
	links  []Link
	ways   []way  // beside each link
	nodes  []node // beside each item
	at     map[Item]int32
	pair   map[[2]int32]int32 // the link between two items
	target Item               // nil: everything runs
	broken error              // the first step that could not be taken

	inside    names              // what the retry provides
	providers map[string][]int32 // who provides a value
	lacking   map[string][]int32 // who requires it and had no provider when it was added

	steps   []step // how the graph came about, to make it anew under another retry
	plain   bool   // no step has left out links: several additions are then as good as one
	searchN uint32
}

// node is an item's place in the graph.
type node struct {
	asks, gives                []string
	firstOut, lastOut, firstIn int32 // its links, or none
	ahead, behind              uint32
}

// way chains the links of one item.
type way struct{ nextOut, nextIn int32 }

const none int32 = -1

func newGraph(r *Retry) *graph {
	g := &graph{plain: true, inside: names{}}
	if r != nil {
		g.inside.add(r.contract().gives())
	}
	g.reindex(nil)
	return g
}

func (g *graph) holds(item Item) bool {
	_, holds := g.at[item]
	return holds
}

// addItems adds all of them, or none. A cycle is told only if nothing else is wrong.
func (f *Flow) addItems(s step) error {
	g := f.graph
	items, links := len(f.items), len(g.links)
	var err, cycle error
	for _, item := range s.items {
		if !known(item) {
			err = fmt.Errorf("it holds %s", describe(item))
		} else if !g.holds(item) {
			err = f.addItem(item, s.unlinked, int32(items))
		}
		if err != nil {
			break
		}
		if n := int32(len(f.items) - 1); cycle == nil && n >= int32(items) {
			cycle = f.checkCycle(n, g.next(n))
		}
	}
	if err = cmp.Or(err, cycle); err != nil {
		clear(f.items[items:])
		f.items, g.nodes = f.items[:items], g.nodes[:items]
		g.links, g.ways = g.links[:links], g.ways[:links]
		g.reindex(f.items)
	}
	return err
}

// addItem adds one item and links it, as far as it is to be linked. mark is where the items of the same
// step begin.
func (f *Flow) addItem(item Item, unlinked bool, mark int32) error {
	g := f.graph
	n := int32(len(f.items))
	f.items = append(f.items, item)
	g.at[item] = n
	g.nodes = append(g.nodes, node{firstOut: none, lastOut: none, firstIn: none})
	g.nodes[n].asks, g.nodes[n].gives = offerOf(item)
	for i, value := range g.nodes[n].asks {
		if _, has := g.inside[value]; has {
			continue
		}
		switch providers := g.providers[value]; {
		case unlinked || len(providers) == 0:
			g.lacking[value] = append(g.lacking[value], n)
		case len(providers) == 1:
			g.connect(providers[0], n, g.nodes[n].asks[i:i+1:i+1])
		default:
			return f.ambiguous(item, value)
		}
	}
	for _, value := range g.nodes[n].gives {
		g.providers[value] = append(g.providers[value], n)
	}
	if unlinked {
		return nil
	}
	for i, value := range g.nodes[n].gives {
		if len(g.lacking[value]) > 0 {
			g.supply(n, mark, g.nodes[n].gives[i:i+1:i+1])
		}
	}
	return nil
}

// offerOf is what an item asks for and gives. A flow cannot change from then on.
func offerOf(item Item) (asks, gives []string) {
	if inner, is := item.(*Flow); is {
		known := inner.seal()
		return known.asks, known.gives
	}
	c := item.(*Task).contract()
	return c.asks(), c.gives()
}

// supply links item n to those that lack its value. Of those that were there before the step some may
// get the value by now: from an item that comes before them.
func (g *graph) supply(n, mark int32, value []string) {
	waiting := g.lacking[value[0]]
	still := waiting[:0]
	for _, other := range waiting {
		switch {
		case other == n:
			still = append(still, n)
		case other >= mark || !g.inherits(value[0], other, mark):
			g.connect(n, other, value)
		}
	}
	g.lacking[value[0]] = still
}

// inherits reports whether one of those that come before an item provides the value. Only items below
// the mark are looked at.
func (g *graph) inherits(value string, item, mark int32) bool {
	providers := g.providers[value]
	if !slices.ContainsFunc(providers, func(p int32) bool { return p != item && p < mark }) {
		return false
	}
	seen := map[int32]struct{}{item: {}}
	for queue := []int32{item}; len(queue) > 0; queue = queue[1:] {
		for at := g.nodes[queue[0]].firstIn; at != none; at = g.ways[at].nextIn {
			from := int32(g.links[at].From)
			if _, again := seen[from]; again || from >= mark {
				continue
			}
			if _, provides := slices.BinarySearch(providers, from); provides {
				return true
			}
			seen[from] = struct{}{}
			queue = append(queue, from)
		}
	}
	return false
}

// unmet is what an item asks for and nobody in the flow gives it.
func (g *graph) unmet(item int32) []string {
	var got distinct
	for at := g.nodes[item].firstIn; at != none; at = g.ways[at].nextIn {
		for _, value := range g.links[at].Values {
			got.add(value)
		}
	}
	var unmet []string
	for _, value := range g.nodes[item].asks {
		if _, has := g.inside[value]; !has && !got.has(value) {
			unmet = append(unmet, value)
		}
	}
	return unmet
}

// connect links two items because of one value.
func (g *graph) connect(from, to int32, value []string) {
	at, linked := g.pair[[2]int32{from, to}]
	if !linked {
		g.insert(Link{From: int(from), To: int(to), Values: value})
	} else if l := &g.links[at]; !slices.Contains(l.Values, value[0]) {
		l.Values = append(l.Values, value[0])
	}
}

func (g *graph) insert(l Link) {
	g.links = append(g.links, l)
	g.ways = append(g.ways, way{})
	g.chain(int32(len(g.links) - 1))
}

// chain enters a link into the lists of its two items.
func (g *graph) chain(at int32) {
	l := &g.links[at]
	g.pair[[2]int32{int32(l.From), int32(l.To)}] = at
	from, to := &g.nodes[l.From], &g.nodes[l.To]
	g.ways[at] = way{nextOut: none, nextIn: to.firstIn}
	to.firstIn = at
	if from.lastOut == none {
		from.firstOut = at
	} else {
		g.ways[from.lastOut].nextOut = at
	}
	from.lastOut = at
}

// reindex makes the indexes anew from the items and links.
func (g *graph) reindex(items []Item) {
	g.at, g.pair = map[Item]int32{}, map[[2]int32]int32{}
	g.providers, g.lacking = map[string][]int32{}, map[string][]int32{}
	for i, item := range items {
		n := &g.nodes[i]
		n.firstOut, n.lastOut, n.firstIn = none, none, none
		g.at[item] = int32(i)
		for _, value := range n.gives {
			g.providers[value] = append(g.providers[value], int32(i))
		}
	}
	for at := range g.links {
		g.chain(int32(at))
	}
	for i := range items {
		for _, value := range g.unmet(int32(i)) {
			g.lacking[value] = append(g.lacking[value], int32(i))
		}
	}
}

func (f *Flow) ambiguous(item Item, value string) error {
	var providers []string
	for _, p := range f.graph.providers[value] {
		providers = append(providers, fmt.Sprintf("%q", f.items[p].Label()))
	}
	slices.Sort(providers)
	return fmt.Errorf("ambiguous provider: %q requires %q, and %s provide it",
		item.Label(), value, strings.Join(providers, ", "))
}
