package workload_test

import (
	"fmt"

	"pgregory.net/rapid"

	"derail/scenarios"
)

// pen draws a flow. All names in it are different.
type pen struct {
	*rapid.T
	names, atoms int
}

func (p *pen) name(of string) string {
	p.names++
	return fmt.Sprint(of, "-", p.names)
}

func (p *pen) upTo(n int, what string) int { return rapid.IntRange(0, n).Draw(p.T, what) }

func (p *pen) flow(depth int) *scenarios.Flow {
	f := &scenarios.Flow{
		Pattern: rapid.SampledFrom(scenarios.FlowPatterns()).Draw(p.T, "pattern"),
		Retry:   p.retry(),
	}
	for range 1 + p.upTo(4, "items") {
		if depth > 0 && p.atoms < 15 && p.upTo(2, "nested") == 2 {
			inner := p.flow(depth - 1)
			f.Items = append(f.Items, scenarios.Item{
				Flow: p.name("flow"), Pattern: inner.Pattern, Retry: inner.Retry, Items: inner.Items,
				Links: inner.Links,
			})
			continue
		}
		p.atoms++
		f.Items = append(f.Items, scenarios.Item{Task: p.name("task"), Priority: p.upTo(2, "priority") - 1})
	}
	if f.Pattern == scenarios.PatternGraph {
		p.link(f)
	}
	return f
}

// link makes links, each from an item to one that is later in an order of its own.
func (p *pen) link(f *scenarios.Flow) {
	order := make([]int, len(f.Items))
	for i := range order {
		order[i] = i
	}
	order = rapid.Permutation(order).Draw(p.T, "order")
	for j := range order {
		to := &f.Items[order[j]]
		for i := range j {
			from := f.Items[order[i]].Name()
			switch p.upTo(5, "link") {
			case 3, 4:
				to.After = append(to.After, from)
			case 5:
				says := p.upTo(2, "says") == 2
				depth := rapid.SampledFrom(scenarios.Depths()).Draw(p.T, "depth")
				f.Links = append(f.Links, scenarios.Link{From: from, To: to.Name(), When: &says, Depth: depth})
			}
		}
	}
}

func (p *pen) retry() *scenarios.Retry {
	if p.upTo(2, "retry") < 2 {
		return nil
	}
	p.atoms++
	r := &scenarios.Retry{Kind: rapid.SampledFrom(scenarios.Retries()).Draw(p.T, "kind")}
	if r.Kind != scenarios.RetryRevert && r.Kind != scenarios.RetryRevertAll {
		r.Attempts, r.RevertAll = 1+p.upTo(3, "attempts"), p.upTo(3, "all") == 3
	}
	if p.upTo(1, "named") == 1 {
		r.Name = p.name("retry")
	}
	return r
}
