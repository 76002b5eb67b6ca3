package simtest

import (
	"fmt"
	"slices"
	"time"

	"derail/checker"
	"derail/checker/history"
	"derail/core/conductor"
	"derail/core/flow"
	"derail/core/host"
	"derail/core/store"
	"derail/scenarios"
)

// Config says what is tried, and of what. The zero Config tries derail's own conductors on scripted tasks, in
// clusters of up to three, with up to four jobs and six faults.
type Config struct {
	// Conductors, Jobs, Tasks and Faults are how many a case has at most: 3, 4, 3 and 6 where they are 0.
	// Tasks are those of one job, and have no meaning with a Flow. Negative Faults: there are none.
	Conductors, Jobs, Tasks, Faults int

	// Kinds are the kinds of fault (network.loss) or areas (network) to draw from. Left out, all that the core
	// promises to withstand: see scenarios.Kinds. One that breaks an assumption has to be named, and MayBreak
	// then says which promises it may cost.
	Kinds    []string
	MayBreak []string

	// Policy is the attempts policy that is promised, and that of the conductors unless Conductor gives them
	// another. Nil stands for five attempts and no rest between them.
	Policy *conductor.Policy

	// Scenario, if set, changes what has been drawn: the jobs and conductors are there, and faults are drawn
	// next, of the kinds that fit. Faults that it adds are in every case. What it does not set is as in a
	// scenario file that leaves it out, but that leases are shorter.
	Scenario func(s *scenarios.Scenario)

	// Conductor, if set, changes how a conductor is set up, each time that one starts. Its Judge is for a
	// policy in code; its Claims is the board, and what is put in front of it acts in the conductor's place.
	Conductor func(c *conductor.Config)

	// Flow, if set, is what a job does, in the place of scripted tasks: it is the factory that conductors
	// find for each job. The input "job" has the job's name. It must build the same flow each time.
	Flow func(h host.Host, inputs flow.Args) (*flow.Flow, error)

	// Store, if set, is put between each machine and the store.
	Store func(s store.Store, h host.Host) store.Store

	// Properties must hold besides those of the checker.
	Properties []Property

	// EachRun, if set, is called before every run with a copy of this Config, to fill in what lasts as long
	// as a run does: a fake of the outside world, the functions that use it, the property that looks at it.
	EachRun func(c *Config)
}

// Property is something of the test's own that must hold in every run.
type Property struct {
	Name     string // such as money.conserved
	Sentence string // what must hold, as a sentence
	// Check returns what breaks it, nothing where it holds. The records that a finding names are told, and
	// the story of its job.
	Check func(h *history.History) []checker.Finding
}

// Defaults of a [Config].
const (
	defaultConductors = 3
	defaultJobs       = 4
	defaultTasks      = 3
	defaultFaults     = 6
	defaultAttempts   = 5
)

// How long a case lasts, in virtual time.
const (
	breakFor    = 30 * time.Second
	restFor     = time.Minute
	leaseFor    = 3 * time.Second
	runLimit    = 10 * time.Second
	longestRest = 10 * time.Minute // of a policy's rests together: a case is not to last for ever
)

// filled is the configuration with its defaults, or what is wrong with it.
func (c Config) filled() (Config, error) {
	c.Conductors = orDefault(c.Conductors, defaultConductors)
	c.Jobs = orDefault(c.Jobs, defaultJobs)
	c.Tasks = orDefault(c.Tasks, defaultTasks)
	c.Faults = max(orDefault(c.Faults, defaultFaults), 0)
	if c.Policy == nil {
		c.Policy = &conductor.Policy{Attempts: defaultAttempts}
	}
	if c.Conductors < 0 || c.Jobs < 0 || c.Tasks < 0 {
		return c, fmt.Errorf("there are %d conductors, %d jobs and %d tasks: a case needs at least one of each",
			c.Conductors, c.Jobs, c.Tasks)
	}
	for _, name := range c.MayBreak {
		if !slices.Contains(scenarios.Properties(), name) && !slices.ContainsFunc(c.Properties, named(name)) {
			return c, fmt.Errorf("there is no property %q: see Config.MayBreak", name)
		}
	}
	for _, p := range c.Properties {
		if p.Name == "" || p.Check == nil {
			return c, fmt.Errorf("a property needs a name and a check: %q", p.Name)
		}
	}
	return c, checkKinds(c.Kinds)
}

func named(name string) func(Property) bool { return func(p Property) bool { return p.Name == name } }

// checkKinds makes sure that each name is that of a kind of fault, or of an area.
func checkKinds(names []string) error {
	for _, name := range names {
		known := slices.ContainsFunc(scenarios.Kinds(), func(k scenarios.Kind) bool {
			return k.Name == name || k.Area() == name
		})
		if !known {
			return fmt.Errorf("there is no kind of fault, and no area, called %q: see Config.Kinds", name)
		}
	}
	return nil
}

func orDefault(n, fallback int) int {
	if n == 0 {
		return fallback
	}
	return n
}

// inScenario is a policy as a scenario has it.
func inScenario(p *conductor.Policy) scenarios.Policy {
	policy := scenarios.Policy{
		Attempts: p.Attempts,
		Backoff: scenarios.Backoff{
			First: scenarios.Duration(p.Backoff.First), Factor: p.Backoff.Factor,
			Max: scenarios.Duration(p.Backoff.Max),
		},
	}
	for _, class := range p.Excuse {
		policy.Excuse = append(policy.Excuse, string(class))
	}
	return policy
}

// restsOf is for how long a job rests under a policy until its attempts are used up.
func restsOf(p *conductor.Policy) time.Duration {
	var all time.Duration
	for attempt := 1; attempt < p.Attempts && all < longestRest; attempt++ {
		all += min(p.Backoff.Rest(attempt), longestRest)
	}
	return min(all, longestRest)
}
