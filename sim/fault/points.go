package fault

import "derail/core/failpoints"

// life says whether a failpoint can fire in this run, for one rule.
type life uint8

const (
	undrawn life = iota
	alive
	dead
)

// Passed is how often each failpoint was passed in this run, by [failpoints.Point.Index].
func (in *Injector) Passed() []int64 { return in.passed }

// Fired is how often each failpoint fired in this run, by [failpoints.Point.Index].
func (in *Injector) Fired() []int64 { return in.fired }

// Point decides about one passing of a failpoint on a node: whether it fires, and whether the
// machine crashes there instead of seeing an error. Of several rules that hit the first one strikes.
func (in *Injector) Point(now int64, node int, point *failpoints.Point) (fires, crash bool) {
	in.passed[point.Index]++
	for _, at := range in.plan.points[point.Index] {
		r := &in.plan.rules[at]
		if r.alive > 0 && !in.lives(r, point) {
			continue
		}
		if _, hit := in.hits(at, now, node); hit && !fires {
			in.strike(at, node, point.Name)
			in.counts[in.plan.pointsAt[point.Index]]++
			in.fired[point.Index]++
			fires, crash = true, r.crash
		}
	}
	return fires, crash
}

// Steps reports whether a machine can die at its steps.
func (p *Plan) Steps() bool { return len(p.steps) > 0 }

// Step decides about one step of a node: whether its machine crashes there. Of several rules that hit the
// first one strikes.
func (in *Injector) Step(now int64, node int) (crash bool) {
	for _, at := range in.plan.steps {
		if _, hit := in.hits(at, now, node); hit && !crash {
			in.strike(at, node, "a step")
			crash = true
		}
	}
	return crash
}

// lives draws, once in a run, whether a rule has a point alive. A point that is not alive draws nothing
// when it is passed.
func (in *Injector) lives(r *rule, point *failpoints.Point) bool {
	l := &in.living[r.drawn*len(in.passed)+point.Index]
	if *l == undrawn {
		*l = dead
		if in.source.Stream(r.stream+aliveSuffix, point.Name).Chance(r.alive, million) {
			*l = alive
		}
	}
	return *l == alive
}
