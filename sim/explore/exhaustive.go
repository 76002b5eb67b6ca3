package explore

import "derail/sim/exhaust"

// ExhaustiveSearch is the strategy that makes all runs that differ in what matters, within bounds, and says
// whether it has: see package exhaust. It is for small worlds.
type ExhaustiveSearch struct {
	Explorer *exhaust.Explorer // may be one that has been at work before
}

// Exhaustive is an [ExhaustiveSearch] that has not begun.
func Exhaustive(b exhaust.Bounds) *ExhaustiveSearch { return &ExhaustiveSearch{exhaust.New(b)} }

// Next is a run that is not like any other.
func (e *ExhaustiveSearch) Next() (Try, bool) {
	r, more := e.Explorer.Next()
	if !more {
		return Try{}, false
	}
	return Try{Source: r.Source, Label: r.Number(), Ready: r.Ready, Explorer: r}, true
}

// Ran looks for what else could have come of the run.
func (e *ExhaustiveSearch) Ran(o *Outcome) {
	r := o.Explorer.(*exhaust.Run)
	r.Failed = o.Failed
	e.Explorer.Ran(r)
}

// Ahead is far: which runs there are does not depend on the order in which they are made.
func (*ExhaustiveSearch) Ahead() int { return many }

// Covered says what was covered, and what lay beyond the bounds.
func (e *ExhaustiveSearch) Covered(bool) []string {
	c := e.Explorer.Coverage()
	return c.Sentences()
}
