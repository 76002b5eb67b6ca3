package simtest

import (
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"derail/scenarios"
	"derail/sim/world"
)

// plan is a case as it was drawn.
type plan struct {
	scenario *scenarios.Scenario
	choices  choices
	own      bool   // jobs run a flow of the test's own
	text     string // all of what was drawn, different for different cases
}

// scenarioName is what a drawn scenario is called.
const scenarioName = "drawn"

// draw draws a case. In whatever is drawn the first is the simplest, which is where rapid shrinks to.
func draw(t *rapid.T, c *Config) (*plan, error) {
	s := &scenarios.Scenario{
		Name: scenarioName, Break: scenarios.Duration(breakFor),
		Rest:    scenarios.Duration(restFor + restsOf(c.Policy)),
		Policy:  inScenario(c.Policy),
		Expect:  scenarios.Expect{MayBreak: known(c.MayBreak)},
		Cluster: scenarios.Cluster{Lease: scenarios.Duration(leaseFor), RunLimit: scenarios.Duration(runLimit)},
	}
	s.Cluster.Conductors = rapid.IntRange(1, c.Conductors).Draw(t, "conductors")
	jobs := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) scenarios.Jobs { return drawJob(t, c) }), 1, c.Jobs)
	s.Jobs = jobs.Draw(t, "jobs")
	for i := range s.Jobs {
		s.Jobs[i].Name = jobName(i)
	}
	if c.Scenario != nil {
		c.Scenario(s)
	}
	s.Fill()
	if c.Scenario != nil {
		if err := validate(s); err != nil {
			return nil, fmt.Errorf("Config.Scenario: %w", err)
		}
	}
	faults, err := drawFaults(t, c, s)
	if err != nil {
		return nil, err
	}
	s.Faults = append(slices.Clip(s.Faults), faults...)
	p := &plan{scenario: s, choices: drawChoices(t), own: c.Flow != nil}
	p.text = fmt.Sprintf("%d\n%s\n%v\n", s.Cluster.Conductors, scenarios.FormatFaults(s.Faults), p.choices)
	for i := range s.Jobs {
		p.text += p.job(&s.Jobs[i]) + "\n"
	}
	return p, nil
}

// known are the names that scenarios know: those of a test's own properties mean nothing to them.
func known(names []string) []string {
	var some []string
	for _, name := range names {
		if slices.Contains(scenarios.Properties(), name) {
			some = append(some, name)
		}
	}
	return some
}

// jobName is what the n-th job is called, before the "-1" of its group's only member.
func jobName(n int) string {
	const letters = 26
	name := string(rune('a' + n%letters))
	for n /= letters; n > 0; n /= letters {
		name += string(rune('a' + n%letters))
	}
	return name
}

// The scale on which times are drawn.
const tick = 100 * time.Millisecond

func ticks(n int) scenarios.Duration { return scenarios.Duration(time.Duration(n) * tick) }

func drawJob(t *rapid.T, c *Config) scenarios.Jobs {
	job := scenarios.Jobs{
		Count: 1,
		Tasks: rapid.IntRange(1, c.Tasks).Draw(t, "tasks"),
		At:    ticks(rapid.IntRange(0, 50).Draw(t, "posted after")),
	}
	if c.Flow != nil {
		job.Tasks = 1
		return job
	}
	work := ticks(rapid.SampledFrom([]int{1, 0, 10, 30}).Draw(t, "work"))
	job.Work = scenarios.Span{Low: work, High: work}
	if work == 0 { // which would be the default
		job.Work = scenarios.Span{Low: 1, High: 1}
	}
	job.Pattern = rapid.SampledFrom(scenarios.Patterns()).Draw(t, "pattern")
	job.Priority = rapid.SampledFrom([]string{
		scenarios.PriorityNormal, scenarios.PriorityHigh, scenarios.PriorityLow,
	}).Draw(t, "priority")
	if rapid.SampledFrom([]bool{false, false, true}).Draw(t, "retried") {
		retried(&job)
	}
	return job
}

// retried puts a job's tasks under a retry of two attempts.
func retried(job *scenarios.Jobs) {
	job.Flow = &scenarios.Flow{
		Pattern: scenarios.PatternLinear, Retry: &scenarios.Retry{Kind: scenarios.RetryTimes, Attempts: 2},
	}
	for n := range job.Tasks {
		job.Flow.Items = append(job.Flow.Items, scenarios.Item{Task: fmt.Sprint("task-", n+1)})
	}
}

// validate holds a scenario against all that a file must be. Somebody's own code made it.
func validate(s *scenarios.Scenario) error {
	_, err := scenarios.Parse(scenarioName, s.Marshal(), scenarios.ParseOptions{Points: world.Points()})
	return err
}
