package world

import (
	"math"
	"slices"
	"strings"

	"derail/checker/history"
	"derail/scenarios"
	"derail/sim/fault"
)

// heal ends the breaking phase: what is down comes up, and only what is forever goes on. Where only a core
// heals, what is broken outside it stays so for good.
func (w *World) heal() {
	w.healed = true
	if w.blueprint.Scenario.Heal == scenarios.HealCore {
		w.drawCore()
	}
	if w.sqliteWorld() {
		w.disk.Heal()
	} else {
		w.server.Heal()
		w.healNetwork()
	}
	w.healClocks()
	for node := clientNode; node < len(w.lives); node++ {
		l := w.lives[node]
		switch {
		case w.isLost(node):
		case l == nil:
			w.boot(node)
		default:
			w.resume(l)
		}
	}
	switch {
	case w.lost != nil:
		w.note(history.Heal, storeNode, scenarios.HealCore, w.namesOfCore())
	case !w.blueprint.faultless():
		w.note(history.Heal, storeNode, "", "")
	}
	w.checkRest()
}

// faultless reports whether nothing can break. Then nothing heals either, and what is promised from then on
// is promised from the beginning.
func (b *Blueprint) faultless() bool {
	s := b.Scenario
	return len(s.Faults) == 0 && s.Swarm == nil && s.Heal != scenarios.HealCore
}

// restWithin is how soon the system is to come to rest after the last fault, or after the beginning.
func (b *Blueprint) restWithin() int64 {
	s := b.Scenario
	if s.Rest > 0 && b.faultless() {
		return int64(s.Break) + int64(s.Rest)
	}
	return int64(s.Rest)
}

// healNetwork ends cuts and slow links, except of machines that are outside the core.
func (w *World) healNetwork() {
	for node := range w.blueprint.nodes {
		if !w.isLost(node) {
			w.network.Heal(node)
		}
	}
}

// healClocks lets clocks run at the right speed again, unless they are to drift for ever. By how much they
// are off stays: setting them would be a jump.
func (w *World) healClocks() {
	if w.driftsForever() {
		return
	}
	for node, name := range w.blueprint.nodes {
		if n := w.kernel.Node(name); n.Drift() != 0 && !w.isLost(node) {
			n.SetDrift(0)
		}
	}
}

func (w *World) driftsForever() bool {
	return slices.ContainsFunc(w.blueprint.Scenario.Faults, func(f scenarios.Fault) bool {
		return f.Kind == scenarios.KindClockDrift && f.Forever
	})
}

// isLost reports whether a machine is outside the core that has healed.
func (w *World) isLost(node int) bool { return w.lost != nil && w.lost[node] }

// drawCore draws which conductors heal: at least one, and with benign draws all of them. The others are
// lost for good by what has broken them already, or else by what is drawn for them.
func (w *World) drawCore() {
	draws := w.source.Stream("heal", "")
	var conductors []int
	for node := firstConductor; node < len(w.lives); node++ {
		conductors = append(conductors, node)
	}
	w.lost = make([]bool, len(w.lives))
	for range draws.Draw(uint64(len(conductors))) {
		i := int(draws.Draw(uint64(len(conductors))))
		w.lost[conductors[i]] = true
		conductors = slices.Delete(conductors, i, i+1)
	}
	w.faults.GoOn(w.lost)
	for node, lost := range w.lost {
		if lost {
			w.loseForGood(node)
		}
	}
}

// The ways in which a machine that is well is lost when the core heals.
const (
	byCrash = iota
	byPause
	byCut
	waysToLose
)

// loseForGood leaves a machine as it is broken, for ever.
func (w *World) loseForGood(node int) {
	l, name := w.lives[node], w.blueprint.nodes[node]
	switch {
	case l == nil: // it was to come back
	case w.sqliteWorld():
		// A process that stands still may have the database locked, and then nobody can go on.
		w.crashed(l, 0)
		l.machine.Crash()
	case l.machine.Paused():
		l.pauses++ // nobody ends this pause
	case w.keepCut(node):
	default:
		switch w.source.Stream("heal", name).Draw(waysToLose) {
		case byCrash:
			w.crashed(l, 0)
			l.machine.Crash()
		case byPause:
			w.stand(l, scenarios.KindNodePause)
		case byCut:
			w.network.Cut(node, fault.BothWays, math.MaxInt64)
			w.note(history.Fault, node, scenarios.KindNetworkCut, name)
		}
	}
}

// keepCut makes a cut last for ever, one way or both, and reports whether there was one.
func (w *World) keepCut(node int) (cut bool) {
	for _, way := range [...]fault.Way{fault.Requests, fault.Answers} {
		if !w.network.Open(w.kernel.Now(), node, way) {
			w.network.Cut(node, way, math.MaxInt64)
			cut = true
		}
	}
	if cut {
		w.note(history.Fault, node, scenarios.KindNetworkCut, w.blueprint.nodes[node])
	}
	return cut
}

func (w *World) namesOfCore() string {
	var names []string
	for node, name := range w.blueprint.nodes {
		if !w.lost[node] {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}
