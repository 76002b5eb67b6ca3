package planted

import (
	"fmt"
	"slices"
	"strings"

	"derail/sim/world"
)

// Bug is one way to break the core.
type Bug struct {
	Name     string
	About    string // what is broken, and which real system did that
	Property string // the property that must catch it, or TheRun
	Says     string // with TheRun: what is to be among what the run says
	Scenario string // the scenario that shows it; [Blueprint] finds it
	Seeds    int    // within so many

	// One of these makes the bug, or both together: a wrapper that takes one line of defence away, and
	// a patch that takes away the one before it, which would hide that.
	Wrap  world.Wrap
	Patch []Edit
}

// TheRun stands in the place of a property where no history can show the bug, because the simulator sees it
// first: the run is then broken, and says by what.
const TheRun = "the run itself"

// Patched reports whether the bug is, at least in part, in the program's text, and so needs a build of
// its own.
func (b *Bug) Patched() bool { return len(b.Patch) > 0 }

// Edit replaces a piece of a source file by another. The piece occurs in the file exactly once.
type Edit struct {
	File     string // from the module's root, slash-separated
	Old, New string
}

// Apply makes the edit in the text of its file.
func (e Edit) Apply(text string) (string, error) {
	if n := strings.Count(text, e.Old); n != 1 {
		return "", fmt.Errorf("%s: what is to be replaced is there %d times, and should be once:\n%s",
			e.File, n, e.Old)
	}
	return strings.Replace(text, e.Old, e.New, 1), nil
}

// Bugs is every planted bug, those of one property together.
func Bugs() []Bug {
	return slices.Concat(claimBugs, jobBugs, attemptBugs, logbookBugs, flowBugs, restBugs, databaseBugs)
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
