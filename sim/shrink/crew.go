package shrink

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"derail/checker"
	"derail/sim/choice"
	"derail/sim/world"
)

// crew runs drafts, several at a time.
type crew struct {
	ctx     context.Context
	members []member
	sign    *signature
	close   func()
	tried   atomic.Int64
}

// member runs one draft after the other.
type member func(d *draft) (outcome, error)

// outcome is what came of a run.
type outcome struct {
	fails     bool
	record    choice.Record    // what was drawn and was not benign
	strikes   map[string]int64 // by kind
	simulated int64
	says      string
	plan      string // the faults that a swarm drew
	struck    []moment
}

func newCrew(ctx context.Context, c *Config) *crew {
	parallel := c.Parallel
	if parallel <= 0 {
		parallel = 2
	}
	made := &crew{ctx: ctx, sign: &signature{property: c.Property, says: c.Says}}
	var runners []*runner
	for range parallel {
		r := newRunner(c, made.sign)
		runners, made.members = append(runners, r), append(made.members, r.run)
	}
	made.close = func() {
		for _, r := range runners {
			r.close()
		}
	}
	return made
}

// over reports whether the time is up.
func (c *crew) over() bool { return c.ctx.Err() != nil }

// learn runs the first draft of all, and learns how its failure is known again.
func (c *crew) learn(d draft) (outcome, error) {
	c.tried.Add(1)
	c.sign.learning = true
	o, err := c.members[0](&d)
	c.sign.learning = false
	return o, err
}

// one runs a draft.
func (c *crew) one(d *draft) outcome {
	c.tried.Add(1)
	o, err := c.members[0](d)
	if err != nil {
		return outcome{}
	}
	return o
}

// first finds the first of n drafts that fails, and runs it. Several are run at a time, and which one is
// found does not depend on that: all before it were run and did not fail. at makes a draft, and may be
// called by any worker. Where none fails, found is -1.
func (c *crew) first(n int, at func(i int) draft) (found int, d draft, o outcome) {
	var next atomic.Int64
	var mu sync.Mutex
	found = n
	var workers sync.WaitGroup
	for _, run := range c.members[:min(len(c.members), n)] {
		workers.Go(func() {
			for c.ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				mu.Lock()
				enough := i >= found
				mu.Unlock()
				if enough {
					return
				}
				one := at(i)
				c.tried.Add(1)
				came, err := run(&one)
				if err != nil || !came.fails || !one.spares(&came) || !one.valid() {
					continue
				}
				mu.Lock()
				if i < found {
					found, d, o = i, one, came
				}
				mu.Unlock()
			}
		})
	}
	workers.Wait()
	if found == n {
		return -1, draft{}, outcome{}
	}
	return found, d, o
}

// runner runs drafts, one after the other.
type runner struct {
	options world.Options
	sign    *signature
	live    *checker.Live
	checker *checker.Checker
	world   *world.World
	plan    *world.Blueprint
}

func newRunner(c *Config, sign *signature) *runner {
	r := &runner{options: c.Options, sign: sign, checker: checker.New()}
	r.options.Full, r.options.Trace, r.options.Live = false, nil, nil
	if slices.Contains(checker.LiveProperties(), c.Property) {
		r.live = &checker.Live{}
	}
	return r
}

func (r *runner) close() {
	if r.world != nil {
		r.world.Close()
		r.world, r.plan = nil, nil
	}
}

// run runs a draft. What panics does not fail: nobody knows what it shows.
func (r *runner) run(d *draft) (o outcome, err error) {
	defer func() {
		if trouble := recover(); trouble != nil {
			r.world, r.plan = nil, nil // it cannot be closed
			o, err = outcome{}, fmt.Errorf("derail panicked: %v", trouble)
		}
	}()
	if err := r.prepare(d); err != nil {
		return outcome{}, err
	}
	options := r.options
	options.Full = d.timed
	if r.live != nil && !r.sign.learning {
		options.Live = r.live
	}
	for {
		source := d.source()
		result := r.world.Run(source, d.roll, options)
		fails, says := r.sign.shows(r.plan, result, r.checker)
		if !fails && result.Stopped != "" { // by another property, and what would have come later is not known
			options.Live = nil
			continue
		}
		o := outcome{fails: fails, says: says}
		if fails {
			o.record, o.plan = source.Record(), result.Plan
			o.strikes, o.simulated = strikesIn(r.plan, result), result.Simulated
			o.struck = momentsOf(result)
		}
		return o, nil
	}
}

// prepare makes the draft's scenario ready, unless it is the one that was run last.
func (r *runner) prepare(d *draft) error {
	if r.plan != nil && r.plan.Scenario == d.scenario {
		return nil
	}
	plan, err := world.Compile(d.scenario)
	if err != nil {
		return err
	}
	r.close()
	r.plan, r.world = plan, world.New(plan)
	return nil
}
