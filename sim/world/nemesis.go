package world

import (
	"math"
	"time"

	"derail/checker/history"
	"derail/core/host"
	"derail/scenarios"
	"derail/sim/choice"
	"derail/sim/fault"
	"derail/sim/kernel"
)

// aftermath is how long a run goes on after the system has come to rest, or could have: so long
// that every call which is on its way has ended.
const aftermath = 5 * time.Second

// strike is a timed fault in one run: it strikes, and sees to the next time.
type strike struct {
	world  *World
	timed  fault.Timed
	stream *choice.Stream
	turn   int // which machine is next, where each is hit in turn
}

// nemesis sets a timed fault to work.
func (w *World) nemesis(t fault.Timed) {
	s := &strike{world: w, timed: t, stream: w.source.Stream(t.Stream, "")}
	w.kernel.At(t.At, s)
}

// Fire is one strike.
func (s *strike) Fire() {
	now := s.world.kernel.Now()
	if now >= s.timed.Until || s.timed.Times > 0 && s.timed.Struck >= s.timed.Times {
		return
	}
	s.timed.Struck++
	if blow, machines := onMachines[s.timed.Kind]; machines {
		s.eachVictim(func(node int) { blow(s, node) })
	} else {
		s.hitStore()
	}
	if every := s.timed.Every; every.High > 0 {
		s.world.kernel.At(now+max(s.stream.Between(int64(every.Low), int64(every.High)), 1), s)
	}
}

// onMachines is what the kinds do that hit machines.
var onMachines = map[string]func(s *strike, node int){
	scenarios.KindNodeCrash:   (*strike).crash,
	scenarios.KindNodePause:   (*strike).pause,
	scenarios.KindNodeStop:    (*strike).stop,
	scenarios.KindLeaseLost:   (*strike).loseLease,
	scenarios.KindNetworkCut:  (*strike).cut,
	scenarios.KindNetworkSlow: (*strike).slow,
	scenarios.KindClockJump:   (*strike).jump,
}

// hitStore is a strike of a kind that hits what the machines keep their records in.
func (s *strike) hitStore() {
	w := s.world
	if w.sqliteWorld() {
		s.hitDisk()
		return
	}
	if s.timed.Kind == scenarios.KindStorageCorrupt {
		s.corrupt()
		return
	}
	if s.spared(storeNode) {
		s.length(scenarios.Span{})
		return
	}
	now := w.kernel.Now()
	switch s.timed.Kind {
	case scenarios.KindStorageDown:
		s.told(storeNode, scenarios.NodeStore)
		w.server.Down(now+s.lasts(s.length(scenarios.Span{})), s.timed.Silence)
	case scenarios.KindStorageStalled:
		s.told(storeNode, scenarios.NodeStore)
		w.server.Stall(now + s.lasts(s.length(scenarios.Span{})))
	case scenarios.KindStorageFull:
		s.told(storeNode, scenarios.NodeStore)
		w.server.Fill(now + s.lasts(s.length(scenarios.Span{})))
	case scenarios.KindStorageFailover:
		w.failing = s // until w.failedOver, which knows what was lost
		w.server.Failover(s.length(scenarios.Span{}))
	}
}

// spared reports whether this strike is left out: see [Options].Spare. Whoever asks has drawn what a strike
// draws, so that those to come stay as they were.
func (s *strike) spared(node int) bool { return s.world.faults.Spares(&s.timed, node) }

// told counts a strike and writes it down. A full history has it by the injector's word already.
func (s *strike) told(node int, what string) {
	s.world.faults.Strike(&s.timed, node, what)
	if s.world.faults.Struck == nil {
		s.world.note(history.Fault, node, s.timed.Kind, what)
	}
}

// lasts writes down for how long the strike goes on that was told last.
func (s *strike) lasts(length int64) int64 {
	records := s.world.recorder.History().Records
	records[len(records)-1].N = int32(min(length/int64(time.Millisecond), math.MaxInt32))
	return length
}

// eachVictim says whom this strike hits. What else a strike draws comes before the victim is drawn, from
// the same stream.
func (s *strike) eachVictim(hit func(node int)) {
	nodes := s.timed.Nodes
	switch {
	case len(nodes) == 0:
	case s.timed.Hits == fault.HitsAll:
		for _, node := range nodes {
			hit(node)
		}
	case s.timed.Hits == fault.HitsInTurn:
		node := nodes[s.turn%len(nodes)]
		s.turn++
		hit(node)
	default:
		hit(drawn)
	}
}

// drawn is the victim that is not known yet: [strike.victim] draws it.
const drawn = -1

// victim is the node that is hit.
func (s *strike) victim(node int) int {
	if node == drawn {
		return choice.Pick(s.stream, s.timed.Nodes)
	}
	return node
}

