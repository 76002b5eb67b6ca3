package flow

import (
	"fmt"
	"strings"
)

// Depth is how far it reaches when a decider says no.
type Depth uint8

// The depths, the widest first. When several deciders say no, the widest of theirs counts.
const (
	DepthAll       Depth = iota // everything that comes after
	DepthFlow                   // the tasks that come after in the same flow
	DepthNeighbors              // the tasks that come directly after
	DepthAtom                   // the one atom
)

var depthNames = [...]string{
	DepthAll: "ALL", DepthFlow: "FLOW", DepthNeighbors: "NEIGHBORS", DepthAtom: "ATOM",
}

// String is the depth in TaskFlow's words.
func (d Depth) String() string {
	if int(d) < len(depthNames) {
		return depthNames[d]
	}
	return "unknown"
}

// ParseDepth reads a depth, in capitals or not.
func ParseDepth(text string) (Depth, error) {
	for d, name := range depthNames {
		if strings.EqualFold(text, name) {
			return Depth(d), nil
		}
	}
	return 0, fmt.Errorf("%q is no depth: it is ALL, FLOW, NEIGHBORS or ATOM", text)
}

// Decider says whether what a link points at is to run. results holds, under their names, the
// results of the atoms from which deciding links lead to it, without those that were ignored. Where
// it says no, the atom and what its link's depth takes in are ignored: they count as done and are
// not reverted. What the depth takes in beside the atom itself can run after all, when it also comes after
// a retry that tries again. Like [Retry.OnFailure] a decider decides and does nothing else.
type Decider func(results Args) bool

// Link is a dependency between two items of a graph flow.
type Link struct {
	From, To int // indexes into the flow's items
	// Values are what To requires and From provides, for a link that was made because of them.
	Values []string
	// Manual says that somebody made the link by hand.
	Manual bool
	// Decider decides whether To runs; nil: it does.
	Decider Decider
	Depth   Depth
}
