package fault_test

import (
	"fmt"
	"testing"

	"derail/core/failpoints"
	"derail/scenarios"
	"derail/sim/choice"
	"derail/sim/fault"
)

// The points of these tests, by name.
var points = map[string]*failpoints.Point{
	"p": failpoints.Register("p", "a point"),
	"q": failpoints.Register("q", "another point"),
}

var nodes = []string{"store-1", "client-1", "conductor-1", "conductor-2"}

const (
	second = int64(1_000_000_000)
	ending = scenarios.Duration(60 * second) // of the breaking phase
)

// scenario has two groups of jobs, and breaks for a minute.
func scenario(faults ...scenarios.Fault) *scenarios.Scenario {
	return &scenarios.Scenario{
		Break: ending, Jobs: []scenarios.Jobs{{Name: "a"}, {Name: "b"}}, Faults: faults,
	}
}

func compiled(t testing.TB, faults ...scenarios.Fault) *fault.Plan {
	t.Helper()
	p, err := fault.Compile(scenario(faults...), nodes)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func span(low, high int64) scenarios.Span {
	return scenarios.Span{Low: scenarios.Duration(low), High: scenarios.Duration(high)}
}

// drawn counts the draws of a source by stream and entity.
type drawn map[string]uint64

// counting answers what the seed says, or zero, and counts.
func counting(seed uint64, counts drawn) *choice.Source {
	if seed == 0 {
		return choice.FromFunc(func(at choice.Address, _ uint64) uint64 {
			counts[at.Stream+" "+at.Entity]++
			return 0
		})
	}
	seeded := choice.Seeded(seed)
	return choice.FromFunc(func(at choice.Address, n uint64) uint64 {
		counts[at.Stream+" "+at.Entity]++
		return seeded.Stream(at.Stream, at.Entity).Draw(n)
	})
}

// ask is one thing that an injector is asked.
type ask struct {
	of          string // storage, message, watch, boot, disk, torn, task, point
	now         int64
	way         fault.Way
	disk        fault.DiskOp
	node, group int
	op          string
	task        int
	point       string
}

// fires is what Point answers.
type fires struct{ fires, crash bool }

func (a ask) answer(in *fault.Injector) any {
	switch a.of {
	case "storage":
		return in.Storage(a.now, a.node, fault.OpOf(a.op), a.group, "what")
	case "message":
		return in.Message(a.now, a.node, a.way)
	case "watch":
		return in.Watch(a.now, a.node)
	case "boot":
		return in.Boot(a.now, a.node)
	case "disk":
		return in.Disk(a.now, a.node, a.disk)
	case "torn":
		return in.Torn(a.now)
	case "task":
		return in.Task(a.now, a.node, a.group, a.task, "what")
	default:
		does, crash := in.Point(a.now, a.node, points[a.point])
		return fires{does, crash}
	}
}

func (a ask) put(in *fault.Injector) string { return fmt.Sprintf("%+v", a.answer(in)) }

// questions are what an injector can be asked: between them every kind can hit one.
var questions = map[string]ask{
	"renew":   {of: "storage", node: 2, op: scenarios.OpRenew},
	"list":    {of: "storage", node: 2, op: scenarios.OpList},
	"message": {of: "message", node: 2, way: fault.Requests},
	"watch":   {of: "watch", node: 2},
	"boot":    {of: "boot", node: 2},
	"read":    {of: "disk", node: 2, disk: fault.DiskRead},
	"write":   {of: "disk", node: 2, disk: fault.DiskWrite},
	"sync":    {of: "disk", node: 2, disk: fault.DiskSync},
	"torn":    {of: "torn"},
	"task":    {of: "task", node: 2, task: 1},
	"point":   {of: "point", node: 2, point: "p"},
}
