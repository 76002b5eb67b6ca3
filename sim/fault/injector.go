package fault

import "derail/sim/choice"

// million is what rates are counted in.
const million = 1_000_000

// The streams of a rule besides that of its chances: how often a rule hits must not move its chances.
const (
	lengthSuffix = ":for"
	aliveSuffix  = ":alive"
)

// Injector answers for one run. It is not safe for concurrent use.
type Injector struct {
	plan    *Plan
	source  *choice.Source
	nodes   []string
	chances []*choice.Stream // by rule and node, made when first drawn from
	lengths []*choice.Stream // the same
	struck  []int64          // by rule
	counts  []int64          // by Plan.names
	passed  []int64          // by failpoints.Point.Index
	fired   []int64          // the same
	living  []life           // by rule with alive, and point
	beyond  []bool           // by node: what could strike when the breaking phase ended strikes on; nil: none

	// Struck hears of every strike, if it is set: the name, the node, and what was hit.
	Struck func(kind string, node int, what string)
}

// NewInjector makes an injector for one run.
func NewInjector(p *Plan, nodes []string, source *choice.Source) *Injector {
	in := &Injector{nodes: nodes}
	in.ResetTo(p, source)
	return in
}

// Reset makes it ready for another run of the same plan.
func (in *Injector) Reset(source *choice.Source) { in.ResetTo(in.plan, source) }

// ResetTo makes it ready for a run of a plan, which is for the same machines.
func (in *Injector) ResetTo(p *Plan, source *choice.Source) {
	in.plan, in.source, in.beyond = p, source, nil
	in.chances = zeroed(in.chances, len(p.rules)*len(in.nodes))
	in.lengths = zeroed(in.lengths, len(p.rules)*len(in.nodes))
	in.struck = zeroed(in.struck, len(p.rules))
	in.counts = zeroed(in.counts, len(p.names))
	in.passed = zeroed(in.passed, len(p.points))
	in.fired = zeroed(in.fired, len(p.points))
	in.living = zeroed(in.living, p.drawn*len(p.points))
}

func zeroed[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	s = s[:n]
	clear(s)
	return s
}

// Plan is what it goes by.
func (in *Injector) Plan() *Plan { return in.plan }

// Counts is how often each of [Plan.Names] has struck in this run.
func (in *Injector) Counts() []int64 { return in.counts }

// Strike counts a timed fault.
func (in *Injector) Strike(t *Timed, node int, what string) {
	in.counts[t.count]++
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
	case now < r.from || now >= r.until && !in.goesOn(r, node):
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

// GoOn lets what could strike until the end of the breaking phase strike on at these nodes: those outside
// a core that heals.
func (in *Injector) GoOn(nodes []bool) { in.beyond = nodes }

func (in *Injector) goesOn(r *rule, node int) bool {
	return in.beyond != nil && in.beyond[node] && r.until >= int64(in.plan.scenario.Break)
}

// strike counts a rule's hit that has an effect.
func (in *Injector) strike(at int32, node int, what string) {
	r := &in.plan.rules[at]
	in.struck[at]++
	in.counts[r.count]++
	if in.Struck != nil {
		in.Struck(r.kind, node, what)
	}
}
