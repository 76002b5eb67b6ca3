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

// graph is a compiled flow: which node comes after which, and where every argument comes from.
// Nodes are numbered so that each comes after those before it in the graph, and atoms as in the flow,
// a retry before what it watches over.
type graph struct {
	nodes []node
	specs []spec
	votes map[int32][]vote // the deciders of each atom that has any

	binding
}

// node is an atom, or the beginning or end of a flow; boundaries keep the number of edges linear in
// the number of atoms where two unordered flows follow each other.
type node struct {
	atom  int32 // index into graph.specs, or noAtom
	opens bool  // it is the beginning of a flow
	next  []int32
	prev  []int32
}

const noAtom = -1

// spec is an atom as the flow describes it.
type spec struct {
	task  *flow.Task // or nil
	retry *flow.Retry
	name  string
	node  int32
	over  int32 // the retry that is asked when it fails, or noAtom
}

// vote is a decider on a way to an atom.
type vote struct {
	from    int32 // the atom from which the link leads, or noAtom where it leads from a flow
	decider flow.Decider
	depth   flow.Depth
}

func (s *spec) priority() int {
	if s.task == nil {
		return 0
	}
	return s.task.Priority
}

// compile lays out the flow. It is linear in the number of items and links. A first walk refuses what
// cannot be run and counts; a second makes the graph, whose parts then have their final size at once.
func compile(f *flow.Flow) (*graph, error) {
	if f == nil {
		return nil, refuse("there is no flow")
	}
	var s survey
	if err := s.flow(f); err != nil {
		return nil, err
	}
	l := layout{
		graph: &graph{nodes: make([]node, 0, s.atoms+2*s.flowCount), specs: make([]spec, 0, s.atoms)},
		edges: make([]edge, 0, s.edges),
		over:  noAtom,
	}
	l.flow(f)
	l.connect()
	l.gatherVotes()
	return l.graph, nil
}

// survey is the first walk.
type survey struct {
	atoms     int
	flowCount int
	edges     int

	flows set[*flow.Flow]
	names set[string]
}

func (s *survey) flow(f *flow.Flow) error {
	if !s.flows.add(f) { // it may even hold itself
		return refuse("flow %q is in it twice", f.Label())
	}
	if err := f.Err(); err != nil {
		return refuse("%v", err)
	}
	s.flowCount++
	items := f.Items()
	switch f.Pattern() {
	case flow.LinearPattern:
		s.edges += len(items) + 1
	case flow.UnorderedPattern, flow.GraphPattern:
		s.edges += max(2*len(items), 1) + len(f.Links())
	default:
		return refuse("flow %q has no pattern", f.Label())
	}
	if r := f.Retry(); r != nil {
		s.edges++
		if err := s.retry(f, r); err != nil {
			return err
		}
	}
	for _, item := range items {
		if err := s.item(f, item); err != nil {
			return err
		}
	}
	return nil
}

func (s *survey) item(in *flow.Flow, item flow.Item) error {
	switch it := item.(type) {
	case *flow.Flow:
		if it == nil {
			return refuse("flow %q holds a flow that is nil", in.Label())
		}
		return s.flow(it)
	case *flow.Task:
		return s.task(in, it)
	default:
		return refuse("flow %q holds a %T, which is neither a task nor a flow", in.Label(), item)
	}
}

func (s *survey) task(in *flow.Flow, t *flow.Task) error {
	switch {
	case t == nil:
		return refuse("flow %q holds a task that is nil", in.Label())
	case t.Name == "":
		return refuse("flow %q holds a task without a name", in.Label())
	case t.Execute == nil:
		return refuse("task %q has no Execute", t.Name)
	case t.Err() != nil:
		return refuse("%v", t.Err())
	}
	return s.atom(t.Name)
}

func (s *survey) retry(in *flow.Flow, r *flow.Retry) error {
	switch {
	case r.OnFailure == nil:
		return refuse("the retry of flow %q has no OnFailure", in.Label())
	case r.Err() != nil:
		return refuse("%v", r.Err())
	}
	return s.atom(retryName(in, r))
}

func (s *survey) atom(name string) error {
	if !s.names.add(name) {
		return refuse("two atoms are named %q", name)
	}
	s.atoms++
	return nil
}

func retryName(in *flow.Flow, r *flow.Retry) string {
	if r.Name != "" {
		return r.Name
	}
	return in.Label() + "_retry"
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
