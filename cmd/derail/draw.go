package main

import (
	"fmt"
	"slices"
	"strings"

	"derail/core/flow"
	"derail/core/flow/draw"
	"derail/sim/workload"
)

// drawCommand draws what the jobs of a scenario do.
type drawCommand struct {
	Path  string `arg:"" name:"scenario" help:"A scenario that comes with derail, or a file."`
	Group string `placeholder:"NAME" help:"Only this group of jobs."`
	As    string `default:"text" enum:"text,dot,mermaid" help:"text, dot (Graphviz) or mermaid."`
}

// Help is the end of `derail draw --help`.
func (drawCommand) Help() string {
	return `Each group of jobs has a flow: its tasks, its retries, and what runs after what.

Examples:

    derail draw retries
    derail draw mine.yaml --group orders --as dot | dot -Tsvg > orders.svg
`
}

// Run draws the flows.
func (d *drawCommand) Run(c *console) error {
	list, err := experiments([]string{d.Path})
	if err != nil {
		return err
	}
	for _, e := range list {
		plan, err := workload.Compile(e.scenario)
		if err != nil {
			return fault(err) // the scenario has compiled before
		}
		groups, err := d.choose(e.argument(), plan.Groups)
		if err != nil {
			return wrongInput(err)
		}
		for _, g := range groups {
			if err := d.draw(c, plan, g, len(groups) > 1); err != nil {
				return fault(err)
			}
		}
	}
	return nil
}

// choose returns the groups that are asked for.
func (d *drawCommand) choose(scenario string, groups []workload.Group) ([]workload.Group, error) {
	names := make([]string, len(groups))
	for i := range groups {
		names[i] = groups[i].Spec.Name
	}
	if d.Group != "" {
		i := slices.Index(names, d.Group)
		if i < 0 {
			return nil, fmt.Errorf("%s has no group %q of jobs: it has %s",
				scenario, d.Group, strings.Join(names, ", "))
		}
		return groups[i : i+1], nil
	}
	if len(groups) > 1 && d.As != "text" {
		return nil, fmt.Errorf("%s has several groups of jobs, and %s draws one: --group %s",
			scenario, d.As, strings.Join(names, " or --group "))
	}
	return groups, nil
}

func (d *drawCommand) draw(c *console, plan *workload.Plan, g workload.Group, several bool) error {
	factory, known := plan.Flows.Lookup(g.Factory)
	if !known {
		return fmt.Errorf("group %s has no flow", g.Spec.Name)
	}
	f, err := factory(flow.Args{})
	if err != nil {
		return err
	}
	options := draw.Options{Colour: c.colour}
	switch d.As {
	case "dot":
		c.print(draw.DOT(f, options))
	case "mermaid":
		c.print(draw.Mermaid(f, options))
	default:
		if several {
			c.printf("%s %s:\n\n", plural(len(g.Jobs), "job"), g.Spec.Name)
		}
		c.print(draw.Text(f, options))
		if several {
			c.print("\n")
		}
	}
	return nil
}
