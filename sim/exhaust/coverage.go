package exhaust

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Coverage says what an [Explorer] has covered.
type Coverage struct {
	Bounds Bounds
	Ended  bool // nothing is left to be run within the bounds
	Open   int  // runs that are known to be left; each can bring others

	Runs      int   // that were made
	Failed    int   // of them, those that were not as expected
	Pruned    int   // of them, those that came to a state where another had been: what comes after is known
	Steps     int64 // of all runs
	Longest   int   // steps of the longest run
	Choices   int   // points at which a run could have gone another way, each counted once
	States    int   // that were met between two steps
	Histories int   // that differ

	// Bounded counts the points at which there were other ways beyond the bounds on preemptions and steps,
	// and Cut the runs that were longer than the bound.
	Bounded, Cut int
	// Sampled counts, by stream, the draws among so many that only some answers were tried.
	Sampled map[string]int
	// Unexplained counts the histories of runs that were given up although nobody else had them. There are
	// some while others are open. When all is ended, any is a fault of this package: a step has not told
	// what it touches.
	Unexplained int
	// Strayed counts the runs that did not come to the choices that they were made for; no others are made of
	// them. There are none where runs of the same choices are the same, and all of one world.
	Strayed int
}

// Sentences is what was covered, for people.
func (c *Coverage) Sentences() []string {
	var all []string
	say := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	if c.Ended {
		say("Everything was covered within the bounds: %d runs, %d different histories.", c.Runs, c.Histories)
	} else {
		say("Not everything was covered: %d runs were made, with %d different histories; %d more are known to be "+
			"left, and each can bring others.", c.Runs, c.Histories, c.Open)
	}
	say("%d of the runs came to a state in which another had been, by an order of steps that do not touch each "+
		"other, and were not followed further; %d states, %d points with more than one way.",
		c.Pruned, c.States, c.Choices)
	if c.Failed > 0 {
		say("%d of all these runs were not as expected.", c.Failed)
	}
	say("%s", c.limits())
	if len(c.Sampled) > 0 {
		say("Not all answers were tried to draws among more than %d: %s. Of each only %s.",
			c.Bounds.wide(), strings.Join(slices.Sorted(maps.Keys(c.Sampled)), ", "), c.samples())
	}
	if c.Ended && c.Unexplained > 0 {
		say("That is not to be trusted: %d histories of runs that were not followed further are of no run that "+
			"was. A step has not told what it touches, which is a fault of derail.", c.Unexplained)
	}
	if c.Strayed > 0 {
		say("That is not to be trusted: %d runs could not go the way that others had seen. What was explored "+
			"before is of another world, or runs of this one are not the same again.", c.Strayed)
	}
	return all
}

// limits says which bounds there were and what came of them.
func (c *Coverage) limits() string {
	text := "Bounds: any number of preemptions"
	if c.Bounds.Preemptions >= 0 {
		text = fmt.Sprintf("Bounds: %d preemptions of a process by another of its machine", c.Bounds.Preemptions)
	}
	if c.Bounds.Steps > 0 {
		text += fmt.Sprintf(", %d steps (%d runs were longer)", c.Bounds.Steps, c.Cut)
	} else {
		text += fmt.Sprintf(", no bound on steps (the longest run had %d)", c.Longest)
	}
	if c.Bounded == 0 {
		return text + "; nothing lay beyond them."
	}
	return text + fmt.Sprintf("; at %d points there were ways beyond them.", c.Bounded)
}

func (c *Coverage) samples() string {
	switch c.Bounds.Samples {
	case 0, 1:
		return "the least, which is the benign one"
	case 2:
		return fmt.Sprintf("the least and the greatest, and not the least %d times in a run at most",
			c.Bounds.late())
	default:
		return fmt.Sprintf("%d, spread evenly from the least to the greatest, and not the least %d times in a run "+
			"at most", c.Bounds.Samples, c.Bounds.late())
	}
}
