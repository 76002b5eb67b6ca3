package simtest

import (
	"errors"
	"fmt"
	"slices"

	"derail/checker"
	"derail/checker/history"
	"derail/core/conductor"
	"derail/core/flow"
	"derail/core/store"
	"derail/scenarios"
	"derail/sim/choice"
	"derail/sim/kernel"
	"derail/sim/workload"
	"derail/sim/world"
)

// PropertyRunEnded is broken by a run that does not come to its end: because a process panicked, or because
// it went on for ever at one instant. It stands beside the properties of package checker.
const PropertyRunEnded = "run.ended"

// ran is a run and what came of it.
type ran struct {
	plan      *plan
	source    *choice.Source
	result    *world.Result
	blueprint *world.Blueprint
	broken    []checker.Verdict // what is not kept and was to be, the most telling first
}

// run runs a case.
func run(p *plan, c Config) (*ran, error) { return runWith(p, c, p.choices.source()) }

// runWith runs a case whose choices are answered by a source.
func runWith(p *plan, c Config, source *choice.Source) (*ran, error) {
	blueprint, err := world.Compile(p.scenario)
	if err != nil {
		return nil, err
	}
	it := &ran{plan: p, source: source, blueprint: blueprint}
	own := &declared{config: &c, scenario: p.scenario, shapes: map[string]history.Shape{}}
	w := world.New(it.blueprint)
	defer w.Close()
	it.result = w.Run(source, 0, world.Options{Full: true, Messages: true, Wrap: own.wrap()})
	if own.trouble != nil { // such a job goes into the trash: no promise is broken, and nothing is tried
		return nil, fmt.Errorf("Config.Flow: %w", own.trouble)
	}
	if c.Flow != nil {
		it.result.History.Header.Shapes = own.all()
	}
	it.judge(&c)
	return it, nil
}

// judge finds what the run has broken.
func (it *ran) judge(c *Config) {
	if it.result.Broken != nil {
		it.broken = append(it.broken, checker.Verdict{
			Property: PropertyRunEnded, Outcome: checker.Invalid, Summary: it.result.Broken.Error(),
		})
	}
	for _, p := range c.Properties {
		if found := p.Check(it.result.History); len(found) > 0 && !slices.Contains(c.MayBreak, p.Name) {
			it.broken = append(it.broken, checker.Verdict{
				Property: p.Name, Outcome: checker.Invalid, Summary: found[0].Text, Findings: found,
			})
		}
	}
	report := checker.Check(it.result.History)
	for _, v := range report.Verdicts {
		switch {
		case v.Property == scenarios.PropertyRunHappened: // in the smallest case nothing need happen
		case v.Outcome != checker.Valid && !slices.Contains(c.MayBreak, v.Property):
			it.broken = append(it.broken, v)
		}
	}
}

// verdict is that on one of the broken properties.
func (it *ran) verdict(property string) *checker.Verdict {
	for i := range it.broken {
		if it.broken[i].Property == property {
			return &it.broken[i]
		}
	}
	return nil
}

// errNotRepeatable is why a run that is not the same twice says nothing.
var errNotRepeatable = errors.New("the same case, run twice, went two ways. Some code of the test's own " +
	"takes time, goroutines or chance from elsewhere than its host, walks through a map, or keeps something " +
	"from one run to the next: make that anew in Config.EachRun")

// sameAgain runs the case once more, with what EachRun makes anew, and says whether that was the same.
func (it *ran) sameAgain(given Config) error {
	config, err := given.forRun()
	if err != nil {
		return err
	}
	again, err := run(it.plan, config)
	if err == nil && again.result.Hash != it.result.Hash {
		err = errNotRepeatable
	}
	return err
}

// forRun is the configuration for one run.
func (c Config) forRun() (Config, error) {
	if c.EachRun != nil {
		c.EachRun(&c)
	}
	return c.filled()
}

// declared is what a test's own code says during a run.
type declared struct {
	config   *Config
	scenario *scenarios.Scenario
	shapes   map[string]history.Shape // by group
	trouble  error                    // why Config.Flow built no flow
}

// wrap puts the test's own code where it belongs.
func (d *declared) wrap() world.Wrap {
	var wrap world.Wrap
	c := d.config
	if c.Store != nil {
		wrap.Store = func(s store.Store, m *kernel.Machine) store.Store { return c.Store(s, m) }
	}
	if c.Flow == nil {
		wrap.Config = c.Conductor
		return wrap
	}
	wrap.Config = func(k *conductor.Config) {
		k.Flows = d.registry(k)
		if c.Conductor != nil {
			c.Conductor(k)
		}
	}
	return wrap
}

// registry is the flows of one conductor, as the test makes them.
func (d *declared) registry(k *conductor.Config) *flow.Registry {
	flows := &flow.Registry{}
	for n := range d.scenario.Jobs {
		group := &d.scenario.Jobs[n]
		err := flows.Register(workload.FactoryOf(group.Name), func(inputs flow.Args) (*flow.Flow, error) {
			f, err := d.config.Flow(k.Host, inputs)
			if err == nil && f == nil {
				err = errors.New("it returned neither a flow nor an error")
			}
			if err == nil {
				err = f.Err()
			}
			if err != nil {
				d.trouble = err
				return nil, err
			}
			d.declare(group, f)
			return struck(f, n), nil
		})
		if err != nil {
			panic(fmt.Sprintf("simtest: the group %q is there twice: %v", group.Name, err))
		}
	}
	return flows
}
