// Package fault decides what goes wrong in a run: it compiles a scenario's faults once into a
// [Plan], and answers during a run, through an [Injector], whether this call, message, task or
// passing is hit.
//
// Every rule draws from streams of its own, for each machine, so that taking one fault away leaves the
// draws of all others as they were. A draw of zero is "nothing happens", except where the rate is
// 100%: that leaves no choice.
//
// What may not live here: what a fault does (packages network, storage, workload and world carry it
// out), and the table of kinds (package scenarios).
package fault

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"derail/scenarios"
)

// Op is an operation on the store, as scenarios name them.
type Op uint8

// OpOf is the operation with that name; an unknown name (a read back, say) is none of those that a
// scenario can ask for.
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
		return 8
	case scenarios.OpList:
		return 9
	case scenarios.OpRegister:
		return 10
	case scenarios.OpRenew:
		return 11
	case scenarios.OpWatch:
		return 12
	default:
		return 0
	}
}

// Plan is the faults of a scenario, compiled. It is immutable: many runs share it.
type Plan struct {
	rules []rule
	names []string // what strikes are counted under, one for each kind and point in use

	storage, network, task []int32 // the rules that storage calls, messages and tasks ask
	points                 map[string][]int32
	timed                  []Timed
}

// rule is one fault that strikes with a chance.
type rule struct {
	kind        string
	stream      string
	rate        uint64 // in millionths
	from, until int64
	times       int64 // 0: no limit
	length      scenarios.Span
	ops         uint32 // a bit for each Op; 0: all
	nodes       []bool // by node; nil: all
	groups      []bool // by job group; nil: all
	tasks       []int  // nil: all
	internal    bool   // task.error as internal
	crash       bool   // code.failpoint as crash
	counts      []int  // into Plan.names
}

// Timed is a fault that strikes at a time.
type Timed struct {
	Kind    string
	Stream  string // the name of its stream
	At      int64
	Every   scenarios.Span // zero: once
	For     scenarios.Span // zero: as the cluster says
	Until   int64
	Times   int
	Nodes   []int // candidates; one is drawn each time
	Silence bool  // storage.down answers nothing
	count   []int
}

// Compile compiles a scenario's faults. nodes are the names of its machines in order of their
// number.
func Compile(s *scenarios.Scenario, nodes []string) (*Plan, error) {
	p := &Plan{points: map[string][]int32{}}
	alike := map[string]int{}
	for i := range s.Faults {
		f := &s.Faults[i]
		kind, ok := scenarios.FindKind(f.Kind)
		if !ok {
			return nil, fmt.Errorf("there is no fault %q", f.Kind)
		}
		stream := streamOf(f)
		alike[stream]++
		if n := alike[stream]; n > 1 {
			stream += "#" + strconv.Itoa(n)
		}
		if kind.Timed {
			p.timed = append(p.timed, p.timedFault(s, f, stream, nodes))
		} else {
			p.add(s, f, stream, nodes)
		}
	}
	return p, nil
}

// streamOf names a fault's stream after what the fault is and what it can hit. Its place in the list
// has no part in that, so that taking another fault away leaves its draws alone; nor have its rate and
// its times, so that a lower rate strikes at some of the same draws and at no others.
func streamOf(f *scenarios.Fault) string {
	tasks := make([]string, len(f.Tasks))
	for i, n := range f.Tasks {
		tasks[i] = strconv.Itoa(n)
	}
	var narrowed []string
	for _, part := range [...]struct {
		name  string
		words []string
	}{
		{"", []string{f.Point}},
		{"", []string{f.As}},
		{"", []string{f.Answer}},
		{"on=", f.On},
		{"jobs=", f.Jobs},
		{"tasks=", tasks},
		{"nodes=", f.Nodes},
	} {
		if text := strings.Join(part.words, "+"); text != "" {
			narrowed = append(narrowed, part.name+text)
		}
	}
	if len(narrowed) == 0 {
		return streamPrefix + f.Kind
	}
	return streamPrefix + f.Kind + "(" + strings.Join(narrowed, ",") + ")"
}

// streamPrefix keeps the streams of faults together in a record of choices.
const streamPrefix = "fault:"

func (p *Plan) add(s *scenarios.Scenario, f *scenarios.Fault, stream string, nodes []string) {
	r := rule{
		kind: f.Kind, stream: stream, rate: uint64(f.Rate), from: int64(f.From), until: end(s, f, f.Until),
		times: int64(f.Times), length: f.For, tasks: f.Tasks, counts: p.count(f),
		internal: f.As == scenarios.ErrorInternal, crash: f.As == scenarios.ErrorCrash,
	}
	if r.rate == 0 {
		r.rate = uint64(scenarios.Whole)
	}
	for _, on := range f.On {
		r.ops |= 1 << OpOf(on)
	}
	if len(f.Nodes) > 0 {
		r.nodes = make([]bool, len(nodes))
		for i, n := range nodes {
			r.nodes[i] = slices.Contains(f.Nodes, n)
		}
	}
	if len(f.Jobs) > 0 {
		r.groups = make([]bool, len(s.Jobs))
		for i := range s.Jobs {
			r.groups[i] = slices.Contains(f.Jobs, s.Jobs[i].Name)
		}
	}
	at := int32(len(p.rules))
	p.rules = append(p.rules, r)
	switch area, _, _ := strings.Cut(f.Kind, "."); area {
	case "storage":
		p.storage = append(p.storage, at)
	case "network":
		p.network = append(p.network, at)
	case "task":
		p.task = append(p.task, at)
	case "code":
		p.points[f.Point] = append(p.points[f.Point], at)
	}
}

func (p *Plan) timedFault(s *scenarios.Scenario, f *scenarios.Fault, stream string, nodes []string) Timed {
	t := Timed{
		Kind: f.Kind, Stream: stream, At: int64(f.At), Every: f.Every, For: f.For, Until: end(s, f, 0),
		Times: f.Times, Silence: f.Answer == scenarios.AnswerSilence, count: p.count(f),
	}
	for i, n := range nodes {
		conductor := strings.HasPrefix(n, scenarios.RoleConductor+"-")
		if slices.Contains(f.Nodes, n) || len(f.Nodes) == 0 && conductor {
			t.Nodes = append(t.Nodes, i)
		}
	}
	return t
}

// end is when a fault stops striking, at the latest.
func end(s *scenarios.Scenario, f *scenarios.Fault, until scenarios.Duration) int64 {
	switch {
	case until > 0 && f.Forever:
		return int64(until)
	case f.Forever:
		return 1<<63 - 1
	case until > 0 && until < s.Break:
		return int64(until)
	default:
		return int64(s.Break)
	}
}

// count returns where the fault's strikes are counted.
func (p *Plan) count(f *scenarios.Fault) []int {
	var at []int
	for _, name := range f.Reached() {
		i := slices.Index(p.names, name)
		if i < 0 {
			i = len(p.names)
			p.names = append(p.names, name)
		}
		at = append(at, i)
	}
	return at
}

// Timed lists the faults that strike at a time.
func (p *Plan) Timed() []Timed { return p.timed }

// Names lists what strikes are counted under.
func (p *Plan) Names() []string { return p.names }
