package fault

import (
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"time"

	"derail/scenarios"
	"derail/sim/choice"
)

// streamSwarm is the stream of a run's own faults: the entity is empty for how many there are, and a
// fault's place for everything about it. So one can be taken away, or made milder, while the others stay.
const streamSwarm = "swarm"

// Draw draws the faults that a run of a scenario with a swarm has of its own: at least one and at most as
// many as the swarm allows, each a fault that the scenario could have had in its file. points are the names
// of all failpoints.
//
// Strengths are spread over magnitudes, because what is found by a fault that strikes once and by one that
// strikes all the time is not the same. None is forever, and none delays anything by more than a part of
// the scenario's rest: the system must be able to come to rest. Draws of zero give one fault, which seldom
// strikes.
func Draw(s *scenarios.Scenario, points []string, source *choice.Source) []scenarios.Fault {
	d := swarmDraw{s: s, points: points, pool: s.SwarmKinds()}
	if len(points) == 0 {
		d.pool = slices.DeleteFunc(d.pool, isFailpoint)
	} else if at := slices.IndexFunc(d.pool, isFailpoint); at >= 0 {
		// One kind, and as many places as all others have together.
		d.pool = append(d.pool, d.pool[at], d.pool[at])
	}
	if len(d.pool) == 0 {
		return nil
	}
	most := uint64(s.Swarm.Most)
	crowd := source.Stream(streamSwarm, "").Draw(most)
	for place := uint64(1); place <= most; place++ {
		stream := source.Stream(streamSwarm, strconv.FormatUint(place, 10))
		if stream.Draw(most+1)+crowd >= most {
			d.add(stream)
		}
	}
	if len(d.faults) == 0 {
		d.add(source.Stream(streamSwarm, "1"))
	}
	return d.faults
}

func isFailpoint(kind scenarios.Kind) bool { return kind.Name == scenarios.KindCodeFailpoint }

// swarmDraw draws one run's faults.
type swarmDraw struct {
	s      *scenarios.Scenario
	points []string
	pool   []scenarios.Kind
	faults []scenarios.Fault

	*choice.Stream // of the fault that is being drawn
	kind           scenarios.Kind
}

func (d *swarmDraw) add(stream *choice.Stream) {
	d.Stream = stream
	d.kind = d.seen(choice.Pick(stream, d.pool))
	f := scenarios.Fault{Kind: d.kind.Name}
	d.strength(&f)
	if d.kind.Timed {
		d.moments(&f)
	} else {
		d.window(&f)
	}
	d.target(&f)
	f.Fill()
	d.faults = append(d.faults, f)
}

// seen is the kind, or where nobody could see anything of it what would show it: a torn write, and a sync
// that was a lie, show when the power goes. Where it goes already, to let it go by another fault as well adds
// less than torn writes do, which would otherwise be met seldom.
func (d *swarmDraw) seen(kind scenarios.Kind) scenarios.Kind {
	isPowerLoss := func(f scenarios.Fault) bool { return f.Kind == scenarios.KindDiskPowerLoss }
	goes := slices.ContainsFunc(d.s.Faults, isPowerLoss) || slices.ContainsFunc(d.faults, isPowerLoss)
	switch kind.Name {
	case scenarios.KindDiskTorn, scenarios.KindDiskLie:
		if !goes {
			kind, _ = scenarios.FindKind(scenarios.KindDiskPowerLoss)
		}
	case scenarios.KindDiskPowerLoss:
		isTorn := func(k scenarios.Kind) bool { return k.Name == scenarios.KindDiskTorn }
		if at := slices.IndexFunc(d.pool, isTorn); goes && at >= 0 {
			kind = d.pool[at]
		}
	}
	return kind
}

func (d *swarmDraw) takes(key string) bool { return slices.Contains(d.kind.Takes, key) }
func (d *swarmDraw) needs(key string) bool { return slices.Contains(d.kind.Needs, key) }

// What strengths lie between.
const (
	octaves    = 12      // of rates, from the least on
	leastRate  = 100     // 0.01%
	mostRate   = 300_000 // 30%
	mostPower  = 30_000  // 3% of all writes and syncs: with more nothing is ever written
	mostDrift  = 90_000  // 9%: see assumption A3 of package core
	leastFor   = int64(100 * time.Microsecond)
	leastEvery = int64(time.Millisecond)
)

// strength draws how often a fault strikes, how long it lasts, and how bad it is.
func (d *swarmDraw) strength(f *scenarios.Fault) {
	if d.takes("rate") {
		f.Rate = d.rate(mostRate)
	}
	switch d.kind.Name {
	case scenarios.KindClockSkew, scenarios.KindClockDrift:
		// Machines boot seldom.
		if d.Chance(2, 3) {
			f.Rate = scenarios.Whole
		}
	case scenarios.KindDiskPowerLoss:
		f.Rate = min(f.Rate, mostPower)
	}
	reach := d.reach()
	if d.kind.Timed {
		reach = int64(d.s.Break) / 2 // healing ends it
	}
	if d.needs("for") || d.takes("for") && d.Chance(1, 2) {
		f.For = d.span(leastFor, reach)
	}
	if d.takes("by") {
		f.By = d.span(leastFor, d.reach())
	}
	if d.takes("drift") {
		f.Drift = d.rate(mostDrift)
	}
}

