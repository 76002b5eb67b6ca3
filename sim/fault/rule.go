package fault

import (
	"fmt"
	"slices"

	"derail/core/failpoints"
	"derail/scenarios"
)

// Op is an operation on the store, as scenarios name them.
type Op uint8

// OpReadBack is a read that is none of a scenario's operations: somebody looks at what has become of a
// call, or at a single record.
const OpReadBack Op = 13

const (
	opLoad  Op = 8
	opList  Op = 9
	opRenew Op = 11
)

// OpOf is the operation with that name; an unknown name is none of those that a scenario can ask for.
func OpOf(name string) Op {
	switch name {
	case scenarios.OpPost:
		return 1
	case scenarios.OpClaim:
		return 2
	case scenarios.OpAbandon:
		return 3
	case scenarios.OpConsume:
		return 4
	case scenarios.OpTrash:
		return 5
	case scenarios.OpRestore:
		return 6
	case scenarios.OpSave:
		return 7
	case scenarios.OpLoad:
		return opLoad
	case scenarios.OpList:
		return opList
	case scenarios.OpRegister:
		return 10
	case scenarios.OpRenew:
		return opRenew
	case scenarios.OpWatch:
		return 12
	default:
		return 0
	}
}

// opNames are the names of the operations that have one in scenarios, in the order of their numbers.
var opNames = scenarios.Operations()

// String is the operation's name as scenarios have it, and for a call that they cannot name what it does.
func (o Op) String() string {
	switch {
	case o >= 1 && int(o) <= len(opNames):
		return opNames[o-1]
	case o == OpReadBack:
		return "read"
	default:
		return "call"
	}
}

// Way says which messages between a machine and the store are meant.
type Way uint8

// The ways.
const (
	Requests Way = 1 // from the machine to the store
	Answers  Way = 2 // from the store to the machine, what watches tell included
	BothWays     = Requests | Answers
)

// DiskOp is what a machine asks of its disk.
type DiskOp uint8

// The operations of a disk.
const (
	DiskRead DiskOp = iota + 1
	DiskWrite
	DiskSync
)

// effect is what a rule does to what it hits; the same number means different things in the answers to
// different questions.
type effect uint8

// The effects. Each kind that strikes with a chance has one.
const (
	refuses effect = iota + 1
	applies
	loses
	delays
	putsOff
	ages
	repeats
	reorders
	drops
	restarts
	skews
	drifts
	cutsPower
	lies
	failsSync
	failsRead
	tears
	runs // a task's, and a failpoint's
)

// rule is one fault that strikes with a chance.
type rule struct {
	kind        string
	stream      string
	rate        uint64 // in millionths
	from, until int64
	times       int64 // 0: no limit
	length      scenarios.Span
	ops         uint32 // a bit for each Op, or DiskOp; 0: all
	nodes       []bool // by node; nil: all
	groups      []bool // by job group; nil: all
	tasks       []int  // nil: all
	count       int    // into Plan.names
	alive       uint64 // code.failpoint, in millionths; 0: every point is
	drawn       int    // code.failpoint with alive: its number among those
	drift       int64  // clock.drift
	does        effect
	way         Way
	internal    bool // task.error as internal
	crash       bool // code.failpoint as crash
	back        bool // a clock that is slow
}

// readOps are the operations that read, and noOp is none.
const (
	readOps = 1<<opLoad | 1<<opList | 1<<OpReadBack
	noOp    = 1 << 31
)

// add compiles a fault that strikes with a chance.
func (p *Plan) add(
	f *scenarios.Fault, kind *scenarios.Kind, stream string, points []*failpoints.Point,
) error {
	r := rule{
		kind: f.Kind, stream: stream, rate: uint64(f.Rate), from: int64(f.From),
		until: end(p.scenario, f, f.Until), times: int64(f.Times), length: f.For, groups: groupsOf(p.scenario, f),
		tasks: f.Tasks, count: p.count(kind.Reached), way: wayOf(f.Way), alive: uint64(f.Alive),
		internal: f.As == scenarios.ErrorInternal, crash: f.As == scenarios.ErrorCrash,
		back: f.As == scenarios.ClockSlow, drift: int64(f.Drift),
	}
	if r.rate == 0 {
		r.rate = uint64(scenarios.Whole)
	}
	for _, on := range f.On {
		r.ops |= 1 << OpOf(on)
	}
	r.nodes = p.hittable(f, kind)
	at := int32(len(p.rules))
	asked := p.place(&r, f)
	if asked != nil {
		*asked = append(*asked, at)
	} else if err := p.placePoint(&r, f.Point, at, points); err != nil {
		return err
	}
	p.rules = append(p.rules, r)
	return nil
}

