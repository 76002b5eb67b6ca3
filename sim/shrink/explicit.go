package shrink

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"derail/scenarios"
	"derail/sim/choice"
)

// explicitly writes out what the faults of the scenario do in this run: each strike of one that strikes
// at times becomes a fault of its own, which can be taken away alone, and one that strikes whenever it
// can does so once, if that is enough.
func (s *shrinker) explicitly() {
	s.step = "strikes"
	for i := 0; i < len(s.best.scenario.Faults) && !s.crew.over(); i++ {
		f := &s.best.scenario.Faults[i]
		kind, _ := scenarios.FindKind(f.Kind)
		switch {
		case kind.Timed:
			if d, several := s.best.spelledOut(i); several {
				s.sought([]draft{d}, 0)
			}
		case f.Rate == scenarios.Whole && f.Times == 0:
			s.try(s.best.with(func(sc *scenarios.Scenario) { sc.Faults[i].Times = 1 }))
		}
	}
}

// always lets a fault that still strikes often in this run strike whenever it can. That is one thing to
// know, and so many strikes are as many.
func (s *shrinker) always() (smaller bool) {
	often := 3
	if !s.size.Aimed() {
		often = 1
	}
	for i := 0; i < len(s.best.scenario.Faults) && !s.crew.over(); i++ {
		stream := streams(s.best.scenario)[i]
		ofIt := func(d choice.Draw) bool { return strings.TrimSuffix(d.Stream, lengthSuffix) == stream }
		if !ratesOf(s.best.scenario).has(stream) || len(places(s.best.record, ofIt)) <= often {
			continue
		}
		timed := s.best
		timed.timed = true
		end := s.best.scenario.Break
		all := append(spans(s.crew.one(&timed).struck, stream, end), windows(end)...)
		var drafts []draft
		for _, w := range all {
			d := s.best.with(func(sc *scenarios.Scenario) {
				f := &sc.Faults[i]
				f.Rate, f.From, f.Until = scenarios.Whole, w.from, w.until
			})
			d.record = slices.DeleteFunc(slices.Clone(d.record), ofIt)
			drafts = append(drafts, d)
		}
		smaller = s.try(drafts...) || smaller
	}
	return smaller
}

const millisecond = scenarios.Duration(time.Millisecond)

// window is a time in which a fault strikes whenever it can; until 0 is to the end of the breaking phase.
type window struct{ from, until scenarios.Duration }

// windows are times that are easy to remember, the whole of the breaking phase first.
func windows(end scenarios.Duration) (made []window) {
	for _, from := range [...]scenarios.Duration{0, 5, 50, 500} {
		for _, until := range [...]scenarios.Duration{0, 10, 100, 500, 1000, 2000, 5000, 10_000} {
			w := window{from * millisecond, until * millisecond}
			if w.until < end && (until == 0 || from < until) {
				made = append(made, w)
			}
		}
	}
	return made
}

// mostStrikes is how many faults one is spelled out to at most.
const mostStrikes = 100

// spelledOut is the draft with each strike of a fault as a fault of its own: at that time, on that
// machine, for that long. Some kinds draw what cannot be told without the run; they stay as they are.
func (d draft) spelledOut(i int) (draft, bool) {
	f := d.scenario.Faults[i]
	if f.Every == (scenarios.Span{}) && len(f.Nodes) == 1 && f.For.Low == f.For.High && f.By.Low == f.By.High {
		return d, false
	}
	w := &writer{scenario: d.scenario, fault: f, drawn: map[uint64]uint64{}}
	stream := streams(d.scenario)[i]
	for _, draw := range d.record {
		if draw.Stream == stream {
			w.drawn[draw.N] = draw.Value
		}
	}
	made, can := w.strikes()
	if !can {
		return d, false
	}
	d = d.with(nil, i)
	before := streams(d.scenario)
	s := *d.scenario
	s.Faults = slices.Concat(s.Faults[:i:i], made, s.Faults[i:])
	d.scenario = &s
	after := streams(&s)
	to := slices.Concat(after[:i:i], after[i+len(made):])
	d.record = moved(d.record, before, before, to)
	return d, true
}

// writer writes out the strikes of a fault.
type writer struct {
	scenario *scenarios.Scenario
	fault    scenarios.Fault
	drawn    map[uint64]uint64
	n        uint64
}

func (w *writer) draw() uint64 {
	w.n++
	return w.drawn[w.n]
}

// exactly is what comes out of a span.
func (w *writer) exactly(of scenarios.Span) scenarios.Span {
	length := of.Low + scenarios.Duration(w.draw())
	return scenarios.Span{Low: length, High: length}
}

func (w *writer) strikes() (made []scenarios.Fault, can bool) {
	f := &w.fault
	end := w.scenario.Break
	if f.Forever {
		end += w.scenario.Rest
	}
	turn := 0
	for at := f.At; at < end && (f.Times == 0 || turn < f.Times); turn++ {
		one, known := w.strike(at, turn)
		if !known || len(made)+len(one) > mostStrikes {
			return nil, false
		}
		made = append(made, one...)
		if f.Every.High == 0 {
			break
		}
		at += max(f.Every.Low+scenarios.Duration(w.draw()), 1)
	}
	return made, true
}

// strike is one strike, which hits one machine or all.
func (w *writer) strike(at scenarios.Duration, turn int) (made []scenarios.Fault, known bool) {
	f := &w.fault
	one := *f
	one.At, one.Every, one.Times, one.Nodes = at, scenarios.Span{}, 0, nil
	kind, _ := scenarios.FindKind(f.Kind)
	if len(kind.Machines) == 0 {
		one.For, known = w.lasts()
		return []scenarios.Fault{one}, known
	}
	one.Hits = onlyOne(f.Hits)
	hit := func(node string) {
		each := one
		if each.For, known = w.lasts(); f.By != (scenarios.Span{}) {
			each.By = w.exactly(f.By)
		}
		if node == "" {
			node = w.nodes()[w.draw()]
		}
		each.Nodes = []string{node}
		made = append(made, each)
	}
	switch nodes := w.nodes(); f.Hits {
	case scenarios.HitsAll:
		for _, node := range nodes {
			hit(node)
		}
	case scenarios.HitsInTurn:
		hit(nodes[turn%len(nodes)])
	default:
		hit("")
	}
	return made, known
}

// lasts is for how long a strike goes on, and whether that is known.
func (w *writer) lasts() (scenarios.Span, bool) {
	f := &w.fault
	switch f.Kind {
	case scenarios.KindNodeCrash, scenarios.KindNodeStop:
		if f.For == (scenarios.Span{}) {
			return w.exactly(w.scenario.Cluster.Restart), true
		}
		return w.exactly(f.For), true
	case scenarios.KindLeaseLost, scenarios.KindClockJump, scenarios.KindDiskLost:
		return scenarios.Span{}, true
	case scenarios.KindStorageCorrupt, scenarios.KindDiskFlip:
		return scenarios.Span{}, false
	default:
		return w.exactly(f.For), true
	}
}

// nodes are the machines that the fault can hit.
func (w *writer) nodes() []string {
	if len(w.fault.Nodes) > 0 {
		all := w.all()
		return slices.DeleteFunc(all, func(n string) bool { return !slices.Contains(w.fault.Nodes, n) })
	}
	return w.all()[1:]
}

// all are the machines, in the order in which a fault draws among them.
func (w *writer) all() []string {
	all := []string{scenarios.NodeClient}
	for i := range w.scenario.Cluster.Conductors {
		all = append(all, conductorPrefix+strconv.Itoa(i+1))
	}
	return all
}
