package draw

import "derail/core/flow"

// sketch is a flow as boxes, points and arrows between them, before it is written in any language.
type sketch struct {
	points []point
	arrows []arrow
	all    box
	on     map[*flow.Flow]bool
}

// point is an atom, or where a flow begins or ends that has no single atom for it.
type point struct {
	name  string
	retry bool
	joint bool

	provides string   // the name of its whole result
	items    []string // and of the result's elements
}

// arrow leads from one point to another.
type arrow struct {
	from, to int
	why      string
	decides  bool
}

// box is a flow: its points, and the boxes in it.
type box struct {
	title string
	parts []part
}

// part is a box or a point.
type part struct {
	box   *box
	point int
}

// span is where a flow or an atom begins and ends.
type span struct{ begin, end int }

const nowhere = -1

func sketchOf(f *flow.Flow) *sketch {
	s := &sketch{on: map[*flow.Flow]bool{}}
	if f != nil {
		s.flow(f, &s.all, true)
	}
	return s
}

func (s *sketch) add(in *box, p point) int {
	s.points = append(s.points, p)
	in.parts = append(in.parts, part{point: len(s.points) - 1})
	return len(s.points) - 1
}

func (s *sketch) arrow(from, to int, l flow.Link) {
	if from != nowhere && to != nowhere {
		s.arrows = append(s.arrows, arrow{from: from, to: to, why: because(l), decides: l.Decider != nil})
	}
}

// flow draws a flow into its box. Only a nested flow needs joints: nothing leads to the outermost.
func (s *sketch) flow(f *flow.Flow, in *box, outermost bool) span {
	in.title = f.Pattern().String() + " " + visible(f.Label())
	s.on[f] = true
	defer delete(s.on, f)
	at := span{nowhere, nowhere}
	linear := f.Pattern() == flow.LinearPattern
	order := f.Order()
	switch {
	case f.Retry() != nil:
		r := f.Retry()
		at.begin = s.add(in, point{name: f.RetryName(), retry: true, provides: r.Provides, items: r.ProvidesItems})
	case !outermost && (!linear && len(order) > 1 || len(order) == 0):
		at.begin = s.add(in, point{joint: true})
	}
	if linear {
		return s.linear(f, in, at)
	}
	spans := make([]span, len(f.Items()))
	for _, i := range order {
		spans[i] = s.item(f.Items()[i], in)
	}
	return s.beside(f, in, at, spans, outermost)
}

func (s *sketch) linear(f *flow.Flow, in *box, at span) span {
	at.end = at.begin
	for _, item := range f.Items() {
		next := s.item(item, in)
		if next.begin == nowhere {
			continue
		}
		s.arrow(at.end, next.begin, flow.Link{})
		if at.begin == nowhere {
			at.begin = next.begin
		}
		at.end = next.end
	}
	return at
}

// beside draws the arrows of a flow whose items stand beside each other.
func (s *sketch) beside(f *flow.Flow, in *box, at span, spans []span, outermost bool) span {
	first, last := make([]bool, len(spans)), make([]bool, len(spans))
	order := f.Order()
	for _, i := range order {
		first[i], last[i] = true, true
	}
	for _, l := range f.Links() {
		s.arrow(spans[l.From].end, spans[l.To].begin, l)
		first[l.To], last[l.From] = false, false
	}
	switch {
	case len(order) == 1 && at.begin == nowhere:
		return spans[order[0]]
	case len(order) == 1:
		at.end = spans[order[0]].end
	case len(order) == 0:
		at.end = at.begin
	case !outermost:
		at.end = s.add(in, point{joint: true})
	}
	for _, i := range order {
		if first[i] {
			s.arrow(at.begin, spans[i].begin, flow.Link{})
		}
		if last[i] && at.end != spans[i].end {
			s.arrow(spans[i].end, at.end, flow.Link{})
		}
	}
	return at
}

func (s *sketch) item(item flow.Item, in *box) span {
	switch it := item.(type) {
	case *flow.Task:
		if it != nil {
			n := s.add(in, point{name: it.Name, provides: it.Provides, items: it.ProvidesItems})
			return span{n, n}
		}
	case *flow.Flow:
		if it != nil && !s.on[it] {
			inner := &box{}
			in.parts = append(in.parts, part{box: inner})
			return s.flow(it, inner, false)
		}
	}
	return span{nowhere, nowhere}
}
