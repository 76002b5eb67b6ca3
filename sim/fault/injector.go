package fault

import (
	"slices"

	"derail/scenarios"
	"derail/sim/choice"
)

// million is what rates are counted in.
const million = 1_000_000

// lengthSuffix tells the stream of a rule's lengths from that of its chances: how often a rule hits must
// not move its chances.
const lengthSuffix = ":for"

// Injector answers for one run. It is not safe for concurrent use.
type Injector struct {
	plan    *Plan
	source  *choice.Source
	nodes   []string
	chances []*choice.Stream // by rule and node, made when first drawn from
	lengths []*choice.Stream // the same
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
	in.chances = zeroed(in.chances, len(in.plan.rules)*len(in.nodes))
	in.lengths = zeroed(in.lengths, len(in.plan.rules)*len(in.nodes))
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

// stream is a rule's stream for a node: of its chances, or of its lengths.
func (in *Injector) stream(of []*choice.Stream, suffix string, rule int32, node int) *choice.Stream {
	at := int(rule)*len(in.nodes) + node
	s := of[at]
	if s == nil {
		s = in.source.Stream(in.plan.rules[rule].stream+suffix, in.nodes[node])
		of[at] = s
	}
	return s
}

// hits decides one rule, and draws how long it lasts. The tests that need no chance come first: what
// a rule cannot hit must not use up a draw. Whether another rule has hit already is none of them:
// every rule decides for itself, or taking one away would move the draws of those behind it.
func (in *Injector) hits(at int32, now int64, node int) (length int64, hit bool) {
	r := &in.plan.rules[at]
	switch {
	case now < r.from || now >= r.until:
		return 0, false
	case r.times > 0 && in.struck[at] >= r.times:
		return 0, false
	case r.nodes != nil && !r.nodes[node]:
		return 0, false
	case !in.stream(in.chances, "", at, node).Chance(r.rate, million):
		return 0, false
	}
	if r.length.High > 0 {
		span := r.length
		length = in.stream(in.lengths, lengthSuffix, at, node).Between(int64(span.Low), int64(span.High))
	}
	return length, true
}

// strike counts a rule's hit that has an effect.
func (in *Injector) strike(at int32, node int, what string) {
	r := &in.plan.rules[at]
	in.struck[at]++
	for _, i := range r.counts {
		in.counts[i]++
	}
	if in.Struck != nil {
		in.Struck(r.kind, node, what)
	}
}

// Storage is what happens to one call to the store. The zero Storage is: nothing.
type Storage struct {
	Refused bool  // it does not happen, and the caller is told
	Applied bool  // it happens, and the caller gets no answer
	Lost    bool  // it does not happen, and the caller gets no answer
	Slow    int64 // whatever happens, it takes so much longer
}

// Storage decides about a call by a node. group is the job group that the call is about, or
// negative. Of the rules that hit and exclude each other the first one strikes.
func (in *Injector) Storage(now int64, node int, op Op, group int, what string) (s Storage) {
	decided := false
	for _, at := range in.plan.storage {
		r := &in.plan.rules[at]
		if r.ops != 0 && r.ops&(1<<op) == 0 || r.groups != nil && (group < 0 || !r.groups[group]) {
			continue
		}
		length, hit := in.hits(at, now, node)
		slow := r.kind == scenarios.KindStorageSlow
		if !hit || decided && !slow {
			continue
		}
		in.strike(at, node, what)
		if slow {
			s.Slow += length
			continue
		}
		decided = true
		s.Refused = r.kind == scenarios.KindStorageRefused
		s.Applied = r.kind == scenarios.KindStorageUnknownApplied
		s.Lost = r.kind == scenarios.KindStorageUnknownLost
	}
	return s
}

// Message decides about one message on the link of a node: how much longer it takes, and whether it
// arrives at all.
func (in *Injector) Message(now int64, node int) (extra int64, lost bool) {
	for _, at := range in.plan.network {
		length, hit := in.hits(at, now, node)
		if !hit || lost { // what is lost is not late as well
			continue
		}
		in.strike(at, node, "")
		extra += length
		lost = in.plan.rules[at].kind == scenarios.KindNetworkLoss
	}
	return extra, lost
}

// Task is what happens to one execution of a task.
type Task struct {
	Kind     string // of the task faults; empty: nothing
	Internal bool   // task.error: it is the run that failed
	Slow     int64  // before the other
}

// Task decides about an execution of a job group's task, counted from 1, on a node. Of the rules that
// hit and exclude each other the first one strikes.
func (in *Injector) Task(now int64, node, group, task int, what string) (t Task) {
	for _, at := range in.plan.task {
		r := &in.plan.rules[at]
		if r.groups != nil && !r.groups[group] || r.tasks != nil && !slices.Contains(r.tasks, task) {
			continue
		}
		length, hit := in.hits(at, now, node)
		slow := r.kind == scenarios.KindTaskSlow
		if !hit || t.Kind != "" && !slow {
			continue
		}
		in.strike(at, node, what)
		if slow {
			t.Slow += length
			continue
		}
		t.Kind, t.Internal = r.kind, r.internal
	}
	return t
}

// Point decides about one passing of a failpoint on a node: whether it fires, and whether the
// machine crashes there instead of seeing an error. Of several rules that hit the first one strikes.
func (in *Injector) Point(now int64, node int, name string) (fires, crash bool) {
	for _, at := range in.plan.points[name] {
		if _, hit := in.hits(at, now, node); hit && !fires {
			in.strike(at, node, name)
			fires, crash = true, in.plan.rules[at].crash
		}
	}
	return fires, crash
}
