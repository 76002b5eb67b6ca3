package main

import (
	"os"

	"derail/checker"
	"derail/core/failpoints"
	"derail/reports"
	"derail/scenarios"
	"derail/sim/explore"
	"derail/sim/world"
)

// coverage adds up which faults and marks the runs of a campaign have met.
type coverage struct {
	kinds  map[string]int64
	points map[string]reports.PointCount
	marks  map[string]reports.MarkCount
}

func (v *coverage) add(c *explore.Campaign) {
	if v.kinds == nil {
		v.kinds, v.points = map[string]int64{}, map[string]reports.PointCount{}
		v.marks = map[string]reports.MarkCount{}
	}
	for name, n := range c.Faults {
		v.kinds[name] += n
	}
	for _, p := range c.Points {
		sum := v.points[p.Name]
		sum.Passed, sum.Fired = sum.Passed+p.Passed, sum.Fired+p.Fired
		v.points[p.Name] = sum
	}
	for _, m := range c.Marks {
		sum := v.marks[m.Name]
		sum.Runs, sum.Times = sum.Runs+int64(m.Runs), sum.Times+m.Times
		v.marks[m.Name] = sum
	}
}

// report is every kind, every failpoint and every mark, those that were not met included.
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
	for _, mark := range checker.Sometimes() {
		count := v.marks[mark.Name]
		count.Name = mark.Name
		c.Marks = append(c.Marks, count)
	}
	return c
}

// metMarks are the marks that were met, and in how many runs.
func metMarks(marks []explore.MarkCount) []reports.Count {
	var list []reports.Count
	for _, m := range marks {
		if m.Runs > 0 {
			list = append(list, reports.Count{Name: m.Name, Count: int64(m.Runs)})
		}
	}
	return list
}

// marksOf are the names of the marks that a run has met.
func marksOf(counts []int64) []string {
	var names []string
	for i, mark := range checker.Sometimes() {
		if counts[i] > 0 {
			names = append(names, mark.Name)
		}
	}
	return names
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
