package main

import (
	"slices"

	"derail/scenarios"
)

// assumption is what package core assumes of its store, its clock and its disk.
type assumption struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// assumptions are those that the documentation of package core numbers, in fewer words.
var assumptions = []assumption{
	{"A1", "The store is linearizable, and a transaction happens wholly or not at all."},
	{"A2", "A commit that was refused never happens; one that is unknown happens once, later, or never."},
	{"A3", "A lease does not end before its time to live has passed since it was last renewed."},
	{"A4", "A clock does not jump while a process works under a claim."},
	{"A5", "Jobs have ids that were never used before."},
	{"A6", "A watch tells every change once, and in order, or ends."},
	{"A7", "A disk that says that something is safe keeps it as it was."},
}

// assumed is the text of an assumption; of one that is not in the list, nothing.
func assumed(name string) string {
	for _, a := range assumptions {
		if a.Name == name {
			return a.Text
		}
	}
	return ""
}

// beyondAssumptions says which faults of a scenario take away what the promises rest on, where the scenario
// does not reckon with that itself: whoever adds such a fault should not take what breaks for a discovery.
func beyondAssumptions(s *scenarios.Scenario) string {
	if len(s.Expect.Broken)+len(s.Expect.Found)+len(s.Expect.MayBreak) > 0 {
		return ""
	}
	var kinds []string
	for _, f := range s.Faults {
		kinds = append(kinds, f.Kind)
	}
	for _, kind := range s.SwarmKinds() {
		kinds = append(kinds, kind.Name)
	}
	var breaking []string
	for _, kind := range scenarios.Kinds() {
		if kind.Breaks != "" && slices.Contains(kinds, kind.Name) {
			breaking = append(breaking, kind.Name+" (assumption "+kind.Breaks+")")
		}
	}
	if len(breaking) == 0 {
		return ""
	}
	return " The promises do not reckon with " + and(breaking) + "."
}