// reach is by how much something may be late: what was sent when the faults ended must have come, and been
// dealt with, well before the system has to be at rest.
func (d *swarmDraw) reach() int64 {
	const part = 8
	reach := int64(d.s.Break) / 2
	if d.s.Rest > 0 {
		reach = min(reach, int64(d.s.Rest)/part)
	}
	return max(reach, 1000)
}

// rate draws a chance, each magnitude as likely as every other.
func (d *swarmDraw) rate(most scenarios.Rate) scenarios.Rate {
	least := uint64(leastRate) << d.Stream.Draw(octaves)
	rate := rounded(int64(least + d.Stream.Draw(least)))
	return min(scenarios.Rate(rate), most)
}

// span draws a span, each magnitude as likely as every other.
func (d *swarmDraw) span(least, most int64) scenarios.Span {
	least = min(least, most)
	low := least << d.Stream.Draw(uint64(bits.Len64(uint64(most/least))))
	high := low + int64(d.Stream.Draw(uint64(low)+1))
	return scenarios.Span{
		Low:  scenarios.Duration(rounded(min(low, most))),
		High: scenarios.Duration(rounded(min(high, most))),
	}
}

// rounded leaves three digits of a number: plans are for reading.
func rounded(n int64) int64 {
	unit := int64(1)
	for n/unit >= 1000 {
		unit *= 10
	}
	return n / unit * unit
}

// moments draws when a timed fault strikes.
func (d *swarmDraw) moments(f *scenarios.Fault) {
	length := int64(d.s.Break)
	f.At = d.early()
	if d.takes("every") && d.Chance(3, 4) {
		f.Every = d.span(max(leastEvery, length/64), max(leastEvery, length/2))
	}
	d.times(f)
}

// window draws when a fault with a chance can strike.
func (d *swarmDraw) window(f *scenarios.Fault) {
	if d.takes("from") && d.Chance(1, 3) {
		f.From = d.early()
	}
	if d.takes("until") && d.Chance(1, 3) {
		left := d.s.Break - f.From
		f.Until = f.From + scenarios.Duration(rounded(1+int64(d.Stream.Draw(uint64(left)))))
	}
	d.times(f)
}

// early is a moment in the breaking phase that leaves some of it.
func (d *swarmDraw) early() scenarios.Duration {
	return scenarios.Duration(rounded(int64(d.Stream.Draw(uint64(d.s.Break)*3/4 + 1))))
}

func (d *swarmDraw) times(f *scenarios.Fault) {
	const few = 5
	if d.takes("times") && d.Chance(1, 4) {
		f.Times = 1 + int(d.Stream.Draw(few))
	}
}

// target draws what a fault can hit, and in which of its forms it comes.
func (d *swarmDraw) target(f *scenarios.Fault) {
	if len(d.kind.As) > 0 {
		f.As = choice.Pick(d.Stream, d.kind.As)
	}
	if d.takes("point") {
		d.point(f)
	}
	if d.takes("nodes") && d.Chance(1, 3) {
		f.Nodes = []string{d.machine()}
	}
	if d.takes("hits") && f.Nodes == nil && d.s.Cluster.Conductors > 1 && d.Chance(1, 3) {
		f.Hits = choice.Pick(d.Stream, []string{scenarios.HitsInTurn, scenarios.HitsAll})
	}
	if d.takes("way") && d.Chance(1, 2) {
		f.Way = choice.Pick(d.Stream, []string{scenarios.WayRequests, scenarios.WayAnswers})
	}
	if d.takes("answer") && d.Chance(1, 2) {
		f.Answer = scenarios.AnswerSilence
	}
	if d.takes("on") && d.Chance(1, 2) {
		f.On = []string{choice.Pick(d.Stream, scenarios.Operations())}
	}
	if d.takes("records") && d.Chance(1, 2) {
		f.Records = []string{choice.Pick(d.Stream, scenarios.RecordKinds())}
	}
	most := 0
	for i := range d.s.Jobs {
		most = max(most, d.s.Jobs[i].Tasks)
	}
	if d.takes("jobs") && d.Chance(1, 3) {
		group := &d.s.Jobs[d.Stream.Draw(uint64(len(d.s.Jobs)))]
		f.Jobs, most = []string{group.Name}, group.Tasks
	}
	if d.takes("tasks") && most > 0 && d.Chance(1, 3) {
		f.Tasks = []int{1 + int(d.Stream.Draw(uint64(most)))}
	}
}

// point draws a failpoint, or lets the run draw which ones are alive.
func (d *swarmDraw) point(f *scenarios.Fault) {
	if !d.Chance(1, 3) {
		f.Point = choice.Pick(d.Stream, d.points)
		return
	}
	f.Point = scenarios.PointAny
	f.Alive = scenarios.Whole / 10 * scenarios.Rate(1+d.Stream.Draw(6))
}

// machine draws one that the kind can hit.
func (d *swarmDraw) machine() string {
	machines := uint64(d.s.Cluster.Conductors)
	if slices.Contains(d.kind.Machines, scenarios.RoleClient) {
		machines++
	}
	n := 1 + d.Stream.Draw(machines)
	if n > uint64(d.s.Cluster.Conductors) {
		return scenarios.NodeClient
	}
	return fmt.Sprintf("%s-%d", scenarios.RoleConductor, n)
}
