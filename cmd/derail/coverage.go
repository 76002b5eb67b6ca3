package main

import (
	"os"

	"derail/core/failpoints"
	"derail/reports"
	"derail/scenarios"
	"derail/sim/explore"
	"derail/sim/world"
)

// coverage adds up which faults the runs of a campaign have met.
type coverage struct {
	kinds  map[string]int64
	points map[string]reports.PointCount
}

func (v *coverage) add(c *explore.Campaign) {
	if v.kinds == nil {
		v.kinds, v.points = map[string]int64{}, map[string]reports.PointCount{}
	}
	for name, n := range c.Faults {
		v.kinds[name] += n
	}
	for _, p := range c.Points {
		sum := v.points[p.Name]
		sum.Passed, sum.Fired = sum.Passed+p.Passed, sum.Fired+p.Fired
		v.points[p.Name] = sum
	}
}

// report is every kind and every failpoint, those that were not met included.
func (v *coverage) report(suite bool) *reports.Coverage {
	c := &reports.Coverage{Suite: suite, Kinds: []reports.Count{}, Points: []reports.PointCount{}}
	for _, kind := range scenarios.Kinds() {
		c.Kinds = append(c.Kinds, reports.Count{Name: kind.Name, Count: v.kinds[kind.Reached]})
	}
	for _, point := range failpoints.All() {
		count := v.points[point.Name]
		count.Name = point.Name
		c.Points = append(c.Points, count)
	}
	return c
}

// passedPoints are the failpoints that were passed.
func passedPoints(points []world.PointCount) []reports.PointCount {
	var list []reports.PointCount
	for _, p := range points {
		if p.Passed > 0 || p.Fired > 0 {
			list = append(list, reports.PointCount{Name: p.Name, Passed: p.Passed, Fired: p.Fired})
		}
	}
	return list
}

// suite says whether whole suites are run: all that comes with derail, or a folder.
func (r *runCommand) suite() bool {
	for _, path := range r.Paths {
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			return true
		}
	}
	return len(r.Paths) == 0
}
