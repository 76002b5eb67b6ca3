package main

import (
	"errors"
	"fmt"

	"derail/scenarios"
	"derail/sim/world"
)

// planFlag puts a plan in the place of the faults of scenarios.
type planFlag struct {
	Faults *string `name:"faults" placeholder:"PLAN" help:"${faults_plan}"`
}

// planName is what messages call the plan of the command line.
const planName = "--faults"

// apply gives the experiments the faults of the plan, if there is one. What is wrong with it is told at once.
func (p planFlag) apply(c *console, list []*experiment) error {
	if p.Faults == nil {
		return nil
	}
	if _, err := scenarios.ParseFaults(*p.Faults, parseOptions()); err != nil {
		return c.planTrouble("", err)
	}
	for _, e := range list {
		changed, err := e.scenario.WithPlan(*p.Faults, parseOptions())
		if err != nil {
			return c.planTrouble(e.scenario.Name, err)
		}
		b, err := world.Compile(changed)
		if err != nil {
			return wrongInput(fmt.Errorf("%s: %s: %w", planName, e.scenario.Name, err))
		}
		e.scenario, e.blueprint, e.plan = changed, b, p.Faults
	}
	return nil
}

// planTrouble tells what is wrong with a plan, with the place in it; for a scenario, why it does not fit it.
func (c *console) planTrouble(scenario string, err error) error {
	var problems scenarios.Errors
	if !errors.As(err, &problems) {
		return wrongInput(fmt.Errorf("%s: %w", planName, err))
	}
	for _, one := range problems {
		one.File = planName
		if scenario != "" {
			one.File += ": " + scenario
		}
	}
	c.explain(problems)
	return silently(exitInput)
}

// arguments are the arguments of a command line that name the experiment and its plan.
func (e *experiment) arguments(verb string) []string {
	args := []string{verb, e.argument()}
	if e.plan != nil {
		args = append(args, planName, *e.plan)
	}
	return append(args, e.stopArguments()...)
}

// drawnArguments are those that name the experiment and a plan that a seed drew.
func (e *experiment) drawnArguments(verb, drawn string) []string {
	return append([]string{verb, e.argument(), planName, drawn}, e.stopArguments()...)
}
