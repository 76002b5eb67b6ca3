package planted

import (
	"slices"

	"derail/sim/shrink"
	"derail/sim/world"
)

// Bug is one way to break the core.
type Bug struct {
	Name      string
	Area      string // the part of the core that it breaks, one of [Areas]
	About     string // what is broken, and which real system did that
	Reference string // where the real system's defect is told of; empty: nobody is known to have had it
	Property  string // the property that must catch it, or TheRun
	Says      string // with TheRun: what is to be among what the run says
	Scenario  string // the scenario that shows it; [Blueprint] finds it
	Seeds     int    // within so many

	// One of these makes the bug, or both together: a wrapper that takes one line of defence away, and
	// a patch that takes away the one before it, which would hide that.
	Wrap  world.Wrap
	Patch []Edit
}

// The areas: which part of the core a bug breaks.
const (
	AreaConductor = "conductor"
	AreaJobboard  = "jobboard"
	AreaEngine    = "engine"
	AreaRetry     = "retry"
	AreaLogbook   = "logbook"
	AreaLease     = "lease"
	AreaPolicy    = "policy"
	AreaStore     = "store"
	AreaListener  = "listener"
)

// Areas lists them in the order of the table.
func Areas() []string {
	return []string{
		AreaConductor, AreaJobboard, AreaEngine, AreaRetry, AreaLogbook, AreaLease, AreaPolicy, AreaStore,
		AreaListener,
	}
}

// TheRun stands in the place of a property where no history can show the bug, because the simulator sees it
// first: the run is then broken, or is not what its scenario expects, and says by what.
const TheRun = shrink.TheRun

// Patched reports whether the bug is, at least in part, in the program's text, and so needs a build of
// its own.
func (b *Bug) Patched() bool { return len(b.Patch) > 0 }

// Wrapped reports whether the bug is, at least in part, a wrapper around the core.
func (b *Bug) Wrapped() bool {
	return b.Wrap.Store != nil || b.Wrap.Claims != nil || b.Wrap.Config != nil
}

// MadeBy says in a word what makes the bug.
func (b *Bug) MadeBy() string {
	switch {
	case b.Wrapped() && b.Patched():
		return "both"
	case b.Wrapped():
		return "wrapper"
	default:
		return "patch"
	}
}

// Bugs is every planted bug, those that break the same part of the core together.
func Bugs() []Bug {
	all := slices.Concat(
		claimBugs, jobBugs, boardBugs, readBugs, attemptBugs, logbookBugs, flowBugs, retryBugs, restBugs,
		conductorBugs, leaseBugs, memoryBugs, databaseBugs, listenerBugs,
	)
	order := Areas()
	slices.SortStableFunc(all, func(a, b Bug) int {
		return slices.Index(order, a.Area) - slices.Index(order, b.Area)
	})
	return all
}

// Find is the bug with that name.
func Find(name string) (Bug, bool) {
	for _, b := range Bugs() {
		if b.Name == name {
			return b, true
		}
	}
	return Bug{}, false
}
