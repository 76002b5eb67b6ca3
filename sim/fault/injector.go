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
	leftOut []bool           // by rule: it does not strike in this run
	beyond  []bool           // by node: what could strike when the breaking phase ended strikes on; nil: none

	// Struck hears of every strike, if it is set: the name, the node, and what was hit.
	Struck func(kind string, node int, what string)
	// Spare, if it is set, is asked about every strike before it has an effect; true leaves it out. What it
	// would have drawn is drawn all the same, so that all others stay as they were.
	Spare  func(choice.Address) bool
	latest choice.Address // of the strike of which Struck hears
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
	in.leftOut = zeroed(in.leftOut, len(p.rules))
	for i := range p.rules {
		in.leftOut[i] = in.leavesOut(p.rules[i].stream)
	}
}

// leavesOut says whether whoever decides the choices of this run leaves a fault out of it.
func (in *Injector) leavesOut(stream string) bool {
	return in.source.Stream(choice.LeftOut, stream).Choose(2) == 1
}

// LeavesOut says whether a timed fault is left out of this run. It is asked once for each.
func (in *Injector) LeavesOut(t *Timed) bool { return in.leavesOut(t.Stream) }

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
		in.latest = in.timedAt(t, node)
		in.Struck(t.Kind, node, what)
	}
}

// Spares reports whether the strike of a timed fault that is about to hit a node is left out.
func (in *Injector) Spares(t *Timed, node int) bool {
	return in.Spare != nil && in.Spare(in.timedAt(t, node))
}

// Latest says which strike Struck hears of. A strike has an address like that of a draw: where chance decides
// about it, it is that of the draw; of a timed fault, it has the fault's stream, the machine, and the number
// of the strike.
func (in *Injector) Latest() choice.Address { return in.latest }

func (in *Injector) timedAt(t *Timed, node int) choice.Address {
	return choice.Address{Stream: t.Stream, Entity: in.nodes[node], N: uint64(t.Struck)}
}

// ruleAt is the address of the last strike of a rule that a node was to be hit by.
func (in *Injector) ruleAt(at int32, node int) choice.Address {
	drawn := in.stream(in.chances, "", at, node).Drawn()
	return choice.Address{Stream: in.plan.rules[at].stream, Entity: in.nodes[node], N: drawn}
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
	case in.leftOut[at]:
		return 0, false
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
	if in.Spare != nil && in.Spare(in.ruleAt(at, node)) {
		in.struck[at]++ // one of so many times, or the next would come in its place
		return 0, false
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
		in.latest = in.ruleAt(at, node)
		in.Struck(r.kind, node, what)
	}
}