// victimAlive is the machine that is hit; nil when it is dead.
func (s *strike) victimAlive(node int) *life { return s.world.lives[s.victim(node)] }

func (s *strike) length(fallback scenarios.Span) int64 {
	span := s.timed.For
	if span.High == 0 {
		span = fallback
	}
	return s.stream.Between(int64(span.Low), int64(span.High))
}

func (s *strike) by() int64 { return s.stream.Between(int64(s.timed.By.Low), int64(s.timed.By.High)) }

func (s *strike) crash(node int) {
	away := s.length(s.world.blueprint.Scenario.Cluster.Restart)
	l := s.victimAlive(node)
	if l == nil || s.spared(l.node) {
		return
	}
	s.world.faults.Strike(&s.timed, l.node, l.machine.Name())
	s.world.crashed(l, away)
	l.machine.Crash()
}

func (s *strike) pause(node int) {
	length := s.length(scenarios.Span{})
	l := s.victimAlive(node)
	if l == nil || l.machine.Paused() || s.spared(l.node) {
		return
	}
	s.world.faults.Strike(&s.timed, l.node, l.machine.Name())
	s.world.stand(l, s.timed.Kind)
	this := l.pauses
	s.world.kernel.After(time.Duration(length), kernel.Do(func() {
		if l.pauses == this {
			s.world.resume(l)
		}
	}))
}

// stand lets a machine stand still until [World.resume].
func (w *World) stand(l *life, why string) {
	w.note(history.Pause, l.node, why, "")
	l.machine.Pause(host.Forever)
	l.pauses++
}

// resume ends a pause, and writes that down first: what the machine does next comes after it.
func (w *World) resume(l *life) {
	if l.machine.Paused() {
		w.note(history.Resume, l.node, "", "")
		l.machine.Resume()
	}
}

// stop asks a conductor to end, as a deployment does. Its machine goes down when it has, and comes
// back later.
func (s *strike) stop(node int) {
	away := s.length(s.world.blueprint.Scenario.Cluster.Restart)
	l := s.victimAlive(node)
	if l == nil || l.stopping || l.conductor == nil || s.spared(l.node) {
		return
	}
	s.world.faults.Strike(&s.timed, l.node, l.machine.Name())
	l.stopping, l.away = true, away
	l.conductor.Stop()
}

// loseLease has the store end a conductor's leases before their time.
func (s *strike) loseLease(node int) {
	l := s.victimAlive(node)
	if l == nil || s.spared(l.node) {
		return
	}
	s.told(l.node, l.machine.Name())
	if s.world.sqliteWorld() {
		l.revoke()
	} else {
		s.world.server.EndLeases(l.node)
	}
}

func (s *strike) cut(node int) {
	until := s.world.kernel.Now() + s.length(scenarios.Span{})
	if node = s.victim(node); s.spared(node) {
		return
	}
	s.told(node, s.world.blueprint.nodes[node])
	s.lasts(until - s.world.kernel.Now())
	s.world.network.Cut(node, s.timed.Way, until)
}

func (s *strike) slow(node int) {
	until, by := s.world.kernel.Now()+s.length(scenarios.Span{}), s.by()
	if node = s.victim(node); s.spared(node) {
		return
	}
	s.told(node, s.world.blueprint.nodes[node])
	s.lasts(until - s.world.kernel.Now())
	s.world.network.Slow(node, s.timed.Way, until, by)
}

func (s *strike) jump(node int) {
	by := s.by()
	if s.timed.Back {
		by = -by
	}
	if node = s.victim(node); s.spared(node) {
		return
	}
	name := s.world.blueprint.nodes[node]
	s.told(node, name)
	n := s.world.kernel.Node(name)
	n.SetClock(n.Clock() + time.Duration(by))
}

// retired is the end of a conductor that was asked to stop.
func (w *World) retired(l *life) {
	if l.stopping {
		w.crashed(l, l.away)
		l.machine.Crash()
	}
}

// buried is the end of a machine that a task or a failpoint kills: the caller crashes it next.
func (w *World) buried(l *life) {
	span := w.blueprint.Scenario.Cluster.Restart
	away := w.source.Stream("restart", l.machine.Name()).Between(int64(span.Low), int64(span.High))
	w.crashed(l, away)
}

// crashed writes a crash down and sees to the restart.
func (w *World) crashed(l *life, away int64) {
	w.note(history.Crash, l.node, "", "")
	l.close()
	if w.lives[l.node] != l {
		return
	}
	w.lives[l.node] = nil
	boots := l.machine.Node().Boots()
	w.kernel.After(time.Duration(max(away, 1)), kernel.Do(func() {
		if l.machine.Node().Boots() == boots && !w.isLost(l.node) { // the heal has not been there before
			w.boot(l.node)
		}
	}))
}
