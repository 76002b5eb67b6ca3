package workload

import "derail/scenarios"

// Shape is the flow of a group of jobs as the scenario declares it: what an examiner has to know in
// order to judge the runs of it without asking the core.
type Shape struct {
	Group string
	Jobs  []string
	Atoms []Atom // in the order of the file, a retry before what it watches over
}

// Atom is a task or a retry in a [Shape].
type Atom struct {
	Name  string
	Retry bool
	// After is the atoms directly before it in the order of execution, through the beginnings and ends
	// of flows. A flow's retry comes before the flow's first atoms.
	After []string
	// Under is the nearest retry around it, for a retry the one around its flow; or empty.
	Under string
	// Attempts is how many attempts a retry makes at the most; 0: it never tries again.
	Attempts int
	// RevertAll says that a retry reverts everything where it does not try again.
	RevertAll bool
	// Never says that a decider which always says no stands before it, or takes it in by its depth.
	Never bool
	// Undoes says that it has something to be called when it is reverted.
	Undoes bool
}

// Shapes is the flows of all groups, in the order of the scenario. It is the plan's own.
func (p *Plan) Shapes() []Shape { return p.shapes }

func (o *outline) shape(g *Group) Shape {
	s := Shape{Group: g.Spec.Name, Jobs: g.Jobs, Atoms: make([]Atom, len(o.atoms))}
	for i := range o.atoms {
		a := &o.atoms[i]
		s.Atoms[i] = Atom{Name: a.name, Never: a.never, Undoes: a.item != nil && undoes(a.number)}
		for _, before := range a.before {
			s.Atoms[i].After = append(s.Atoms[i].After, o.atoms[before].name)
		}
		if a.under != nobody {
			s.Atoms[i].Under = o.atoms[a.under].name
		}
		if r := a.retry; r != nil {
			s.Atoms[i].Retry = true
			s.Atoms[i].Attempts = r.Attempts
			s.Atoms[i].RevertAll = r.RevertAll || r.Kind == scenarios.RetryRevertAll
		}
	}
	return s
}
