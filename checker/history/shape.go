package history

import "slices"

// Shape is the flow of a group of jobs, as whoever wrote the history declares it: which atoms there are,
// which come after which, and what their retries and deciders are to do. It is what a checker holds moves
// against, so it must come from the declaration and never from the system that is being checked.
type Shape struct {
	Group string      `json:"group"`
	Jobs  []string    `json:"jobs"` // by name; each job has at most one shape
	Atoms []ShapeAtom `json:"atoms"`
}

// ShapeAtom is a task or a retry of a shape.
type ShapeAtom struct {
	Name  string `json:"name"` // as in moves
	Retry bool   `json:"retry,omitempty"`
	// After is the atoms directly before it in the order of execution, through the boundaries of flows; a
	// flow's retry comes before its first atoms.
	After []string `json:"after,omitempty"`
	// Under is the nearest retry around it, or empty; of a retry, the one around its flow.
	Under string `json:"under,omitempty"`
	// Attempts is how many attempts a retry has at most; with 0 it never tries again.
	Attempts int `json:"attempts,omitempty"`
	// RevertAll says that a retry whose attempts are used up has everything reverted.
	RevertAll bool `json:"revert_all,omitempty"`
	// Never says that it is never to run: a decider that always says no stands before it, or takes it in.
	Never bool `json:"never,omitempty"`
	// Undoes says that it has a revert to be called.
	Undoes bool `json:"undoes,omitempty"`
}

func cloneShapes(shapes []Shape) []Shape {
	shapes = slices.Clone(shapes)
	for i := range shapes {
		s := &shapes[i]
		s.Jobs, s.Atoms = slices.Clone(s.Jobs), slices.Clone(s.Atoms)
		for k := range s.Atoms {
			s.Atoms[k].After = slices.Clone(s.Atoms[k].After)
		}
	}
	return shapes
}
