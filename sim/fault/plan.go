// Package fault decides what goes wrong in a run: it compiles a scenario's faults once into a
// [Plan], and answers during a run, through an [Injector], whether this call, message, task, write or
// passing is hit.
//
// Every rule draws from streams of its own, for each machine, so that taking one fault away leaves the
// draws of all others as they were. A draw of zero is "nothing happens", except where the rate is
// 100%: that leaves no choice.
//
// What may not live here: what a fault does (packages network, storage, disk, workload and world carry
// it out), and the table of kinds (package scenarios).
package fault

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"derail/core/failpoints"
	"derail/scenarios"
)

// Plan is the faults of a scenario, compiled. It is immutable: many runs share it.
type Plan struct {
	scenario *scenarios.Scenario
	nodes    []string
	faults   []scenarios.Fault
	rules    []rule
	names    []string // what strikes are counted under, one for each kind and point in use

	// The rules that each question is about.
	storage, network, watch, boot, disk, torn, task []int32

	points   [][]int32 // by failpoints.Point.Index: the rules about the point
	steps    []int32   // the rules about every step
	pointsAt []int32   // by the same: where its strikes are counted, or -1
	drawn    int       // how many rules draw which points are alive
	timed    []Timed
}

// Compile compiles a scenario's faults. nodes are the names of its machines in order of their
// number.
func Compile(s *scenarios.Scenario, nodes []string) (*Plan, error) {
	return compile(s, nodes, nil, s.Faults)
}

// With is the plan of the same scenario with more faults. What was counted before is counted at the same
// place.
func (p *Plan) With(faults []scenarios.Fault) (*Plan, error) {
	return compile(p.scenario, p.nodes, p.names, slices.Concat(p.faults, faults))
}

func compile(
	s *scenarios.Scenario, nodes, names []string, faults []scenarios.Fault,
) (*Plan, error) {
	all := failpoints.All()
	p := &Plan{
		scenario: s, nodes: nodes, faults: faults, names: slices.Clone(names),
		rules: make([]rule, 0, len(faults)), points: make([][]int32, len(all)), pointsAt: make([]int32, len(all)),
	}
	for i := range p.pointsAt {
		p.pointsAt[i] = -1
	}
	streams := Streams(faults)
	for i := range faults {
		f := &faults[i]
		kind, ok := scenarios.FindKind(f.Kind)
		if !ok {
			return nil, fmt.Errorf("there is no fault %q", f.Kind)
		}
		if kind.Timed {
			p.timed = append(p.timed, p.timedFault(f, streams[i], kind.Reached))
			continue
		}
		if err := p.add(f, &kind, streams[i], all); err != nil {
			return nil, err
		}
	}
	if s.Swarm != nil {
		p.nameAll(all)
	}
	return p, nil
}

// nameAll makes room for the strikes of everything that a swarm may draw.
func (p *Plan) nameAll(points []*failpoints.Point) {
	for _, kind := range scenarios.Kinds() {
		p.count(kind.Reached)
	}
	for _, point := range points {
		p.pointsAt[point.Index] = int32(p.count(point.Name))
	}
}

// count returns where strikes of that name are counted.
func (p *Plan) count(name string) int {
	at := slices.Index(p.names, name)
	if at < 0 {
		at = len(p.names)
		p.names = append(p.names, name)
	}
	return at
}

// Timed lists the faults that strike at a time.
func (p *Plan) Timed() []Timed { return p.timed }

// Names lists what strikes are counted under.
func (p *Plan) Names() []string { return p.names }

// Has reports whether there is a fault of that kind in the plan.
func (p *Plan) Has(kind string) bool {
	return slices.ContainsFunc(p.faults, func(f scenarios.Fault) bool { return f.Kind == kind })
}

// streamOf names a fault's stream after what the fault is and what it can hit. Its place in the list
// has no part in that, so that taking another fault away leaves its draws alone; nor have its strength
// and its times, so that a lower rate strikes at some of the same draws and at no others.
func streamOf(f *scenarios.Fault) string {
	tasks := make([]string, len(f.Tasks))
	for i, n := range f.Tasks {
		tasks[i] = strconv.Itoa(n)
	}
	var narrowed []string
	for _, part := range [...]struct {
		name  string
		words []string
	}{
		{"", []string{f.Point}},
		{"", []string{f.As}},
		{"", []string{f.Answer}},
		{"way=", []string{unless(scenarios.WayBoth, f.Way)}},
		{"hits=", []string{unless(scenarios.HitsOne, f.Hits)}},
		{"records=", f.Records},
		{"on=", f.On},
		{"jobs=", f.Jobs},
		{"tasks=", tasks},
		{"nodes=", f.Nodes},
	} {
		if text := strings.Join(part.words, "+"); text != "" {
			narrowed = append(narrowed, part.name+text)
		}
	}
	if len(narrowed) == 0 {
		return streamPrefix + f.Kind
	}
	return streamPrefix + f.Kind + "(" + strings.Join(narrowed, ",") + ")"
}

// unless is the word, or nothing where it says no more than leaving it out would.
func unless(usual, word string) string {
	if word == usual {
		return ""
	}
	return word
}

// streamPrefix keeps the streams of faults together in a record of choices.
const streamPrefix = "fault:"
