// Package world builds one run from a scenario and a source of choices, and returns its history: a
// store server, a client that posts jobs, conductors on machines of their own, the nemesis that breaks
// them, and whoever looks on: readers of the board, and listeners.
//
// A world has one of two stores. With a server, each node is a machine, and a network lies between them.
// With a SQLite database, the nodes are processes of the one machine whose disk the database is on: they
// die one by one, and all together when the power goes.
//
// What a run was broken by beyond what anybody could withstand (the only copy of a record damaged, a disk
// lost) is written down as ruined when it happens, or when it is found. A disk that was honest ruins
// nothing: damage and loss on it are a failure of the run, [Result.Broken].
//
// A [Blueprint] is a scenario made ready once; a [World] runs it again and again in the same
// memory. What may not live here: what a promise is (package checker reads the history), and how
// many runs there are (package explore).
package world

import (
	"errors"
	"fmt"
	"os" //detlint:allow machine it looks at GO_FAILPOINTS before a run, and refuses to start
	"slices"
	"strconv"

	"derail/checker/history"
	"derail/core/conductor"
	"derail/core/failpoints"
	"derail/core/failure"
	"derail/scenarios"
	"derail/sim/choice"
	"derail/sim/fault"
	"derail/sim/workload"
)

// Blueprint is a scenario ready to be run. It is immutable, and any number of worlds share it.
type Blueprint struct {
	Scenario *scenarios.Scenario
	nodes    []string // by number: the store, the client, the conductors
	points   []string
	faults   *fault.Plan
	work     *workload.Plan
	shapes   []history.Shape
	retrying []bool // by group: whether its flow has a retry
	policy   conductor.Policy
	drawn    choice.Record // what the scenario says that is drawn; nil: nothing
}

// The numbers of the machines that are no conductors.
const (
	storeNode      = 0
	clientNode     = 1
	firstConductor = 2
)

// Compile makes a scenario ready. It refuses to where the failpoints would not be the run's own to
// decide.
func Compile(s *scenarios.Scenario) (*Blueprint, error) {
	if err := checkFailpoints(s); err != nil {
		return nil, err
	}
	b := &Blueprint{
		Scenario: s, nodes: []string{scenarios.NodeStore, scenarios.NodeClient}, points: Points(),
	}
	for i := range s.Cluster.Conductors {
		b.nodes = append(b.nodes, scenarios.RoleConductor+"-"+strconv.Itoa(i+1))
	}
	var err error
	if b.faults, err = fault.Compile(s, b.nodes); err != nil {
		return nil, err
	}
	if b.work, err = workload.Compile(s); err != nil {
		return nil, err
	}
	if b.drawn, err = choicesOf(s); err != nil {
		return nil, err
	}
	b.shapes, b.retrying = shapes(b.work.Shapes()), retrying(b.work.Shapes())
	b.policy = conductor.Policy{
		Attempts: s.Policy.Attempts,
		Backoff: conductor.Backoff{
			First: s.Policy.Backoff.First.Std(), Factor: s.Policy.Backoff.Factor, Max: s.Policy.Backoff.Max.Std(),
		},
	}
	for _, class := range s.Policy.Excuse {
		b.policy.Excuse = append(b.policy.Excuse, failure.Class(class))
	}
	return b, nil
}

// choicesOf is what a scenario says that its runs draw; nil where it says nothing of that.
func choicesOf(s *scenarios.Scenario) (choice.Record, error) {
	if s.Choices == "" {
		return nil, nil
	}
	record, err := choice.ParseRecord(s.Choices)
	if err != nil {
		return nil, fmt.Errorf("choices: %w", err)
	}
	return record, nil
}

// checkFailpoints makes sure that the scenario's points exist and that nobody else decides them.
func checkFailpoints(s *scenarios.Scenario) error {
	if !failpoints.Compiled {
		return errors.New("this program was built with -tags production, which leaves the failpoints out: " +
			"build it without")
	}
	if os.Getenv("GO_FAILPOINTS") != "" {
		return errors.New("GO_FAILPOINTS is set, and would interfere with the simulation: unset it")
	}
	names := Points()
	for _, f := range s.Faults {
		if f.Point != "" && f.Point != scenarios.PointAny && f.Point != scenarios.PointStep &&
			!slices.Contains(names, f.Point) {
			return fmt.Errorf("there is no failpoint %q", f.Point)
		}
	}
	return nil
}

// Source is what a run of that seed draws from: the choices that the scenario has, whatever the seed, or
// else what the seed says. A seed that is only run and not recorded draws fastest.
func (b *Blueprint) Source(seed uint64) *choice.Source {
	if b.drawn != nil {
		return choice.Replay(b.drawn)
	}
	return choice.Seeded(seed)
}

// Recording is [Blueprint.Source] of which what is drawn is kept, see [choice.Source.Record].
func (b *Blueprint) Recording(seed uint64) *choice.Source {
	if b.drawn != nil {
		return choice.Replay(b.drawn)
	}
	return choice.Recording(seed)
}

// Points lists the names of the failpoints in core.
func Points() []string {
	var names []string
	for _, p := range failpoints.All() {
		names = append(names, p.Name)
	}
	return names
}

// FaultNames lists what strikes are counted under, in the order of [Result.Faults].
func (b *Blueprint) FaultNames() []string { return b.faults.Names() }

// Jobs is how many jobs the scenario posts.
func (b *Blueprint) Jobs() int { return b.work.Count() }

// GroupOf is the name of the group that a job belongs to.
func (b *Blueprint) GroupOf(job string) string {
	if g := b.work.GroupOf(job); g >= 0 {
		return b.work.Groups[g].Spec.Name
	}
	return ""
}

// retries reports whether the flow of a job has a retry.
func (b *Blueprint) retries(job string) bool {
	g := b.work.GroupOf(job)
	return g >= 0 && b.retrying[g]
}
