// Package workload is what a simulated cluster works on: scripted tasks, the flows made of them, and
// the client that posts the jobs.
//
// The flows are ordinary flows for core's engine. What a task needs of the run that it is in (its
// machine, its faults, its chance) it finds in its context, so the flows themselves are made once
// and shared by all runs. What may not live here: anything that looks at what became of the jobs.
package workload

import (
	"context"
	"fmt"
	"strconv"

	"derail/core/flow"
	"derail/core/jobboard"
	"derail/scenarios"
	"derail/sim/choice"
	"derail/sim/fault"
	"derail/sim/kernel"
)

// Place is where a task runs: what [With] puts into a machine's context.
type Place struct {
	Machine *kernel.Machine
	Node    int
	Faults  *fault.Injector
	Source  *choice.Source
	// Poisoned is called when a task kills its machine, right before it does.
	Poisoned func()
	// Misled, if set, is called when a task was given a wrong argument or none, right before it fails
	// because of that: a retry might try again, and nobody would see it.
	Misled func(job, task string, wrong error)
}

type placeKey struct{}

// With returns a context whose tasks run at a place.
func With(ctx context.Context, p *Place) context.Context {
	return context.WithValue(ctx, placeKey{}, p)
}

// Group is a scenario's group of like jobs, ready to be posted and run.
type Group struct {
	Index   int
	Spec    *scenarios.Jobs
	Factory string // the name under which its flow is registered
	Jobs    []string
	rank    jobboard.Priority
	inputs  flow.Args // of each job's flow, besides the job's name
}

// Plan is a scenario's whole workload. It is immutable.
type Plan struct {
	Groups []Group
	Flows  *flow.Registry
	groups map[string]int // by job
	shapes []Shape
}

// Compile makes the flows of a scenario's jobs.
func Compile(s *scenarios.Scenario) (*Plan, error) {
	p := &Plan{Flows: &flow.Registry{}, groups: map[string]int{}}
	for i := range s.Jobs {
		spec := &s.Jobs[i]
		rank, err := jobboard.ParsePriority(spec.Priority)
		if err != nil {
			return nil, err
		}
		g := Group{Index: i, Spec: spec, Factory: FactoryOf(spec.Name), rank: rank}
		for n := range spec.Count {
			name := spec.Name + "-" + strconv.Itoa(n+1)
			g.Jobs = append(g.Jobs, name)
			p.groups[name] = i
		}
		f, shape, err := compile(&g)
		if err != nil {
			return nil, fmt.Errorf("group %q: %w", spec.Name, err)
		}
		if err := p.Flows.Register(g.Factory, func(flow.Args) (*flow.Flow, error) { return f, nil }); err != nil {
			return nil, err
		}
		p.Groups, p.shapes = append(p.Groups, g), append(p.shapes, shape)
	}
	return p, nil
}

// GroupOf is the number of the group that a job belongs to, or -1.
func (p *Plan) GroupOf(job string) int {
	if g, ok := p.groups[job]; ok {
		return g
	}
	return -1
}

// Count is the number of jobs.
func (p *Plan) Count() int { return len(p.groups) }
