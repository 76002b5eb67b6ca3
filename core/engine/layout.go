package engine

import "derail/core/flow"

// layout is the second walk over a flow. It numbers nodes and atoms in the order in which they may
// come: a flow's beginning, its retry, its items, its end.
type layout struct {
	graph *graph
	edges []edge
	over  int32 // the nearest retry around what is being laid out, or noAtom
}

type edge struct {
	from, to int32
	link     *flow.Link // the link with a decider that it stands for, or nil
}

func (l *layout) node(atom int32, opens bool) int32 {
	l.graph.nodes = append(l.graph.nodes, node{atom: atom, opens: opens})
	return int32(len(l.graph.nodes) - 1)
}

func (l *layout) edge(from, to int32) { l.edges = append(l.edges, edge{from: from, to: to}) }

func (l *layout) atom(s spec) (node int32) {
	n := l.node(int32(len(l.graph.specs)), false)
	s.node, s.over = n, l.over
	l.graph.specs = append(l.graph.specs, s)
	return n
}

func (l *layout) flow(f *flow.Flow) (first, last int32) {
	first = l.node(noAtom, true)
	begin, around := first, l.over
	if r := f.Retry(); r != nil {
		begin = l.atom(spec{retry: r, name: retryName(f, r)})
		l.edge(first, begin)
		l.over = l.graph.nodes[begin].atom
	}
	var ends []int32 // the nodes after which the flow has ended, if it is not begin
	switch f.Pattern() {
	case flow.LinearPattern:
		begin = l.linear(f, begin)
	case flow.UnorderedPattern:
		ends = l.unordered(f, begin)
	default:
		ends = l.linked(f, begin)
	}
	l.over = around
	last = l.node(noAtom, false)
	if len(ends) == 0 {
		l.edge(begin, last)
	}
	for _, end := range ends {
		l.edge(end, last)
	}
	return first, last
}

func (l *layout) item(item flow.Item) (first, last int32) {
	if inner, nested := item.(*flow.Flow); nested {
		return l.flow(inner)
	}
	t := item.(*flow.Task)
	n := l.atom(spec{task: t, name: t.Name})
	return n, n
}

func (l *layout) linear(f *flow.Flow, begin int32) (end int32) {
	at := begin
	for _, item := range f.Items() {
		first, last := l.item(item)
		l.edge(at, first)
		at = last
	}
	return at
}

func (l *layout) unordered(f *flow.Flow, begin int32) (ends []int32) {
	ends = make([]int32, 0, len(f.Items()))
	for _, item := range f.Items() {
		first, last := l.item(item)
		l.edge(begin, first)
		ends = append(ends, last)
	}
	return ends
}

func (l *layout) linked(f *flow.Flow, begin int32) (ends []int32) {
	items := f.Items()
	const absent = -1 // it takes no part: a target leaves it out
	bounds := make([]struct{ first, last, before, after int32 }, len(items))
	for i := range bounds {
		bounds[i].first = absent
	}
	order := f.Order()
	for _, i := range order {
		bounds[i].first, bounds[i].last = l.item(items[i])
	}
	links := f.Links()
	for n := range links {
		from, to := &bounds[links[n].From], &bounds[links[n].To]
		if from.first == absent || to.first == absent {
			continue
		}
		from.after++
		to.before++
		e := edge{from: from.last, to: to.first}
		if links[n].Decider != nil {
			e.link = &links[n]
		}
		l.edges = append(l.edges, e)
	}
	for _, i := range order {
		if bounds[i].before == 0 {
			l.edge(begin, bounds[i].first)
		}
		if bounds[i].after == 0 {
			ends = append(ends, bounds[i].last)
		}
	}
	return ends
}

// connect gives every node its neighbours, all of them in one array.
func (l *layout) connect() {
	nodes := l.graph.nodes
	degrees := make([]int32, 2*len(nodes)+2*len(l.edges))
	neighbours := degrees[2*len(nodes):]
	for _, e := range l.edges {
		degrees[2*e.from]++
		degrees[2*e.to+1]++
	}
	for i := range nodes {
		out, in := degrees[2*i], degrees[2*i+1]
		nodes[i].next, neighbours = neighbours[:0:out], neighbours[out:]
		nodes[i].prev, neighbours = neighbours[:0:in], neighbours[in:]
	}
	for _, e := range l.edges {
		nodes[e.from].next = append(nodes[e.from].next, e.to)
		nodes[e.to].prev = append(nodes[e.to].prev, e.from)
	}
}

// gatherVotes finds the deciders of every atom: those of the links that lead to it, and, where it is
// among the first of a flow, those of the links that lead to the flow. A flow that has a retry begins
// with it, so there the retry alone is decided about.
func (l *layout) gatherVotes() {
	var on map[int32][]vote // by node
	for _, e := range l.edges {
		if e.link != nil {
			if on == nil {
				on = map[int32][]vote{}
			}
			v := vote{from: l.graph.nodes[e.from].atom, decider: e.link.Decider, depth: e.link.Depth}
			on[e.to] = append(on[e.to], v)
		}
	}
	if len(on) == 0 {
		return
	}
	l.graph.votes = map[int32][]vote{}
	for n := range l.graph.nodes {
		node := &l.graph.nodes[n]
		votes := on[int32(n)]
		for _, before := range node.prev {
			if l.graph.nodes[before].opens {
				votes = append(votes[:len(votes):len(votes)], on[before]...)
			}
		}
		switch {
		case len(votes) == 0:
		case node.opens:
			on[int32(n)] = votes
		case node.atom != noAtom:
			l.graph.votes[node.atom] = votes
		}
	}
}