// hittable says which machines a fault with a chance hits; nil: all.
func (p *Plan) hittable(f *scenarios.Fault, kind *scenarios.Kind) []bool {
	everybody := len(kind.Machines) == 0 || slices.Contains(kind.Machines, scenarios.RoleClient)
	if len(f.Nodes) == 0 && everybody {
		return nil
	}
	hit := make([]bool, len(p.nodes))
	for i, n := range p.nodes {
		hit[i] = slices.Contains(f.Nodes, n) || len(f.Nodes) == 0 && isConductor(n)
	}
	return hit
}

// place says what the rule does, and returns the list of the question that it is asked with; nil for that
// about a failpoint.
func (p *Plan) place(r *rule, f *scenarios.Fault) *[]int32 {
	var asked *[]int32
	switch f.Kind {
	case scenarios.KindStorageRefused:
		r.does, asked = refuses, &p.storage
	case scenarios.KindStorageUnknownApplied:
		r.does, asked = applies, &p.storage
	case scenarios.KindStorageUnknownLost:
		r.does, asked = loses, &p.storage
	case scenarios.KindStorageUnknownLater:
		r.does, asked = putsOff, &p.storage
	case scenarios.KindStorageSlow:
		r.does, asked = delays, &p.storage
	case scenarios.KindStorageStale:
		r.does, asked = ages, &p.storage
		if r.ops == 0 {
			r.ops = readOps
		}
		r.ops &= readOps
		if r.ops == 0 {
			r.ops = noOp
		}
	case scenarios.KindLeaseLate:
		r.does, r.ops, asked = delays, 1<<opRenew, &p.storage
	case scenarios.KindNetworkDelay:
		r.does, asked = delays, &p.network
	case scenarios.KindNetworkLoss:
		r.does, asked = loses, &p.network
	case scenarios.KindNetworkRepeat:
		r.does, asked = repeats, &p.network
	case scenarios.KindNetworkReorder:
		r.does, asked = reorders, &p.network
	case scenarios.KindWatchLag:
		r.does, asked = delays, &p.watch
	case scenarios.KindWatchRepeat:
		r.does, asked = repeats, &p.watch
	case scenarios.KindWatchDrop:
		r.does, asked = drops, &p.watch
	case scenarios.KindWatchRestart:
		r.does, asked = restarts, &p.watch
	case scenarios.KindClockSkew:
		r.does, r.length, asked = skews, f.By, &p.boot
	case scenarios.KindClockDrift:
		r.does, asked = drifts, &p.boot
	case scenarios.KindCodeFailpoint:
		r.does = runs
	default:
		return p.placeBelow(r, f)
	}
	return asked
}

// placeBelow is place for what happens below the store, and above it.
func (p *Plan) placeBelow(r *rule, f *scenarios.Fault) *[]int32 {
	switch f.Kind {
	case scenarios.KindDiskPowerLoss:
		r.does, r.ops = cutsPower, 1<<DiskWrite|1<<DiskSync
	case scenarios.KindDiskLie:
		r.does, r.ops = lies, 1<<DiskSync
	case scenarios.KindDiskSyncError:
		r.does, r.ops = failsSync, 1<<DiskSync
	case scenarios.KindDiskReadError:
		r.does, r.ops = failsRead, 1<<DiskRead
	case scenarios.KindDiskSlow:
		r.does = delays
	case scenarios.KindDiskTorn:
		r.does = tears
		return &p.torn
	default:
		r.does = runs
		return &p.task
	}
	return &p.disk
}

// placePoint lets a rule be asked at its failpoint, or at all of them.
func (p *Plan) placePoint(r *rule, name string, at int32, points []*failpoints.Point) error {
	if r.alive > 0 {
		r.drawn = p.drawn
		p.drawn++
	}
	known := name == scenarios.PointStep
	if known {
		p.steps = append(p.steps, at)
	}
	for _, point := range points {
		if name == scenarios.PointAny || name == point.Name {
			known = true
			p.points[point.Index] = append(p.points[point.Index], at)
			p.pointsAt[point.Index] = int32(p.count(point.Name))
		}
	}
	if !known && name != scenarios.PointAny {
		return fmt.Errorf("there is no failpoint %q", name)
	}
	return nil
}
