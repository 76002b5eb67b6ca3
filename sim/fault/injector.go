package fault

import (
	"derail/scenarios"
	"derail/sim/choice"
)

// million is what rates are counted in.
const million = 1_000_000

// Injector answers for one run. It is not safe for concurrent use.
type Injector struct {
	plan    *Plan
	source  *choice.Source
	nodes   []string
	streams []*choice.Stream // by rule and node, made when first drawn from
	struck  []int64          // by rule
	counts  []int64          // by Plan.names

	// Struck hears of every strike, if it is set: the name, the node, and what was hit.
	Struck func(kind string, node int, what string)
}

// NewInjector makes an injector for one run.
func NewInjector(p *Plan, nodes []string, source *choice.Source) *Injector {
	in := &Injector{plan: p, nodes: nodes}
	in.Reset(source)
	return in
}

// Reset makes it ready for another run.
func (in *Injector) Reset(source *choice.Source) {
	in.source = source
	in.streams = zeroed(in.streams, len(in.plan.rules)*len(in.nodes))
	in.struck = zeroed(in.struck, len(in.plan.rules))
	in.counts = zeroed(in.counts, len(in.plan.names))
}

func zeroed[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	s = s[:n]
	clear(s)
	return s
}

// Counts is how often each of [Plan.Names] has struck in this run.
func (in *Injector) Counts() []int64 { return in.counts }

// Strike counts a timed fault.
func (in *Injector) Strike(t *Timed, node int, what string) {
	for _, i := range t.count {
		in.counts[i]++
	}
	if in.Struck != nil {
		in.Struck(t.Kind, node, what)
	}
}

func (in *Injector) stream(rule int32, node int) *choice.Stream {
	at := int(rule)*len(in.nodes) + node
	s := in.streams[at]
	if s == nil {
		s = in.source.Stream(in.plan.rules[rule].stream, in.nodes[node])
		in.streams[at] = s
	}
	return s
}

// hits decides one rule. The tests that need no chance come first: what a rule cannot hit must not
// use up a draw.
func (in *Injector) hits(at int32, now int64, node int, what string) bool {
	r := &in.plan.rules[at]
	switch {
	case now < r.from || now >= r.until:
		return false
	case r.times > 0 && in.struck[at] >= r.times:
		return false
	case r.nodes != nil && !r.nodes[node]:
		return false
	case !in.stream(at, node).Chance(r.rate, million):
		return false
	}
	in.struck[at]++
	for _, i := range r.counts {
		in.counts[i]++
	}
	if in.Struck != nil {
		in.Struck(r.kind, node, what)
	}
	return true
}

// length draws how long the strike of a rule lasts.
func (in *Injector) length(at int32, node int) int64 {
	span := in.plan.rules[at].length
	return in.stream(at, node).Between(int64(span.Low), int64(span.High))
}

// Storage is what happens to one call to the store. The zero Storage is: nothing.
type Storage struct {
	Refused bool  // it does not happen, and the caller is told
	Applied bool  // it happens, and the caller gets no answer
	Lost    bool  // it does not happen, and the caller gets no answer
	Slow    int64 // it takes so much longer
}

// Storage decides about a call by a node. group is the job group that the call is about, or
// negative.
func (in *Injector) Storage(now int64, node int, op Op, group int, what string) (s Storage) {
	for _, at := range in.plan.storage {
		r := &in.plan.rules[at]
		if r.ops != 0 && r.ops&(1<<op) == 0 || r.groups != nil && (group < 0 || !r.groups[group]) {
			continue
		}
		if !in.hits(at, now, node, what) {
			continue
		}
		switch r.kind {
		case scenarios.KindStorageSlow:
			s.Slow += in.length(at, node)
			continue
		case scenarios.KindStorageRefused:
			s.Refused = true
		case scenarios.KindStorageUnknownApplied:
			s.Applied = true
		case scenarios.KindStorageUnknownLost:
			s.Lost = true
		}
		return s
	}
	return s
}

// Message decides about one message on the link of a node: how much longer it takes, and whether it
// arrives at all.
func (in *Injector) Message(now int64, node int) (extra int64, lost bool) {
	for _, at := range in.plan.network {
		if !in.hits(at, now, node, "") {
			continue
		}
		if in.plan.rules[at].kind == scenarios.KindNetworkLoss {
			return 0, true
		}
		extra += in.length(at, node)
	}
	return extra, false
}

// Task is what happens to one execution of a task.
type Task struct {
	Kind     string // of the task faults; empty: nothing
	Internal bool   // task.error: it is the run that failed
	Slow     int64
}

// Task decides about an execution of a job group's task, counted from 1, on a node.
func (in *Injector) Task(now int64, node, group, task int, what string) (t Task) {
	for _, at := range in.plan.task {
		r := &in.plan.rules[at]
		if r.groups != nil && !r.groups[group] || r.tasks != nil && !contains(r.tasks, task) {
			continue
		}
		if !in.hits(at, now, node, what) {
			continue
		}
		if r.kind == scenarios.KindTaskSlow {
			t.Slow += in.length(at, node)
			continue
		}
		t.Kind, t.Internal = r.kind, r.internal
		return t
	}
	return t
}

// Point decides about one passing of a failpoint on a node: whether it fires, and whether the
// machine crashes there instead of seeing an error.
func (in *Injector) Point(now int64, node int, name string) (fires, crash bool) {
	for _, at := range in.plan.points[name] {
		if in.hits(at, now, node, name) {
			return true, in.plan.rules[at].crash
		}
	}
	return false, false
}

func contains(list []int, n int) bool {
	for _, x := range list {
		if x == n {
			return true
		}
	}
	return false
}
