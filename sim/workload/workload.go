// Package workload is what a simulated cluster works on: scripted tasks, the flows made of them, and
// the client that posts the jobs.
//
// The flows are ordinary flows for core's engine. What a task needs of the run that it is in (its
// machine, its faults, its chance) it finds in its context, so the flows themselves are made once
// and shared by all runs. What may not live here: anything that looks at what became of the jobs.
package workload

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"derail/core/failure"
	"derail/core/flow"
	"derail/core/host"
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
}

// Plan is a scenario's whole workload. It is immutable.
type Plan struct {
	Groups []Group
	Flows  *flow.Registry
	groups map[string]int // by job
}

// inputJob is the flow input that names the job.
const inputJob = "job"

// Compile makes the flows of a scenario's jobs.
func Compile(s *scenarios.Scenario) (*Plan, error) {
	p := &Plan{Flows: &flow.Registry{}, groups: map[string]int{}}
	for i := range s.Jobs {
		spec := &s.Jobs[i]
		rank, err := jobboard.ParsePriority(spec.Priority)
		if err != nil {
			return nil, err
		}
		g := Group{Index: i, Spec: spec, Factory: "scripted/" + spec.Name, rank: rank}
		for n := range spec.Count {
			name := spec.Name + "-" + strconv.Itoa(n+1)
			g.Jobs = append(g.Jobs, name)
			p.groups[name] = i
		}
		f := build(&g)
		if err := p.Flows.Register(g.Factory, func(flow.Args) (*flow.Flow, error) { return f, nil }); err != nil {
			return nil, err
		}
		p.Groups = append(p.Groups, g)
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

func build(g *Group) *flow.Flow {
	tasks := make([]flow.Item, g.Spec.Tasks)
	for i := range tasks {
		tasks[i] = task(g, i+1)
	}
	n := len(tasks)
	switch {
	case g.Spec.Pattern == scenarios.PatternUnordered:
		return flow.Unordered(g.Spec.Name, tasks...)
	case g.Spec.Pattern == scenarios.PatternMixed && n > 2:
		return flow.Linear(g.Spec.Name, tasks[0], flow.Unordered("middle", tasks[1:n-1]...), tasks[n-1])
	default:
		return flow.Linear(g.Spec.Name, tasks...)
	}
}

// task makes task n of a group, counted from 1. In a linear flow each checks what the one before it
// has handed on.
func task(g *Group, n int) *flow.Task {
	requires := []string{inputJob}
	if n > 1 && g.Spec.Pattern == scenarios.PatternLinear {
		requires = append(requires, result(n-1))
	}
	t := &flow.Task{
		Name:     "task-" + strconv.Itoa(n),
		Requires: requires,
		Provides: result(n),
		Execute: func(ctx context.Context, args flow.Args) (any, error) {
			return execute(ctx, g, n, args)
		},
	}
	if n%2 == 1 { // every other task has something to undo
		t.Revert = func(ctx context.Context, args flow.Args, of flow.Undo) error {
			return revert(ctx, g, n, args, of)
		}
	}
	return t
}

func result(n int) string { return "result-" + strconv.Itoa(n) }

func execute(ctx context.Context, g *Group, n int, args flow.Args) (any, error) {
	place := ctx.Value(placeKey{}).(*Place)
	job, err := flow.Get[string](args, inputJob)
	if err != nil {
		return nil, err
	}
	if before, ok := args.Lookup(result(n - 1)); ok && before != int64(n-1) {
		return nil, failure.Internal(fmt.Errorf("task %d was handed %v instead of %d", n, before, n-1))
	}
	m := place.Machine
	hit := place.Faults.Task(m.Kernel().Now(), place.Node, g.Index, n, job)
	work := place.Source.Stream("work", job).Between(int64(g.Spec.Work.Low), int64(g.Spec.Work.High))
	if work+hit.Slow > 0 {
		if err := m.Sleep(ctx, nanoseconds(work+hit.Slow)); err != nil {
			return nil, err
		}
	}
	if err := suffer(hit, place); err != nil {
		return nil, err
	}
	return int64(n), nil
}

// revert undoes task n, which takes as long as doing it. It checks that it is told what was done.
func revert(ctx context.Context, g *Group, n int, args flow.Args, of flow.Undo) error {
	place := ctx.Value(placeKey{}).(*Place)
	job, err := flow.Get[string](args, inputJob)
	if err != nil {
		return err
	}
	if of.Failed == nil && of.Result != int64(n) {
		return failure.Internal(fmt.Errorf("task %d is to undo %v instead of %d", n, of.Result, n))
	}
	undo := place.Source.Stream("undo", job).Between(int64(g.Spec.Work.Low), int64(g.Spec.Work.High))
	return place.Machine.Sleep(ctx, nanoseconds(undo))
}

var (
	errOrdinary = errors.New("the task's own work failed")
	errInternal = errors.New("the engine's surroundings failed")
)

// suffer carries out what hits a task.
func suffer(hit fault.Task, place *Place) error {
	switch hit.Kind {
	case scenarios.KindTaskError:
		if hit.Internal {
			return failure.Internal(errInternal)
		}
		return errOrdinary
	case scenarios.KindTaskPanic:
		panic("index out of range")
	case scenarios.KindTaskHang:
		// It heeds no context: only the machine's end is the end of it.
		_, err := place.Machine.NewSignal().Wait(context.Background(), host.Forever)
		return err
	case scenarios.KindTaskPoison:
		place.Poisoned()
		place.Machine.Crash()
	}
	return nil
}
