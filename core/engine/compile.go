package engine

import (
	"fmt"

	"derail/core/flow"
)

// CompileError says why a flow cannot be run at all.
type CompileError struct{ Problem string }

// Error is the problem.
func (e *CompileError) Error() string { return "the flow cannot be compiled: " + e.Problem }

func refuse(format string, args ...any) error { return &CompileError{fmt.Sprintf(format, args...)} }

// node is a task, or the beginning or end of a flow; boundaries keep the number of edges linear in
// the number of tasks where two unordered flows follow each other.
type node struct {
	task int32 // index into graph.tasks, or noTask
	next []int32
	prev []int32
}

const noTask = -1

// graph is a compiled flow: which node comes after which, and where every argument comes from.
type graph struct {
	nodes []node
	first int32 // the node that begins the outermost flow
	last  int32 // the node that ends it
	tasks []*flow.Task
	at    []int32 // the node of each task

	bound    bool
	sources  []source // where the arguments of all tasks come from, in order
	sourceAt []int32  // where those of each task begin
}

// source is where one argument comes from: an input of the flow, or another task's result.
type source struct {
	input    bool
	provider int32
}

// sourcesOf are where the arguments of a task come from, in the order of its Requires.
func (g *graph) sourcesOf(task int32) []source {
	from := g.sourceAt[task]
	return g.sources[from : from+int32(len(g.tasks[task].Requires))]
}

// compile lays out the flow. It is linear in the number of items. A first walk refuses what cannot
// be run and counts; a second makes the graph, whose parts then have their final size at once.
func compile(f *flow.Flow) (*graph, error) {
	if f == nil {
		return nil, refuse("there is no flow")
	}
	var s survey
	s.tasks = make([]*flow.Task, 0, len(f.Items()))
	if err := s.flow(f); err != nil {
		return nil, err
	}
	perTask := make([]int32, 2*len(s.tasks))
	l := layout{
		graph: &graph{
			nodes: make([]node, 0, len(s.tasks)+2*s.flowCount),
			tasks: s.tasks,
			at:    perTask[:0:len(s.tasks)], sourceAt: perTask[len(s.tasks):],
		},
		edges: make([]edge, 0, s.edges),
	}
	l.graph.first, l.graph.last = l.flow(f)
	l.connect()
	return l.graph, nil
}

// survey is the first walk.
type survey struct {
	tasks     []*flow.Task
	flowCount int
	edges     int

	flows set[*flow.Flow]
	names set[string]
}

func (s *survey) flow(f *flow.Flow) error {
	if !s.flows.add(f) { // it may even hold itself
		return refuse("flow %q is in it twice", f.Label())
	}
	s.flowCount++
	items := f.Items()
	switch f.Pattern() {
	case flow.LinearPattern:
		s.edges += len(items) + 1
	case flow.UnorderedPattern:
		s.edges += max(2*len(items), 1)
	default:
		return refuse("flow %q has no pattern", f.Label())
	}
	for _, item := range items {
		var err error
		switch it := item.(type) {
		case *flow.Flow:
			if it == nil {
				return refuse("flow %q holds a flow that is nil", f.Label())
			}
			err = s.flow(it)
		case *flow.Task:
			err = s.task(f, it)
		default:
			err = refuse("flow %q holds a %T, which is neither a task nor a flow", f.Label(), item)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *survey) task(in *flow.Flow, t *flow.Task) error {
	switch {
	case t == nil:
		return refuse("flow %q holds a task that is nil", in.Label())
	case t.Name == "":
		return refuse("flow %q holds a task without a name", in.Label())
	case t.Execute == nil:
		return refuse("task %q has no Execute", t.Name)
	case !s.names.add(t.Name):
		return refuse("two tasks are named %q", t.Name)
	}
	s.tasks = append(s.tasks, t)
	return nil
}

// set remembers what was added. Most flows are small, and for them it needs no map.
type set[K comparable] struct {
	few  [16]K
	size int
	many map[K]struct{}
}

// add reports whether k is new.
func (s *set[K]) add(k K) bool {
	if s.many == nil {
		for i := range s.few[:s.size] {
			if s.few[i] == k {
				return false
			}
		}
		if s.size < len(s.few) {
			s.few[s.size] = k
			s.size++
			return true
		}
		s.many = make(map[K]struct{}, 4*len(s.few))
		for _, known := range s.few {
			s.many[known] = struct{}{}
		}
	}
	if _, known := s.many[k]; known {
		return false
	}
	s.many[k] = struct{}{}
	return true
}

// layout is the second walk. It meets the tasks in the order of the first.
type layout struct {
	graph *graph
	edges []edge
}

type edge struct{ from, to int32 }

func (l *layout) node(task int32) int32 {
	l.graph.nodes = append(l.graph.nodes, node{task: task})
	return int32(len(l.graph.nodes) - 1)
}

func (l *layout) edge(from, to int32) { l.edges = append(l.edges, edge{from, to}) }

func (l *layout) flow(f *flow.Flow) (first, last int32) {
	first, last = l.node(noTask), l.node(noTask)
	at := first
	for _, item := range f.Items() {
		begin, end := l.item(item)
		l.edge(at, begin)
		if f.Pattern() == flow.LinearPattern {
			at = end
		} else {
			l.edge(end, last)
		}
	}
	if f.Pattern() == flow.LinearPattern || len(f.Items()) == 0 {
		l.edge(at, last)
	}
	return first, last
}

func (l *layout) item(item flow.Item) (first, last int32) {
	if inner, nested := item.(*flow.Flow); nested {
		return l.flow(inner)
	}
	n := l.node(int32(len(l.graph.at)))
	l.graph.at = append(l.graph.at, n)
	return n, n
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
