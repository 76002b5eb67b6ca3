package planted

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"time"

	"derail/checker"
	"derail/scenarios"
	"derail/sim/shrink"
	"derail/sim/world"
)

// Shrunk is what is left of a run that shows a bug when all that can be is taken away.
type Shrunk struct {
	Name     string      `json:"name"`
	Seed     uint64      `json:"seed"`
	Before   shrink.Size `json:"before"`
	After    shrink.Size `json:"after"`
	Tried    int         `json:"tried"`
	WallNS   int64       `json:"wall_ns"`
	Least    bool        `json:"least"`              // everything was tried, and nothing can be taken away
	Removals int         `json:"removals"`           // how many things were taken away to prove that; 0: it was not proved
	Left     []string    `json:"left,omitempty"`     // what could have been taken away, it turned out
	Scenario string      `json:"scenario,omitempty"` // as a file
}

//go:embed shrunk.json
var shrunkRecord []byte

// ShrunkRecord is what every bug was shrunk to when that was last measured, without the scenarios.
func ShrunkRecord() (list []Shrunk, err error) {
	if err := json.Unmarshal(shrunkRecord, &list); err != nil {
		return nil, fmt.Errorf("shrunk.json: %w", err)
	}
	return list, nil
}

// Aimed reports whether what is left is as little as it is to be, and nothing of it can be taken away.
func (s *Shrunk) Aimed() bool {
	return s.After.Aimed() && s.Least && len(s.Left) == 0
}

// Shrink shrinks the run of a seed that shows the bug, within a time; a patched bug's only in a program
// that was built with its patch. With prove it takes away each single thing that is left, to see that the
// failure goes with it.
func (b *Bug) Shrink(
	ctx context.Context, seed uint64, limit time.Duration, prove bool, told func(shrink.Progress),
) (*Shrunk, error) {
	plan, err := Blueprint(b.Scenario)
	if err != nil {
		return nil, err
	}
	c := shrink.Config{
		Scenario: plan.Scenario, Seed: seed, Property: b.Property, Says: b.Says,
		Options: world.Options{Wrap: b.Wrap}, Limit: limit, Progress: told,
	}
	small, err := shrink.Shrink(ctx, c)
	if err != nil {
		return nil, err
	}
	made := &Shrunk{
		Name: b.Name, Seed: seed, Before: small.Before, After: small.After, Tried: small.Tried,
		WallNS: int64(small.Took), Least: small.Least, Scenario: string(small.Scenario.Brief()),
	}
	if prove && small.Seed == nil {
		c.Scenario = small.Scenario
		if made.Left, made.Removals, err = shrink.Prove(ctx, c); err != nil {
			return nil, fmt.Errorf("what was shrunk: %w", err)
		}
	}
	return made, nil
}

// Harmless reports what is wrong with a run of the shrunk scenario in a core without the bug; nothing is
// to be.
func (s *Shrunk) Harmless() (broken []string, err error) {
	parsed, err := scenarios.Parse(s.Name+".yaml", []byte(s.Scenario), scenarios.ParseOptions{})
	if err != nil {
		return nil, err
	}
	plan, err := world.Compile(parsed)
	if err != nil {
		return nil, err
	}
	Examine(plan, world.Wrap{}, 1, 1, func(r *world.Result, report checker.Report) bool {
		if says := shrink.Said(plan, r); says != "" {
			broken = append(broken, says)
		}
		broken = append(broken, report.Broken()...)
		return false
	})
	return broken, nil
}
