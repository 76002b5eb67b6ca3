package explore

import "derail/sim/world"

// written is the one run that there is of a scenario with choices in it, whatever strategy was to search it.
type written struct {
	blueprint   *world.Blueprint
	given, done bool
}

// Next is the run, once.
func (w *written) Next() (Try, bool) {
	if w.given {
		return Try{}, false
	}
	w.given = true
	return Try{Source: w.blueprint.Recording(1), Label: 1}, true
}

// Ran notes that it was made.
func (w *written) Ran(*Outcome) { w.done = true }

// Ahead is one run: there is no other.
func (*written) Ahead() int { return 1 }

// Covered says that there was nothing to search.
func (w *written) Covered(bool) []string {
	if !w.done {
		return nil
	}
	return []string{"One run, which is all that there are: the scenario has its choices in it."}
}
