package explore

import (
	"derail/checker"
	"derail/sim/choice"
	"derail/sim/kernel"
	"derail/sim/world"
)

// Strategy decides which runs a [Search] makes. It is called by one goroutine, always in the same order, so
// that it needs no locks and that a search does not depend on how many workers it has.
type Strategy interface {
	// Next is the next run to make. There is no more when the strategy has nothing left to try; it is asked
	// again after each run that it has not heard of yet.
	Next() (t Try, more bool)
	// Ran hears what came of a run, in the order in which they were asked for. What o points to is valid
	// until Ran returns, but for what the strategy has given itself.
	Ran(o *Outcome)
	// Ahead is how many runs may be asked for before the first of them is heard of, at least 1. The next run
	// is asked for exactly when so many are out, whatever the number of workers.
	Ahead() int
	// Covered says, in sentences for people, what was covered by the runs that were heard of, and what that
	// is worth. ended is whether the strategy had nothing left to try.
	Covered(ended bool) []string
}

// Try is a run that a strategy asks for. Its record of choices makes the same run again, whoever asked.
type Try struct {
	// Source answers the draws. It must remember them: see [choice.Source.Record].
	Source *choice.Source
	// Label names the run. It is written down as its seed, and decides nothing.
	Label uint64
	// Steered says that the choices are not all chance's own: a property is held against the run, but not
	// how many jobs the scenario expects to be consumed or trashed, nor that it expects something broken.
	Steered bool

	// Ready and Trace, if set, look on, and Explorer decides between the events of one instant: see
	// [world.Options].
	Ready    func([]kernel.Candidate)
	Trace    func(kernel.Step)
	Explorer world.Explorer

	schedule *schedule // what PCT must hear of again
	mutant   *mutant   // the same for Guided
}

// Outcome is what came of a run that a strategy asked for.
type Outcome struct {
	Try
	Number int // of the run in its search, from 1

	// Result has its History only if the run has failed, or the strategy looks one run ahead and no further.
	Result   world.Result
	Report   checker.Report
	Marks    []int64   // how often it met each mark of [checker.Sometimes]
	Features []Feature // what it reached, each once, in order

	// Failed says that the run was not as expected, and Breaches and Unmet by what.
	Failed   bool
	Breaches []Breach
	Unmet    []string
	// SecondHash, of a run that has failed, is the hash of the run that its record of choices makes.
	SecondHash uint64
	// Panicked is set, with the place, where derail itself panicked.
	Panicked string

	plots Plots
}
