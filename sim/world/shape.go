package world

import (
	"slices"

	"derail/checker/history"
	"derail/sim/workload"
)

// shapes are the declared flows in the form of a history, where each atom stands after those that it names.
func shapes(declared []workload.Shape) []history.Shape {
	var all []history.Shape
	for i := range declared {
		s := history.Shape{Group: declared[i].Group, Jobs: declared[i].Jobs}
		s.Atoms = inOrder(declared[i].Atoms)
		all = append(all, s)
	}
	return all
}

// inOrder lists atoms as they were, except that each comes after those that it names: in a graph flow an
// item may stand in the file before what it waits for.
func inOrder(atoms []workload.Atom) []history.ShapeAtom {
	at := make(map[string]int, len(atoms))
	for i := range atoms {
		at[atoms[i].Name] = i
	}
	listed := make([]history.ShapeAtom, 0, len(atoms))
	done := make([]bool, len(atoms))
	var list func(i int)
	list = func(i int) {
		if done[i] {
			return
		}
		done[i] = true
		a := &atoms[i]
		for _, before := range a.After {
			list(at[before])
		}
		if a.Under != "" {
			list(at[a.Under])
		}
		listed = append(listed, history.ShapeAtom{
			Name: a.Name, Retry: a.Retry, After: slices.Clone(a.After), Under: a.Under, Attempts: a.Attempts,
			RevertAll: a.RevertAll, Never: a.Never, Undoes: a.Undoes,
		})
	}
	for i := range atoms {
		list(i)
	}
	return listed
}

// retrying lists the groups whose flows have a retry, by number.
func retrying(declared []workload.Shape) []bool {
	found := make([]bool, len(declared))
	for i := range declared {
		found[i] = slices.ContainsFunc(declared[i].Atoms, func(a workload.Atom) bool { return a.Retry })
	}
	return found
}
